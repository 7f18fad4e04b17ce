//! Delay, rate, damage: what traffic control does, or a worker where the kernel has no netem.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use super::lab::{FAR, Lab};

const SHORT: Duration = Duration::from_secs(2);

#[test]
fn packets_come_later_by_what_was_asked_for() {
    let lab = Lab::new();
    let _listener = lab.listen(80);
    let before = lab.state();
    let held = lab.inject("network.latency", &["--delay", "100ms"], "60s");
    let millis = lab.ping_millis(20);
    assert!((99.0..150.0).contains(&millis), "{millis} ms");
    let start = Instant::now();
    lab.connect(80, SHORT).expect("it comes through");
    assert!(start.elapsed() >= Duration::from_millis(99), "{:?}", start.elapsed());
    let ran = held.stop();
    assert!(ran.stdout.contains("\"packets\": "), "{ran:?}");
    assert_eq!(lab.state(), before);
    assert!(lab.ping_millis(3) < 50.0);
}

#[test]
fn only_what_was_chosen_comes_later() {
    let lab = Lab::new();
    let _listeners = (lab.listen(7000), lab.listen(80));
    let held = lab.inject("network.latency", &["--delay", "300ms", "--to-port", "7000"], "60s");
    assert!(lab.ping_millis(5) < 100.0);
    let start = Instant::now();
    lab.connect(7000, SHORT).expect("it comes through");
    assert!(start.elapsed() >= Duration::from_millis(299), "{:?}", start.elapsed());
    held.stop();
}

#[test]
fn a_delay_that_varies_does_so_within_its_bounds() {
    let lab = Lab::new();
    let held = lab.inject("network.latency", &["--delay", "60ms", "--jitter", "20ms"], "60s");
    let said = lab.look(&["ping", "-q", "-c", "60", "-i", "0.02", "-W", "2", FAR]);
    held.stop();
    let times: Vec<f64> = said
        .split("mdev = ")
        .nth(1)
        .and_then(|times| times.split(' ').next())
        .map(|times| times.split('/').filter_map(|time| time.parse().ok()).collect())
        .unwrap_or_default();
    assert!(times.len() == 4 && times[0] >= 39.0 && times[3] > 4.0, "{said}");
    assert!((50.0..90.0).contains(&times[1]), "{said}");
}

/// What iperf3 measures at the receiver, in megabits per second.
fn megabits(lab: &Lab, words: &[&str]) -> f64 {
    let _server = lab.serve(&["iperf3", "-s", "-1"]);
    let mut said = String::new();
    lab.wait_for("iperf3", || {
        let mut all = vec!["iperf3", "-c", FAR, "-t", "3", "-f", "k"];
        all.extend(words);
        said = lab.look(&all);
        said.contains("receiver")
    });
    let line = said.lines().find(|line| line.contains("receiver")).expect("the receiver's line");
    let before = line.split(" Kbits/sec").next().expect("a rate");
    before.rsplit(' ').next().and_then(|rate| rate.parse::<f64>().ok()).expect("a number") / 1000.0
}

#[test]
fn what_is_sent_gets_its_rate() {
    let lab = Lab::new();
    let held = lab.inject("network.bandwidth", &["--rate", "10mbit"], "60s");
    let rate = megabits(&lab, &[]);
    held.stop();
    assert!((8.0..10.6).contains(&rate), "{rate} Mbit/s");
}

#[test]
fn what_is_received_gets_its_rate_through_an_interface_of_ours() {
    let lab = Lab::new();
    let before = lab.state();
    let held = lab.inject("network.bandwidth", &["--rate", "8mbit", "--direction", "in"], "60s");
    assert!(lab.state().contains(&format!("sq{}", held.id)), "{}", lab.state());
    let rate = megabits(&lab, &["-R"]);
    held.stop();
    assert!((6.0..8.6).contains(&rate), "{rate} Mbit/s");
    assert_eq!(lab.state(), before);
}

#[test]
fn a_rate_may_be_for_one_user_only() {
    let lab = Lab::new();
    let held = lab.inject("network.bandwidth", &["--rate", "5mbit", "--user", "0"], "60s");
    let rate = megabits(&lab, &[]);
    assert!((3.5..5.4).contains(&rate), "{rate} Mbit/s");
    held.stop();
    let held = lab.inject("network.bandwidth", &["--rate", "5mbit", "--user", "nobody"], "60s");
    let rate = megabits(&lab, &[]);
    held.stop();
    assert!(rate > 20.0, "{rate} Mbit/s");
}

#[test]
fn a_share_is_damaged_and_whoever_receives_it_drops_it() {
    let lab = Lab::new();
    let held = lab.inject("network.corrupt", &["--percent", "30", "--protocol", "icmp"], "60s");
    let answered = lab.ping(300, "0.003");
    held.stop();
    assert!((170..=250).contains(&answered), "{answered} of 300");
}

#[test]
fn a_share_overtakes_the_others_and_tcp_still_works() {
    let lab = Lab::new();
    let listener = lab.listen(80);
    let held = lab.inject("network.reorder", &["--percent", "50", "--delay", "20ms"], "60s");
    let said = lab.look(&["ping", "-c", "40", "-i", "0.004", "-W", "2", FAR]);
    let order: Vec<u32> = said
        .lines()
        .filter_map(|line| line.split("icmp_seq=").nth(1)?.split(' ').next()?.parse().ok())
        .collect();
    assert_eq!(order.len(), 40, "{said}");
    assert!(order.windows(2).any(|pair| pair[0] > pair[1]), "{order:?}");
    let mut near = lab.connect(80, SHORT).expect("it comes through");
    let (mut far, _) = listener.accept().expect("a connection");
    near.write_all(&[7; 50_000]).and_then(|()| near.shutdown(std::net::Shutdown::Write)).expect("it is sent");
    let mut received = Vec::new();
    far.read_to_end(&mut received).expect("it is received");
    assert!(received.len() == 50_000 && received.iter().all(|byte| *byte == 7));
    held.stop();
}

#[test]
fn a_queueing_discipline_of_somebody_elses_is_left_alone() {
    for (words, direction) in [
        (&["tc", "qdisc", "add", "dev", "va", "root", "handle", "1:", "htb"][..], "out"),
        (&["tc", "qdisc", "add", "dev", "va", "ingress"][..], "in"),
    ] {
        let lab = Lab::new();
        lab.tool(words);
        let before = lab.state();
        let near = lab.near().to_owned();
        let ran = lab.run(&[
            "inject",
            "network.bandwidth",
            "--netns",
            &near,
            "--rate",
            "1mbit",
            "--direction",
            direction,
            "--for",
            "5s",
        ]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains("leaves it alone"), "{ran:?}");
        assert_eq!(lab.state(), before);
    }
}

#[test]
fn what_somebody_put_in_the_place_of_ours_is_not_removed() {
    let lab = Lab::new();
    let held = lab.inject("network.bandwidth", &["--rate", "1mbit"], "60s");
    lab.tool(&["tc", "qdisc", "del", "dev", "va", "root"]);
    // the same kind, and even the same handle
    let handle = u16::from_str_radix(&held.id[..4], 16).expect("digits") & 0x7fff;
    lab.tool(&["tc", "qdisc", "add", "dev", "va", "root", "handle", &format!("{handle:x}:"), "htb"]);
    let before = lab.state();
    held.send("INT");
    let ran = held.end();
    assert!(ran.stdout.contains("was not there"), "{ran:?}");
    assert_eq!(lab.state(), before);
}

#[test]
fn packets_pass_when_the_worker_is_killed_and_it_is_noticed() {
    let lab = Lab::new();
    let held = lab.inject("network.latency", &["--delay", "200ms"], "60s");
    assert!(lab.ping_millis(2) > 199.0);
    let workers = squall_os::procfs::processes().expect("/proc").into_iter().filter(|process| {
        process.parent == held.pid() && process.arguments().get(1).is_some_and(|word| word == "--worker")
    });
    let workers: Vec<u32> = workers.map(|process| process.pid).collect();
    // a kernel with netem needs none
    for worker in &workers {
        super::lab::send("KILL", *worker);
        lab.wait_for("packets", || lab.ping(1, "0.1") == 1 && lab.ping_millis(1) < 100.0);
    }
    held.send("INT");
    let ran = held.end();
    assert!(ran.stdout.contains("\"clean_up\": \"verified\""), "{ran:?}");
}

#[test]
fn two_faults_are_put_back_in_whatever_order() {
    let lab = Lab::new();
    let before = lab.state();
    for first_goes_first in [true, false] {
        let rate = lab.inject("network.bandwidth", &["--rate", "1mbit"], "60s");
        let with_one = lab.state();
        let hole = lab.inject("network.blackhole", &["--to-port", "6379"], "60s");
        if first_goes_first {
            rate.stop();
            assert_ne!(lab.state(), before);
            hole.stop();
        } else {
            hole.stop();
            assert_eq!(lab.state(), with_one);
            rate.stop();
        }
        assert_eq!(lab.state(), before);
    }
}
