//! What `squall validate` says of activities of type `fault`.

use squall_model::diagnostic::{Code, Diagnostic};
use squall_model::document::Pointer;
use squall_model::{Map, Value, python};

use super::arguments::{Arguments, Problem};
use super::injector::no_such_kind;
use super::port::Catalogue;
use super::provider::{KEYS, read_duration};

/// What is wrong with a provider of type `fault`, which stands at `at`, as far as can be told without looking at
/// the host. Texts with variables in them are left for later.
pub fn check(catalogue: &dyn Catalogue, provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (key, _) in provider.entries() {
        let key = python::str(key.value());
        if !KEYS.contains(&&*key) {
            found.push(
                diagnostic(&at.then(&*key), format!("a fault has no `{key}`"))
                    .help(format!("known are {}", KEYS[1..].join(", "))),
            );
        }
    }
    if let Some(duration) = provider.get("duration").filter(|value| !value.is_null() && !has_variables(value))
        && let Err(message) = read_duration(&duration)
    {
        found.push(diagnostic(&at.then("duration"), message));
    }
    let name = match provider.get("kind") {
        Some(Value::Str(name)) => name,
        Some(other) => {
            let message = format!("the kind of a fault must be a text, found a {}", other.type_name());
            found.push(diagnostic(&at.then("kind"), message));
            return found;
        }
        None => {
            let help = "`squall faults list` shows the kinds";
            found.push(diagnostic(at, "a fault must have a `kind`").help(help));
            return found;
        }
    };
    if has_variables(&Value::Str(name.clone())) {
        return found;
    }
    let Some(kind) = catalogue.kind(&name) else {
        found.push(diagnostic(&at.then("kind"), no_such_kind(catalogue, &name).to_string()));
        return found;
    };
    let given = match provider.get("arguments") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Map(given)) => given,
        Some(other) => {
            let message =
                format!("the arguments of a fault must be a mapping, found a {}", other.type_name());
            found.push(diagnostic(&at.then("arguments"), message));
            return found;
        }
    };
    let variable = |name: &str| given.get(name).is_some_and(|value| has_variables(&value));
    let problems = Arguments::from_map(kind.parameters, &given).err().unwrap_or_default();
    for Problem { parameter, message, help } in problems {
        if parameter.as_deref().is_some_and(variable) {
            continue;
        }
        let place = match parameter.as_deref().filter(|name| given.contains_key(name)) {
            Some(name) => at.then("arguments").then(name),
            None => at.clone(),
        };
        let message = parameter.map_or(message.clone(), |name| format!("argument `{name}`: {message}"));
        let problem = diagnostic(&place, message);
        found.push(match help {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
    found
}

fn has_variables(value: &Value) -> bool {
    python::str(value).contains("${")
}

fn diagnostic(at: &Pointer, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::BadOption, at, message)
}
