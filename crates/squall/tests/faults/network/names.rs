//! Looking up names: a name server on the far side, and `dig` on the near one.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};

use super::lab::{FAR, Lab};

/// A name server that gives every name the address 192.0.2.1, by UDP and TCP.
fn name_server(lab: &Lab) {
    let (udp, tcp) = lab.far_side(|| {
        (UdpSocket::bind((FAR, 53)).expect("port 53"), TcpListener::bind((FAR, 53)).expect("port 53"))
    });
    // They end with the test's process.
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = udp.recv_from(&mut buffer) {
            let _ = udp.send_to(&answer(&buffer[..length]), from);
        }
    });
    std::thread::spawn(move || {
        for mut stream in tcp.incoming().flatten() {
            let mut length = [0; 2];
            stream.read_exact(&mut length).expect("a length");
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question).expect("a question");
            let answer = answer(&question);
            let length = u16::try_from(answer.len()).expect("short").to_be_bytes();
            stream.write_all(&[&length[..], &answer].concat()).expect("it is sent");
        }
    });
}

fn answer(question: &[u8]) -> Vec<u8> {
    let end = question[12..].iter().position(|byte| *byte == 0).expect("the name's end") + 12 + 5;
    let mut answer = question[..end].to_vec();
    answer[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    // the name as a pointer, A, IN, 60 s, four bytes
    answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]);
    answer
}

fn dig(lab: &Lab, name: &str, more: &[&str]) -> String {
    let server = format!("@{FAR}");
    let mut words = vec!["dig", &server, "+time=1", "+tries=1", name];
    words.extend(more);
    lab.look(&words)
}

#[test]
fn chosen_names_do_not_exist_and_others_are_answered() {
    let lab = Lab::new();
    name_server(&lab);
    assert!(dig(&lab, "a.gone.example", &[]).contains("192.0.2.1"));
    let before = lab.state();
    for (answer, status) in [("nxdomain", "NXDOMAIN"), ("servfail", "SERVFAIL")] {
        let words = ["--answer", answer, "--names", "gone.example", "--address", FAR];
        let held = lab.inject("network.dns", &words, "60s");
        for transport in [&[][..], &["+tcp"]] {
            assert!(
                dig(&lab, "a.Gone.example", transport).contains(&format!("status: {status}")),
                "{answer}"
            );
            assert!(dig(&lab, "there.example", transport).contains("192.0.2.1"), "{answer} {transport:?}");
        }
        let ran = held.stop();
        assert!(ran.stdout.contains("\"questions_hit\": 2"), "{ran:?}");
        assert_eq!(lab.state(), before);
        assert!(dig(&lab, "a.gone.example", &[]).contains("192.0.2.1"));
    }
}

#[test]
fn a_socket_that_was_redirected_asks_the_server_again_afterwards() {
    let lab = Lab::new();
    name_server(&lab);
    let words = ["--answer", "nxdomain", "--address", FAR];
    let held = lab.inject("network.dns", &words, "60s");
    let socket = lab.near_side(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        socket.connect((FAR, 53)).expect("an address");
        socket
    });
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).expect("a limit");
    let question = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x07example\0\0\x01\0\x01";
    let ask = || {
        socket.send(question).expect("it is sent");
        let mut buffer = [0; 512];
        socket.recv(&mut buffer).map(|_| buffer[3] & 0xf)
    };
    assert_eq!(ask().ok(), Some(3), "NXDOMAIN");
    held.stop();
    assert_eq!(ask().ok(), Some(0), "an answer of the server's");
}

#[test]
fn without_names_nothing_is_answered() {
    let lab = Lab::new();
    name_server(&lab);
    let held = lab.inject("network.dns", &[], "60s");
    let said = dig(&lab, "a.example", &[]);
    assert!(said.contains("no servers could be reached") || said.contains("timed out"), "{said}");
    assert_eq!(lab.ping(1, "0.1"), 1);
    held.stop();
    assert!(dig(&lab, "a.example", &[]).contains("192.0.2.1"));
}
