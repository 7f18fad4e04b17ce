//! `pids`.

use std::fs;
use std::process::Stdio;

use super::support::{End, Group, Lab, kill, wait_for};

fn tasks(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

#[test]
fn a_count_is_taken_and_none_of_them_is_left_however_it_ends() {
    for end in End::ALL {
        let lab = Lab::new();
        let fault = lab.inject(&["pids", "--count", "1200"]);
        assert!((1200..1210).contains(&tasks(fault.worker())), "{}", tasks(fault.worker()));
        fault.end(end);
    }
}

#[test]
fn none_of_them_outlives_the_worker() {
    let lab = Lab::new();
    let fault = lab.inject(&["pids", "--count", "500"]);
    let worker = fault.worker();
    let threads: Vec<_> = fs::read_dir(format!("/proc/{worker}/task"))
        .expect("it runs")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a number"))
        .collect();
    assert!(threads.len() >= 500);
    kill(worker);
    // The worker's own entry stays until whoever inherits it looks; no thread has one that would have to be looked at.
    let left = || {
        let still = |thread: &&String| fs::exists(format!("/proc/{worker}/task/{thread}")).unwrap_or(true);
        threads.iter().filter(still).filter(|thread| **thread != worker.to_string()).count()
    };
    wait_for("all of them to be gone", || left() == 0);
    fault.end(End::KillRunner);
}

#[test]
fn a_full_group_starts_nothing_and_the_undo_needs_nothing() {
    for end in End::ALL {
        let Some(group) = Group::new("pids", &[("pids.max", "200")]) else { return };
        let lab = Lab::new();
        // Runner, guard and worker are in the group that is filled.
        let program = env!("CARGO_BIN_EXE_squall");
        let mut command = group.command(&format!("exec {program} inject pids --percent 100 --for 10m"));
        lab.prepare(&mut command);
        let fault = lab.start(command);
        wait_for("the group to be full", || group.number("pids.current") == 200);
        assert!(tasks(fault.worker()) > 150);
        let started =
            group.command("/bin/true; echo started").stderr(Stdio::null()).output().expect("a shell");
        assert!(started.stdout.is_empty(), "a process could be started: {started:?}");
        fault.end(end);
        wait_for("the group to be empty", || group.number("pids.current") == 0);
        let started = group.command("/bin/true; echo started").output().expect("a shell");
        assert_eq!(started.stdout, b"started\n");
    }
}

#[test]
fn a_total_is_held_while_others_come_and_go() {
    let Some(group) = Group::new("pids", &[("pids.max", "400")]) else { return };
    let lab = Lab::new();
    let words = ["pids", "--percent", "50", "--strategy", "total", "--cgroup", group.text()];
    let fault = lab.inject(&words);
    wait_for("half of it to be used", || group.number("pids.current") == 200);
    let mut others: Vec<_> = (0..20)
        .map(|_| group.command("exec sleep 600").stdout(Stdio::null()).spawn().expect("it runs"))
        .collect();
    wait_for("the worker to give way", || {
        tasks(fault.worker()) <= 180 && group.number("pids.current") == 200
    });
    for other in &mut others {
        other.kill().expect("it runs");
        other.wait().expect("it ran");
    }
    wait_for("the worker to fill up again", || {
        tasks(fault.worker()) == 200 && group.number("pids.current") == 200
    });
    fault.end(End::Interrupt);
}

#[test]
fn what_does_not_fit_is_said() {
    let lab = Lab::new();
    let (possible, plan) = lab.plan(&["pids", "--percent", "5"]);
    assert!(possible && plan.contains("are in use"), "{plan}");
    let (possible, text) = lab.plan(&["pids"]);
    assert!(!possible && text.contains("either `count` or `percent`"), "{text}");
}
