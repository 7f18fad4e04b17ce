//! Controls: live objects, outcomes, events.

use squall_engine::ports::{Controls, Exit, HookCall, HookOutcome, Lane};
use squall_model::{Map, Value, python};

use crate::support::{hook, map, value, worker};

/// An experiment with one activity.
fn experiment() -> (Value, Value) {
    let experiment =
        value(r#"{"title": "t", "method": [{"type": "probe", "name": "a"}], "extensions": [{"name": "x"}]}"#);
    let activity = experiment.get("method").unwrap().as_list().unwrap().get(0).unwrap();
    (experiment, activity)
}

fn done(outcome: &HookOutcome) {
    assert!(matches!(outcome, HookOutcome::Done), "expected the hook to have run, found {outcome:?}");
}

#[tokio::test]
async fn objects_keep_their_identity_and_changes_come_back() {
    let worker = worker();
    let (experiment, activity) = experiment();
    let configuration = value(r#"{"list": [1], "gone": 1}"#);
    let list = configuration.get("list").unwrap();
    let mut configure = hook("configure_control", Value::Null);
    configure.experiment = experiment.clone();
    configure.configuration = configuration.clone();
    configure.control = map(
        r#"{"name": "c", "provider": {"type": "python", "module": "ctl", "arguments": {"mark": "${list}"}}}"#,
    );
    done(&worker.configure(&configure).await);
    assert_eq!(configuration.get("mark").unwrap().as_str(), Some("${list}"), "not substituted here");

    let mut before = hook("before_activity_control", activity.clone());
    before.experiment = experiment.clone();
    before.configuration = configuration.clone();
    before.control = map(
        r#"{"name": "c", "provider": {"type": "python", "module": "ctl", "arguments": {"tag": "-${mark}-"}}}"#,
    );
    done(&worker.apply(&before).await);
    let wanted = value(r#"{"tag": "-${list}-", "first": true}"#);
    assert!(activity.get("before").unwrap().identical(&wanted), "{activity:?}");
    assert_eq!(activity.get("known").unwrap().as_bool(), Some(true));
    assert!(experiment.get("method").unwrap().as_list().unwrap().get(1).unwrap().get("name").is_some());
    assert!(
        configuration.identical(&value(r#"{"list": [["new"], 1], "mark": "${list}"}"#)),
        "{configuration:?}"
    );
    assert!(configuration.get("list").unwrap().as_list().unwrap().same(list.as_list().unwrap()));

    // What changes here is seen there, in objects of earlier calls as well.
    let entry = value(r#"{"activity": {"name": "a"}, "output": {"inner": []}, "status": "succeeded"}"#);
    let mut after = hook("after_activity_control", activity.clone());
    after.state = entry.clone();
    done(&worker.apply(&after).await);
    let wanted = value(
        r#"{"activity": {"name": "a"}, "output": {"inner": ["a"]}, "status": "succeeded", "after": "a"}"#,
    );
    assert!(entry.identical(&wanted), "{entry:?}");
    entry.as_map().unwrap().insert("status", "failed".into());
    experiment.as_map().unwrap().insert("journal", Value::map([("run", Value::list([entry]))]));
    done(&worker.apply(&hook("before_method_control", experiment.clone())).await);
    assert_eq!(experiment.get("last").unwrap().as_str(), Some("failed"));
    assert_eq!(experiment.get("same").unwrap().as_bool(), Some(true));

    // Only what is still reachable from the module is left for the clean-up.
    done(&worker.cleanup(&before.control).await);
    assert!(experiment.get("cleaned").unwrap().identical(&value("[]")));
}

#[tokio::test]
async fn whole_contents_can_be_exchanged() {
    let worker = worker();
    let (experiment, _) = experiment();
    let journal = value(r#"{"experiment": {"title": "t", "x": 1}, "run": [{"activity": {}}]}"#);
    let (inner, run) = (journal.get("experiment").unwrap(), journal.get("run").unwrap());
    let mut after = hook("after_experiment_control", experiment.clone());
    after.state = journal.clone();
    done(&worker.apply(&after).await);
    assert_eq!(python::repr(&inner), "{'b': 1, 'a': [2, {'deep': None}]}", "same mapping, new order");
    let run = run.as_list().unwrap().to_vec();
    assert_eq!(run.len(), 3);
    assert!(run[2].get("ring").unwrap().as_map().unwrap().same(journal.as_map().unwrap()));
    assert!(experiment.get("method").is_none());
}

#[tokio::test]
async fn hooks_end_in_every_way() {
    let worker = worker();
    let (experiment, _) = experiment();
    done(&worker.apply(&hook("before_experiment_control", experiment.clone())).await);
    match worker.apply(&hook("after_method_control", experiment.clone())).await {
        HookOutcome::Failed(failure) => {
            assert_eq!(failure.message, "ValueError: hook boom");
            assert!(failure.exception.iter().any(|line| line.contains("ctl.py")));
        }
        found => panic!("expected a failure, found {found:?}"),
    }
    match worker.apply(&hook("before_rollback_control", experiment.clone())).await {
        HookOutcome::Exit(Exit::System(code)) => assert_eq!(code, "9"),
        found => panic!("expected an exit, found {found:?}"),
    }
    match worker.apply(&hook("before_hypothesis_control", experiment.clone())).await {
        HookOutcome::Failed(failure) => {
            assert!(failure.message.starts_with("TypeError: "), "{}", failure.message)
        }
        found => panic!("expected a failure, found {found:?}"),
    }
    let mut rollback = hook("after_rollback_control", experiment.clone());
    rollback.experiment = experiment.clone();
    rollback.settings = value(r#"{"s": 1}"#);
    rollback.secrets = value(r#"{"scope": {"k": "v"}}"#);
    done(&worker.apply(&rollback).await);
    let wanted = value(r#"[[{"name": "x"}], {"s": 1}, {"scope": {"k": "v"}}]"#);
    assert!(experiment.get("got").unwrap().identical(&wanted), "{experiment:?}");
    // At the loader's level there is no experiment to take `extensions` from.
    let loader = hook("after_rollback_control", Value::from("source.json"));
    assert!(matches!(worker.apply(&loader).await, HookOutcome::Failed(_)));
}

#[tokio::test]
async fn modules_that_are_not_there_do_nothing() {
    let worker = worker();
    let (experiment, _) = experiment();
    let missing = map(r#"{"name": "m", "provider": {"type": "python", "module": "no_such_control"}}"#);
    let raising = map(r#"{"name": "m", "provider": {"type": "python", "module": "raises_at_import"}}"#);
    let there = map(r#"{"name": "m", "provider": {"type": "python", "module": "ctl"}}"#);
    assert!(!worker.import(&missing).await);
    assert!(!worker.import(&raising).await);
    assert!(worker.import(&there).await);
    let of = |control: &Map| HookCall {
        control: control.clone(),
        ..hook("before_method_control", experiment.clone())
    };
    done(&worker.apply(&of(&missing)).await);
    done(&worker.configure(&of(&missing)).await);
    done(&worker.cleanup(&missing).await);
    assert!(matches!(worker.apply(&of(&raising)).await, HookOutcome::Failed(_)));
}

#[tokio::test]
async fn events_reach_registered_handlers() {
    let worker = worker();
    let (experiment, activity) = experiment();
    worker.event("start_activity", vec![activity.clone()], Lane::Main).await;
    experiment.as_map().unwrap().insert("listen", true.into());
    let mut configure = hook("configure_control", Value::Null);
    configure.experiment = experiment.clone();
    done(&worker.configure(&configure).await);
    worker.event("start_activity", vec![activity.clone()], Lane::Main).await;
    worker.event("activity_completed", vec![activity.clone(), Value::Null], Lane::Background).await;
    assert_eq!(activity.get("heard").unwrap().as_bool(), Some(true));
    done(&worker.cleanup(&configure.control).await);
    assert!(experiment.get("cleaned").unwrap().identical(&value(r#"["a"]"#)), "{experiment:?}");
}

#[tokio::test]
async fn hooks_run_beside_each_other() {
    let worker = worker();
    let (experiment, activity) = experiment();
    let beside = HookCall {
        experiment: experiment.clone(),
        lane: Lane::Background,
        ..hook("before_activity_control", activity.clone())
    };
    let (one, other) = (worker.apply(&beside), worker.apply(&beside));
    let (one, other) = tokio::join!(one, other);
    done(&one);
    done(&other);
    assert_eq!(experiment.get("method").unwrap().as_list().unwrap().len(), 3);
}
