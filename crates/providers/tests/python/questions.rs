//! Checks, discovery, extensions, notifications.

use squall_model::Value;
use squall_providers::python::{ActivityAnswer, ActivityCheck, ControlAnswer, PythonError};

use crate::support::{map, value, worker};

fn check(module: &str, func: &str, arguments: &str) -> ActivityCheck {
    ActivityCheck { module: module.to_owned(), func: func.to_owned(), arguments: value(arguments) }
}

#[tokio::test]
async fn activities_are_checked_together() {
    let worker = worker();
    let cases = [
        (check("acts", "inputs", "{}"), ActivityAnswer::Ok),
        (check("acts", "odd", r#"{"what": 1}"#), ActivityAnswer::Ok),
        (check("os", "getpid", "{}"), ActivityAnswer::Ok),
        (check("acts", "odd", "{}"), ActivityAnswer::Missing("what".to_owned())),
        (check("acts", "odd", r#"{"what": 1, "more": 2}"#), ActivityAnswer::Unexpected("more".to_owned())),
        (check("acts", "Thing", "{}"), ActivityAnswer::NoFunction),
        (check("acts", "nothing", "{}"), ActivityAnswer::NoFunction),
        (check("no_such_module", "f", "{}"), ActivityAnswer::NotImportable),
        (
            check("raises_at_import", "f", "{}"),
            ActivityAnswer::ImportRaised("RuntimeError: import boom".to_owned()),
        ),
    ];
    let (checks, wanted): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    assert_eq!(worker.check_activities(checks).await.unwrap(), wanted);
    let odd = worker.check_activities(vec![check("acts", "count", "null")]).await.unwrap();
    assert!(
        matches!(&odd[0], ActivityAnswer::Other(text) if text.starts_with("AttributeError: ")),
        "{odd:?}"
    );
}

#[tokio::test]
async fn controls_check_themselves() {
    let worker = worker();
    let of = |module: &str, more: &str| {
        map(&format!(r#"{{"name": "c", "provider": {{"type": "python", "module": "{module}"}}{more}}}"#))
    };
    assert_eq!(worker.validate_control(&of("ctl", "")).await.unwrap(), ControlAnswer::Ok);
    assert_eq!(worker.validate_control(&of("acts", "")).await.unwrap(), ControlAnswer::Ok);
    let raised = ControlAnswer::Raised("ValueError: wrong control".to_owned());
    assert_eq!(worker.validate_control(&of("ctl", r#", "wrong": 1"#)).await.unwrap(), raised);
    assert_eq!(worker.validate_control(&of("no_such", "")).await.unwrap(), ControlAnswer::NotImportable);
    let raised = ControlAnswer::ImportRaised("RuntimeError: import boom".to_owned());
    assert_eq!(worker.validate_control(&of("raises_at_import", "")).await.unwrap(), raised);
}

#[tokio::test]
async fn what_is_not_installed_cannot_be_discovered() {
    let worker = worker();
    match worker.discover("squall-no-such-distribution", true).await {
        Err(PythonError::Refused(text)) => assert_eq!(text, "Package squall-no-such-distribution not found"),
        found => panic!("expected a refusal, found {found:?}"),
    }
}

#[tokio::test]
async fn plugins_are_notified_and_may_fail() {
    let worker = worker();
    let channel = value(r#"{"type": "plugin", "module": "plug"}"#);
    let payload = value(r#"{"name": "run-started", "phase": "run"}"#);
    worker.notify("plug", "notify", &channel, &payload, None).await.unwrap();
    assert!(channel.get("heard").unwrap().identical(&value(r#"["run-started", "NoneType", "None"]"#)));
    let error = Some(("chaoslib.exceptions.InvalidExperiment", "no title"));
    worker.notify("plug", "notify", &channel, &payload, error).await.unwrap();
    let wanted = value(r#"["run-started", "InvalidExperiment", "no title"]"#);
    assert!(channel.get("heard").unwrap().identical(&wanted), "{channel:?}");
    for (module, func) in [("plug", "fails"), ("plug", "missing"), ("no_such_plugin", "notify")] {
        worker.notify(module, func, &channel, &payload, None).await.unwrap();
    }
}

#[tokio::test]
async fn extensions_are_listed() {
    let extensions = worker().extensions().await.unwrap();
    assert!(matches!(extensions, Value::List(_)), "{extensions:?}");
}
