//! What the tests share.

use std::path::Path;
use std::sync::Once;
use std::time::{Duration, Instant};

use squall_engine::ports::{Call, HookCall, Lane, Notes, Outcome, Provider};
use squall_model::{Map, Value, json};
use squall_providers::python::{PythonWorker, Settings};

/// A worker that finds the fixtures and answers nothing natively.
pub fn worker() -> PythonWorker {
    PythonWorker::new(settings())
}

/// Settings of such a worker.
pub fn settings() -> Settings {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/py");
        squall_os::environment::set("PYTHONPATH", fixtures);
        squall_os::environment::set("PYTHONDONTWRITEBYTECODE", "1");
    });
    Settings { native: false, ..Settings::default() }
}

/// A value from JSON.
pub fn value(text: &str) -> Value {
    json::parse(text).expect("the test's JSON")
}

/// A mapping from JSON.
pub fn map(text: &str) -> Map {
    value(text).as_map().expect("a mapping").clone()
}

/// A call of `module.func`.
pub fn call_of(module: &str, func: &str, arguments: Value) -> Call {
    let provider =
        Value::map([("module", Value::from(module)), ("func", func.into()), ("arguments", arguments)]);
    let activity = [("name", Value::from("a")), ("provider", provider)].into_iter().collect();
    Call {
        activity,
        configuration: Map::new(),
        secrets: Map::new(),
        lane: Lane::Main,
        notes: Notes::default(),
    }
}

/// A call of a function in the fixtures.
pub fn call(func: &str, arguments: &str) -> Call {
    call_of("acts", func, value(arguments))
}

/// The same beside the main line.
pub fn background(func: &str, arguments: &str) -> Call {
    Call { lane: Lane::Background, ..call(func, arguments) }
}

/// What a fixture returns.
pub async fn output(worker: &PythonWorker, func: &str, arguments: &str) -> Value {
    returned(worker.call(&call(func, arguments)).await)
}

/// The output of a call that must have returned.
pub fn returned(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Returned(value) => value,
        other => panic!("expected an output, found {other:?}"),
    }
}

/// The failure of a call that must have failed as an activity.
pub fn failed(outcome: Outcome) -> squall_engine::ports::Failure {
    match outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("expected a failed activity, found {other:?}"),
    }
}

/// The failure of a call that must have aborted.
pub fn errored(outcome: Outcome) -> squall_engine::ports::Failure {
    match outcome {
        Outcome::Errored(failure) => failure,
        other => panic!("expected an error, found {other:?}"),
    }
}

/// A call of a hook of the fixture's control.
pub fn hook(function: &'static str, context: Value) -> HookCall {
    HookCall {
        control: map(r#"{"name": "c", "provider": {"type": "python", "module": "ctl"}}"#),
        function,
        context,
        state: Value::Null,
        experiment: Value::Null,
        configuration: Value::Null,
        secrets: Value::Null,
        settings: Value::Null,
        lane: Lane::Main,
    }
}

/// Waits until `file` holds `text`, for a minute at most.
pub async fn appears(file: &Path, text: &str) {
    until(|| std::fs::read_to_string(file).is_ok_and(|content| content.contains(text))).await;
}

/// Waits until a condition holds, for a minute at most.
pub async fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "what was waited for did not come");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
