//! The Python worker with chaostoolkit-lib and its extensions installed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use squall_engine::ports::{Call, Controls, HookCall, HookOutcome, Lane, Notes, Outcome, Provider};
use squall_model::{Map, Value, json};
use squall_providers::python::{ControlAnswer, PythonError, PythonWorker, Settings};

fn worker() -> PythonWorker {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/py");
        squall_os::environment::set("PYTHONPATH", fixtures);
        squall_os::environment::set("PYTHONDONTWRITEBYTECODE", "1");
        squall_os::environment::set("SQUALL_PYTHON", squall_testkit::reference_python());
    });
    PythonWorker::new(Settings { native: false, main_grace: Duration::from_secs(60), ..Settings::default() })
}

fn value(text: &str) -> Value {
    json::parse(text).expect("the test's JSON")
}

fn map(text: &str) -> Map {
    value(text).as_map().expect("a mapping").clone()
}

fn call(func: &str, lane: Lane) -> Call {
    let activity = format!(r#"{{"name": "a", "provider": {{"module": "uses_chaoslib", "func": "{func}"}}}}"#);
    Call {
        activity: map(&activity),
        configuration: Map::new(),
        secrets: Map::new(),
        lane,
        notes: Notes::default(),
    }
}

fn hook(
    module: &str,
    arguments: &str,
    function: &'static str,
    context: &Value,
    experiment: &Value,
) -> HookCall {
    let control =
        format!(r#"{{"name": "c", "provider": {{"module": "{module}", "arguments": {arguments}}}}}"#);
    HookCall {
        control: map(&control),
        function,
        context: context.clone(),
        state: Value::Null,
        experiment: experiment.clone(),
        configuration: Value::Map(Map::new()),
        secrets: Value::Map(Map::new()),
        settings: Value::Null,
        lane: Lane::Main,
    }
}

fn done(outcome: &HookOutcome) {
    assert!(matches!(outcome, HookOutcome::Done), "expected the hook to have run, found {outcome:?}");
}

async fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "what was waited for did not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn exits_of_chaoslib_become_signals_for_squall() {
    let worker = worker();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    worker.on_signal(move |number| log.lock().unwrap().push(number));
    for (func, number) in [("gracefully", 10), ("ungracefully", 12)] {
        heard.lock().unwrap().clear();
        let beside = worker.call(&call(func, Lane::Background)).await;
        assert!(matches!(beside, Outcome::Returned(text) if text.as_str() == Some("went on")));
        assert_eq!(*heard.lock().unwrap(), [number]);
        heard.lock().unwrap().clear();
        let main = call(func, Lane::Main);
        tokio::select! {
            outcome = worker.call(&main) => panic!("expected to end it, found {outcome:?}"),
            () = until(|| *heard.lock().unwrap() == [number]) => {}
        }
    }
}

#[tokio::test]
async fn exceptions_of_chaoslib_keep_their_names() {
    let worker = worker();
    for (func, message) in [
        ("fail", "chaoslib.exceptions.ActivityFailed: no"),
        ("interrupt", "chaoslib.exceptions.InterruptExecution: stop"),
    ] {
        match worker.call(&call(func, Lane::Main)).await {
            Outcome::Failed(failure) => {
                assert_eq!(failure.message, message);
                let last = format!("chaoslib.exceptions.ActivityFailed: {message}\n");
                assert_eq!(failure.exception.last(), Some(&last));
            }
            found => panic!("expected a failed activity, found {found:?}"),
        }
    }
}

#[tokio::test]
async fn a_control_can_interrupt_the_execution() {
    let (worker, experiment) = (worker(), value("{}"));
    let before = hook("uses_chaoslib", "{}", "before_method_control", &experiment, &experiment);
    match worker.apply(&before).await {
        HookOutcome::Interrupted(text) => assert_eq!(text, "not this method"),
        found => panic!("expected an interruption, found {found:?}"),
    }
}

#[tokio::test]
async fn dry_modes_are_members_of_the_enumeration_there_and_text_here() {
    let worker = worker();
    let experiment = value(r#"{"method": [{"name": "a"}], "dry": "actions"}"#);
    let activity = experiment.get("method").unwrap().as_list().unwrap().get(0).unwrap();
    let before = hook("uses_chaoslib", "{}", "before_activity_control", &activity, &experiment);
    done(&worker.apply(&before).await);
    assert!(activity.identical(&value(r#"{"name": "a", "is_dry": true, "dry": "probes"}"#)), "{activity:?}");
    assert_eq!(experiment.get("dry").unwrap().as_str(), Some("actions"));
    // It stays the member when something else of the activity changes here.
    activity.as_map().unwrap().insert("more", 1.into());
    let after = hook("uses_chaoslib", "{}", "after_activity_control", &activity, &experiment);
    done(&worker.apply(&after).await);
    assert_eq!(activity.get("still").unwrap().as_bool(), Some(true));
}

#[tokio::test]
async fn event_handlers_get_chaoslibs_registry_and_schedule() {
    let (worker, experiment, journal) = (worker(), value("{}"), value("{}"));
    let configure = hook("uses_chaoslib", "{}", "configure_control", &Value::Null, &experiment);
    done(&worker.configure(&configure).await);
    assert_eq!(experiment.get("configured").unwrap().as_bool(), Some(true));
    let schedule =
        value(r#"{"continuous_hypothesis_frequency": 0.5, "fail_fast": false, "fail_fast_ratio": 0}"#);
    let arguments = vec![experiment, journal.clone(), value("{}"), value("{}"), schedule, Value::Null];
    worker.event("running", arguments, Lane::Main).await;
    assert_eq!(journal.get("frequency").unwrap().as_f64(), Some(0.5));
}

#[tokio::test]
async fn chaoslibs_own_functions_find_what_they_expect() {
    let worker = worker();
    let experiment = map(r#"{"method": [{"name": "known", "type": "probe"}]}"#);
    worker.set_settings(value(r#"{"runtime": {"x": 1}}"#));
    worker.set_global_controls([map(r#"{"name": "global"}"#)]);
    worker.set_experiment(experiment.clone());
    let mut household = call("household", Lane::Main);
    household.configuration = map("{}");
    match worker.call(&household).await {
        Outcome::Returned(found) => {
            let wanted = value(
                r#"[{"runtime": {"x": 1}}, [{"name": "global"}], {"name": "known", "type": "probe", "looked": "up"}]"#,
            );
            assert!(found.identical(&wanted), "{found:?}");
        }
        found => panic!("expected an output, found {found:?}"),
    }
    worker.set_settings(value(r#"{"other": 1}"#));
    match worker.call(&household).await {
        Outcome::Returned(found) => {
            let settings = found.as_list().unwrap().get(0).unwrap();
            assert!(settings.identical(&value(r#"{"other": 1}"#)), "{settings:?}");
        }
        found => panic!("expected an output, found {found:?}"),
    }
}

#[tokio::test]
async fn the_controls_of_the_addons_work() {
    let worker = worker();
    let experiment =
        value(r#"{"method": [{"name": "a", "type": "action"}, {"name": "b", "type": "action"}]}"#);
    let method = experiment.get("method").unwrap().as_list().unwrap().clone();
    let activity = method.get(0).unwrap();
    let bypass = |function| {
        hook("chaosaddons.controls.bypass", r#"{"target_names": ["a"]}"#, function, &activity, &experiment)
    };
    done(&worker.apply(&bypass("before_activity_control")).await);
    assert_eq!(activity.get("dry").unwrap().as_bool(), Some(true));
    done(&worker.apply(&bypass("after_activity_control")).await);
    assert!(activity.get("dry").is_none());
    let mut repeat = hook(
        "chaosaddons.controls.repeat",
        r#"{"repeat_count": 3}"#,
        "after_activity_control",
        &activity,
        &experiment,
    );
    repeat.state = value(r#"{"status": "succeeded"}"#);
    done(&worker.apply(&repeat).await);
    let names = method
        .to_vec()
        .iter()
        .map(|activity| format!("{activity:?}").contains("iteration_index"))
        .collect::<Vec<_>>();
    assert_eq!(names, [false, true, true, false]);
    assert!(method.get(0).unwrap().as_map().unwrap().same(activity.as_map().unwrap()));
    let safeguards =
        map(r#"{"name": "s", "provider": {"type": "python", "module": "chaosaddons.controls.safeguards"}}"#);
    let refused = ControlAnswer::Refused("safeguard control must have at least one probe".to_owned());
    assert_eq!(worker.validate_control(&safeguards).await.unwrap(), refused);
}

#[tokio::test]
async fn a_safeguard_ends_the_run() {
    let (worker, experiment) = (worker(), value(r#"{"method": []}"#));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    worker.on_signal(move |number| log.lock().unwrap().push(number));
    let probes = r#"{"probes": [{"name": "p", "type": "probe", "tolerance": true,
        "provider": {"type": "python", "module": "acts", "func": "echo", "arguments": {"value": false}}}]}"#;
    let of = |function| hook("chaosaddons.controls.safeguards", probes, function, &experiment, &experiment);
    done(&worker.configure(&of("configure_control")).await);
    done(&worker.apply(&of("before_experiment_control")).await);
    until(|| *heard.lock().unwrap() == [10]).await;
}

#[tokio::test]
async fn extensions_are_discovered_and_listed() {
    let worker = worker();
    let found = worker.discover("chaostoolkit-aws", false).await.unwrap();
    assert_eq!(found.get("target").unwrap().as_str(), Some("aws"));
    let activities = found.get("activities").unwrap().as_list().unwrap().to_vec();
    assert!(activities.len() > 100, "{} activities", activities.len());
    match worker.discover("chaostoolkit-toxiproxy", true).await {
        Err(PythonError::Refused(text)) => {
            assert_eq!(text, "package 'chaostoxi' does not export a `discover` function");
        }
        found => panic!("expected a refusal, found {found:?}"),
    }
    let extensions = worker.extensions().await.unwrap().as_list().unwrap().to_vec();
    let mut names = extensions.iter().filter_map(|row| row.get("name")).collect::<Vec<_>>();
    names.sort_by_key(|name| name.as_str().map(ToOwned::to_owned));
    let names = names.iter().filter_map(Value::as_str).collect::<Vec<_>>();
    assert_eq!(names, ["chaostoolkit-addons", "chaostoolkit-aws", "chaostoolkit-toxiproxy"]);
    assert!(
        extensions.iter().all(|row| row.get("version").is_some_and(|version| version.as_str().is_some()))
    );
}
