//! What was there before is there afterwards, and nothing else, however it ends.

use std::time::Duration;

use super::lab::{FAR, Held, Lab};

/// Kinds whose changes are of different sorts, with their arguments.
const KINDS: &[(&str, &[&str])] = &[
    ("network.blackhole", &["--to-port", "6379"]),
    ("network.bandwidth", &["--rate", "1mbit", "--direction", "both"]),
    ("network.latency", &["--delay", "50ms", "--to-port", "6379"]),
    ("network.dns", &["--answer", "nxdomain", "--address", FAR]),
];

fn each(test: impl Fn(&Lab, &str, Held, &str)) {
    for (kind, words) in KINDS {
        let lab = Lab::new();
        // what others made stays: a table of somebody else's, with a name that looks like ours
        lab.tool(&["nft", "add table inet squall_0123456789ab; add table ip other"]);
        let before = lab.state();
        let held = lab.inject(kind, words, "60s");
        assert_ne!(lab.state(), before, "{kind}");
        test(&lab, kind, held, &before);
        assert_eq!(lab.state(), before, "{kind}");
    }
}

#[test]
fn when_its_time_is_over() {
    for (kind, words) in KINDS {
        let lab = Lab::new();
        let before = lab.state();
        let held = lab.inject(kind, words, "200ms");
        let ran = held.end();
        assert_eq!(ran.code, Some(0), "{kind}: {ran:?}");
        assert_eq!(lab.state(), before, "{kind}");
    }
}

#[test]
fn after_ctrl_c() {
    each(|_, _, held, _| drop(held.stop()));
}

#[test]
fn by_the_guard_when_the_runner_is_killed() {
    each(|lab, kind, held, before| {
        held.send("KILL");
        let took = lab.wait_for("the guard", || lab.state() == before);
        assert!(took < Duration::from_secs(5), "{kind}: {took:?}");
        held.end();
        lab.wait_for("the guard's end", || lab.guards().is_empty());
    });
}

#[test]
fn by_hand_when_both_are_killed() {
    each(|lab, kind, held, before| {
        let id = held.kill_both(lab);
        assert_ne!(lab.state(), before, "{kind}: it stays");
        let ran = lab.run(&["undo", &id]);
        assert_eq!(ran.code, Some(0), "{kind}: {ran:?}");
        assert_eq!(lab.run(&["undo", &id]).code, Some(0), "{kind}: twice is as good as once");
    });
}

#[test]
fn a_namespace_that_is_gone_is_put_back() {
    let lab = Lab::new();
    let held = lab.inject("network.blackhole", &["--to-port", "6379"], "60s");
    let id = held.kill_both(&lab);
    let removed = std::process::Command::new("ip").args(["netns", "del", lab.near()]).status();
    assert!(removed.expect("ip runs").success());
    let ran = lab.run(&["undo", &id]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(format!("{ran:?}").contains("is gone"), "{ran:?}");
}
