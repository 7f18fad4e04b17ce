//! The parts that drafts are put together from.

use squall_model::{Map, Value};

/// How long the method waits after it broke something, in seconds: long enough for health checks (30 s
/// on most load balancers) to have seen it.
pub(super) const PAUSE: i64 = 60;

/// A mapping in the order in which it is written.
macro_rules! document {
    ($($key:literal: $value:expr),* $(,)?) => {
        squall_model::Value::map([$(($key, squall_model::Value::from($value))),*])
    };
}
pub(super) use document;

/// A list.
macro_rules! sequence {
    ($($item:expr),* $(,)?) => {
        squall_model::Value::list([$(squall_model::Value::from($item)),*])
    };
}
pub(super) use sequence;

/// A whole experiment.
pub(super) struct Experiment<'a> {
    pub region: &'a str,
    pub title: &'a str,
    pub description: &'a str,
    pub hypothesis: Vec<Value>,
    pub method: Vec<Value>,
    pub rollbacks: Vec<Value>,
}

impl Experiment<'_> {
    pub(super) fn document(self) -> Value {
        document! {
            "version": "1.0.0",
            "title": self.title,
            "description": self.description,
            "tags": sequence!["aws"],
            "configuration": document! { "aws_region": self.region },
            // What the method takes away comes back whatever happens, also when the run is interrupted.
            "runtime": document! { "rollbacks": document! { "strategy": "always" } },
            "steady-state-hypothesis": document! {
                "title": "All is well",
                "probes": Value::list(self.hypothesis),
            },
            "method": Value::list(self.method),
            "rollbacks": Value::list(self.rollbacks),
        }
    }
}

/// The provider that calls a function of `chaosaws`.
pub(super) fn function(module: &str, function: &str, arguments: Value) -> Value {
    document! {
        "type": "python",
        "module": format!("chaosaws.{module}"),
        "func": function,
        "arguments": arguments,
    }
}

/// The provider that calls an operation of AWS, with what else it is given.
pub(super) fn operation<const N: usize>(
    service: &str,
    operation: &str,
    arguments: Value,
    more: [(&str, Value); N],
) -> Value {
    let provider = Map::from_iter([
        ("type", Value::from("aws")),
        ("service", service.into()),
        ("operation", operation.into()),
        ("arguments", arguments),
    ]);
    for (key, value) in more {
        provider.insert(key, value);
    }
    Value::Map(provider)
}

/// A probe of a hypothesis.
pub(super) fn expectation(name: &str, tolerance: impl Into<Value>, provider: Value) -> Value {
    document! { "type": "probe", "name": name, "tolerance": tolerance.into(), "provider": provider }
}

/// A probe of a method, whose answer is recorded.
pub(super) fn probe(name: &str, provider: Value) -> Value {
    document! { "type": "probe", "name": name, "provider": provider }
}

/// An action, after which the run waits.
pub(super) fn action_then_pause(name: &str, seconds: i64, provider: Value) -> Value {
    document! {
        "type": "action",
        "name": name,
        "provider": provider,
        "pauses": document! { "after": seconds },
    }
}

/// An action.
pub(super) fn action(name: &str, provider: Value) -> Value {
    document! { "type": "action", "name": name, "provider": provider }
}
