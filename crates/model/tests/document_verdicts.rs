//! Verdicts on a whole experiment with one thing changed, against those of the reference
//! (`golden/make_check.py`).

use std::collections::HashMap;

use squall_model::check::{self, Lookup, World};
use squall_model::diagnostic::Diagnostic;
use squall_model::{Value, json};

/// The machine on which the reference was asked.
struct Same;

impl World for Same {
    fn env(&self, name: &str) -> Option<String> {
        (name == "HOME").then(|| "/home/someone".to_owned())
    }

    fn which(&self, path: &str) -> Lookup {
        if path == "echo" { Lookup::Found } else { Lookup::NotFound }
    }

    fn cast(&self, kind: &str, value: &Value) -> Result<(), String> {
        let fits = match (kind, value) {
            ("str" | "string", _) => true,
            ("int" | "integer", Value::Str(text)) => text.trim().parse::<i64>().is_ok(),
            ("int" | "integer", other) => other.as_f64().is_some(),
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("{value:?} does not become {kind}")) }
    }
}

/// Copies the experiment with one value replaced or removed.
fn changed(experiment: &Value, what: &str, with: Option<Value>) -> Value {
    let experiment = experiment.deep_clone();
    let (above, last) = what.rsplit_once('/').unwrap_or(("", what));
    let holder =
        above.split('/').filter(|step| !step.is_empty()).fold(experiment.clone(), |at, step| match at {
            Value::Map(map) => map.get(step).expect("a key of the experiment"),
            Value::List(list) => {
                list.get(step.parse().expect("an index")).expect("an item of the experiment")
            }
            scalar => scalar,
        });
    match (holder, with) {
        (Value::Map(map), Some(value)) => map.insert(last, value),
        (Value::Map(map), None) => {
            map.remove(last);
        }
        (Value::List(list), with) => {
            let mut items = list.to_vec();
            let index: usize = last.parse().expect("an index");
            items.splice(index..=index, with);
            list.replace(items);
        }
        _ => {}
    }
    experiment
}

/// Sections that may be `null`, where the reference ends with a traceback.
fn harmless(what: &str, with: Option<&Value>) -> bool {
    let section = what.rsplit('/').next().unwrap_or(what);
    with.is_some_and(Value::is_null)
        && ["configuration", "secrets", "steady-state-hypothesis", "probes", "rollbacks", "controls"]
            .contains(&section)
}

#[test]
fn verdicts_are_those_of_the_reference() {
    let golden = json::parse(include_str!("golden/check.json")).unwrap();
    let experiment = golden.get("experiment").unwrap();
    let mut wrong = Vec::new();
    for row in golden.get("changes").unwrap().as_list().unwrap().to_vec() {
        let what = row.get("what").unwrap();
        let what = what.as_str().unwrap();
        let with = row.get("with");
        let changed = changed(&experiment, what, with.clone());
        let found = check::check(&changed, &HashMap::new(), &Same).finish([]);
        let first = found.iter().find(|found| found.is_error()).map(|found| found.message.as_str());
        let fits = match (row.get("error"), row.get("crash"), first) {
            (None, None, first) => first.is_none(),
            (Some(error), _, Some(first)) => first.contains(error.as_str().unwrap()),
            (Some(_), _, None) => false,
            (None, Some(_), first) => first.is_some() || harmless(what, with.as_ref()),
        };
        if !fits {
            let errors: Vec<_> =
                found.iter().filter(|found| found.is_error()).map(Diagnostic::to_string).collect();
            wrong.push(format!("{row:?}\n   is {errors:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} verdicts differ:\n{}", wrong.len(), wrong.join("\n"));
}
