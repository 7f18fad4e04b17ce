//! Activities of type `fault`.

use serde_json::{Value, json};

use crate::support::{Place, state_of, victim, wait_for};

fn journal(place: &Place) -> Value {
    serde_json::from_str(&std::fs::read_to_string(place.path("journal.json")).unwrap()).unwrap()
}

/// An experiment whose method pauses the process and then looks at it.
fn experiment(pid: u32, duration: Option<&str>, then: &[Value]) -> String {
    let mut provider = json!({"type": "fault", "kind": "process.pause", "arguments": {"process": pid}});
    if let Some(duration) = duration {
        provider["duration"] = duration.into();
    }
    let mut method = vec![json!({"type": "action", "name": "pause", "provider": provider})];
    method.extend_from_slice(then);
    json!({"title": "t", "description": "d", "method": method}).to_string()
}

fn look(pid: u32) -> Value {
    json!({"type": "probe", "name": "look", "provider": {"type": "process", "path": "ps",
        "arguments": ["-o", "stat=", "-p", pid.to_string()]}})
}

#[test]
fn a_fault_without_a_duration_is_held_until_the_end_of_the_run() {
    let place = Place::new();
    let target = victim();
    place.write("e.json", &experiment(target.pid(), None, &[look(target.pid())]));
    let ran = place.run(&["run", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let journal = journal(&place);
    assert_eq!(journal["run"][0]["output"]["held"], "until the end of the run");
    assert!(journal["run"][1]["output"]["stdout"].as_str().unwrap().starts_with('T'), "{journal}");
    assert_eq!(journal["faults"]["clean_up"], "verified");
    assert_eq!(journal["faults"]["items"][0]["kind"], "process.pause");
    assert_ne!(state_of(target.pid()), Some('T'));
}

#[test]
fn a_fault_with_a_duration_lasts_as_long_as_its_activity() {
    let place = Place::new();
    let target = victim();
    place.write("e.json", &experiment(target.pid(), Some("200ms"), &[look(target.pid())]));
    let ran = place.run(&["run", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let journal = journal(&place);
    assert!(journal["run"][0]["output"]["held_s"].as_f64().unwrap() >= 0.2, "{journal}");
    assert!(journal["run"][1]["output"]["stdout"].as_str().unwrap().starts_with('S'), "{journal}");
}

#[test]
fn a_signal_ends_the_run_and_the_fault() {
    for signal in ["INT", "TERM", "USR1", "USR2"] {
        let place = Place::new();
        let target = victim();
        place.write("e.json", &experiment(target.pid(), Some("10m"), &[]));
        let runner = place.start(&["run", "e.json"]);
        wait_for("the pause", || state_of(target.pid()) == Some('T'));
        runner.signal(signal);
        let ran = runner.end();
        assert_eq!(ran.code, Some(1), "{signal}: {}", ran.stderr);
        assert_ne!(state_of(target.pid()), Some('T'), "{signal}");
        let journal = journal(&place);
        assert_eq!(journal["status"], "interrupted", "{signal}");
        assert_eq!(journal["faults"]["clean_up"], "verified", "{signal}");
    }
}

#[test]
fn a_killed_run_leaves_nothing() {
    let place = Place::new();
    let target = victim();
    place.write(
        "e.json",
        &experiment(
            target.pid(),
            None,
            &[json!({"type": "action", "name": "wait",
        "provider": {"type": "process", "path": "sleep", "arguments": ["600"]}})],
        ),
    );
    let mut runner = place.start(&["run", "e.json"]);
    wait_for("the pause", || state_of(target.pid()) == Some('T'));
    runner.kill();
    wait_for("the process to go on", || state_of(target.pid()) != Some('T'));
}

#[test]
fn mistakes_are_found_with_their_places_before_anything_is_run() {
    let place = Place::new();
    let faults = [
        json!({"type": "fault"}),
        json!({"type": "fault", "kind": "process.freeze"}),
        json!({"type": "fault", "kind": "cpu", "arguments": {"percent": 120, "kores": 2}, "duration": "soon"}),
        json!({"type": "fault", "kind": "cpu", "argument": {}}),
        json!({"type": "fault", "kind": "cpu", "arguments": {"percent": "${share}"}}),
    ];
    let method: Vec<Value> =
        faults.iter().map(|provider| json!({"type": "action", "name": "f", "provider": provider})).collect();
    let experiment = json!({"title": "t", "description": "d", "method": method,
        "configuration": {"share": 50}});
    place.write("e.json", &experiment.to_string());
    let ran = place.run(&["validate", "e.json", "--format", "json"]);
    assert_eq!(ran.code, Some(1));
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let places: Vec<(&str, &str)> = found
        .as_array()
        .unwrap_or_else(|| panic!("{found}"))
        .iter()
        .map(|found| (found["pointer"].as_str().unwrap(), found["message"].as_str().unwrap()))
        .collect();
    let has = |pointer: &str, words: &str| {
        assert!(
            places.iter().any(|(at, message)| *at == pointer && message.contains(words)),
            "{pointer} {words}: {places:#?}"
        );
    };
    has("/method/0/provider", "must have a `kind`");
    has("/method/1/provider/kind", "no kind of fault `process.freeze`");
    has("/method/2/provider/arguments/percent", "found `120`");
    has("/method/2/provider/arguments/kores", "no such argument");
    has("/method/2/provider/duration", "soon");
    has("/method/3/provider/argument", "has no `argument`");
    assert!(places.iter().all(|(at, _)| !at.starts_with("/method/4")), "{places:#?}");
}

#[test]
fn a_plan_shows_what_would_be_done_and_does_nothing() {
    let place = Place::new();
    let target = victim();
    let touch = json!({"type": "action", "name": "touch", "provider": {"type": "process", "path": "touch",
        "arguments": ["touched"]}});
    place.write("e.json", &experiment(target.pid(), Some("30s"), &[touch]));
    let ran = place.run(&["run", "--plan", "e.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains(&format!("SIGSTOP to {}", target.pid())), "{}", ran.stdout);
    assert!(ran.stdout.contains("held for 30s"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("touch: action of type process: what it changes cannot be undone"),
        "{}",
        ran.stdout
    );
    assert_ne!(state_of(target.pid()), Some('T'));
    for name in ["touched", "journal.json", "state"] {
        assert!(!place.path(name).exists(), "{name}");
    }
    place.write("e.json", &experiment(999_999, Some("30s"), &[]));
    let ran = place.run(&["run", "--plan", "e.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stdout.contains("MISSING"), "{}", ran.stdout);
}
