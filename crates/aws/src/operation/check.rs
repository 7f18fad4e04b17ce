//! What is wrong with an operation of an experiment, found without asking AWS.

use squall_model::diagnostic::{Code, Diagnostic};
use squall_model::document::{Pointer, Step};
use squall_model::{Map, Value};

use super::definition::{Definition, Reader, is_open};
use super::names;
use crate::client::validate;
use crate::model::{Operation, Service};

/// Everything that is wrong with a provider of type `aws` at `at`; nothing where it can be called. What
/// variables stand for is left out.
pub fn check(provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
    let mut reader = Reader::new(provider, at);
    let definition = reader.read();
    let mut problems = reader.problems;
    let Some(definition) = definition else { return problems };
    let arguments_open = provider.get("arguments").is_some_and(|arguments| is_open(&arguments));
    if let Some(operation) = definition.operation.and_then(|name| definition.service.operation(name))
        && !arguments_open
    {
        let at = at.then("arguments");
        let arguments = definition.arguments.shallow_clone();
        if definition.paginate {
            arguments.remove("PaginationConfig");
        }
        check_arguments(definition.service, operation, &arguments, provider, &at, &mut problems);
    }
    if let Some(wait) = &definition.wait
        && let Some(operation) = definition
            .service
            .waiters()
            .get(wait.name)
            .and_then(|it| definition.service.operation(&it.operation))
    {
        let given = provider.get("wait").unwrap_or_default();
        let open = given.get("arguments").is_some_and(|arguments| is_open(&arguments)) || arguments_open;
        if !open {
            let arguments = waiter_arguments(&definition);
            arguments.remove("WaiterConfig");
            let at = at.then("wait");
            let at = if wait.arguments.is_some() { at.then("arguments") } else { at };
            let owner = given.as_map().cloned().unwrap_or_default();
            check_arguments(definition.service, operation, &arguments, &owner, &at, &mut problems);
        }
    }
    problems
}

/// The arguments of a definition's waiter: its own, else those of the operation that it takes.
pub(super) fn waiter_arguments(definition: &Definition) -> Map {
    let Some(wait) = &definition.wait else { return Map::new() };
    if let Some(arguments) = &wait.arguments {
        return arguments.shallow_clone();
    }
    let service = definition.service;
    let input = || {
        let operation = service.operation(&service.waiters().get(wait.name)?.operation)?;
        service.shape(&operation.input.as_ref()?.shape)
    };
    let Some(input) = input() else { return Map::new() };
    let entries = definition.arguments.entries().into_iter();
    entries.filter(|(key, _)| key.as_str().is_some_and(|key| input.members.contains_key(key))).collect()
}

fn check_arguments(
    service: &'static Service,
    operation: &'static Operation,
    arguments: &Map,
    owner: &Map,
    at: &Pointer,
    problems: &mut Vec<Diagnostic>,
) {
    let whole = Value::Map(arguments.clone());
    for problem in validate::problems(service, operation, arguments) {
        let found = Found::read(&problem);
        let value = found.steps.iter().try_fold(whole.clone(), |value, step| match step {
            Step::Key(key) => value.as_map()?.get_key(key),
            Step::Index(index) => value.as_list()?.get(*index),
        });
        // What stands for it is known in the run.
        if value.as_ref().is_some_and(is_open) {
            continue;
        }
        let mut place =
            if owner.contains_key("arguments") { at.clone() } else { at.parent().unwrap_or_default() };
        for step in &found.steps {
            place = place.then(step.clone());
        }
        let snake = names::snake_case(&operation.name);
        let mut diagnostic = match &found.unknown {
            Some(unknown) => {
                Diagnostic::new(Code::BadParameter, &place.then(&**unknown), problem.clone()).on_key()
            }
            None => Diagnostic::new(Code::BadParameter, &place, problem.clone()),
        };
        let help =
            match found.unknown.as_ref().and_then(|unknown| {
                names::closest(unknown, found.accepted.iter().map(|name| (*name).to_owned()))
            }) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("`squall aws {} {snake}` shows the parameters", service.name),
            };
        diagnostic = diagnostic.label(format!("`{}.{snake}` is called", service.name)).help(help);
        problems.push(diagnostic);
    }
}

/// The place that a problem in botocore's words is about.
struct Found<'a> {
    steps: Vec<Step>,
    /// The key that is not known there.
    unknown: Option<String>,
    /// The keys that are.
    accepted: Vec<&'a str>,
}

impl<'a> Found<'a> {
    fn read(problem: &'a str) -> Self {
        let none = Found { steps: Vec::new(), unknown: None, accepted: Vec::new() };
        if let Some((_, rest)) = problem.split_once("parameter in ") {
            // `Missing required parameter in A.B: "C"`, `Unknown parameter in A.B: "C", must be one of: D, E`
            let Some((path, rest)) = rest.split_once(": \"") else { return none };
            let (name, rest) = rest.split_once('"').unwrap_or((rest, ""));
            let accepted = rest.split_once("must be one of: ").map(|(_, names)| names.split(", ").collect());
            let unknown = problem.starts_with("Unknown").then(|| name.to_owned());
            return Found { steps: steps(path), unknown, accepted: accepted.unwrap_or_default() };
        }
        // `Invalid type for parameter A[0].B, value: ...`
        match problem.split_once("parameter ") {
            Some((_, rest)) => {
                let path = rest.split(", value:").next().unwrap_or_default();
                Found { steps: steps(path), ..none }
            }
            None => none,
        }
    }
}

/// The steps of `A.B[0].C`; none of `input`, which stands for the whole.
fn steps(path: &str) -> Vec<Step> {
    if path == "input" {
        return Vec::new();
    }
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        if let Some(name) = pieces.next().filter(|name| !name.is_empty()) {
            steps.push(Step::from(name));
        }
        for index in pieces {
            match index.trim_end_matches(']').parse::<usize>() {
                Ok(index) => steps.push(Step::Index(index)),
                Err(_) => steps.push(Step::from(index.trim_end_matches(']'))),
            }
        }
    }
    steps
}
