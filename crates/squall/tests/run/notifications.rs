//! Notifications go beside the run.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use squall_model::{Value, json};

use crate::support::{Place, at};

#[test]
fn a_channel_that_never_answers_holds_up_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("its address");
    let place = Place::new();
    place.write("s.yaml", format!("notifications:\n  - type: http\n    url: http://{address}/\n"));
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "method": [
            {"type": "action", "name": "a", "provider": {"type": "process", "path": "true"}}]}"#,
    );
    let ran = place.run(&["--settings", "s.yaml", "run", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // A channel has five seconds to answer; none of them are the run's.
    let Value::Float(duration) = at(&place.journal(), &["duration"]) else { panic!("a duration") };
    assert!(duration < 4.0, "the run took {duration} s");
    drop(silent);
}

#[test]
fn channels_get_the_events_that_they_ask_for_in_order() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = server.local_addr().expect("its address");
    let place = Place::new();
    place.write(
        "s.yaml",
        format!(
            "notifications:\n  - type: http\n    url: http://{address}/\n    events: [run-started, run-failed]\n    \
             headers:\n      X-Key: ${{KEY}}\n"
        ),
    );
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "method": [
            {"type": "action", "name": "a", "provider": {"type": "process", "path": "true", "arguments": 3}}]}"#,
    );
    let receiver = thread::spawn(move || (0..2).map(|_| receive(&server)).collect::<Vec<_>>());
    let mut command = place.command(&["--settings", "s.yaml", "run", "e.json"]);
    let status = command.env("KEY", "from the environment").status().expect("it runs");
    assert_eq!(status.code(), Some(1));
    let received = receiver.join().expect("both came");
    for ((head, body), name) in received.iter().zip(["run-started", "run-failed"]) {
        let body = json::parse(body).expect("JSON");
        assert_eq!(at(&body, &["name"]), Value::from(name));
        assert_eq!(at(&body, &["phase"]), Value::from("run"));
        assert!(head.to_ascii_lowercase().contains("x-key: from the environment"), "{head}");
    }
    assert_eq!(
        at(&json::parse(&received[1].1).expect("JSON"), &["payload", "status"]),
        Value::from("aborted")
    );
}

/// Takes one request and answers it: its head and its body.
fn receive(server: &TcpListener) -> (String, String) {
    let (mut stream, _) = server.accept().expect("a connection");
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 65536];
        let count = stream.read(&mut piece).expect("the request");
        bytes.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .to_ascii_lowercase()
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next().and_then(|length| length.trim().parse::<usize>().ok()));
        if body.len() >= length.unwrap_or(0) {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .expect("an answer");
            return (head.to_owned(), body.to_owned());
        }
    }
}
