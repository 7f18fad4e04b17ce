//! What faults do, seen from outside.

use std::io::{ErrorKind, Read, Write};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::lab::{FAR, Lab, NEAR};

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

#[test]
fn connections_are_broken_off_on_both_sides() {
    let lab = Lab::new();
    let listener = lab.listen(6379);
    let mut near = lab.connect(6379, SHORT).expect("a connection");
    let (_far, _) = listener.accept().expect("a connection");
    let _other = lab.connect(6379, SHORT).expect("a connection");
    let (mut other_far, _) = listener.accept().expect("a connection");
    let held = lab.inject("network.reset", &["--to-port", "6379"], "60s");
    near.write_all(b"PING").expect("it is taken");
    assert_eq!(near.read(&mut [0; 8]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    other_far.write_all(b"PONG").expect("it is taken");
    assert_eq!(other_far.read(&mut [0; 8]).map_err(|error| error.kind()), Err(ErrorKind::ConnectionReset));
    assert_eq!(
        lab.connect(6379, SHORT).map(drop).map_err(|error| error.kind()),
        Err(ErrorKind::ConnectionRefused)
    );
    assert_eq!(lab.ping(1, "0.1"), 1);
    held.stop();
    assert!(lab.connect(6379, SHORT).is_ok(), "new connections come through");
}

#[test]
fn the_two_sides_of_a_partition_do_not_see_each_other() {
    let lab = Lab::new();
    let _listener = lab.listen(80);
    let near_listener = lab.near_side(|| std::net::TcpListener::bind((NEAR, 80)).expect("a listener"));
    let held = lab.inject("network.partition", &["--one", NEAR, "--other", "10.66.0.2,10.66.0.8/29"], "60s");
    assert_eq!(lab.ping(1, "0.1"), 0);
    assert!(lab.connect(80, SHORT).is_err());
    let address = near_listener.local_addr().expect("an address");
    let from_there = lab.far_side(|| std::net::TcpStream::connect_timeout(&address, SHORT));
    assert!(from_there.is_err(), "nor does the other side see this one");
    held.stop();
    assert_eq!(lab.ping(1, "0.1"), 1);
    let near = lab.near().to_owned();
    for (one, other, said) in
        [("10.66.0.7", "10.66.0.8", "neither group"), ("10.66.0.0/24", FAR, "is in both groups")]
    {
        let words =
            ["inject", "network.partition", "--netns", &near, "--one", one, "--other", other, "--for", "1s"];
        let ran = lab.run(&words);
        assert!(ran.code == Some(1) && ran.stderr.contains(said), "{ran:?}");
    }
}

#[test]
fn a_plan_shows_everything_and_changes_nothing() {
    let lab = Lab::new();
    let before = lab.state();
    let near = lab.near().to_owned();
    let words =
        ["inject", "network.blackhole", "--netns", &near, "--to-port", "6379", "--for", "60s", "--plan"];
    let ran = lab.run(&words);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for part in [
        "th dport { 6379 }",
        "nft delete table inet squall_FAULT",
        "spared: instance metadata",
        "CAP_NET_ADMIN",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert_eq!(lab.state(), before);
    assert!(!lab.path("state").exists(), "not even a ledger");
}

#[test]
fn values_that_do_not_fit_are_refused_before_anything_is_asked_of_the_kernel() {
    let lab = Lab::new();
    let near = lab.near().to_owned();
    for (words, said) in [
        (&["--address", "10.0.0.1; flush ruleset"][..], "expected an address or a network"),
        (&["--to-port", "80 accept"], "expected a port"),
        (&["--cgroup", "a\" accept"], "expected the path of a cgroup"),
        (&["--protocol", "sctp"], "expected tcp, udp, icmp or all"),
        (&["--protocol", "icmp", "--to-port", "80"], "ICMP has no ports"),
        (&["--interface", "nosuch0"], "there are lo, va"),
        (&["--user", "0"], "cannot go with direction both"),
        (&["--no-exemptions", "shh"], "there are ssh, loopback, metadata, neighbours"),
        (&["--providers", "no where"], "or a file; found `no where`"),
    ] {
        let mut all = vec!["inject", "network.blackhole", "--netns", &near, "--for", "1s"];
        all.extend(words);
        let ran = lab.run(&all);
        assert!(ran.code == Some(1) && ran.stderr.contains(said), "{words:?}: {ran:?}");
    }
}

#[test]
fn addresses_may_come_from_a_file() {
    let lab = Lab::new();
    std::fs::write(lab.path("ranges"), "# of a provider\n10.66.0.0/30\n\n2001:db8::/32 # six\n")
        .expect("a file");
    let held = lab.inject("network.blackhole", &["--providers", "ranges"], "30s");
    assert_eq!(lab.ping(1, "0.1"), 0);
    held.stop();
    std::fs::write(lab.path("ranges"), "10.66.0.0/33\n").expect("a file");
    let near = lab.near().to_owned();
    let ran =
        lab.run(&["inject", "network.blackhole", "--netns", &near, "--providers", "ranges", "--for", "1s"]);
    assert!(ran.stderr.contains("`ranges`, line 1"), "{ran:?}");
}

#[test]
fn the_connection_of_ssh_is_spared_and_others_to_the_same_host_are_not() {
    let lab = Lab::new();
    let listener = lab.listen(22);
    let mut near = lab.connect(22, SHORT).expect("a connection");
    let (mut far, _) = listener.accept().expect("a connection");
    let (own, other) = (near.local_addr().expect("an end"), near.peer_addr().expect("an end"));
    // The runner sits in the namespace, at the end of a connection: as it would with ssh.
    let connection = format!("{} {} {} {}", other.ip(), other.port(), own.ip(), own.port());
    let inside = lab.squall(&["inject", "network.blackhole", "--for", "60s", "--json"]);
    let mut command = lab.inside(inside);
    command.env("SSH_CONNECTION", connection);
    let held = lab.hold(command);
    for _ in 0..3 {
        near.write_all(b"still there?").expect("it is sent");
        let mut buffer = [0; 12];
        far.set_read_timeout(Some(Duration::from_secs(5))).expect("a limit");
        far.read_exact(&mut buffer).expect("it comes through");
    }
    assert!(lab.connect(22, SHORT).is_err());
    assert_eq!(lab.ping(1, "0.1"), 0);
    held.stop();
}

/// A control group (version 2) that goes with the test.
struct Group(std::path::PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn only_sockets_of_a_control_group_are_hit() {
    let lab = Lab::new();
    let mounts = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(std::path::PathBuf::from);
    let mount = mounts.iter().find(|mount| mount.join("cgroup.procs").exists()).expect("control groups");
    let name = format!("squall-test-{}", std::process::id());
    let group = Group(mount.join(&name));
    std::fs::create_dir(&group.0).expect("a control group");
    let held = lab.inject("network.blackhole", &["--cgroup", &name, "--direction", "out"], "30s");
    assert_eq!(lab.ping(1, "0.1"), 1, "others are not hit");
    let inside = format!("echo $$ > {}/cgroup.procs && exec ping -c 1 -W 1 {FAR}", group.0.display());
    let said = lab.look(&["sh", "-c", &inside]);
    assert!(said.contains(" 0 received"), "{said}");
    held.stop();
}
