//! What an experiment says of an operation: the provider's mapping, read once.

use std::sync::Arc;
use std::time::Duration;

use squall_model::diagnostic::{Code, Diagnostic};
use squall_model::document::Pointer;
use squall_model::{Map, Value, python};

use super::names;
use crate::client::Patience;
use crate::client::query::Query;
use crate::model::{self, Service};
use crate::session::Role;

/// An operation as an experiment asks for it, checked against the service's model.
pub(super) struct Definition {
    pub(super) service: &'static Service,
    /// The model's name; `None` where the activity only waits.
    pub(super) operation: Option<&'static str>,
    pub(super) arguments: Map,
    /// All pages as one answer.
    pub(super) paginate: bool,
    pub(super) query: Option<Query>,
    pub(super) wait: Option<Wait>,
    pub(super) region: Option<Arc<str>>,
    pub(super) profile: Option<Arc<str>>,
    pub(super) role: Option<Role>,
}

/// What is waited for after the call.
pub(super) struct Wait {
    /// The model's name of the waiter.
    pub(super) name: &'static str,
    /// Its own arguments; without them, those of the operation that fit it.
    pub(super) arguments: Option<Map>,
    pub(super) patience: Patience,
}

/// The keys of a provider.
pub(super) const KEYS: [&str; 11] = [
    "type",
    "service",
    "operation",
    "arguments",
    "paginate",
    "query",
    "wait",
    "region",
    "profile",
    "role",
    "secrets",
];

/// Reads a provider and notes everything that is wrong with it.
pub(super) struct Reader<'a> {
    provider: &'a Map,
    at: &'a Pointer,
    pub(super) problems: Vec<Diagnostic>,
}

/// Whether something is only known once variables were replaced.
pub(super) fn is_open(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${"))
}

impl<'a> Reader<'a> {
    pub(super) fn new(provider: &'a Map, at: &'a Pointer) -> Self {
        Reader { provider, at, problems: Vec::new() }
    }

    fn note(&mut self, code: Code, key: &str, message: impl Into<String>, help: impl Into<String>) {
        let at = if self.provider.contains_key(key) { self.at.then(key) } else { self.at.clone() };
        let help = help.into();
        let found = Diagnostic::new(code, &at, message);
        self.problems.push(if help.is_empty() { found } else { found.help(help) });
    }

    /// The definition, as far as it can be read; `None` where service or operation are not known.
    pub(super) fn read(&mut self) -> Option<Definition> {
        self.keys();
        let service = self.service();
        let waits = self.provider.get("wait").is_some_and(|wait| !wait.is_null());
        let operation = service.map(|service| self.operation(service, waits));
        let arguments = self.arguments();
        let paginate = self.flag("paginate");
        let query = self.query();
        let wait = service.and_then(|service| self.wait(service));
        let (region, profile) = (self.text("region"), self.text("profile"));
        let role = self.role();
        let (service, operation) = (service?, operation??);
        if let Some(operation) = operation.filter(|_| paginate)
            && !service.paginators().contains_key(operation)
        {
            let help = "leave `paginate` out: the answer comes in one piece";
            self.note(Code::NoPages, "paginate", format!("`{operation}` has no pages"), help);
        }
        Some(Definition { service, operation, arguments, paginate, query, wait, region, profile, role })
    }

    fn keys(&mut self) {
        for (key, _) in self.provider.entries() {
            let key = python::str(key.value());
            if !KEYS.contains(&&*key) {
                let help = match names::closest(&key, KEYS.into_iter()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("options are {}", KEYS.map(|key| format!("`{key}`")).join(", ")),
                };
                let message = format!("an AWS activity has no option `{key}`");
                let found =
                    Diagnostic::new(Code::BadOption, &self.at.then(&*key), message).on_key().help(help);
                self.problems.push(found);
            }
        }
    }

    fn service(&mut self) -> Option<&'static Service> {
        let name = match self.provider.get("service") {
            Some(Value::Str(name)) if !name.is_empty() => name,
            Some(other) if other.is_truthy() => {
                let message =
                    format!("`service` of an AWS activity must be a text, found `{}`", python::str(&other));
                self.note(Code::NoService, "service", message, "");
                return None;
            }
            _ => {
                let help = "name it as boto3 does: `service: ec2`; `squall aws` lists them";
                self.note(Code::NoService, "service", "an AWS activity must have a service", help);
                return None;
            }
        };
        match model::load(&name) {
            Ok(service) => Some(service),
            Err(_) if is_open(&Value::Str(name.clone())) => {
                let help = "variables are not replaced in `service` and `operation`";
                self.note(Code::UnknownService, "service", format!("unknown AWS service `{name}`"), help);
                None
            }
            Err(_) => {
                let help = match names::closest(&name, model::names()) {
                    Some(meant) => format!("did you mean `{meant}`? `squall aws` lists all services"),
                    None => "`squall aws` lists all services".to_owned(),
                };
                self.note(Code::UnknownService, "service", format!("unknown AWS service `{name}`"), help);
                None
            }
        }
    }

    fn operation(&mut self, service: &'static Service, waits: bool) -> Option<Option<&'static str>> {
        let name = match self.provider.get("operation") {
            None | Some(Value::Null) if waits => return Some(None),
            Some(Value::Str(name)) if !name.is_empty() => name,
            found => {
                let message = match found.filter(Value::is_truthy) {
                    Some(other) => {
                        format!(
                            "`operation` of an AWS activity must be a text, found `{}`",
                            python::str(&other)
                        )
                    }
                    None => "an AWS activity must have an operation".to_owned(),
                };
                let help = format!("`squall aws {}` lists the operations of the service", service.name);
                self.note(Code::NoOperation, "operation", message, help);
                return None;
            }
        };
        if let Some(known) = names::operation_name(service, &name) {
            return Some(Some(known));
        }
        let (full, short) = (service.operation_names(), names::snake_case(&name));
        let all = format!("`squall aws {}` lists the operations of the service", service.name);
        let help = match names::closest(&short, full.map(names::snake_case)) {
            Some(meant) => format!("did you mean `{meant}`? {all}"),
            None => all,
        };
        let message = format!("`{}` has no operation `{name}`", service.name);
        self.note(Code::UnknownOperation, "operation", message, help);
        None
    }

    fn arguments(&mut self) -> Map {
        match self.provider.get("arguments") {
            None | Some(Value::Null) => Map::new(),
            Some(Value::Map(arguments)) => arguments,
            Some(other) if is_open(&other) => Map::new(),
            Some(other) => {
                let found = other.type_name().to_owned();
                let message = format!("the arguments of an AWS activity must be a mapping, found {found}");
                self.note(Code::BadOption, "arguments", message, "");
                Map::new()
            }
        }
    }

    fn query(&mut self) -> Option<Query> {
        let text = self.text("query")?;
        if is_open(&Value::from(&*text)) {
            return None;
        }
        match Query::parse(&text) {
            Ok(query) => Some(query),
            Err(error) => {
                let message = format!("`{text}` is not a JMESPath expression: {error}");
                let help = format!("look at character {} of it", error.offset + 1);
                self.note(Code::BadQuery, "query", message, help);
                None
            }
        }
    }

    fn flag(&mut self, key: &str) -> bool {
        match self.provider.get(key) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(other) => {
                if !is_open(&other) {
                    let message =
                        format!("`{key}` must be `true` or `false`, found `{}`", python::str(&other));
                    self.note(Code::BadOption, key, message, "");
                }
                other.is_truthy()
            }
        }
    }

    fn text(&mut self, key: &str) -> Option<Arc<str>> {
        match self.provider.get(key) {
            None | Some(Value::Null) => None,
            Some(Value::Str(text)) => (!text.is_empty()).then(|| (&*text).into()),
            Some(other) => {
                let message = format!("`{key}` must be a text, found `{}`", python::str(&other));
                self.note(Code::BadOption, key, message, "");
                None
            }
        }
    }

    fn role(&mut self) -> Option<Role> {
        if let Some(Value::Map(role)) = self.provider.get("role") {
            let part = |key: &str| role.get(key).filter(Value::is_truthy).map(|part| python::str(&part));
            let Some(arn) = part("arn") else {
                let help = "write `role: {arn: ..., session_name: ...}`, or the ARN alone";
                self.note(Code::BadOption, "role", "a role must have an ARN", help);
                return None;
            };
            return Some(Role::new(&arn, part("session_name").as_deref()));
        }
        self.text("role").map(|arn| Role::new(&arn, None))
    }

    fn wait(&mut self, service: &'static Service) -> Option<Wait> {
        let (name, options) = match self.provider.get("wait") {
            None | Some(Value::Null) => return None,
            Some(Value::Str(name)) => (name, Map::new()),
            Some(Value::Map(options)) => match options.get("name") {
                Some(Value::Str(name)) => (name, options),
                _ => {
                    let help = "write `wait: {name: ..., arguments: ..., interval: ..., timeout: ...}`";
                    self.note(Code::UnknownWaiter, "wait", "`wait` must have the name of a waiter", help);
                    return None;
                }
            },
            Some(other) => {
                let message = format!(
                    "`wait` must be the name of a waiter or a mapping, found `{}`",
                    python::str(&other)
                );
                self.note(Code::UnknownWaiter, "wait", message, "");
                return None;
            }
        };
        for (key, _) in options.entries() {
            let key = python::str(key.value());
            if !["name", "arguments", "interval", "timeout", "attempts"].contains(&&*key) {
                let message = format!("`wait` has no option `{key}`");
                let help = "options are `name`, `arguments`, `interval`, `timeout` and `attempts`";
                let at = self.at.then("wait").then(&*key);
                self.problems.push(Diagnostic::new(Code::BadOption, &at, message).on_key().help(help));
            }
        }
        let Some(name) = names::waiter_name(service, &name) else {
            let known = service.waiters().keys().map(|name| names::snake_case(name));
            let help = match names::closest(&names::snake_case(&name), known.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if service.waiters().is_empty() => format!("`{}` has no waiters", service.name),
                None => {
                    let known: Vec<_> = known.map(|name| format!("`{name}`")).collect();
                    format!("waiters are {}", known.join(", "))
                }
            };
            let message = format!("`{}` has no waiter `{name}`", service.name);
            self.note(Code::UnknownWaiter, "wait", message, help);
            return None;
        };
        let arguments = match options.get("arguments") {
            None | Some(Value::Null) => None,
            Some(Value::Map(arguments)) => Some(arguments),
            Some(other) => {
                if !is_open(&other) {
                    let found = other.type_name().to_owned();
                    let message = format!("the arguments of a waiter must be a mapping, found {found}");
                    self.note(Code::BadOption, "wait", message, "");
                }
                None
            }
        };
        let patience = Patience {
            interval: self.seconds(&options, "interval"),
            attempts: self
                .seconds(&options, "attempts")
                .map(|most| most.as_secs() as u32)
                .filter(|most| *most > 0),
            timeout: self.seconds(&options, "timeout"),
        };
        Some(Wait { name, arguments, patience })
    }

    fn seconds(&mut self, options: &Map, key: &str) -> Option<Duration> {
        let value = options.get(key).filter(|value| !value.is_null())?;
        let number = match &value {
            Value::Str(text) => text.trim().parse().ok(),
            other => other.as_f64(),
        };
        let duration = number.and_then(|number| Duration::try_from_secs_f64(number).ok());
        if duration.is_none() && !is_open(&value) {
            let message = format!(
                "`{key}` of a waiter must be a number that is not negative, found `{}`",
                python::str(&value)
            );
            self.note(Code::BadOption, "wait", message, "");
        }
        duration
    }
}
