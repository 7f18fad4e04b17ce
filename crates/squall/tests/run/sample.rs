//! Samples of a service that goes away for a while.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;

use squall_model::Value;

use crate::support::{Place, at};

/// An HTTP server on a port of its own; while the file is there it closes connections without an answer. It ends with
/// the test's process.
fn service(down: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let down = down.clone();
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                while stream.read(&mut request).is_ok_and(|read| read > 0) && !down.exists() {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                }
            });
        }
    });
    url
}

fn experiment(url: &str, more: &str) -> String {
    format!(
        r#"{{"title": "t", "description": "d", "method": [
            {{"type": "probe", "name": "users", "background": true, "provider": {{"type": "sample", "every": "20ms",
                "for": "1500ms", "probe": {{"provider": {{"type": "http", "url": "{url}", "timeout": 1}},
                "tolerance": 200}} {more}}}}},
            {{"type": "action", "name": "down", "pauses": {{"before": 0.3, "after": 0.4}},
                "provider": {{"type": "process", "path": "touch", "arguments": "down"}}}},
            {{"type": "action", "name": "up", "provider": {{"type": "process", "path": "rm", "arguments": "down"}}}}
        ]}}"#
    )
}

fn users(place: &Place) -> Value {
    let journal = place.journal();
    let runs = at(&journal, &["run"]).as_list().expect("a list").to_vec();
    runs.into_iter()
        .find(|run| at(run, &["activity", "name"]).as_str() == Some("users"))
        .expect("it is there")
}

#[test]
fn an_outage_is_measured_while_the_method_goes_on() {
    let place = Place::new();
    let url = service(place.path("down"));
    place.write("e.json", experiment(&url, ""));
    let ran = place.run(&["run", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let output = at(&users(&place), &["output"]);
    let measure =
        |name: &str| at(&output, &[name]).as_f64().unwrap_or_else(|| panic!("{name} of {output:?}"));
    // 0.4 s and what it takes to start two processes on a busy machine
    assert!((0.35..1.2).contains(&measure("longest_outage_s")), "{output:?}");
    assert!((0.25..1.0).contains(&measure("first_failure_after_s")), "{output:?}");
    assert!(measure("recovered_after_s") > measure("first_failure_after_s"), "{output:?}");
    assert!((0.2..0.9).contains(&measure("ok_ratio")), "{output:?}");
    assert!((measure("count") + measure("missed") - 75.0).abs() < 0.5, "{output:?}");
    let log = std::fs::read_to_string(&place.run_logs()[0]).expect("a run log");
    assert!(log.matches("sampled_at_s").count() >= 60, "the samples are events");
}

#[test]
fn what_was_expected_of_it_decides() {
    let place = Place::new();
    let url = service(place.path("down"));
    place.write("e.json", experiment(&url, r#", "expect": {"longest_outage_s": [0, 0.1]}"#));
    let ran = place.run(&["run", "e.json"]);
    assert!(ran.stderr.contains("`longest_outage_s` is "), "{}", ran.stderr);
    assert_eq!(at(&users(&place), &["status"]), Value::from("failed"));

    place.write("e.json", experiment(&url, r#", "until": "recovered", "expect": {"ok_ratio": [0, 0.99]}"#));
    let ran = place.run(&["run", "e.json"]);
    assert_eq!(at(&users(&place), &["status"]), Value::from("succeeded"), "{}", ran.stderr);
    let count = at(&users(&place), &["output", "count"]).as_f64().expect("a number");
    assert!(count < 74.0, "it ended before its time: {count}");
}

#[test]
fn mistakes_are_all_found_with_their_places() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "method": [
            {"type": "probe", "name": "a", "provider": {"type": "sample", "evry": "1s"}},
            {"type": "probe", "name": "b", "provider": {"type": "sample", "every": "soon", "until": "later",
                "probe": {"provider": {"type": "http"}}, "ok": {"type": "ranje"}}}]}"#,
    );
    let ran = place.run(&["validate", "e.json"]);
    assert_eq!(ran.code, Some(1));
    for words in [
        "a sample has no `evry`",
        "a sample must have a `probe`",
        "a sample must have `every`",
        "a sample must have `for`",
        "`every`: found `soon`",
        "`until`: expected `failed` or `recovered`",
        "ranje",
    ] {
        assert!(
            ran.stdout.contains(words) || ran.stderr.contains(words),
            "{words}: {}{}",
            ran.stdout,
            ran.stderr
        );
    }
}
