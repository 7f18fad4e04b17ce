//! `fds`.

use std::fs;

use super::support::{End, Lab, wait_for};

fn open_on_host() -> u64 {
    let told = fs::read_to_string("/proc/sys/fs/file-nr").expect("/proc");
    told.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

fn open_in(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

#[test]
fn files_are_open_on_the_host_and_none_is_left_however_it_ends() {
    for end in End::ALL {
        let lab = Lab::new();
        let before = open_on_host();
        // more than one process may have open where root has no CAP_SYS_RESOURCE
        let fault = lab.inject(&["fds", "--count", "50000"]);
        let held: usize = fault.workers.iter().map(|worker| open_in(*worker)).sum();
        assert!((50_000..50_600).contains(&held), "{held}");
        assert!(open_on_host() > before + 45_000, "{before} {}", open_on_host());
        fault.end(end);
        wait_for("the files to be closed", || open_on_host() < before + 20_000);
    }
}

#[test]
fn a_total_is_topped_up() {
    let lab = Lab::new();
    let before = open_on_host();
    let target = before + 10_000;
    let report = lab.report(&["fds", "--count", &target.to_string(), "--strategy", "total"], "300ms");
    let held = report["held"].as_u64().expect("a number");
    // others open and close some meanwhile
    assert!((6_000..=10_500).contains(&held), "{report}");
    let (possible, text) = lab.plan(&["fds", "--count", "5", "--percent", "5"]);
    assert!(!possible && text.contains("cannot go together"), "{text}");
}
