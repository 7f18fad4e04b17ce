//! What is accepted and probably not meant. Few hints, and right ones: each stands for a mistake that
//! goes unnoticed otherwise.

use std::collections::HashSet;

use super::Checker;
use super::experiment::activities;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::expr;
use crate::value::{Map, Str, Value};

const EXPERIMENT: &[&str] = &[
    "version",
    "title",
    "description",
    "tags",
    "extensions",
    "configuration",
    "secrets",
    "steady-state-hypothesis",
    "method",
    "rollbacks",
    "controls",
    "contributions",
    "runtime",
    "dry",
];
const HYPOTHESIS: &[&str] = &["title", "probes", "controls"];
const ACTIVITY: &[&str] = &[
    "type",
    "name",
    "provider",
    "ref",
    "background",
    "pauses",
    "controls",
    "tolerance",
    "timeout",
    "dry",
    "configuration",
    "secrets",
];
const PYTHON: &[&str] = &["type", "module", "func", "arguments", "secrets"];
const PROCESS: &[&str] = &["type", "path", "arguments", "timeout", "secrets"];
const HTTP: &[&str] =
    &["type", "url", "method", "headers", "timeout", "arguments", "verify_tls", "max_retries", "secrets"];
/// What is looked for in the provider, and nowhere else.
const BELONGS_TO_PROVIDER: &[&str] =
    &["timeout", "arguments", "module", "func", "path", "url", "headers", "secrets", "configuration"];

impl Checker<'_> {
    pub(super) fn hints(&mut self, experiment: &Map) {
        let root = Pointer::root();
        self.misspelled(experiment, EXPERIMENT, &root);
        if let Some(Value::Map(hypothesis)) = experiment.get("steady-state-hypothesis") {
            self.misspelled(&hypothesis, HYPOTHESIS, &root.then("steady-state-hypothesis"));
        }
        let declared = declared(experiment);
        for (activity, at) in activities(experiment) {
            self.misspelled(&activity, ACTIVITY, &at);
            let Some(Value::Map(provider)) = activity.get("provider") else { continue };
            self.misplaced(&activity, &at);
            let kind = provider.get("type");
            let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
            let provider_at = at.then("provider");
            match kind {
                "python" => self.misspelled(&provider, PYTHON, &provider_at),
                "process" => self.misspelled(&provider, PROCESS, &provider_at),
                "http" => {
                    self.misspelled(&provider, HTTP, &provider_at);
                    self.expected_status(&provider, &provider_at);
                }
                _ => {}
            }
            if let Some(declared) = &declared {
                let mut places = vec![(activity.get("pauses"), at.then("pauses"))];
                // In a process' arguments a shell may replace what looks like a variable.
                if kind != "process" {
                    for key in ["url", "headers", "arguments"] {
                        places.push((provider.get(key), provider_at.then(key)));
                    }
                }
                for (value, at) in places {
                    self.undeclared(&value.unwrap_or(Value::Null), declared, &at);
                }
            }
        }
    }

    fn misspelled(&mut self, map: &Map, known: &[&str], at: &Pointer) {
        for (key, _) in map.entries() {
            let Some(text) = key.as_str().filter(|text| !known.contains(text)) else { continue };
            if let Some(meant) = known.iter().find(|known| alike(known) == alike(text)) {
                let message = format!("`{text}` has no effect");
                let help = format!("did you mean `{meant}`?");
                self.add(Diagnostic::new(Code::Misspelled, &at.then(text), message).on_key().help(help));
            }
        }
    }

    fn misplaced(&mut self, activity: &Map, at: &Pointer) {
        for key in BELONGS_TO_PROVIDER {
            if activity.contains_key(key) {
                let message = format!("`{key}` has no effect on the activity itself");
                let help = match *key {
                    "configuration" => "configuration belongs to the experiment",
                    _ => "move it into the activity's `provider`",
                };
                self.add(Diagnostic::new(Code::Ignored, &at.then(*key), message).on_key().help(help));
            }
        }
    }

    fn expected_status(&mut self, provider: &Map, at: &Pointer) {
        if provider.contains_key("expected_status") {
            let message = "`expected_status` has no effect";
            let help = "give the probe a `tolerance` in the hypothesis: `tolerance: 200`";
            let at = at.then("expected_status");
            self.add(Diagnostic::new(Code::Ignored, &at, message).on_key().help(help));
        }
    }

    fn undeclared(&mut self, value: &Value, declared: &HashSet<Str>, at: &Pointer) {
        // Arguments are as deep as documents can be; beyond this nobody needs a hint.
        const DEEPEST: usize = 32;
        if at.steps().len() > DEEPEST {
            return;
        }
        match value {
            Value::Str(text) if text.contains("${") => {
                for name in expr::references(text) {
                    if text.contains(&format!("${{{name}}}")) && !declared.contains(name) {
                        let message = format!("nothing declares `{name}`, so `${{{name}}}` stays as it is");
                        let help = format!("add `{name}` to `configuration` or `secrets`");
                        self.add(Diagnostic::new(Code::Undeclared, at, message).help(help));
                    }
                }
            }
            Value::List(list) => {
                for (index, item) in list.to_vec().iter().enumerate() {
                    self.undeclared(item, declared, &at.then(index));
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries() {
                    self.undeclared(&item, declared, &at.then(key));
                }
            }
            _ => {}
        }
    }
}

/// What a key looks like when small differences do not count.
fn alike(key: &str) -> String {
    let key = key.to_ascii_lowercase().replace(['_', ' '], "-");
    key.strip_suffix('s').unwrap_or(&key).to_owned()
}

/// The names that variables can have; `None` when that cannot be known before the run: controls may
/// add to the configuration, and secrets from Vault have their names there.
fn declared(experiment: &Map) -> Option<HashSet<Str>> {
    let no_controls = experiment.get("controls").is_none_or(|controls| !controls.is_truthy());
    if !no_controls {
        return None;
    }
    let names = |map: &Map| -> Vec<Str> {
        map.entries().iter().filter_map(|(key, _)| key.as_str().map(Str::from)).collect()
    };
    let mut declared = HashSet::new();
    if let Some(Value::Map(configuration)) = experiment.get("configuration") {
        declared.extend(names(&configuration));
    }
    if let Some(Value::Map(secrets)) = experiment.get("secrets") {
        for scope in secrets.values() {
            let Value::Map(scope) = scope else { continue };
            if scope.get("type").is_some_and(|kind| kind.as_str() == Some("vault")) {
                return None;
            }
            declared.extend(names(&scope));
        }
    }
    Some(declared)
}
