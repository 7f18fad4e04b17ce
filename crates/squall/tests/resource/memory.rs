//! `memory`.

use std::fs;
use std::process::{Child, Stdio};

use super::support::{End, Group, Lab, number, wait_for};

const MIB: u64 = 1 << 20;

fn resident(pid: u32) -> u64 {
    number(&format!("/proc/{pid}/status"), "VmRSS") * 1024
}

/// A process in the group that holds so many mebibytes.
fn hold(group: &Group, mebibytes: u32) -> Child {
    let script = format!("exec python3 -c \"x = bytearray(b'x') * ({mebibytes} << 20); input()\"");
    let mut command = group.command(&script);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("python3 runs")
}

#[test]
fn an_amount_is_really_taken_and_nothing_is_left_however_it_ends() {
    for end in End::ALL {
        let lab = Lab::new();
        let before = number("/proc/meminfo", "MemAvailable");
        let fault = lab.inject(&["memory", "--bytes", "300MiB"]);
        let held = resident(fault.worker());
        assert!((300 * MIB..330 * MIB).contains(&held), "{held}");
        let score = fs::read_to_string(format!("/proc/{}/oom_score_adj", fault.worker())).expect("it runs");
        assert_eq!(score.trim(), "1000");
        fault.end(end);
        // other tests take and give too
        let after = || number("/proc/meminfo", "MemAvailable");
        wait_for("memory to be free again", || after() + 250 * 1024 > before);
    }
}

#[test]
fn a_share_of_a_group_is_held_while_others_come_and_go() {
    let Some(group) = Group::new("memory", &[("memory.limit_in_bytes", "268435456")]) else { return };
    let lab = Lab::new();
    let words = ["memory", "--percent", "50", "--strategy", "total", "--cgroup", group.text()];
    let (possible, plan) = lab.plan(&words);
    assert!(possible && plan.contains("128.0 MiB of the memory of control group"), "{plan}");
    let fault = lab.inject(&words);
    let used = || group.number("memory.usage_in_bytes");
    wait_for("half of it to be used", || (100 * MIB..150 * MIB).contains(&used()));
    // somebody else takes 64 MiB of it
    let mut hog = hold(&group, 64);
    let of_worker = |pid| resident(pid) / MIB;
    let worker = fault.worker();
    wait_for("the worker to give way", || of_worker(worker) < 90);
    assert!(used() < 170 * MIB);
    hog.kill().expect("it runs");
    hog.wait().expect("it ran");
    wait_for("the worker to fill up again", || of_worker(worker) > 100 && used() > 100 * MIB);
    fault.end(End::KillRunner);
    wait_for("the group to be empty", || used() < 40 * MIB);
}

#[test]
fn what_is_not_there_is_refused_and_the_worker_is_killed_first() {
    let lab = Lab::new();
    let (possible, plan) = lab.plan(&["memory", "--bytes", "100TiB"]);
    assert!(!possible && plan.contains("MISSING") && plan.contains("overcommit"), "{plan}");
    for (words, expected) in [
        (&["memory"][..], "either `bytes` or `percent`"),
        (&["memory", "--bytes", "1MiB", "--percent", "1"], "cannot go together"),
        (&["memory", "--bytes", "0"], "is nothing"),
    ] {
        let (possible, text) = lab.plan(words);
        assert!(!possible && text.contains(expected), "{words:?}: {text}");
    }
    // Beyond a group's limit, on request: the worker is killed, not the other process there.
    let Some(group) = Group::new("memory", &[("memory.limit_in_bytes", "134217728")]) else { return };
    let mut other = hold(&group, 32);
    wait_for("the other one to have its memory", || group.number("memory.usage_in_bytes") > 32 * MIB);
    let words =
        ["inject", "memory", "--bytes", "200MiB", "--overcommit", "--cgroup", group.text(), "--for", "5s"];
    let output = lab.run(&words);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(other.try_wait().expect("it can be waited for").is_none(), "the other one was killed");
    other.kill().expect("it runs");
    other.wait().expect("it ran");
}
