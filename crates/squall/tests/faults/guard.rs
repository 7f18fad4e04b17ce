//! Who puts back what, when somebody is killed.

use std::time::{Duration, Instant};

use crate::support::{Place, Running, send, state_of, victim, wait_for};

/// A process that is held stopped, by an injection that goes on for long.
fn held(place: &Place) -> (Running, Running) {
    let target = victim();
    let pid = target.pid().to_string();
    let runner = place.start(&["inject", "process.pause", "--process", &pid, "--for", "10m"]);
    place.wait_for_standing("active");
    assert_eq!(state_of(target.pid()), Some('T'));
    (target, runner)
}

#[test]
fn a_killed_runner_is_replaced_by_its_guard_at_once() {
    let place = Place::new();
    let (target, mut runner) = held(&place);
    runner.kill();
    let start = Instant::now();
    wait_for("the process to go on", || state_of(target.pid()) != Some('T'));
    // 50 ms are promised; a machine that is busy with other tests gets more.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    place.wait_for_standing("undone");
    let faults = place.faults(true);
    assert!(faults[0]["found"][0].as_str().unwrap().contains("1 of 1 processes resumed"), "{faults:?}");
    wait_for("the guard's end", || place.companions("--guard").is_empty());
}

#[test]
fn a_killed_guard_is_replaced_and_the_next_one_does_its_work() {
    let place = Place::new();
    let (target, mut runner) = held(&place);
    let first = place.companions("--guard");
    assert_eq!(first.len(), 1);
    send("KILL", first[0]);
    wait_for("another guard", || {
        let guards = place.companions("--guard");
        guards.len() == 1 && guards != first
    });
    assert_eq!(state_of(target.pid()), Some('T'), "the fault is not disturbed");
    runner.kill();
    wait_for("the process to go on", || state_of(target.pid()) != Some('T'));
}

#[test]
fn when_both_are_killed_the_fault_waits_for_undo_which_can_be_called_again() {
    let place = Place::new();
    let (target, mut runner) = held(&place);
    let guards = place.companions("--guard");
    send("STOP", guards[0]);
    runner.kill();
    send("KILL", guards[0]);
    wait_for("the guard's end", || place.companions("--guard").is_empty());
    assert_eq!(state_of(target.pid()), Some('T'));
    assert_eq!(place.faults(false)[0]["standing"], "active");

    let ran = place.run(&["undo", "--all"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("put back by squall undo and verified"), "{}", ran.stdout);
    assert_ne!(state_of(target.pid()), Some('T'));
    let again = place.run(&["undo", "--all"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), "nothing to put back\n"));
    let known = place.faults(true)[0]["fault"].as_str().unwrap().to_owned();
    let by_name = place.run(&["undo", &known[..6]]);
    assert_eq!(by_name.code, Some(0), "{}", by_name.stderr);
}

#[test]
fn a_runner_that_hangs_past_the_deadline_does_not_keep_the_fault() {
    let place = Place::new();
    let target = victim();
    let pid = target.pid().to_string();
    let runner = place.start(&["inject", "process.pause", "--process", &pid, "--for", "1s"]);
    place.wait_for_standing("active");
    runner.signal("STOP");
    wait_for("the process to go on", || state_of(target.pid()) != Some('T'));
    place.wait_for_standing("undone");
    runner.signal("CONT");
    let ran = runner.end();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("by the guard"), "{}", ran.stderr);
}

#[test]
fn terminals_do_not_reach_the_guard_and_it_is_idle() {
    let place = Place::new();
    let (target, runner) = held(&place);
    let guard = place.companions("--guard")[0];
    for signal in ["INT", "HUP", "QUIT"] {
        send(signal, guard);
    }
    let switches = || {
        let status = std::fs::read_to_string(format!("/proc/{guard}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
        line.to_owned()
    };
    let (before, state) = (switches(), state_of(guard));
    // nobody wakes it: it is asleep in its one wait, however often we look
    for _ in 0..1000 {
        assert_eq!(switches(), before);
    }
    assert_eq!(state, Some('S'));
    let status = std::fs::read_to_string(format!("/proc/{guard}/status")).unwrap();
    assert!(status.contains("Threads:\t1\n"), "{status}");
    let locked = status.lines().find(|line| line.starts_with("VmLck")).unwrap();
    assert!(!locked.contains("\t       0 kB"), "{locked}");
    // Only who may raise limits (CAP_SYS_RESOURCE, the bit 24) may lower the score.
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:\t")).unwrap();
    let may = u64::from_str_radix(capabilities, 16).unwrap() & (1 << 24) != 0;
    let score = std::fs::read_to_string(format!("/proc/{guard}/oom_score_adj")).unwrap();
    assert_eq!(score.trim(), if may { "-1000" } else { "0" });

    runner.signal("INT");
    let ran = runner.end();
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("Put back and verified"), "{}", ran.stderr);
    assert_ne!(state_of(target.pid()), Some('T'));
    wait_for("the guard's end", || place.companions("--guard").is_empty());
}
