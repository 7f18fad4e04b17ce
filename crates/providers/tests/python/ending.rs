//! Cancelled calls, workers that end, signals, shutting down.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use squall_engine::ports::{Call, Provider};
use squall_model::Value;
use squall_providers::python::{PythonWorker, Settings};

use crate::support::{appears, background, call, errored, output, returned, settings, until, value, worker};

fn with_path(call: Call, path: &Path) -> Call {
    let arguments = Value::map([("path", Value::from(path.to_str().unwrap()))]);
    call.activity.get("provider").unwrap().as_map().unwrap().insert("arguments", arguments);
    call
}

/// Starts a call and drops it once it has said in `file` that it runs.
async fn start_and_drop(worker: &PythonWorker, call: &Call, file: &Path) {
    tokio::select! {
        outcome = worker.call(call) => panic!("expected the call to go on, found {outcome:?}"),
        () = appears(file, "started") => {}
    }
}

async fn pid(worker: &PythonWorker) -> Value {
    output(worker, "process", "{}").await.get("pid").unwrap()
}

/// With so much patience a worker is never ended during a test.
fn patient() -> PythonWorker {
    let patience = Duration::from_secs(600);
    PythonWorker::new(Settings { main_grace: patience, background_grace: patience, ..settings() })
}

#[tokio::test]
async fn a_dropped_call_of_the_main_lane_is_thrown_out_of_blocking_code() {
    let (worker, folder) = (patient(), tempfile::tempdir().unwrap());
    let before = pid(&worker).await;
    for func in ["sleep", "spin"] {
        let file = folder.path().join(func);
        start_and_drop(&worker, &with_path(call(func, "{}"), &file), &file).await;
        assert!(output(&worker, "count", "{}").await.is_truthy(), "the lane is free again");
        assert!(std::fs::read_to_string(&file).unwrap().ends_with("ended by Cancelled"));
    }
    let file = folder.path().join("processes");
    start_and_drop(&worker, &with_path(call("spawn_sleep", "{}"), &file), &file).await;
    assert!(pid(&worker).await.identical(&before), "it is still the same worker");
}

#[tokio::test]
async fn a_dropped_background_call_is_thrown_out_of_python_code() {
    let (worker, folder) = (patient(), tempfile::tempdir().unwrap());
    let before = pid(&worker).await;
    let file = folder.path().join("spin");
    start_and_drop(&worker, &with_path(background("spin", "{}"), &file), &file).await;
    appears(&file, "ended by Interrupted").await;
    assert!(pid(&worker).await.identical(&before));
}

#[tokio::test]
async fn a_call_that_logs_all_the_time_is_cancelled_without_a_deadlock() {
    let (worker, folder) = (patient(), tempfile::tempdir().unwrap());
    for round in 0..20 {
        for call in [call("log_forever", "{}"), background("log_forever", "{}")] {
            let file = folder.path().join(format!("{round}{:?}", call.lane));
            start_and_drop(&worker, &with_path(call, &file), &file).await;
        }
        output(&worker, "log", r#"{"text": "after a cancelled call"}"#).await;
    }
}

#[tokio::test]
async fn a_dropped_call_that_never_started_is_skipped() {
    let (worker, folder) = (patient(), tempfile::tempdir().unwrap());
    let (running, queued) = (folder.path().join("running"), folder.path().join("queued"));
    let first = with_path(call("sleep", "{}"), &running);
    let second = with_path(call("sleep", "{}"), &queued);
    let mut one = worker.call(&first);
    let mut other = worker.call(&second);
    tokio::select! {
        biased; // so that they are queued in this order
        _ = &mut one => panic!("the first call sleeps"),
        _ = &mut other => panic!("the second call waits for the first"),
        () = appears(&running, "started") => {}
    }
    drop(other);
    drop(one);
    output(&worker, "count", "{}").await;
    assert!(!queued.exists());
}

#[tokio::test]
async fn a_call_that_does_not_end_costs_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let grace = Duration::from_millis(200);
    for (func, lane) in [("stubborn", "main"), ("blocked", "background")] {
        let worker = PythonWorker::new(Settings { main_grace: grace, background_grace: grace, ..settings() });
        let before = pid(&worker).await;
        let (file, other) = (folder.path().join(func), folder.path().join(format!("{func} other")));
        let stuck = with_path(if lane == "main" { call(func, "{}") } else { background(func, "{}") }, &file);
        let innocent = with_path(background("spin", "{}"), &other);
        let (outcome, ()) = tokio::join!(worker.call(&innocent), async {
            appears(&other, "started").await;
            start_and_drop(&worker, &stuck, &file).await;
        });
        let message = errored(outcome).message;
        assert!(message.contains("a cancelled call in it went on for 0.2 s"), "{message}");
        assert!(!pid(&worker).await.identical(&before), "a new worker answers");
    }
}

#[tokio::test]
async fn a_worker_that_dies_is_reported_and_replaced() {
    let worker = worker();
    let mut configured = call("change_copy", "{}");
    configured.configuration = crate::support::map(r#"{"nested": {"n": 1}}"#);
    returned(worker.call(&configured).await);
    let message = errored(worker.call(&call("die", r#"{"code": 3}"#)).await).message;
    assert_eq!(message, "the Python worker ended during the call: exit status 3");
    let message = errored(worker.call(&call("die_of", r#"{"number": 9}"#)).await).message;
    assert_eq!(message, "the Python worker ended during the call: signal 9");
    // The new worker is told of everything anew.
    configured.configuration.get("nested").unwrap().as_map().unwrap().insert("again", 1.into());
    let inputs = call("inputs", "{}");
    let inputs = Call { configuration: configured.configuration.clone(), ..inputs };
    let seen = returned(worker.call(&inputs).await).get("configuration").unwrap();
    assert!(seen.identical(&value(r#"{"nested": {"n": 1, "changed": true, "again": 1}}"#)), "{seen:?}");
}

#[tokio::test]
async fn signals_that_code_sends_to_itself_are_handed_on_at_once() {
    let worker = patient();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    worker.on_signal(move |number| log.lock().unwrap().push(number));
    for (func, number) in [("signal_self", 10), ("signal_self", 15), ("signal_self", 2), ("raise_signal", 12)]
    {
        // In the background the code goes on, as it does in the reference.
        let beside = background(func, &format!(r#"{{"number": {number}}}"#));
        if func == "raise_signal" && !has_raise_signal(&worker).await {
            continue;
        }
        assert_eq!(returned(worker.call(&beside).await).as_str(), Some("went on"));
        assert_eq!(heard.lock().unwrap().last(), Some(&number), "before the answer");
        // In the main lane the run's end is waited for.
        heard.lock().unwrap().clear();
        let main = call(func, &format!(r#"{{"number": {number}}}"#));
        let started = Instant::now();
        tokio::select! {
            outcome = worker.call(&main) => panic!("expected the call to wait, found {outcome:?}"),
            () = until(|| heard.lock().unwrap().contains(&number)) => {}
        }
        assert!(started.elapsed() < Duration::from_secs(60));
        assert!(output(&worker, "count", "{}").await.is_truthy());
    }
}

async fn has_raise_signal(worker: &PythonWorker) -> bool {
    matches!(
        worker.call(&crate::support::call_of("signal", "raise_signal", value("{}"))).await,
        squall_engine::ports::Outcome::Failed(_)
    )
}

#[tokio::test]
async fn signals_to_the_whole_group_are_left_to_squall() {
    let worker = worker();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&heard);
    worker.on_signal(move |number| log.lock().unwrap().push(number));
    let pid = pid(&worker).await.as_f64().unwrap().to_string();
    for signal in ["-INT", "-TERM"] {
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }
    assert!(std::process::Command::new("kill").args(["-USR1", &pid]).status().unwrap().success());
    until(|| !heard.lock().unwrap().is_empty()).await;
    assert_eq!(*heard.lock().unwrap(), [10]);
    assert!(output(&worker, "count", "{}").await.is_truthy());
}

#[tokio::test]
async fn shutting_down_lets_python_finish() {
    let (worker, folder) = (worker(), tempfile::tempdir().unwrap());
    worker.shutdown().await;
    let file = folder.path().join("atexit");
    returned(worker.call(&with_path(call("at_exit", "{}"), &file)).await);
    worker.shutdown().await;
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "finished");
    assert!(output(&worker, "count", "{}").await.identical(&value("1")), "a new worker");
}
