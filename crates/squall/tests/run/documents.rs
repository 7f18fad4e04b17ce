//! Experiments as they come: from anywhere, large, malformed.

use std::io::Write;
use std::process::Stdio;

use crate::support::{Place, done};

const EMPTY: &str = r#"{"title": "t", "description": "d", "method": []}"#;

#[test]
fn standard_input_is_a_source() {
    let place = Place::new();
    for text in [EMPTY, "title: t\ndescription: d\nmethod: []\n"] {
        let mut command = place.command(&["run", "-"]);
        let mut squall = command.stdin(Stdio::piped()).spawn().expect("the binary runs");
        let mut stdin = squall.stdin.take().expect("its standard input");
        stdin.write_all(text.as_bytes()).expect("it reads");
        drop(stdin);
        let ran = done(squall.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    }
}

#[test]
fn what_is_malformed_is_an_error_never_a_crash() {
    let place = Place::new();
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    for (name, content) in [
        ("latin1.json", b"{\"title\": \"\xe9\"}".to_vec()),
        ("latin1.yaml", b"title: \xe9".to_vec()),
        ("cut.json", EMPTY.as_bytes()[..30].to_vec()),
        ("cut.yaml", b"title: [a, ".to_vec()),
        ("deep.json", deep("[", "]").into_bytes()),
        ("deep-object.json", deep("{\"a\":", "1}").into_bytes()),
        ("open.json", "[".repeat(100_000).into_bytes()),
        ("deep.yaml", deep("[", "]").into_bytes()),
        ("deep-block.yaml", "- ".repeat(100_000).into_bytes()),
        ("zero.json", vec![0; 100]),
        ("zero.yaml", vec![0; 100]),
        ("empty.json", Vec::new()),
        ("empty.yaml", Vec::new()),
        ("list.json", b"[1, 2]".to_vec()),
        ("text.yaml", b"hello".to_vec()),
        ("cycle.yaml", b"title: &a [*a]\ndescription: d\nmethod: []".to_vec()),
        (
            "null.yaml",
            b"title: t\ndescription: d\nmethod: ~\nrollbacks: ~\nsteady-state-hypothesis: ~".to_vec(),
        ),
    ] {
        place.write(name, content);
        for command in ["validate", "run"] {
            let ran = place.run(&["--no-log-file", command, name]);
            assert_eq!(ran.code, Some(1), "{command} {name}: {}", ran.stderr);
            assert!(ran.stderr.contains("ERROR]"), "{command} {name}: {}", ran.stderr);
            assert!(!ran.stderr.contains("itself failed"), "{command} {name}: {}", ran.stderr);
        }
    }
}

#[test]
fn all_problems_are_told_at_once_with_their_places() {
    let place = Place::new();
    place.write(
        "e.yaml",
        "title: t\nmethod:\n  - type: action\n    name: a\n    provider:\n      type: procss\n  \
         - type: probe\n    provider: {type: http}\n",
    );
    let ran = place.run(&["validate", "e.yaml"]);
    assert_eq!(ran.code, Some(1));
    for expected in [
        "experiment requires a description",
        "unknown provider type 'procss'",
        "an activity must have a name",
        "e.yaml:6:",
    ] {
        assert!(ran.stderr.contains(expected), "no `{expected}` in {}", ran.stderr);
    }
    let json = place.run(&["--no-log-file", "validate", "--format", "json", "e.yaml"]);
    let findings = squall_model::json::parse(&json.stdout).expect("JSON");
    let findings = findings.as_list().expect("a list").to_vec();
    assert!(findings.len() >= 3, "{}", json.stdout);
    for field in ["code", "severity", "message", "pointer", "line", "column"] {
        assert!(findings[0].get(field).is_some(), "no `{field}` in {}", json.stdout);
    }
}

#[test]
fn a_file_of_a_hundred_megabytes_runs() {
    let place = Place::new();
    let filler = format!("\"{}\", ", "x".repeat(998)).repeat(100_000);
    let text = format!(
        r#"{{"title": "t", "description": "d", "method": [], "contributions": {{}}, "filler": [{filler}1]}}"#
    );
    assert!(text.len() > 100_000_000);
    place.write("e.json", text);
    let ran = place.run(&["run", "--journal-path", "/dev/null", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn called_chaos_it_is_chaos() {
    let place = Place::new();
    let link = place.path("chaos");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_squall"), &link).expect("a link");
    let output = std::process::Command::new(link).arg("--version").output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "chaos, version 1.19.0\n");
}

#[test]
fn a_console_for_programs_has_records_only() {
    let place = Place::new();
    place.write("e.json", r#"{"method": [{"type": "action"}, 3]}"#);
    place.write("bad.json", "{");
    for (name, least) in [("e.json", 3), ("bad.json", 1)] {
        let ran = place.run(&["--log-format", "json", "--no-log-file", "validate", name]);
        let records: Vec<_> = ran.stderr.lines().map(squall_model::json::parse).collect();
        let errors = records.iter().filter(|record| {
            let record = record.as_ref().expect("every line is a record");
            record.get("levelname").is_some_and(|level| level.as_str() == Some("ERROR"))
        });
        assert!(errors.count() >= least, "{name}: {}", ran.stderr);
    }
}

#[test]
fn of_very_many_problems_some_are_shown_and_all_are_counted() {
    let place = Place::new();
    let activities = vec![r#"{"type": "action"}"#; 500].join(",");
    place.write("e.json", format!(r#"{{"title": "t", "description": "d", "method": [{activities}]}}"#));
    let ran = place.run(&["--no-log-file", "validate", "e.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("more are not shown"), "{}", ran.stderr);
    assert!(ran.stderr.lines().count() < 2000);
}
