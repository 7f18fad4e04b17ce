//! Configuration and secrets.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::python;
use crate::value::{Map, Value};

impl Checker<'_> {
    pub(super) fn configuration(&mut self, experiment: &Map) {
        let at = Pointer::root().then("configuration");
        let configuration = match experiment.get("configuration") {
            None | Some(Value::Null) => return,
            Some(Value::Map(configuration)) => configuration,
            Some(other) => {
                return self.wrong_shape(&at, "the experiment's `configuration`", "a mapping", &other);
            }
        };
        for (key, declared) in configuration.entries() {
            let at = at.then(key.clone());
            let given = key.as_str().and_then(|name| self.variables.get(name)).cloned();
            if let Value::Map(entry) = given.unwrap_or(declared)
                && entry.get("type").is_some_and(|kind| kind.as_str() == Some("env"))
            {
                self.environment_entry(&entry, &at);
            }
        }
    }

    fn environment_entry(&mut self, entry: &Map, at: &Pointer) {
        let Some(variable) = self.variable_name(entry, at) else { return };
        let found = match (self.world.env(&variable), entry.get("default")) {
            (Some(text), _) => Value::from(text),
            (None, Some(default)) => default,
            (None, None) => {
                let message = format!(
                    "Configuration makes reference to an environment key that does not exist: {variable}"
                );
                let help = format!("set `{variable}`, give the value with `--var`, or add a `default`");
                return self.add(Diagnostic::new(Code::MissingVariable, &at.then("key"), message).help(help));
            }
        };
        let Some(kind) = entry.get("env_var_type").filter(|kind| !kind.is_null()) else { return };
        let kind = python::str(&kind);
        if let Err(problem) = self.world.cast(&kind, &found) {
            let message = format!("`{variable}` cannot be read as `{kind}`: {problem}");
            self.error(Code::BadCast, &at.then("env_var_type"), message);
        }
    }

    /// The environment variable that an entry of type `env` asks for.
    fn variable_name(&mut self, entry: &Map, at: &Pointer) -> Option<String> {
        match entry.get("key") {
            Some(Value::Str(name)) => Some(name.to_string()),
            None => {
                let message = "an entry of type `env` must name its environment variable";
                let help = "add `key: NAME`";
                self.add(Diagnostic::new(Code::NoVariableName, at, message).help(help));
                None
            }
            Some(other) => {
                self.wrong_shape(&at.then("key"), "the name of an environment variable", "a text", &other);
                None
            }
        }
    }

    pub(super) fn secrets(&mut self, experiment: &Map) {
        let at = Pointer::root().then("secrets");
        match experiment.get("secrets") {
            None | Some(Value::Null) => {}
            Some(Value::Map(secrets)) => self.secret_entries(&secrets, &at, &mut Vec::new()),
            Some(other) => self.wrong_shape(&at, "the experiment's `secrets`", "a mapping", &other),
        }
    }

    /// Looks at all levels below; `above` are the mappings that this one is inside of.
    fn secret_entries(&mut self, secrets: &Map, at: &Pointer, above: &mut Vec<Map>) {
        if above.iter().any(|map| map.same(secrets)) {
            return;
        }
        above.push(secrets.clone());
        for (key, value) in secrets.entries() {
            let Value::Map(entry) = value else { continue };
            let at = at.then(key);
            match entry.get("type").as_ref().and_then(Value::as_str) {
                Some("env") => self.secret_variable(&entry, &at),
                Some("vault") => {}
                _ => self.secret_entries(&entry, &at, above),
            }
        }
        above.pop();
    }

    fn secret_variable(&mut self, entry: &Map, at: &Pointer) {
        let Some(variable) = self.variable_name(entry, at) else { return };
        if self.world.env(&variable).is_none() {
            let message =
                format!("Secrets make reference to an environment key that does not exist: {variable}");
            let help = format!("set `{variable}`");
            self.add(Diagnostic::new(Code::MissingSecretVariable, &at.then("key"), message).help(help));
        }
    }

    /// Secrets stand in scopes; those from Vault have a path.
    pub(super) fn secret_scopes(&mut self, experiment: &Map) {
        let Some(Value::Map(secrets)) = experiment.get("secrets") else { return };
        let at = Pointer::root().then("secrets");
        for (scope, entries) in secrets.entries() {
            let name = python::str(scope.value());
            let at = at.then(scope);
            let Value::Map(entries) = entries else {
                let message = format!("secret `{name}` stands outside of any scope");
                let help = format!("give it a scope: `secrets: {{scope: {{{name}: ...}}}}`");
                self.add(Diagnostic::new(Code::FlatSecret, &at, message).on_key().help(help));
                continue;
            };
            for (key, value) in entries.entries() {
                let Value::Map(entry) = value else { continue };
                let vault = entry.get("type").is_some_and(|kind| kind.as_str() == Some("vault"));
                if vault && entry.contains_key("key") && !entry.contains_key("path") {
                    let message = "Vault secrets must now specify the `path` property. The `key` property is now a \
                                   key of a Vault secret rather than the actual path. For instance: {'my-key': \
                                   {'type': 'vault', 'key': 'foo'}} now becomes: {'my-key': {'type': 'vault', 'path': \
                                   'foo'}}";
                    self.error(Code::VaultKeyWithoutPath, &at.then(key).then("key"), message);
                }
            }
        }
    }
}
