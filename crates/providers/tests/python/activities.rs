//! Calling functions: arguments, outputs, failures.

use squall_engine::ports::{Call, Exit, Lane, Outcome, Provider};
use squall_model::{Other, OtherKind, Value, python};

use crate::support::{background, call, call_of, errored, failed, map, output, returned, value, worker};

fn other(value: &Value) -> &Other {
    match value {
        Value::Other(other) => other,
        found => panic!("expected a value outside JSON, found {found:?}"),
    }
}

#[tokio::test]
async fn values_keep_their_types() {
    let worker = worker();
    let scalars = output(&worker, "odd", r#"{"what": "scalars"}"#).await;
    let wanted = value(
        r#"[null, true, false, 0, -1, 9223372036854775808, -1208925819614629174706176, 0.1, 1e22, -0.0, "é\u2028", ""]"#,
    );
    assert!(scalars.identical(&wanted), "{scalars:?}");
    let tuple = output(&worker, "odd", r#"{"what": "tuple"}"#).await;
    assert!(tuple.identical(&value("[1, [2]]")));
    let named = output(&worker, "odd", r#"{"what": "named"}"#).await;
    assert!(named.identical(&value("[1, 2]")));
    let text = output(&worker, "odd", r#"{"what": "enum"}"#).await;
    assert!(text.identical(&Value::from("red")));
    let floats = output(&worker, "odd", r#"{"what": "floats"}"#).await;
    let floats = floats.as_list().unwrap().to_vec();
    assert!(floats[0].as_f64().unwrap().is_nan());
    assert_eq!((floats[1].as_f64(), floats[2].as_f64()), (Some(f64::INFINITY), Some(f64::NEG_INFINITY)));
}

#[tokio::test]
async fn arguments_arrive_as_they_were() {
    let worker = worker();
    let sent = value(
        r#"{"value": [null, true, 1, 1.0, -0.0, 1e-7, 123456789012345678901234567890, "a\u0000\"\\\u001f", {"k": {}}, [[]]]}"#,
    );
    let back = returned(worker.call(&call_of("acts", "echo", sent.clone())).await);
    assert!(back.identical(&sent.get("value").unwrap()), "{back:?}");
}

#[tokio::test]
async fn values_outside_json_are_shown() {
    let worker = worker();
    let dates = output(&worker, "odd", r#"{"what": "dates"}"#).await.as_list().unwrap().to_vec();
    assert_eq!((&other(&dates[0]).kind, &*other(&dates[0]).text), (&OtherKind::Date, "2020-01-02"));
    let moment = other(&dates[1]);
    assert_eq!((&moment.kind, &*moment.text), (&OtherKind::DateTime, "2020-01-02T03:04:05.000006+00:00"));
    assert_eq!(moment.display.as_deref(), Some("2020-01-02 03:04:05.000006+00:00"));
    let decimal = output(&worker, "odd", r#"{"what": "decimal"}"#).await;
    assert_eq!((&other(&decimal).kind, &*other(&decimal).text), (&OtherKind::Decimal, "1.10"));
    let uuid = output(&worker, "odd", r#"{"what": "uuid"}"#).await;
    assert_eq!(
        (&other(&uuid).kind, &*other(&uuid).text),
        (&OtherKind::Uuid, "00000000-0000-0000-0000-000000000001")
    );
    let bytes = output(&worker, "odd", r#"{"what": "bytes"}"#).await;
    assert_eq!(other(&bytes).kind, OtherKind::Bytes(b"\0abc\xff".as_slice().into()));
    assert_eq!(&*other(&bytes).text, r"b'\x00abc\xff'");
    for (what, text, kind) in [
        ("set", "{1}", "set"),
        ("exception", "ValueError('x')", "ValueError"),
        ("thing", "<a thing>", "Thing"),
    ] {
        let shown = output(&worker, "odd", &format!(r#"{{"what": "{what}"}}"#)).await;
        assert_eq!((&other(&shown).kind, &*other(&shown).text), (&OtherKind::Object(kind.into()), text));
    }
    let broken = output(&worker, "broken", "{}").await;
    assert!(other(&broken).text.starts_with("<acts.Broken object at 0x"), "{broken:?}");
}

#[tokio::test]
async fn values_outside_json_get_back_as_themselves() {
    let worker = worker();
    for what in ["dates", "decimal", "uuid", "bytes", "surrogate", "floats"] {
        let shown = output(&worker, "odd", &format!(r#"{{"what": "{what}"}}"#)).await;
        if what == "floats" {
            continue; // NaN equals nothing
        }
        let arguments = Value::map([("value", shown), ("what", what.into())]);
        let same = returned(worker.call(&call_of("acts", "same", arguments)).await);
        assert!(same.is_truthy(), "{what}");
    }
    let thing = output(&worker, "odd", r#"{"what": "thing"}"#).await;
    let arguments = Value::map([("value", thing)]);
    assert!(returned(worker.call(&call_of("acts", "is_last_thing", arguments)).await).is_truthy());
}

#[tokio::test]
async fn keys_of_mappings_keep_their_types() {
    let worker = worker();
    let keys = output(&worker, "odd", r#"{"what": "keys"}"#).await;
    let keys = keys.as_map().unwrap().entries();
    let shown = keys
        .iter()
        .map(|(key, value)| (format!("{:?}", key.value()), format!("{value:?}")))
        .collect::<Vec<_>>();
    let wanted = [("1", "a"), ("null", "b"), ("false", "c"), ("1.5", "d")];
    for (at, (key, value)) in wanted.iter().enumerate() {
        assert_eq!((&*shown[at].0, &*shown[at].1), (*key, &*format!("{value:?}")));
    }
    assert_eq!(&*other(keys[4].0.value()).text, "(1, 2)");
    let ordered = output(&worker, "odd", r#"{"what": "ordered"}"#).await;
    assert_eq!(python::repr(&ordered), "{'b': 1, 'a': 2}");
}

#[tokio::test]
async fn cycles_depth_and_size_are_no_matter() {
    let worker = worker();
    let ring = output(&worker, "cycle", "{}").await;
    let inner = ring.get("self").unwrap().as_list().unwrap().get(0).unwrap();
    assert!(inner.as_map().unwrap().same(ring.as_map().unwrap()));
    let mut deep = output(&worker, "deep", r#"{"levels": 20000}"#).await;
    let mut levels = 0;
    while let Value::List(list) = &deep {
        levels += 1;
        let inner = list.get(0).unwrap();
        list.replace(Vec::new()); // else dropping it would recurse
        deep = inner;
    }
    assert_eq!((levels, deep.as_str()), (20_000, Some("bottom")));
    let large = output(&worker, "large", r#"{"size": 20000000}"#).await;
    assert_eq!(large.as_str().map(str::len), Some(20_000_000));
}

#[tokio::test]
async fn exceptions_are_failed_activities_in_the_references_form() {
    let worker = worker();
    let failure = failed(worker.call(&call("boom", "{}")).await);
    assert_eq!(failure.message, "ValueError: bad thing");
    assert_eq!(failure.exception.first().unwrap(), "Traceback (most recent call last):\n");
    assert!(failure.exception[1].contains("acts.py"), "{:?}", failure.exception);
    assert_eq!(
        failure.exception.last().unwrap(),
        "chaoslib.exceptions.ActivityFailed: ValueError: bad thing\n"
    );
    let failure = failed(worker.call(&call("nested_boom", "{}")).await);
    assert_eq!(failure.message, "KeyError: 'second'");
    assert!(failure.exception.iter().any(|line| line.contains("ValueError: first")));
    let failure = failed(worker.call(&call("echo", "[]")).await);
    assert!(failure.message.starts_with("TypeError: "), "{}", failure.message);
    let failure = failed(worker.call(&call("boom", r#"{"nothing": 1}"#)).await);
    assert_eq!(failure.message, "TypeError: boom() got an unexpected keyword argument 'nothing'");
}

#[tokio::test]
async fn what_the_reference_does_not_expect_aborts() {
    let worker = worker();
    let failure = errored(worker.call(&call_of("no_such_module", "f", value("{}"))).await);
    assert_eq!(failure.message, "ModuleNotFoundError: No module named 'no_such_module'");
    let failure = errored(worker.call(&call_of("raises_at_import", "f", value("{}"))).await);
    assert_eq!(failure.message, "RuntimeError: import boom");
    let failure = errored(worker.call(&call("no_such_function", "{}")).await);
    assert_eq!(failure.message, "AttributeError: module 'acts' has no attribute 'no_such_function'");
    let failure = errored(worker.call(&call("count", "null")).await);
    assert_eq!(failure.message, "AttributeError: 'NoneType' object has no attribute 'copy'");
    let mut nameless = call("count", "{}");
    nameless.activity = map(r#"{"name": "a", "provider": {"func": "f"}}"#);
    assert_eq!(errored(worker.call(&nameless).await).exception, ["KeyError: 'module'\n"]);
}

#[tokio::test]
async fn requests_to_exit_pass_through() {
    let worker = worker();
    for (arguments, code) in [(r#"{"code": 7}"#, "7"), ("{}", "None"), (r#"{"code": "enough"}"#, "enough")] {
        match worker.call(&call("system_exit", arguments)).await {
            Outcome::Exit(Exit::System(found)) => assert_eq!(found, code),
            found => panic!("expected an exit, found {found:?}"),
        }
    }
    assert!(matches!(worker.call(&call("keyboard", "{}")).await, Outcome::Exit(Exit::Keyboard)));
    assert!(output(&worker, "count", "{}").await.is_truthy(), "the worker is still there");
}

#[tokio::test]
async fn coroutines_are_run() {
    let worker = worker();
    assert!(output(&worker, "awaited", r#"{"value": 5}"#).await.identical(&value("5")));
    let failure = failed(worker.call(&call("awaited_boom", "{}")).await);
    assert_eq!(failure.message, "ValueError: later");
}

#[tokio::test]
async fn configuration_and_secrets_are_injected() {
    let worker = worker();
    let mut call = call("inputs", "{}");
    call.configuration = map(r#"{"c": [1], "type": "x"}"#);
    call.secrets = map(r#"{"a": {"k": 1, "l": 1}, "b": {"k": 2}, "c": {"z": 0}}"#);
    let plain = returned(worker.call(&call).await);
    assert!(
        plain.identical(&value(r#"{"configuration": {"c": [1], "type": "x"}, "secrets": null}"#)),
        "{plain:?}"
    );
    let provider = call.activity.get("provider").unwrap();
    provider.as_map().unwrap().insert("secrets", value(r#"["a", "b", "unknown"]"#));
    let merged = returned(worker.call(&call).await);
    assert!(merged.get("secrets").unwrap().identical(&value(r#"{"k": 2, "l": 1}"#)), "{merged:?}");
    provider.as_map().unwrap().insert("secrets", Value::from("ac"));
    let by_character = returned(worker.call(&call).await);
    assert!(by_character.get("secrets").unwrap().identical(&value(r#"{"k": 1, "l": 1, "z": 0}"#)));
    provider.as_map().unwrap().insert("secrets", Value::Null);
    assert_eq!(errored(worker.call(&call).await).message, "TypeError: 'NoneType' object is not iterable");
}

#[tokio::test]
async fn arguments_are_substituted_as_in_the_reference() {
    let worker = worker();
    let mut call = call("echo", r#"{"value": ["$$", "${c}", "x-${s}", "${unknown}"]}"#);
    assert!(
        returned(worker.call(&call).await).identical(&value(r#"["$$", "${c}", "x-${s}", "${unknown}"]"#))
    );
    call.configuration = map(r#"{"c": {"n": 1}}"#);
    call.secrets = map(r#"{"scope": {"s": "t"}}"#);
    assert!(returned(worker.call(&call).await).identical(&value(r#"["$", {"n": 1}, "x-t", "${unknown}"]"#)));
    call.secrets = map(r#"{"flat": "text"}"#);
    assert!(errored(worker.call(&call).await).exception[0].starts_with("TypeError: "));
}

#[tokio::test]
async fn what_functions_change_is_changed_here() {
    let worker = worker();
    let mut call = call("change_copy", "{}");
    call.configuration = map(r#"{"nested": {"n": 1}}"#);
    returned(worker.call(&call).await);
    // The mapping is a copy, what it holds is not.
    assert!(
        Value::Map(call.configuration.clone()).identical(&value(r#"{"nested": {"n": 1, "changed": true}}"#))
    );
    // Arguments without substitution are the experiment's own.
    let own = crate::support::call("append_to", r#"{"items": [1]}"#);
    let output = returned(worker.call(&own).await);
    let arguments = own.activity.get("provider").unwrap().get("arguments").unwrap();
    assert!(arguments.identical(&value(r#"{"items": [1, "appended"]}"#)), "{arguments:?}");
    let items = arguments.get("items").unwrap();
    assert!(items.as_list().unwrap().same(output.as_list().unwrap()), "the output is that very list");
    // So is what a whole `${name}` stands for, in an argument or in an output.
    let mut whole = crate::support::call("append_to", r#"{"items": "${list}"}"#);
    whole.configuration = map(r#"{"list": []}"#);
    returned(worker.call(&whole).await);
    assert!(Value::Map(whole.configuration.clone()).identical(&value(r#"{"list": ["appended"]}"#)));
    let mut nested = crate::support::call("return_nested", "{}");
    nested.configuration = call.configuration.clone();
    let output = returned(worker.call(&nested).await).get("same").unwrap();
    assert!(output.as_map().unwrap().same(call.configuration.get("nested").unwrap().as_map().unwrap()));
}

#[tokio::test]
async fn the_process_looks_as_the_reference_does() {
    let worker = worker();
    let process = output(&worker, "process", "{}").await;
    let argv = process.get("argv").unwrap().as_list().unwrap().get(0).unwrap();
    assert_eq!(argv.as_str(), Some("chaos"));
    assert_eq!(process.get("cwd_importable").unwrap().as_bool(), Some(false));
    assert_eq!(process.get("main_thread").unwrap().as_bool(), Some(true));
    let beside = returned(worker.call(&background("process", "{}")).await);
    assert_eq!(beside.get("main_thread").unwrap().as_bool(), Some(false));
    assert!(beside.get("pid").unwrap().identical(&process.get("pid").unwrap()));
}

#[tokio::test]
async fn modules_are_shared_by_all_calls() {
    let worker = worker();
    assert!(output(&worker, "count", "{}").await.identical(&value("1")));
    assert!(returned(worker.call(&background("count", "{}")).await).identical(&value("2")));
    assert!(output(&worker, "count", "{}").await.identical(&value("3")));
}

#[tokio::test]
async fn environment_changes_are_seen_by_later_processes() {
    let worker = worker();
    output(&worker, "set_environment", r#"{"name": "SQUALL_WORKER_TEST", "value": "é set"}"#).await;
    assert_eq!(squall_os::environment::var("SQUALL_WORKER_TEST").as_deref(), Some("é set"));
}

#[tokio::test]
async fn a_thousand_calls_go_on_at_once() {
    let worker = worker();
    output(&worker, "prepare_meeting", r#"{"parties": 1000}"#).await;
    let meet = Call { lane: Lane::Background, ..call("meet", r#"{"parties": 1000}"#) };
    let local = tokio::task::LocalSet::new();
    let calls = (0..1000).map(|_| {
        let (worker, meet) = (worker.clone(), meet.clone());
        local.spawn_local(async move { worker.call(&meet).await })
    });
    let calls = calls.collect::<Vec<_>>();
    let mut done = 0;
    local
        .run_until(async {
            for call in calls {
                assert_eq!(returned(call.await.unwrap()).as_bool(), Some(false));
                done += 1;
            }
        })
        .await;
    assert_eq!(done, 1000);
}
