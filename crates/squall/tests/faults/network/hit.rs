//! What faults do, seen from outside.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::lab::{FAR, Lab};

/// Long enough for a connection over a cable in memory, on a loaded machine.
const SHORT: Duration = Duration::from_millis(700);

#[test]
fn a_blackholed_port_hangs_and_others_and_pings_pass() {
    let lab = Lab::new();
    let (_redis, _other) = (lab.listen(6379), lab.listen(80));
    let before = lab.state();
    let held = lab.inject("network.blackhole", &["--to-port", "6379", "--to-port", "8000-8080"], "30s");
    let refused = lab.connect(6379, SHORT).expect_err("nothing comes through");
    assert_eq!(refused.kind(), ErrorKind::TimedOut);
    assert!(lab.connect(80, SHORT).is_ok());
    assert_eq!(lab.ping(3, "0.05"), 3);
    let sent = lab.near_side(|| UdpSocket::bind("0.0.0.0:0").and_then(|udp| udp.send_to(b"x", (FAR, 6379))));
    assert!(sent.is_ok(), "a blackhole says nothing: {sent:?}");
    let ran = held.stop();
    assert!(ran.stdout.contains("\"packets\": "), "{ran:?}");
    assert_eq!(lab.state(), before);
    assert!(lab.connect(6379, SHORT).is_ok());
}

#[test]
fn what_is_taken_out_passes() {
    let lab = Lab::new();
    let (_one, _two) = (lab.listen(6379), lab.listen(80));
    let held = lab.inject("network.blackhole", &["--address", "10.66.0.0/24", "--to-port", "^80"], "30s");
    assert!(lab.connect(6379, SHORT).is_err());
    assert!(lab.connect(80, SHORT).is_ok());
    assert_eq!(lab.ping(1, "0.05"), 0, "pings have no port that could be taken out");
    held.stop();
    let held = lab.inject("network.blackhole", &["--address", "10.66.0.0/24,^10.66.0.2"], "30s");
    assert!(lab.connect(6379, SHORT).is_ok());
    held.stop();
}

#[test]
fn a_rejected_port_refuses_at_once() {
    let lab = Lab::new();
    let _listener = lab.listen(6379);
    for (with, kind) in [
        ("reset", ErrorKind::ConnectionRefused),
        ("port-unreachable", ErrorKind::ConnectionRefused),
        ("host-unreachable", ErrorKind::HostUnreachable),
    ] {
        let held = lab.inject("network.reject", &["--to-port", "6379", "--with", with], "30s");
        let start = Instant::now();
        let refused = lab.connect(6379, Duration::from_secs(20)).expect_err("it is refused");
        assert_eq!(refused.kind(), kind, "{with}: {refused}");
        assert!(start.elapsed() < Duration::from_secs(5), "{with}: {:?}", start.elapsed());
        held.stop();
    }
}

#[test]
fn a_tenth_of_the_packets_is_lost() {
    let lab = Lab::new();
    let held = lab.inject("network.loss", &["--percent", "10%", "--protocol", "icmp"], "60s");
    let answered = lab.ping(2000, "0.002");
    let ran = held.stop();
    // 200 are expected to be lost, with a standard deviation of 13
    assert!((1730..=1870).contains(&answered), "{answered} of 2000");
    assert!(ran.stdout.contains("\"packets\": "), "{ran:?}");
}

#[test]
fn flows_are_hit_whole_or_not_at_all() {
    let lab = Lab::new();
    let _listener = lab.listen(6379);
    let held = lab.inject("network.reject", &["--to-port", "6379", "--flows", "50"], "60s");
    let passed = (0..200).filter(|_| lab.connect(6379, SHORT).is_ok()).count();
    held.stop();
    assert!((60..=140).contains(&passed), "{passed} of 200");
}

#[test]
fn only_packets_of_a_user_are_hit() {
    let lab = Lab::new();
    let held =
        lab.inject("network.blackhole", &["--user", "nobody", "--direction", "out", "--address", FAR], "30s");
    assert_eq!(lab.ping(2, "0.05"), 2, "root is not hit");
    let said = lab.look(&["setpriv", "--reuid=65534", "ping", "-c", "1", "-W", "1", FAR]);
    assert!(said.contains(" 0 received"), "{said}");
    held.stop();
}
