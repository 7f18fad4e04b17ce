//! What is looked at after a run on an account.

use std::time::SystemTime;

use crate::json::{Json, Members};
use crate::observation::{Record, read_log};
use crate::program::{Exit, Outcome};

use super::call::Call;
use super::case::{AwsCase, Loose};
use super::normal::{Normal, shape};

/// How the runner's own records at INFO begin, which the other suite compares.
const USUAL: &[&str] = &[
    "Validating the experiment's syntax",
    "Experiment looks valid",
    "Running experiment: ",
    "Steady-state strategy: ",
    "Rollbacks strategy: ",
    "No steady state hypothesis defined",
    "Steady state hypothesis",
    "Playing your experiment's method now",
    "Action: ",
    "Probe: ",
    "Rollback: ",
    "Let's rollback",
    "No declared rollbacks",
    "Experiment ended with status: ",
    "The steady-state has deviated",
];

/// A run that is over.
#[derive(Debug)]
pub struct Ran {
    /// What the program left.
    pub outcome: Outcome,
    /// What went over the wire.
    pub calls: Vec<Call>,
    /// The names of the account's ids.
    pub(super) names: Vec<(String, String)>,
    /// When the program was started.
    pub(super) begun: SystemTime,
}

/// The parts of a run that are recorded and compared, in a fixed order.
#[must_use]
pub fn observe(case: &AwsCase, ran: &Ran) -> Json {
    let normal = Normal::new(&ran.names, &case.unordered, ran.begun);
    let exit = match ran.outcome.exit {
        Exit::Code(code) => Json::Number(code.to_string()),
        Exit::TimedOut => Json::text("timed out"),
    };
    let mut parts: Members = vec![("exit".to_owned(), exit)];
    let (log, crash) = read_log(&ran.outcome.stderr);
    if crash {
        parts.push(("crash".to_owned(), Json::Bool(true)));
    }
    if let Some(journal) = journal(ran) {
        for key in ["status", "deviated"] {
            parts.push((key.to_owned(), journal.get(key).cloned().unwrap_or(Json::Null)));
        }
        parts.push(("activities".to_owned(), Json::Array(activities(case, &journal, &normal))));
    }
    if !case.loose.contains(&Loose::Log) {
        let usual = |record: &&Record| {
            record.level == "INFO" && USUAL.iter().any(|start| record.message.starts_with(start))
        };
        let helps = |record: &Record| {
            let help = case.help.as_deref();
            record.level == "WARNING" && help.is_some_and(|help| record.message.contains(help))
        };
        let log = log.iter().filter(|record| !usual(record) && !helps(record)).map(|record| {
            Json::Array(vec![Json::text(&record.level), Json::text(normal.text(&record.message))])
        });
        parts.push(("log".to_owned(), Json::Array(log.collect())));
    }
    let mut calls: Vec<Json> = ran.calls.iter().map(|call| shown(case, call, &normal)).collect();
    if case.loose.contains(&Loose::Polls) {
        calls.dedup();
    }
    if case.loose.contains(&Loose::CallOrder) {
        calls.sort_by_key(Json::to_string);
    }
    parts.push(("calls".to_owned(), Json::Array(calls)));
    Json::Object(parts)
}

/// The journal, where there is one.
#[must_use]
pub fn journal(ran: &Ran) -> Option<Json> {
    Json::parse(ran.outcome.journal.as_deref()?).ok()
}

fn shown(case: &AwsCase, call: &Call, normal: &Normal) -> Json {
    let part = |value: &Json| {
        let value = normal.parameters(value);
        if case.random { shape(&value) } else { value }
    };
    // the path of a call is its operation, and may hold ids
    let operation = Json::text(&call.operation);
    let operation = normal.parameters(&operation).as_str().map(str::to_owned).unwrap_or_default();
    let (parameters, headers) = (part(&call.parameters), part(&call.headers));
    Call { operation, parameters, headers, ..call.clone() }.json()
}

/// Every activity in the order of the journal.
fn activities(case: &AwsCase, journal: &Json, normal: &Normal) -> Vec<Json> {
    let probes = |state: &str| journal.get("steady_states")?.get(state)?.get("probes")?.as_array();
    let list = |part: &str| journal.get(part)?.as_array();
    let parts = [
        ("before", probes("before")),
        ("run", list("run")),
        ("after", probes("after")),
        ("rollbacks", list("rollbacks")),
    ];
    let mut shown = Vec::new();
    for (part, entries) in parts {
        for entry in entries.unwrap_or_default() {
            let name = entry.get("activity").and_then(|activity| activity.get("name")).cloned();
            let mut members: Members = vec![
                ("in".to_owned(), Json::text(part)),
                ("name".to_owned(), name.unwrap_or(Json::Null)),
                ("status".to_owned(), entry.get("status").cloned().unwrap_or(Json::Null)),
            ];
            let output = match entry.get("output") {
                Some(Json::Null) | None => Json::Null,
                Some(Json::Bool(value)) => Json::Bool(*value),
                Some(_) if case.random || case.loose.contains(&Loose::Output) => Json::text("<ANY>"),
                Some(output) => normal.output(output),
            };
            members.push(("output".to_owned(), output));
            if let Some(lines) = entry.get("exception").and_then(Json::as_array) {
                let last = lines.iter().rev().find_map(Json::as_str).unwrap_or_default();
                members.push(("exception".to_owned(), Json::text(normal.text(last.trim()))));
            }
            members.extend(entry.get("tolerance_met").map(|met| ("tolerance_met".to_owned(), met.clone())));
            shown.push(Json::Object(members));
        }
    }
    shown
}
