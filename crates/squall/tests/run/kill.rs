//! `kill -9` in the middle: what happened is kept, and what was not rolled back can be.

use squall_model::{Value, json};

use crate::support::{Ended, Place, at, send};

/// The second activity writes its process id and waits; rollbacks leave files behind. (`$$` stands for `$`
/// where there is a configuration.)
const EXPERIMENT: &str = r#"{
    "title": "t", "description": "d",
    "configuration": {"mark": {"type": "env", "key": "MARK", "default": "plain"}},
    "method": [
        {"type": "action", "name": "first", "provider": {"type": "process", "path": "echo", "arguments": "hello"}},
        {"type": "action", "name": "second", "provider":
            {"type": "process", "path": "sh", "arguments": ["-c", "echo $$$$ > pid; exec sleep 60"]}}
    ],
    "rollbacks": [
        {"type": "action", "name": "one", "provider":
            {"type": "process", "path": "sh", "arguments": ["-c", "echo ${mark} > one"]}},
        {"type": "action", "name": "two", "provider": {"type": "process", "path": "touch", "arguments": "two"}}
    ]
}"#;

fn killed_run(place: &Place) {
    place.write("e.json", EXPERIMENT);
    let squall = Ended(place.command(&["run", "e.json"]).spawn().expect("the binary runs"));
    let second = place.wait_for_file("pid");
    drop(squall);
    send("KILL", second.parse().expect("a process id"));
}

#[test]
fn a_killed_run_has_a_journal_in_its_log() {
    let place = Place::new();
    killed_run(&place);
    assert!(!place.path("journal.json").exists());
    let logs = place.run_logs();
    let log = logs[0].to_str().expect("a path");

    let ran = place.run(&["journal", log]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let journal = json::parse(&ran.stdout).expect("a journal");
    assert_eq!(at(&journal, &["status"]), Value::from("interrupted"));
    assert_eq!(at(&journal, &["run", "0", "output", "stdout"]), Value::from("hello\n"));
    assert_eq!(at(&journal, &["run", "0", "status"]), Value::from("succeeded"));
    assert_eq!(at(&journal, &["run", "1", "activity", "name"]), Value::from("second"));
    assert_eq!(at(&journal, &["run", "1", "status"]), Value::Null);
    assert!(at(&journal, &["end"]).as_str().is_some());
}

#[test]
fn rollbacks_of_a_killed_run_are_played_when_asked_for_and_only_then() {
    let place = Place::new();
    killed_run(&place);
    let logs = place.run_logs();
    let log = logs[0].to_str().expect("a path");

    let asked = place.run(&["rollback", log]);
    assert_eq!(asked.code, Some(1));
    assert!(asked.stderr.contains("one") && asked.stderr.contains("two"), "{}", asked.stderr);
    assert!(!place.path("one").exists());

    let played = place.run(&["rollback", "--yes", "--var", "mark=given", log]);
    assert_eq!(played.code, Some(0), "{}", played.stderr);
    assert_eq!(place.read("one"), "given\n");
    assert!(place.path("two").exists());

    // The rollback was a run of its own, and that came to its end.
    let logs = place.run_logs();
    assert_eq!(logs.len(), 2);
    let again = place.run(&["rollback", "--yes", logs[1].to_str().expect("a path")]);
    assert_eq!(again.code, Some(0));
    assert!(again.stderr.contains("came to its end"), "{}", again.stderr);
}

#[test]
fn a_log_that_was_cut_off_in_a_line_is_read_up_to_it() {
    let place = Place::new();
    killed_run(&place);
    let log = place.run_logs().remove(0);
    let bytes = std::fs::read(&log).expect("the log");
    std::fs::write(&log, &bytes[..bytes.len() - 10]).expect("the log can be cut");
    let ran = place.run(&["journal", log.to_str().expect("a path"), "-o", "j.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("cut off"), "{}", ran.stderr);
    assert!(place.read("j.json").contains("first"));
}

#[test]
fn what_is_no_run_log_is_an_error_with_its_place() {
    let place = Place::new();
    place.write("no.jsonl", "{}\n");
    place.write("text.jsonl", "hello\n");
    place.write("empty.jsonl", "");
    for (name, expected) in [
        ("no.jsonl", "line 1 is no event"),
        ("text.jsonl", "line 1 is not JSON"),
        ("empty.jsonl", "is empty"),
        ("none.jsonl", "No such file"),
    ] {
        let ran = place.run(&["journal", name]);
        assert_eq!(ran.code, Some(1), "{name}");
        assert!(ran.stderr.contains(expected), "{name}: {}", ran.stderr);
    }
}

#[test]
fn the_log_of_a_run_that_ended_gives_the_same_journal() {
    let place = Place::new();
    place.write(
        "e.json",
        r#"{"title": "t", "description": "d",
            "steady-state-hypothesis": {"title": "h", "probes": [{"type": "probe", "name": "p", "tolerance": 0,
                "provider": {"type": "process", "path": "true"}}]},
            "method": [
                {"type": "action", "name": "bg", "background": true, "provider": {"type": "process", "path": "sleep", "arguments": "0.2"}},
                {"type": "action", "name": "bad", "provider": {"type": "process", "path": "sleep", "arguments": "9", "timeout": 0.1}}],
            "rollbacks": [{"type": "action", "name": "r", "provider": {"type": "process", "path": "true"}}]}"#,
    );
    let ran = place.run(&[
        "run",
        "--hypothesis-strategy",
        "continuously",
        "--hypothesis-frequency",
        "0.05",
        "e.json",
    ]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let log = place.run_logs().remove(0);
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&log).expect("the log").permissions());
    assert_eq!(mode & 0o077, 0, "outputs of activities are nobody else's business");
    let rebuilt = place.run(&["journal", log.to_str().expect("a path")]);
    assert_eq!(rebuilt.stdout, place.read("journal.json") + "\n");
}
