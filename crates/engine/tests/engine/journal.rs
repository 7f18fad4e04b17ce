//! The journal is the fold of the events, whatever happens in a run.

use crate::support::{Options, run_value};
use proptest::prelude::*;
use squall_engine::Strategy as Hypothesis;
use squall_model::{List, Map, Value};

fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().collect::<Map>())
}

fn script() -> impl Strategy<Value = Value> {
    let what = prop_oneof![
        4 => Just(("return", Value::from(1))),
        2 => Just(("return", Value::Null)),
        2 => Just(("fail", Value::Null)),
        1 => Just(("error", Value::Null)),
        1 => Just(("exit", Value::Null)),
        1 => Just(("signal", Value::from("INT"))),
        1 => Just(("signal", Value::from("USR2"))),
        2 => Just(("wait", Value::Float(0.7))),
    ];
    what.prop_map(|(what, value)| {
        map(vec![("type", Value::from("scripted")), ("do", Value::from(what)), ("value", value)])
    })
}

fn control() -> impl Strategy<Value = Option<Value>> {
    prop::option::of(prop_oneof![Just("none"), Just("fail"), Just("interrupt")].prop_map(|does| {
        let on = map(vec![("before_activity_control", Value::from(does))]);
        let provider = map(vec![("type", Value::from("python")), ("module", Value::from("m")), ("on", on)]);
        map(vec![("name", Value::from("c")), ("provider", provider)])
    }))
}

fn activity(kind: &'static str) -> impl Strategy<Value = Value> {
    (script(), any::<bool>(), control()).prop_map(move |(provider, background, control)| {
        let activity = map(vec![
            ("type", Value::from(kind)),
            ("name", Value::from("a")),
            ("provider", provider),
            ("tolerance", Value::from(1)),
        ]);
        if let Some(map) = activity.as_map() {
            if background && kind == "action" {
                map.insert("background", Value::Bool(true));
            }
            if let Some(control) = control {
                map.insert("controls", Value::list([control]));
            }
        }
        activity
    })
}

fn activities(kind: &'static str) -> impl Strategy<Value = Value> {
    prop::collection::vec(activity(kind), 0..4)
        .prop_map(|items| Value::List(items.into_iter().collect::<List>()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn the_fold_of_the_recorded_events_is_the_journal(
        probes in activities("probe"),
        method in activities("action"),
        rollbacks in activities("action"),
        continuous in any::<bool>(),
    ) {
        let experiment = map(vec![
            ("title", Value::from("t")),
            ("description", Value::from("d")),
            ("steady-state-hypothesis", map(vec![("title", Value::from("h")), ("probes", probes)])),
            ("method", method),
            ("rollbacks", rollbacks),
        ]);
        let strategy = if continuous { Hypothesis::Continuous } else { Hypothesis::Default };
        let ran = run_value(experiment, Options { strategy, rollbacks: "always", ..Options::default() });
        let live = Value::Map(ran.finished.journal.clone());
        prop_assert!(ran.folded().identical(&live), "folded {:#?}\nlive {:#?}", ran.folded(), live);
    }
}
