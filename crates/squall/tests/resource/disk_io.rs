//! `disk.io`.

use std::fs;

use super::support::{End, Lab, number, stat, wait_for};

fn io(pid: u32, name: &str) -> u64 {
    number(&format!("/proc/{pid}/io"), name)
}

#[test]
fn blocks_are_read_and_written_past_the_cache_and_nothing_is_left_however_it_ends() {
    // not /tmp: that may be in memory
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let directory = folder.path().to_str().expect("text");
    for end in End::ALL {
        let lab = Lab::new();
        let fault =
            lab.inject(&["disk.io", "--directory", directory, "--workers", "2", "--block-size", "16KiB"]);
        let worker = fault.worker();
        let (read, written) = (io(worker, "read_bytes"), io(worker, "write_bytes"));
        wait_for("the kernel to count what reached the disk", || {
            io(worker, "read_bytes") > read + (1 << 20) && io(worker, "write_bytes") > written + (1 << 20)
        });
        assert_eq!(fs::read_dir(directory).expect("a folder").count(), 0, "the files have no name");
        fault.end(end);
    }
}

#[test]
fn modes_are_kept_apart_and_the_rate_is_kept() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let directory = folder.path().to_str().expect("text");
    let lab = Lab::new();
    let report = |words: &[&str]| lab.report(&[&["disk.io", "--directory", directory], words].concat(), "1s");
    let read = report(&["--mode", "r", "--order", "random"]);
    assert!(read["reads"].as_u64() > Some(10) && read["writes"] == 0, "{read}");
    let written = report(&["--mode", "w", "--cached"]);
    assert!(written["writes"].as_u64() > Some(0) && written["reads"] == 0, "{written}");
    assert!(written["direct"] == false && written["errors"] == 0, "{written}");
    let limited = report(&["--rate", "1MiB"]);
    let rate = limited["bytes_per_second"].as_f64().expect("a number") / f64::from(1 << 20);
    assert!((0.3..1.1).contains(&rate), "{limited}");
    for (words, expected) in [
        (&["disk.io", "--block-size", "1000"][..], "a multiple of 512"),
        (&["disk.io", "--directory", directory, "--block-count", "1000000000000"], "MISSING"),
    ] {
        let (possible, text) = lab.plan(words);
        assert!(!possible && text.contains(expected), "{words:?}: {text}");
    }
}

#[test]
fn a_worker_rests_when_its_rate_is_reached() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let lab = Lab::new();
    let directory = folder.path().to_str().expect("text");
    let fault = lab.inject(&["disk.io", "--directory", directory, "--rate", "64KiB"]);
    let used = stat(fault.worker(), 14) + stat(fault.worker(), 15);
    assert!(used < 100, "{used} ticks");
    fault.end(End::Interrupt);
}
