//! Signals arrive as a stream while it lives. One test: they are this whole process' business.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use squall_os::signals::{RunSignal, Signals};

/// Sends a signal to this process, and returns when that is done.
fn send(signal: &str) {
    let own = std::process::id().to_string();
    assert!(
        Command::new("/bin/sh").args(["-c", "kill -$1 $2", "sh", signal, &own]).status().unwrap().success()
    );
}

/// The set of caught or ignored signals, as the kernel sees it.
fn mask(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
}

#[tokio::test]
async fn signals_arrive_in_order_and_the_old_dispositions_come_back() {
    let steering: u64 = [RunSignal::Interrupt, RunSignal::Terminate, RunSignal::User1, RunSignal::User2]
        .iter()
        .map(|signal| 1 << (signal.number() - 1))
        .sum();
    let before = (mask("SigCgt:"), mask("SigIgn:"));
    assert_eq!(before.0 & steering, 0);

    for _ in 0..2 {
        let mut signals = Signals::install().unwrap();
        assert!(Signals::install().is_err(), "a second stream");
        // SIGINT stays ignored where the test runs with it ignored.
        assert_eq!(mask("SigCgt:") & steering, steering & !before.1);
        send("TERM");
        send("USR1");
        assert_eq!(signals.next().await, RunSignal::Terminate);
        assert_eq!(signals.next().await, RunSignal::User1);
        send("USR2");
        assert_eq!(signals.next().await, RunSignal::User2);
        drop(signals);
        assert_eq!((mask("SigCgt:") & steering, mask("SigIgn:")), (0, before.1));
    }
}

#[test]
fn numbers_name_signals() {
    assert_eq!(RunSignal::from_number(RunSignal::User2.number()), Some(RunSignal::User2));
    assert_eq!(RunSignal::from_number(0), None);
}
