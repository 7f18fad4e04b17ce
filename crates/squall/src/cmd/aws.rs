//! `squall aws`: what AWS' services offer to activities of type `aws`, without asking AWS.

use std::fmt::Write;

use squall_aws::model::{self, Operation, Service};
use squall_aws::operation::names::{closest, operation_name, snake_case};
use squall_aws::operation::outline::{self, Part};
use squall_model::Value;

use crate::args::{AwsArgs, ListFormat};
use crate::output::{fail, print};
use crate::values::indented_json;

/// How deep answers are shown to people; programs get all.
const ANSWER_DEPTH: usize = 3;

/// Carries out the command; gives the exit code.
pub fn execute(args: &AwsArgs) -> u8 {
    let search = args.search.as_deref();
    let shown = match (&args.service, &args.operation) {
        (None, _) => services(search, args.format),
        (Some(name), operation) => match (model::load(name), operation) {
            (Ok(service), None) => Ok(one_service(service, search, args.format)),
            (Ok(service), Some(operation)) => one_operation(service, operation, args),
            // A word that is no name is looked for.
            (Err(_), None) if search.is_none() && is_word(name) => {
                services(Some(name.as_str()), args.format).map_err(|_| unknown_service(name))
            }
            (Err(_), _) => Err(unknown_service(name)),
        },
    };
    match shown {
        Ok(text) => print(&text),
        Err(error) => fail(error),
    }
}

fn all_services() -> impl Iterator<Item = &'static Service> {
    model::names().filter_map(|name| model::load(name).ok())
}

/// Whether somebody looks for a word, and has not mistyped the name of a service.
fn is_word(name: &str) -> bool {
    closest(name, model::names()).is_none() || all_services().any(|service| is_about(service, Some(name)))
}

fn is_about(service: &Service, search: Option<&str>) -> bool {
    matches(search, &[service.name, &service.metadata.service_full_name])
}

fn unknown_service(name: &str) -> String {
    let hint = match closest(name, model::names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`squall aws` lists all services, `squall aws --search TEXT` some".to_owned(),
    };
    format!("there is no AWS service `{name}`: {hint}")
}

fn json(value: &Value) -> String {
    format!("{}\n", indented_json(value, 2))
}

/// Whether the words that are looked for are all in these texts, whatever their case.
fn matches(search: Option<&str>, texts: &[&str]) -> bool {
    let Some(search) = search else { return true };
    let search = search.to_lowercase();
    let text = texts.join(" ").to_lowercase();
    search.split_whitespace().all(|word| text.contains(word))
}

/// The names of a service's operations that have the words in them.
fn operations_about(service: &'static Service, words: &str) -> Vec<String> {
    let names = service.operation_names().map(|name| (snake_case(name), name));
    names.filter(|(snake, name)| matches(Some(words), &[snake, name])).map(|(snake, _)| snake).collect()
}

/// All services; or those that a search finds, by their own names or by those of their operations.
fn services(search: Option<&str>, format: ListFormat) -> Result<String, String> {
    let (mut rows, mut operations, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for service in all_services() {
        let title = &service.metadata.service_full_name;
        let is_found = is_about(service, search);
        let about = search.map(|words| operations_about(service, words));
        if is_found {
            rows.push([service.name.to_owned(), title.clone()]);
        }
        if is_found || about.as_ref().is_some_and(|about| !about.is_empty()) {
            let value =
                Value::map([("service", Value::from(service.name)), ("title", title.as_str().into())]);
            if let (Value::Map(map), Some(about)) = (&value, &about) {
                map.insert("operations", Value::list(about.iter().map(|name| name.as_str().into())));
            }
            values.push(value);
        }
        operations.extend(about.into_iter().flatten().map(|name| [service.name.to_owned(), name]));
    }
    let Some(search) = search else {
        let count = rows.len();
        let line = format!("{count} services. `squall aws SERVICE` shows the operations of one.\n");
        return Ok(if format == ListFormat::Json {
            json(&Value::list(values))
        } else {
            columns(&rows, 0) + &line
        });
    };
    if format == ListFormat::Json {
        return Ok(json(&Value::list(values)));
    }
    if values.is_empty() {
        return Err(format!("no service and no operation of AWS has `{search}` in its name"));
    }
    let mut text = String::new();
    section(&mut text, "SERVICES", &rows);
    section(&mut text, "OPERATIONS", &operations);
    let (services, operations) = (rows.len(), operations.len());
    let _ = writeln!(
        text,
        "\n{services} services and {operations} operations. `squall aws SERVICE OPERATION` shows one."
    );
    Ok(text.trim_start().to_owned())
}

fn one_service(service: &'static Service, search: Option<&str>, format: ListFormat) -> String {
    if format == ListFormat::Json {
        return json(&outline::service_value(service, |name| matches(search, &[&snake_case(name), name])));
    }
    let operations: Vec<[String; 2]> = service
        .operation_names()
        .map(|name| (snake_case(name), name))
        .filter(|(snake, name)| matches(search, &[snake, name]))
        .map(|(snake, name)| {
            let paginated = service.paginators().contains_key(name);
            [snake, if paginated { "in pages".to_owned() } else { String::new() }]
        })
        .collect();
    let waiters: Vec<[String; 2]> = service
        .waiters()
        .iter()
        .map(|(name, waiter)| (snake_case(name), waiter))
        .filter(|(name, _)| matches(search, &[name]))
        .map(|(name, waiter)| {
            let asks = snake_case(&waiter.operation);
            let (delay, most) = (waiter.delay, waiter.max_attempts);
            [name, format!("asks {asks} every {delay} s, {most} times at most")]
        })
        .collect();
    let title = &service.metadata.service_full_name;
    let mut text = format!("{title} ({}, API {})\n", service.name, service.metadata.api_version);
    section(&mut text, "OPERATIONS", &operations);
    section(&mut text, "WAITERS", &waiters);
    let _ = writeln!(text, "\n`squall aws {} OPERATION` shows the parameters of one.", service.name);
    text
}

fn one_operation(service: &'static Service, name: &str, args: &AwsArgs) -> Result<String, String> {
    let known = operation_name(service, name).and_then(|name| service.operation(name));
    let Some(operation) = known else {
        let word = snake_case(name);
        if service.operation_names().any(|known| matches(Some(&word), &[&snake_case(known)])) {
            return Ok(one_service(service, Some(&word), args.format));
        }
        let names = service.operation_names().map(snake_case);
        let hint = match closest(&word, names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("`squall aws {}` lists all, `--search TEXT` some", service.name),
        };
        return Err(format!("`{}` has no operation `{name}`: {hint}", service.name));
    };
    if args.format == ListFormat::Json {
        return Ok(json(&outline::operation_value(service, operation)));
    }
    Ok(operation_text(service, operation))
}

fn operation_text(service: &'static Service, operation: &Operation) -> String {
    let snake = snake_case(&operation.name);
    let mut text = format!("{}.{snake} ({})\n", service.name, operation.name);
    let parameters = outline::parameters(service, operation);
    section(&mut text, "PARAMETERS", &rows(&parameters, usize::MAX));
    if parameters.is_empty() {
        text.push_str("\nIt takes no parameters.\n");
    }
    section(&mut text, "ANSWER", &rows(&outline::answer(service, operation), ANSWER_DEPTH));
    let waiters: Vec<_> = service
        .waiters()
        .iter()
        .filter(|(_, waiter)| waiter.operation == operation.name)
        .map(|(name, _)| [snake_case(name), String::new()])
        .collect();
    section(&mut text, "WAITERS THAT ASK IT", &waiters);
    let _ = write!(text, "\nIN AN EXPERIMENT\n  provider:\n    type: aws\n    service: {}\n", service.name);
    let _ = writeln!(text, "    operation: {snake}");
    let required: Vec<_> = parameters.iter().filter(|part| part.required).collect();
    if !required.is_empty() {
        text.push_str("    arguments:\n");
        for part in required {
            let _ = writeln!(text, "      {}: ...", part.name);
        }
    }
    if service.paginators().contains_key(&operation.name) {
        text.push_str("    paginate: true\n");
    }
    text
}

/// Parts as rows, indented by their depth.
fn rows(parts: &[Part], depth: usize) -> Vec<[String; 2]> {
    fn add(rows: &mut Vec<[String; 2]>, parts: &[Part], level: usize, depth: usize) {
        for part in parts {
            let required = if part.required { ", required" } else { "" };
            rows.push([format!("{:1$}{2}", "", level * 2, part.name), format!("{}{required}", part.kind)]);
            if level + 1 < depth {
                add(rows, &part.parts, level + 1, depth);
            }
        }
    }
    let mut rows = Vec::new();
    add(&mut rows, parts, 0, depth);
    rows
}

fn section(text: &mut String, title: &str, rows: &[[String; 2]]) {
    if !rows.is_empty() {
        let _ = write!(text, "\n{title}\n{}", columns(rows, 2));
    }
}

/// Two columns, the first as wide as it must be.
fn columns(rows: &[[String; 2]], indent: usize) -> String {
    let width = rows.iter().map(|[first, _]| first.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for [first, second] in rows {
        let line = format!("{:indent$}{first:<width$}  {second}", "");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
