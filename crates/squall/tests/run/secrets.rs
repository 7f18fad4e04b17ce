//! Resolved secrets stay inside.

use std::fs;

use crate::support::Place;

const SECRET: &str = "correct-horse-battery";

#[test]
fn a_resolved_secret_is_nowhere_to_be_read() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "with ${token}", "description": "d",
            "secrets": {"s": {"token": {"type": "env", "key": "TOKEN"}}},
            "configuration": {"dynamic": {"type": "probe", "name": "p", "provider":
                {"type": "process", "path": "true", "arguments": "${token}"}}},
            "steady-state-hypothesis": {"title": "h", "probes": [{"type": "probe", "name": "p",
                "tolerance": {"type": "regex", "pattern": "${token}", "target": "stdout"},
                "provider": {"type": "process", "path": "false", "arguments": "${token}"}}]},
            "method": [
                {"type": "action", "name": "p", "provider": {"type": "process", "path": "true", "arguments": ["${token}"]}},
                {"type": "action", "name": "h", "provider": {"type": "http", "url": "http://127.0.0.1:1/${token}",
                    "headers": {"X-Token": "${token}"}}},
                {"type": "action", "name": "bad", "provider": {"type": "http", "url": "nonsense ${token}"}}],
            "rollbacks": []}"#,
    );
    let strategy = ["--hypothesis-strategy", "after-method-only", "--rollback-strategy", "always"];
    let mut arguments = vec!["--verbose", "run"];
    arguments.extend(strategy);
    arguments.push("e.json");
    let mut command = place.command(&arguments);
    let output = command.env("TOKEN", SECRET).output().expect("the binary runs");
    let log = place.run_logs().remove(0);
    for (what, text) in [
        ("stdout", String::from_utf8_lossy(&output.stdout).into_owned()),
        ("stderr", String::from_utf8_lossy(&output.stderr).into_owned()),
        ("the journal", place.read("journal.json")),
        ("the log file", place.read("chaostoolkit.log")),
        ("the run log", fs::read_to_string(log).expect("the run log")),
    ] {
        assert!(!text.contains(SECRET), "{what} has the secret: {text}");
    }
    assert!(place.read("journal.json").contains("with ********"));
}

#[test]
fn what_an_activity_returns_is_its_own() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d", "secrets": {"s": {"token": {"type": "env", "key": "TOKEN"}}},
            "method": [{"type": "probe", "name": "p", "provider": {"type": "process", "path": "echo", "arguments": "${token}"}}]}"#,
    );
    let output = place.command(&["run", "e.json"]).env("TOKEN", SECRET).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(place.read("journal.json").contains(SECRET));
    assert!(!place.read("chaostoolkit.log").contains(SECRET));
}
