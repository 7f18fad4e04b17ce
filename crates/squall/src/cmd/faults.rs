//! `squall faults`: the faults on this host, and the kinds that there are.

use std::fmt::Write as _;

use squall_engine::fault::ledger::{Entry, Ledger, Standing};
use squall_engine::fault::port::{Catalogue, Description, Store};
use squall_engine::fault::record::FaultId;
use squall_host::Host;
use squall_model::{Value, time};

use crate::args::FaultsArgs;
use crate::faults::store::FileStore;
use crate::output::print;
use crate::values::indented_json;
use crate::{exit, output};

/// Carries out the command; gives the exit code.
pub fn execute(args: &FaultsArgs) -> u8 {
    let words: Vec<&str> = args.what.iter().map(String::as_str).collect();
    match words[..] {
        [] => standing(args),
        ["list"] if args.json => print(&as_json(Value::list(Host.kinds().iter().map(|kind| describe(kind))))),
        ["list"] => print(&table()),
        ["list", name] => match Host.kind(name) {
            Some(kind) if args.json => print(&as_json(describe(kind))),
            Some(kind) => print(&details(kind)),
            None => output::fail(squall_engine::fault::injector::no_such_kind(&Host, name)),
        },
        _ => {
            output::complain("Error: expected nothing, `list`, or `list` and a kind.");
            exit::USAGE
        }
    }
}

/// The kinds, a line each.
pub fn table() -> String {
    let width = Host.kinds().iter().map(|kind| kind.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for kind in Host.kinds() {
        let _infallible = writeln!(text, "{:width$}  {:<11}  {}", kind.name, kind.class.name(), kind.summary);
    }
    text
}

fn details(kind: &Description) -> String {
    let mut text = format!("{} ({}): {}\n", kind.name, kind.class.name(), kind.summary);
    for parameter in kind.parameters {
        let mut notes = parameter.form.describe();
        if parameter.required {
            notes.push_str("; required");
        }
        if let Some(default) = parameter.default {
            let _infallible = write!(notes, "; default {default}");
        }
        let _infallible = writeln!(text, "  {:<16} {} ({notes})", parameter.name, parameter.help);
    }
    text
}

fn describe(kind: &Description) -> Value {
    let parameters = kind.parameters.iter().map(|parameter| {
        Value::map([
            ("name", Value::from(parameter.name)),
            ("form", Value::from(parameter.form.describe())),
            ("required", Value::Bool(parameter.required)),
            ("default", Value::from(parameter.default.map(str::to_owned))),
            ("help", Value::from(parameter.help)),
        ])
    });
    Value::map([
        ("kind", Value::from(kind.name)),
        ("class", Value::from(kind.class.name())),
        ("summary", Value::from(kind.summary)),
        ("undo_verified_within_s", Value::Float(kind.bound.as_secs_f64())),
        ("orphaned", Value::from(super::plan::orphaned(kind).unwrap_or_default())),
        ("parameters", Value::list(parameters)),
    ])
}

fn standing(args: &FaultsArgs) -> u8 {
    let ledger = match FileStore::open().and_then(|store| store.load()) {
        Ok(ledger) => ledger,
        Err(error) => return output::fail(error),
    };
    for damaged in &ledger.damaged {
        log::warn!("Line {} of the ledger says nothing: {}", damaged.line, damaged.damage);
    }
    for (fault, schema) in ledger.newer() {
        log::warn!(
            "Fault {fault} was recorded by a newer version of Squall (schema {schema}); only that version can undo it"
        );
    }
    let shown: Vec<_> = ledger.all().filter(|(_, entry)| args.all || entry.standing.is_open()).collect();
    if args.json {
        return print(&as_json(Value::list(
            shown.into_iter().map(|(fault, entry)| entry_json(fault, entry)),
        )));
    }
    if shown.is_empty() {
        return print(&format!("no faults on this host{}\n", history(&ledger)));
    }
    let mut text = String::new();
    for (fault, entry) in shown {
        let since = time::iso_from_micros(entry.at);
        let _infallible = writeln!(
            text,
            "{fault}  {:<8} {:<20} {} (run {}, since {since} UTC)",
            entry.standing.name(),
            entry.planned.kind,
            entry.planned.title,
            entry.planned.run,
        );
        if let Standing::Stuck(left) = &entry.standing {
            for line in left {
                let _infallible = writeln!(text, "              left: {line}");
            }
        }
    }
    print(&text)
}

fn history(ledger: &Ledger) -> String {
    match ledger.all().count() {
        0 => String::new(),
        1 => "; one was put back (`--all` shows it)".to_owned(),
        count => format!("; {count} were put back (`--all` shows them)"),
    }
}

fn entry_json(fault: &FaultId, entry: &Entry) -> Value {
    let lines = |lines: &[String]| Value::list(lines.iter().map(|line| Value::from(line.as_str())));
    let (left, found) = match &entry.standing {
        Standing::Stuck(left) => (lines(left), Value::Null),
        Standing::Undone { found, .. } => (Value::Null, lines(found)),
        _ => (Value::Null, Value::Null),
    };
    Value::map([
        ("fault", Value::from(fault.to_string())),
        ("standing", Value::from(entry.standing.name())),
        ("kind", Value::from(entry.planned.kind.as_str())),
        ("title", Value::from(entry.planned.title.as_str())),
        ("run", Value::from(entry.planned.run.as_str())),
        ("since", Value::from(time::iso_from_micros(entry.at))),
        ("left", left),
        ("found", found),
    ])
}

/// JSON for programs, with a line end.
pub fn as_json(value: Value) -> String {
    indented_json(&value, 2) + "\n"
}
