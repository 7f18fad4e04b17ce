//! The ledger's file: torn, damaged, from another version, full, read-only, and used by several at once.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Place, state_of, victim};

#[test]
fn several_runs_share_it_and_none_loses_a_line() {
    let place = Place::new();
    let victims: Vec<_> = (0..8).map(|_| victim()).collect();
    let runners: Vec<_> = victims
        .iter()
        .map(|target| {
            let pid = target.pid().to_string();
            place.start(&["inject", "process.pause", "--process", &pid, "--for", "300ms"])
        })
        .collect();
    for runner in runners {
        let ran = runner.end();
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
    let faults = place.faults(true);
    assert_eq!(faults.len(), 8);
    assert!(faults.iter().all(|fault| fault["standing"] == "undone"), "{faults:#?}");
    assert!(victims.iter().all(|target| state_of(target.pid()) == Some('S')));
}

#[test]
fn torn_and_damaged_lines_hide_no_other_fault() {
    let place = Place::new();
    let target = victim();
    let pid = target.pid().to_string();
    let mut runner = place.start(&["inject", "process.pause", "--process", &pid, "--for", "10m"]);
    place.wait_for_standing("active");
    let guard = place.companions("--guard")[0];
    crate::support::send("STOP", guard);
    runner.kill();
    crate::support::send("KILL", guard);
    let file = place.state().join("faults.ledger");
    let content = fs::read_to_string(&file).unwrap();
    let line = content.lines().next().unwrap();
    let mut ledger = OpenOptions::new().append(true).open(&file).unwrap();
    writeln!(ledger, "this is no record").unwrap();
    writeln!(ledger, "{}", line.replace("process.pause", "process.phase")).unwrap();
    // torn in the middle of a record, by a machine that stopped
    write!(ledger, "{}", &line[..line.len() / 2]).unwrap();
    drop(ledger);

    let ran = place.run(&["faults"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.stdout.contains("active"), "{}", ran.stdout);
    assert!(ran.stderr.contains("Line 3 of the ledger says nothing"), "{}", ran.stderr);
    assert!(ran.stderr.contains("Line 4 of the ledger says nothing"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Line 5"), "a torn last line is nothing to worry about: {}", ran.stderr);
    let ran = place.run(&["undo", "--all"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(state_of(target.pid()), Some('S'));
    assert!(place.faults(false).is_empty());
}

#[test]
fn without_a_ledger_that_can_be_written_nothing_is_changed() {
    let place = Place::new();
    let target = victim();
    let pid = target.pid().to_string();
    let inject = ["inject", "process.pause", "--process", &pid, "--for", "1s"];
    // root may write anywhere: what it may not do is trust a folder that others may write in, or a link
    fs::create_dir_all(place.state()).unwrap();
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o777)).unwrap();
    let ran = place.run(&inject);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("others may write in it"), "{}", ran.stderr);
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o700)).unwrap();
    let elsewhere = place.write("elsewhere", "");
    std::os::unix::fs::symlink(&elsewhere, place.state().join("faults.ledger")).unwrap();
    let ran = place.run(&inject);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    fs::remove_file(place.state().join("faults.ledger")).unwrap();
    fs::hard_link(&elsewhere, place.state().join("faults.ledger")).unwrap();
    let ran = place.run(&inject);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("several names"), "{}", ran.stderr);
    assert_eq!(state_of(target.pid()), Some('S'));
    assert_eq!(fs::read_to_string(elsewhere).unwrap(), "");
}

#[test]
fn a_file_system_that_is_read_only_is_said_to_be() {
    let place = Place::new();
    let disk = crate::support::SmallDisk::mount(&place.path("state"), 4);
    let status =
        std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(&disk.0).status().unwrap();
    assert!(status.success());
    let ran = place.run(&["inject", "cpu", "--for", "1s"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("the ledger of faults in"), "{}", ran.stderr);
    assert!(place.companions("--worker").is_empty());
}

#[test]
fn an_undo_that_this_version_does_not_know_is_kept() {
    let place = Place::new();
    fs::create_dir_all(place.state()).unwrap();
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o700)).unwrap();
    let json = r#"{"fault":"0123456789ab","at":1,"by":"runner","fact":"planned","schema":1,"run":"r","kind":"moon.eclipse","class":"held","title":"the moon is dark","runner":{"pid":1,"start":1,"boot":"b"},"deadline":{"boot":"b","millis":1},"bound_millis":1000,"undo":[{"undo":"light-the-moon"}]}"#;
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    fs::write(place.state().join("faults.ledger"), line).unwrap();
    let ran = place.run(&["undo", "--all"]);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    assert!(ran.stdout.contains("newer version"), "{}", ran.stdout);
    assert_eq!(place.faults(false)[0]["standing"], "stuck");
}

/// A ledger as the first version wrote it. It must stay undoable for ever.
#[test]
fn the_first_versions_ledger_is_undone() {
    let place = Place::new();
    let target = victim();
    target.signal("STOP");
    crate::support::wait_for("the stop", || state_of(target.pid()) == Some('T'));
    let stat = fs::read_to_string(format!("/proc/{}/stat", target.pid())).unwrap();
    let start = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().to_owned();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let json = include_str!("ledger-1.json")
        .trim()
        .replace("PID", &target.pid().to_string())
        .replace("START", &start)
        .replace("BOOT", boot.trim());
    fs::create_dir_all(place.state()).unwrap();
    fs::set_permissions(place.state(), fs::Permissions::from_mode(0o700)).unwrap();
    let line = format!("{:08x} {json}\n", crc32fast::hash(json.as_bytes()));
    fs::write(place.state().join("faults.ledger"), line).unwrap();
    let ran = place.run(&["undo", "--all"]);
    assert_eq!(ran.code, Some(0), "{} {}", ran.stdout, ran.stderr);
    assert_eq!(state_of(target.pid()), Some('S'));
}
