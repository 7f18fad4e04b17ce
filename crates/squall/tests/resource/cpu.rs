//! `cpu`.

use std::time::{Duration, Instant};

use super::support::{End, Group, Lab, is_root, number, stat};

/// How much of a core a process used over two seconds, by the kernel's account of it.
fn measured(pid: u32) -> f64 {
    let ticks = rustix::param::clock_ticks_per_second() as f64;
    let used = || (stat(pid, 14) + stat(pid, 15)) as f64 / ticks;
    let (begun, before) = (Instant::now(), used());
    while begun.elapsed() < Duration::from_secs(2) {
        std::thread::park_timeout(Duration::from_secs(2).saturating_sub(begun.elapsed()));
    }
    (used() - before) / begun.elapsed().as_secs_f64()
}

#[test]
fn forty_percent_of_a_core_are_forty_percent() {
    let lab = Lab::new();
    // The scheduler gives it what it asks for, whatever else runs here, if it comes before the others.
    let (words, least): (&[&str], f64) = match is_root() {
        true => (&["cpu", "--percent", "40", "--nice", "-15"], 0.35),
        false => (&["cpu", "--percent", "40"], 0.05),
    };
    let fault = lab.inject(words);
    let got = measured(fault.worker());
    fault.end(End::Interrupt);
    assert!((least..0.45).contains(&got), "{got}");
    let report = lab.report(words, "1500ms");
    let got = report["got_percent"].as_f64().expect("a number");
    assert!((least * 100.0..45.0).contains(&got), "{report}");
}

#[test]
fn nothing_is_left_however_it_ends() {
    for end in End::ALL {
        let lab = Lab::new();
        let fault = lab.inject(&["cpu", "--all", "--percent", "5"]);
        assert_eq!(fault.undo.len(), 1);
        fault.end(end);
    }
}

#[test]
fn percent_are_of_the_groups_limit_fractions_included() {
    let limits = [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "50000"), ("cpu.shares", "200000")];
    let Some(group) = Group::new("cpu", &limits) else { return };
    let lab = Lab::new();
    let words = ["cpu", "--all", "--percent", "60", "--cgroup", group.text()];
    let (possible, plan) = lab.plan(&words);
    assert!(possible && plan.contains("0.30 cores' worth"), "{plan}");
    let fault = lab.inject(&words);
    let procs = std::fs::read_to_string(group.folder.join("cgroup.procs")).expect("a file");
    assert!(procs.lines().any(|pid| pid == fault.worker().to_string()), "{procs}");
    let got = measured(fault.worker());
    assert!((0.2..0.36).contains(&got), "{got}");
    // of_process finds the same group
    let worker = fault.worker().to_string();
    let (_, plan) = Lab::new().plan(&["cpu", "--percent", "60", "--of-process", &worker]);
    assert!(plan.contains(group.text()) && plan.contains("0.30 cores' worth"), "{plan}");
    fault.end(End::KillRunner);
    let stat = group.folder.join("cpu.stat");
    // what is below the limit is not throttled, give or take a start
    assert!(number(stat.to_str().expect("text"), "nr_throttled") < 10);
}

#[test]
fn what_does_not_fit_is_said() {
    let lab = Lab::new();
    for (words, expected) in [
        (&["cpu", "--cores", "2", "--all"][..], "only one of"),
        (&["cpu", "--cpus", "9999"], "there is no processor 9999"),
        (&["cpu", "--cpus", "x"], "expected a number or a range"),
        (&["cpu", "--nice", "20"], "-20 to 19"),
        (&["cpu", "--percent", "101"], "at most 100"),
        (&["cpu", "--cgroup", "/no/such"], "is no control group"),
        (&["cpu", "--of-process", "no-such-process"], "there is no process"),
    ] {
        let (possible, text) = lab.plan(words);
        assert!(!possible && text.contains(expected), "{words:?}: {text}");
    }
}
