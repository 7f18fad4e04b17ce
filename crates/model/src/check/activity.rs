//! One activity.

use std::collections::HashSet;

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::python;
use crate::value::{Map, Str, Value};

/// The names that references can use: those of the activities of method and hypothesis.
pub(super) struct Names(HashSet<Str>);

/// The way out where a type of provider is missing or unknown.
const PROVIDERS: &str = "providers are `python`, `process`, `http`, `aws`, `fault` and `sample`";

impl Names {
    pub fn of(experiment: &Map) -> Self {
        let rollbacks = Pointer::root().then("rollbacks");
        let names = super::experiment::activities(experiment).into_iter().filter_map(|(activity, at)| {
            let in_rollbacks = at.parent().is_some_and(|parent| parent == rollbacks);
            match activity.get("name") {
                Some(Value::Str(name)) if !in_rollbacks && !name.is_empty() => Some(name),
                _ => None,
            }
        });
        Names(names.collect())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// What references can use, for people.
    pub fn help(&self) -> String {
        const SHOWN: usize = 8;
        if self.0.is_empty() {
            return "no activity of the method or the hypothesis has a name".to_owned();
        }
        let mut names: Vec<_> = self.0.iter().map(|name| format!("`{name}`")).collect();
        names.sort();
        let more = if names.len() > SHOWN { " ..." } else { "" };
        names.truncate(SHOWN);
        format!("activities of the method or the hypothesis are {}{more}", names.join(", "))
    }
}

impl Checker<'_> {
    /// Checks an activity and gives it, when it is a mapping with anything inside.
    pub(super) fn activity(&mut self, activity: &Value, at: &Pointer) -> Option<Map> {
        if !activity.is_truthy() {
            self.error(Code::EmptyActivity, at, "empty activity is no activity");
            return None;
        }
        let Value::Map(activity) = activity else {
            self.wrong_shape(at, "an activity", "a mapping", activity);
            return None;
        };
        match activity.get("ref") {
            None | Some(Value::Null) => self.definition(activity, at),
            Some(reference) => {
                if reference.as_str().is_none_or(str::is_empty) {
                    let message = "reference to activity must be non-empty strings";
                    self.error(Code::BadReference, &at.then("ref"), message);
                }
            }
        }
        Some(activity.clone())
    }

    fn definition(&mut self, activity: &Map, at: &Pointer) {
        self.kind(activity, at);
        self.name(activity, at);
        let provider = self.provider_section(activity, at);
        self.options(activity, at);
        if let Some((provider, kind)) = provider {
            self.provider(activity, &provider, &kind, &at.then("provider"));
        }
    }

    /// What a provider of a known type asks for.
    pub(super) fn provider(&mut self, activity: &Map, provider: &Map, kind: &str, at: &Pointer) {
        match kind {
            "python" => self.python_provider(activity, provider, at),
            "process" => self.process_provider(activity, provider, at),
            "aws" => self.world.aws(provider, at).into_iter().for_each(|found| self.add(found)),
            "fault" => self.world.fault(provider, at).into_iter().for_each(|found| self.add(found)),
            "sample" => self.sample_provider(provider, at),
            _ => self.http_provider(provider, at),
        }
    }

    fn kind(&mut self, activity: &Map, at: &Pointer) {
        match activity.get("type").filter(Value::is_truthy) {
            None => {
                let help = "add `type: probe` or `type: action`";
                let at = if activity.contains_key("type") { at.then("type") } else { at.clone() };
                let message = "an activity must have a type";
                self.add(Diagnostic::new(Code::NoActivityType, &at, message).help(help));
            }
            Some(kind) if matches!(kind.as_str(), Some("probe" | "action")) => {}
            Some(kind) => {
                let message = format!("'{}' is not a supported activity type", python::str(&kind));
                let help = "use `probe` for what looks, `action` for what changes";
                self.add(Diagnostic::new(Code::BadActivityType, &at.then("type"), message).help(help));
            }
        }
    }

    fn name(&mut self, activity: &Map, at: &Pointer) {
        let name = activity.get("name");
        if !name.as_ref().is_some_and(Value::is_truthy) {
            let at = if name.is_some() { at.then("name") } else { at.clone() };
            self.error(Code::NoActivityName, &at, "an activity must have a name");
        }
    }

    /// What references can look for by its name must have one that can be looked for.
    pub(super) fn findable(&mut self, activity: &Map, at: &Pointer) {
        if let Some(name @ (Value::List(_) | Value::Map(_))) = activity.get("name").filter(Value::is_truthy) {
            self.wrong_shape(&at.then("name"), "an activity's name", "a text", &name);
        }
    }

    /// The provider and its type, when both can be looked at further.
    pub(super) fn provider_section(&mut self, activity: &Map, at: &Pointer) -> Option<(Map, Str)> {
        let Some(provider) = activity.get("provider").filter(Value::is_truthy) else {
            let at = if activity.contains_key("provider") { at.then("provider") } else { at.clone() };
            let help = "say who carries it out: `provider: {type: process, path: ...}`";
            let message = "an activity requires a provider";
            self.add(Diagnostic::new(Code::NoProvider, &at, message).help(help));
            return None;
        };
        let at = at.then("provider");
        let Value::Map(provider) = provider else {
            self.wrong_shape(&at, "an activity's provider", "a mapping", &provider);
            return None;
        };
        match provider.get("type").filter(Value::is_truthy) {
            None => {
                let at = if provider.contains_key("type") { at.then("type") } else { at.clone() };
                let message = "a provider must have a type";
                self.add(Diagnostic::new(Code::NoProviderType, &at, message).help(PROVIDERS));
                None
            }
            Some(Value::Str(kind))
                if matches!(&*kind, "python" | "process" | "http" | "aws" | "fault" | "sample") =>
            {
                Some((provider, kind))
            }
            Some(kind) => {
                let message = format!("unknown provider type '{}'", python::str(&kind));
                self.add(Diagnostic::new(Code::UnknownProvider, &at.then("type"), message).help(PROVIDERS));
                None
            }
        }
    }

    fn options(&mut self, activity: &Map, at: &Pointer) {
        if let Some(timeout) = activity.get("timeout")
            && !timeout.is_null()
            && timeout.as_f64().is_none()
        {
            self.error(Code::BadTimeout, &at.then("timeout"), "activity timeout must be a number");
        }
        match activity.get("pauses") {
            None | Some(Value::Null) => {}
            Some(Value::Map(pauses)) => {
                for when in ["before", "after"] {
                    let Some(Value::Str(pause)) = pauses.get(when) else { continue };
                    if pause.starts_with("${") && pause.ends_with('}') {
                        continue;
                    }
                    let message = format!(
                        "activity {when} pause must be a number or a pattern to a variable from the configuration \
                         or secrets"
                    );
                    let help = "write seconds without quotes, or `${name}`";
                    let at = at.then("pauses").then(when);
                    self.add(Diagnostic::new(Code::BadPause, &at, message).help(help));
                }
            }
            Some(other) => {
                let at = at.then("pauses");
                self.wrong_shape(&at, "an activity's `pauses`", "a mapping with `before` or `after`", &other);
            }
        }
        if let Some(background) = activity.get("background")
            && background.as_bool().is_none()
        {
            let at = at.then("background");
            self.error(Code::BadBackground, &at, "activity background must be a boolean");
        }
    }
}
