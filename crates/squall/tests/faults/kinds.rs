//! What the kinds do, seen by tools that are not ours.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::support::{Place, SmallDisk, state_of, victim, wait_for};

#[test]
fn a_processor_is_busy_for_the_share_that_was_asked_for() {
    let place = Place::new();
    let runner = place.start(&["inject", "cpu", "--percent", "30", "--for", "10m"]);
    place.wait_for_standing("active");
    let worker = place.companions("--worker")[0];
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{worker}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let (start, before) = (Instant::now(), ticks());
    // a second and a half of its own time: enough to average
    wait_for("the load", || ticks() >= before + 90);
    let share = (ticks() - before) as f64 / start.elapsed().as_secs_f64();
    // one tick is a hundredth of a second; a busy machine gives less, never more
    assert!((10.0..36.0).contains(&share), "{share} %");
    runner.signal("TERM");
    assert_eq!(runner.end().code, Some(0));
    assert!(place.companions("--worker").is_empty());
}

#[test]
fn memory_is_taken_and_given_back() {
    let place = Place::new();
    let runner = place.start(&["inject", "memory", "--bytes", "200MiB", "--for", "10m"]);
    place.wait_for_standing("active");
    let worker = place.companions("--worker")[0];
    let status = fs::read_to_string(format!("/proc/{worker}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert!((200 * 1024..300 * 1024).contains(&kib), "{line}");
    let score = fs::read_to_string(format!("/proc/{worker}/oom_score_adj")).unwrap();
    assert_eq!(score.trim(), "1000", "the worker goes first when memory runs out");
    drop(runner);
    wait_for("the worker's end", || place.companions("--worker").is_empty());
}

#[test]
fn a_worker_that_is_killed_is_a_fault_that_ended_before_its_time() {
    let place = Place::new();
    let runner = place.start(&["inject", "memory", "--bytes", "8MiB", "--for", "3s"]);
    place.wait_for_standing("active");
    crate::support::send("KILL", place.companions("--worker")[0]);
    let ran = runner.end();
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("ended before its time"), "{}", ran.stderr);
    assert!(place.faults(false).is_empty());
}

#[test]
fn a_disk_is_full_for_a_service_and_has_room_again() {
    let place = Place::new();
    let disk = SmallDisk::mount(&place.path("disk"), 16);
    let folder = disk.0.to_str().unwrap().to_owned();
    let before = disk.free();
    // a service that logs, and says in a file when it cannot
    let log = disk.0.join("service.log");
    let failed = place.path("failed");
    let script = format!(
        "while :; do head -c 8192 /dev/zero >> {} 2>/dev/null || echo full > {}; done",
        log.display(),
        failed.display()
    );
    let runner = place.start(&["inject", "disk.fill", "--directory", &folder, "--for", "10m"]);
    place.wait_for_standing("active");
    assert_eq!(disk.free(), 0);
    let mut service = Command::new("sh").arg("-c").arg(script).spawn().unwrap();
    wait_for("the service to run out of space", || failed.exists());
    service.kill().unwrap();
    service.wait().unwrap();
    runner.signal("INT");
    assert_eq!(runner.end().code, Some(0));
    fs::remove_file(log).unwrap();
    assert_eq!(disk.free(), before);
}

#[test]
fn the_undo_works_where_the_ledger_is_on_the_disk_that_is_full() {
    let place = Place::new();
    let disk = SmallDisk::mount(&place.path("state"), 16);
    let folder = disk.0.to_str().unwrap().to_owned();
    let mut runner = place.start(&["inject", "disk.fill", "--directory", &folder, "--for", "10m"]);
    place.wait_for_standing("active");
    assert_eq!(disk.free(), 0);
    assert!(fs::write(disk.0.join("more"), [7; 8192]).is_err());
    runner.kill();
    place.wait_for_standing("undone");
    assert!(disk.free() > 10 << 20);
}

#[test]
fn processes_are_killed_once_or_again_and_again() {
    let place = Place::new();
    let mut target = victim();
    let pid = target.pid().to_string();
    let ran = place.run(&["inject", "process.kill", "--process", &pid, "--signal", "TERM", "--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("\"count\": 1"), "{}", ran.stdout);
    target.0.wait().unwrap();
    let nobody = place.run(&["inject", "process.kill", "--process", &pid]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("there is none now"), "{}", nobody.stderr);

    // a supervisor that starts its child again, three times
    let mark = format!("squall-test-{}", std::process::id());
    let script = format!("for n in 1 2 3; do sh -c 'exec -a {mark} sleep 600'; done");
    let script = script.replace("sh -c", "bash -c");
    let mut supervisor = Command::new("bash").arg("-c").arg(script).spawn().unwrap();
    wait_for("the child", || {
        let output = Command::new("pgrep").args(["-f", &format!("^{mark}")]).output().unwrap();
        !output.stdout.is_empty()
    });
    let runner = place.start(&[
        "inject",
        "process.kill",
        "--process",
        &mark,
        "--full",
        "--interval",
        "50ms",
        "--for",
        "10m",
    ]);
    wait_for("the supervisor to give up", || supervisor.try_wait().unwrap().is_some());
    runner.signal("INT");
    let ran = runner.end();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn what_somebody_else_has_stopped_stays_stopped() {
    let place = Place::new();
    let (mine, theirs) = (victim(), victim());
    theirs.signal("STOP");
    wait_for("the stop", || state_of(theirs.pid()) == Some('T'));
    let ran = place.run(&["inject", "process.pause", "--process", &theirs.pid().to_string(), "--for", "1s"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let pid = mine.pid().to_string();
    let plan = place.run(&["inject", "process.pause", "--process", &pid, "--for", "1s", "--plan"]);
    assert!(plan.stdout.contains(&format!("SIGCONT to {pid}")), "{}", plan.stdout);
    assert_ne!(state_of(mine.pid()), Some('T'), "a plan changes nothing");
    assert_eq!(state_of(theirs.pid()), Some('T'));
    assert!(place.faults(true).is_empty());
}

#[test]
fn a_host_is_ended_when_its_time_has_come_and_not_when_it_is_called_off() {
    let place = Place::new();
    // a process-id namespace stands for the host: there the kernel ends the first process instead. Needs root.
    let program = env!("CARGO_BIN_EXE_squall");
    let inside = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script]);
        command.env("XDG_STATE_HOME", place.path("state")).env("SQUALL", program);
        command.output().unwrap()
    };
    let called_off =
        inside("\"$SQUALL\" --no-log-file inject shutdown --forced --delay 10h --for 200ms && echo alive");
    assert!(String::from_utf8_lossy(&called_off.stdout).contains("alive"), "{called_off:?}");
    let ended = inside(
        "\"$SQUALL\" --no-log-file inject shutdown --forced --reboot --delay 200ms --for 10m; echo alive",
    );
    assert!(!ended.status.success(), "{ended:?}");
    assert!(!String::from_utf8_lossy(&ended.stdout).contains("alive"), "{ended:?}");
}
