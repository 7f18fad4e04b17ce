//! The lifecycle of runs, with everything around them scripted.

use std::time::Duration;

use crate::support::{Options, run};
use squall_engine::{Schedule, Strategy};
use squall_model::Value;

/// An experiment with these method and rollback activities, and a hypothesis probe that does `probe`.
fn experiment(probe: &str, method: &str, rollbacks: &str) -> String {
    format!(
        r#"{{"title": "t", "description": "d",
            "steady-state-hypothesis": {{"title": "h", "probes": [
                {{"type": "probe", "name": "p", "tolerance": 1, "provider": {probe}}}]}},
            "method": [{method}], "rollbacks": [{rollbacks}]}}"#
    )
}

fn action(name: &str, script: &str) -> String {
    format!(r#"{{"type": "action", "name": "{name}", "provider": {{"type": "scripted", {script}}}}}"#)
}

fn in_background(name: &str, script: &str) -> String {
    format!(
        r#"{{"type": "action", "name": "{name}", "background": true,
            "provider": {{"type": "scripted", {script}}}}}"#
    )
}

const GOOD: &str = r#"{"type": "scripted", "value": 1}"#;
const BAD: &str = r#"{"type": "scripted", "value": 2}"#;
const RETURN: &str = r#""do": "return""#;

#[test]
fn a_run_that_goes_well_is_completed() {
    let ran = run(&experiment(GOOD, &action("a", RETURN), &action("r", RETURN)), Options::default());
    assert_eq!(ran.status(), "completed");
    assert_eq!(ran.entries("run"), ["a:succeeded"]);
    assert_eq!(ran.entries("rollbacks"), ["r:succeeded"]);
    assert_eq!((ran.met("before"), ran.met("after")), (Value::Bool(true), Value::Bool(true)));
}

#[test]
fn a_closed_gate_leaves_out_the_method_but_not_the_rollbacks() {
    let ran = run(&experiment(BAD, &action("a", RETURN), &action("r", RETURN)), Options::default());
    assert_eq!(ran.status(), "completed");
    assert!(!ran.finished.deviated);
    assert_eq!(ran.entries("run"), [""; 0]);
    assert_eq!(ran.entries("rollbacks"), ["r:succeeded"]);
    assert_eq!(ran.met("before"), Value::Bool(false));
}

#[test]
fn a_failed_probe_at_the_gate_fails_the_run_without_rollbacks() {
    let probe = r#"{"type": "scripted", "do": "fail"}"#;
    let ran = run(&experiment(probe, &action("a", RETURN), &action("r", RETURN)), Options::default());
    assert_eq!(ran.status(), "failed");
    assert_eq!(ran.entries("rollbacks"), [""; 0]);
}

#[test]
fn a_failed_activity_does_not_stop_the_method() {
    let method = format!("{},{}", action("a", r#""do": "fail""#), action("b", RETURN));
    let ran = run(&experiment(GOOD, &method, ""), Options::default());
    assert_eq!(ran.status(), "completed");
    assert_eq!(ran.entries("run"), ["a:failed", "b:succeeded"]);
}

#[test]
fn an_unexpected_error_aborts_the_method_and_plays_the_rollbacks() {
    let method = format!("{},{}", action("a", r#""do": "error""#), action("b", RETURN));
    let ran = run(&experiment(GOOD, &method, &action("r", RETURN)), Options::default());
    assert_eq!(ran.status(), "aborted");
    assert_eq!(ran.entries("run"), ["a:-"]);
    assert_eq!(ran.entries("rollbacks"), ["r:succeeded"]);
    assert_eq!(ran.met("after"), Value::Null);
}

#[test]
fn an_unexpected_error_in_a_rollback_does_not_keep_the_next_from_being_played() {
    let rollbacks = format!("{},{}", action("r1", r#""do": "error""#), action("r2", RETURN));
    let ran = run(&experiment(GOOD, &action("a", RETURN), &rollbacks), Options::default());
    assert_eq!(ran.status(), "aborted");
    assert_eq!(ran.entries("rollbacks"), ["r1:-", "r2:succeeded"]);
}

#[test]
fn an_unexpected_error_in_the_background_is_not_lost() {
    let method =
        format!("{},{}", in_background("bg", r#""do": "error""#), action("a", r#""do": "wait", "value": 1"#));
    let ran = run(&experiment(GOOD, &method, ""), Options::default());
    assert_eq!(ran.status(), "aborted");
    assert_eq!(ran.entries("run"), ["bg:-", "a:succeeded"]);
}

#[test]
fn a_signal_interrupts_and_keeps_the_journal() {
    for (signal, rollbacks, expected) in [
        ("INT", "default", 0),
        ("INT", "always", 1),
        ("TERM", "default", 0),
        ("TERM", "always", 1),
        ("USR1", "always", 1),
        ("USR2", "always", 0),
    ] {
        let method = format!(
            "{},{}",
            action("a", &format!(r#""do": "signal", "value": "{signal}""#)),
            action("b", RETURN)
        );
        let options = Options { rollbacks, ..Options::default() };
        let ran = run(&experiment(GOOD, &method, &action("r", RETURN)), options);
        assert_eq!(ran.status(), "interrupted", "{signal} {rollbacks}");
        assert_eq!(ran.entries("run"), ["a:-"], "{signal} {rollbacks}");
        assert_eq!(ran.entries("rollbacks").len(), expected, "{signal} {rollbacks}");
    }
}

#[test]
fn a_graceful_end_waits_for_the_background_and_an_ungraceful_one_does_not() {
    for (signal, expected, seconds) in [("USR1", "bg:succeeded", 30), ("USR2", "bg:-", 0)] {
        let method = format!(
            "{},{}",
            in_background("bg", r#""do": "wait", "value": 30"#),
            action("a", &format!(r#""do": "signal", "value": "{signal}""#))
        );
        let ran = run(&experiment(GOOD, &method, ""), Options::default());
        assert_eq!(ran.entries("run"), [expected, "a:-"], "{signal}");
        assert_eq!(ran.took.as_secs(), seconds, "{signal}");
    }
}

#[test]
fn a_thousand_background_activities_go_on_at_once() {
    let method: Vec<_> =
        (0..1000).map(|i| in_background(&format!("b{i}"), r#""do": "wait", "value": 10"#)).collect();
    let ran = run(&experiment(GOOD, &method.join(","), ""), Options::default());
    assert_eq!(ran.entries("run").len(), 1000);
    assert!(ran.entries("run").iter().all(|entry| entry.ends_with(":succeeded")));
    assert_eq!(ran.took.as_secs(), 10);
}

#[test]
fn pauses_are_not_part_of_the_duration() {
    let method = r#"{"type": "action", "name": "a", "pauses": {"before": 3, "after": 4.5},
        "provider": {"type": "scripted", "do": "wait", "value": 2}}"#;
    let ran = run(&experiment(GOOD, method, ""), Options::default());
    assert_eq!(ran.took, Duration::from_millis(9500));
    let Some(Value::List(entries)) = ran.finished.journal.get("run") else { panic!("there are entries") };
    assert_eq!(entries.get(0).and_then(|entry| entry.get("duration")), Some(Value::Float(2.0)));
}

#[test]
fn the_continuous_hypothesis_keeps_its_pace_and_fails_fast() {
    let schedule = Schedule { frequency: Duration::from_secs(1), fail_fast: false };
    let options = Options { strategy: Strategy::DuringMethod, schedule, ..Options::default() };
    let method = action("a", r#""do": "wait", "value": 10.5"#);
    let ran = run(&experiment(GOOD, &method, ""), options);
    let states = ran.finished.journal.get("steady_states").unwrap_or_default();
    let Some(Value::List(during)) = states.get("during") else { panic!("there are states") };
    assert_eq!(during.len(), 11);

    let schedule = Schedule { frequency: Duration::from_secs(1), fail_fast: true };
    let options = Options { strategy: Strategy::DuringMethod, schedule, ..Options::default() };
    let method = format!("{},{}", action("a", r#""do": "wait", "value": 2"#), action("b", RETURN));
    let ran = run(&experiment(BAD, &method, &action("r", RETURN)), options);
    assert_eq!(ran.status(), "failed");
    assert_eq!(ran.entries("run"), ["a:succeeded"]);
    assert_eq!(ran.entries("rollbacks"), [""; 0]);
}

#[test]
fn an_experiment_that_deviates_says_so() {
    // The probe reads its value from the definition that the method has not changed: out of tolerance
    // only after the method, since the gate is left out.
    let options = Options { strategy: Strategy::AfterMethod, rollbacks: "deviated", ..Options::default() };
    let ran = run(&experiment(BAD, &action("a", RETURN), &action("r", RETURN)), options);
    assert!(ran.finished.deviated);
    assert_eq!(ran.status(), "completed");
    assert_eq!(ran.entries("rollbacks"), ["r:succeeded"]);
}

#[test]
fn a_tolerance_that_cannot_be_applied_is_a_verdict_not_a_crash() {
    let experiment = r#"{"title": "t", "description": "d",
        "steady-state-hypothesis": {"title": "h", "probes": [{"type": "probe", "name": "p",
            "tolerance": {"type": "regex", "pattern": "x"}, "provider": {"type": "scripted", "value": 3}}]},
        "method": []}"#;
    let ran = run(experiment, Options::default());
    assert_eq!(ran.status(), "aborted");
    assert_eq!(ran.met("before"), Value::Bool(false));
}

#[test]
fn a_reference_stands_for_its_activity() {
    let method = format!(r#"{},{{"ref": "a"}},{{"ref": "nowhere"}}"#, action("a", RETURN));
    let ran = run(&experiment(GOOD, &method, ""), Options::default());
    assert_eq!(ran.entries("run"), ["a:succeeded", "a:succeeded"]);
    assert_eq!(ran.status(), "aborted");
}

#[test]
fn hooks_come_in_the_order_of_the_reference() {
    let experiment = r#"{"title": "t", "description": "d",
        "controls": [{"name": "c", "provider": {"type": "python", "module": "m"}}],
        "steady-state-hypothesis": {"title": "h", "probes": [
            {"type": "probe", "name": "p", "tolerance": 1, "provider": {"type": "scripted", "value": 1}}]},
        "method": [{"type": "action", "name": "a", "provider": {"type": "scripted"}}],
        "rollbacks": []}"#;
    let options = Options { strategy: Strategy::BeforeMethod, ..Options::default() };
    let ran = run(experiment, options);
    let expected = [
        "configure",
        "before_experiment_control",
        "before_hypothesis_control",
        "before_activity_control",
        "after_activity_control",
        "after_hypothesis_control",
        "before_method_control",
        "before_activity_control",
        "after_activity_control",
        "after_method_control",
        "before_rollback_control",
        "after_rollback_control",
        "after_experiment_control",
        "cleanup",
    ];
    assert_eq!(ran.hooks, expected.map(|hook| format!("{hook}:c")));
    assert!(ran.folded().identical(&Value::Map(ran.finished.journal.clone())));
}

#[test]
fn a_control_that_interrupts_ends_the_run_and_one_that_fails_does_not() {
    for (does, status) in [("interrupt", "interrupted"), ("fail", "completed")] {
        let experiment = format!(
            r#"{{"title": "t", "description": "d", "method": [{{"type": "action", "name": "a",
                "provider": {{"type": "scripted"}}, "controls": [{{"name": "c", "provider":
                {{"type": "python", "module": "m", "on": {{"before_activity_control": "{does}"}}}}}}]}}]}}"#
        );
        assert_eq!(run(&experiment, Options::default()).status(), status, "{does}");
    }
}
