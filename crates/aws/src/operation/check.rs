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

#[cfg(test)]
mod tests {
    use squall_model::document::Pointer;
    use squall_model::{Value, json};

    use super::check;

    fn problems(provider: &str) -> Vec<String> {
        let Value::Map(provider) = json::parse(provider).unwrap() else { panic!("a mapping") };
        check(&provider, &Pointer::root()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_can_be_called_has_no_problems() {
        let good = [
            r#"{"service": "ec2", "operation": "describe_instances", "arguments": {"InstanceIds": ["i-1"]}}"#,
            r#"{"service": "ec2", "operation": "DescribeInstances", "arguments": "${arguments}"}"#,
            r#"{"service": "ec2", "operation": "describe_instances", "paginate": true,
                "arguments": {"PaginationConfig": {"PageSize": 5}}, "query": "Reservations[].Instances[]"}"#,
            r#"{"service": "ec2", "operation": "stop_instances", "arguments": {"InstanceIds": "${ids}", "Force": true},
                "wait": "instance_stopped", "region": "eu-west-3", "role": {"arn": "arn:aws:iam::1:role/x"}}"#,
            r#"{"service": "ecs", "wait": {"name": "ServicesStable", "arguments": {"services": ["a"]}, "timeout": 9}}"#,
            r#"{"service": "rds", "operation": "failover_db_cluster",
                "arguments": {"DBClusterIdentifier": "${cluster}"}, "secrets": ["aws"]}"#,
        ];
        for provider in good {
            assert_eq!(problems(provider), Vec::<String>::new(), "{provider}");
        }
    }

    #[test]
    fn all_problems_are_found_at_their_places() {
        let found = problems(
            r#"{"service": "ec2", "operation": "stop_instances", "paginate": true, "query": "a[",
                "arguments": {"InstanceIds": "i-1", "Forced": true}, "wait": {"name": "instance_stoped"}, "retry": 1}"#,
        );
        let expected = [
            "E0539 /retry: an AWS activity has no option `retry`",
            "E0538 /query: `a[` is not a JMESPath expression",
            "E0536 /wait: `ec2` has no waiter `instance_stoped`",
            "E0537 /paginate: `StopInstances` has no pages",
            "E0535 /arguments/Forced: Unknown parameter in input: \"Forced\", must be one of: InstanceIds",
            "E0535 /arguments/InstanceIds: Invalid type for parameter InstanceIds, value: i-1",
        ];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found} instead of {expected}");
        }
    }

    #[test]
    fn deep_places_and_waiters_are_looked_into() {
        let found = problems(
            r#"{"service": "ecs", "operation": "update_service", "arguments": {
                "capacityProviderStrategy": [{"weight": "much"}]},
                "wait": {"name": "services_stable", "arguments": {"cluster": 1}}}"#,
        );
        let place = |problem: &String| problem.split(": ").next().unwrap_or_default().to_owned();
        let places: Vec<_> = found.iter().map(place).collect();
        assert_eq!(
            places,
            [
                "E0535 /arguments",
                "E0535 /arguments/capacityProviderStrategy/0",
                "E0535 /arguments/capacityProviderStrategy/0/weight",
                "E0535 /wait/arguments",
                "E0535 /wait/arguments/cluster",
            ],
            "{found:#?}"
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_said() {
        assert_eq!(problems("{}"), ["E0531 : an AWS activity must have a service"]);
        assert_eq!(problems(r#"{"service": "ec3"}"#), ["E0532 /service: unknown AWS service `ec3`"]);
        assert_eq!(problems(r#"{"service": "ec2"}"#), ["E0533 : an AWS activity must have an operation"]);
        let unknown = problems(r#"{"service": "ec2", "operation": "describe_instance"}"#);
        assert_eq!(unknown, ["E0534 /operation: `ec2` has no operation `describe_instance`"]);
        assert_eq!(
            problems(
                r#"{"service": "s3", "operation": "list_buckets", "wait": {"name": "bucket_exists", "timeout": -1}}"#
            )[0],
            "E0539 /wait: `timeout` of a waiter must be a number that is not negative, found `-1`"
        );
    }
}
