//! The configuration of a run: what the experiment declares, resolved.

use std::collections::HashMap;

use squall_model::{Key, Map, Str, Value, python};

use crate::cast::{CastError, convert_to_type};
use crate::log::LOG;
use crate::ports::{Call, Lane, Notes, Outcome, Provider};

/// Values given on the command line or in variable files, by the name of the configuration entry.
pub type Variables = HashMap<Str, Value>;

/// Where environment variables come from.
pub trait Environment {
    /// The value of an environment variable, when it is set.
    fn var(&self, name: &str) -> Option<String>;
}

/// Why a configuration or a secret cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// An environment variable is not set and there is no default.
    #[error("Configuration makes reference to an environment key that does not exist: {0}")]
    MissingVariable(String),
    /// A secret's environment variable is not set.
    #[error("Secrets make reference to an environment key that does not exist: {0}")]
    MissingSecretVariable(String),
    /// A value cannot become what `env_var_type` asks for.
    #[error("configuration `{name}` cannot be read: {error}")]
    Cast {
        /// The entry.
        name: String,
        /// Why not.
        error: CastError,
    },
    /// An entry lacks what its type needs.
    #[error("{section} `{name}` of type `{kind}` has no `{field}`; add it")]
    MissingField {
        /// `configuration` or `secrets`.
        section: &'static str,
        /// The entry.
        name: String,
        /// Its `type`.
        kind: &'static str,
        /// The missing field.
        field: &'static str,
    },
    /// A section is not a mapping.
    #[error("the experiment's `{section}` must be a mapping, found {found}")]
    Shape {
        /// `configuration` or `secrets`.
        section: &'static str,
        /// The Python name of the type found.
        found: String,
    },
    /// The secret store refused.
    #[error("{0}")]
    Store(String),
}

/// Resolves the static part of the configuration; entries of type `probe` are kept for
/// [`load_dynamic`].
pub fn load(
    declared: &Value,
    variables: &Variables,
    environment: &dyn Environment,
) -> Result<Map, ResolveError> {
    log::debug!(target: LOG, "Loading configuration...");
    let configuration = Map::new();
    for (key, value) in section(declared, "configuration")? {
        let value = key.as_str().and_then(|name| variables.get(name)).cloned().unwrap_or(value);
        let resolved = if value.get("type").is_some_and(|kind| kind.as_str() == Some("env")) {
            from_environment(&key, &value, environment)?
        } else {
            value
        };
        configuration.insert(key, resolved);
    }
    Ok(configuration)
}

fn from_environment(key: &Key, value: &Value, environment: &dyn Environment) -> Result<Value, ResolveError> {
    let name = || python::str(key.value());
    let variable = value.get("key").ok_or_else(|| ResolveError::MissingField {
        section: "configuration",
        name: name(),
        kind: "env",
        field: "key",
    })?;
    let variable = python::str(&variable);
    let found = match (environment.var(&variable), value.get("default")) {
        (Some(text), _) => Value::from(text),
        (None, Some(default)) => default,
        (None, None) => return Err(ResolveError::MissingVariable(variable)),
    };
    let kind = value.get("env_var_type");
    let kind = kind.as_ref().filter(|kind| !kind.is_null()).map(python::str);
    convert_to_type(kind.as_deref(), &found).map_err(|error| ResolveError::Cast { name: name(), error })
}

/// Calls the probes of the configuration's dynamic entries, in order; each sees the entries above it.
///
/// An entry whose probe fails is left out. The definitions are not changed: unlike in the reference,
/// no secret is written into them.
pub async fn load_dynamic(
    configuration: &Map,
    secrets: &Map,
    provider: impl Fn(&str) -> Option<std::rc::Rc<dyn Provider>>,
) -> Result<Map, ResolveError> {
    let loaded = Map::new();
    let mut had_errors = false;
    log::debug!(target: LOG, "Loading dynamic configuration...");
    for (key, value) in configuration.entries() {
        if value.get("type").is_none_or(|kind| kind.as_str() != Some("probe")) {
            loaded.insert(key, value);
            continue;
        }
        let name = python::str(&value.get("name").unwrap_or(Value::Null));
        let Some(Value::Map(definition)) = value.get("provider") else {
            return Err(ResolveError::MissingField {
                section: "configuration",
                name: python::str(key.value()),
                kind: "probe",
                field: "provider",
            });
        };
        let kind = definition.get("type").map(|kind| python::str(&kind)).unwrap_or_default();
        let Some(provider) = provider(&kind) else {
            had_errors = true;
            log::debug!(target: LOG, "Failed to load configuration '{name}': unknown provider type '{kind}'");
            continue;
        };
        // The probe may ask for any secret by its parameter; the definition itself is left alone.
        let definition = definition.shallow_clone();
        definition.insert(
            "secrets",
            Value::list(secrets.entries().into_iter().map(|(key, _)| key.value().clone())),
        );
        let activity: Map = value.as_map().map(Map::shallow_clone).unwrap_or_default();
        activity.insert("provider", Value::Map(definition));
        let call = Call {
            activity,
            configuration: loaded.clone(),
            secrets: secrets.clone(),
            lane: Lane::Main,
            notes: Notes::default(),
        };
        let output = match provider.call(&call).await {
            Outcome::Returned(output) => output,
            Outcome::Failed(failure) | Outcome::Errored(failure) => {
                had_errors = true;
                log::debug!(target: LOG, "Failed to load configuration '{name}': {}", failure.message);
                continue;
            }
            Outcome::Exit(_) => {
                had_errors = true;
                log::debug!(target: LOG, "Failed to load configuration '{name}': the probe asked to exit");
                continue;
            }
        };
        match kind.as_str() {
            "process" => match output.get("status") {
                Some(Value::Int(status)) if status.is_zero() => {
                    let text = output.get("stdout").unwrap_or(Value::Null);
                    loaded.insert(key, Value::from(text.as_str().unwrap_or_default().trim()));
                }
                _ => {
                    had_errors = true;
                    let stderr = python::str(&output.get("stderr").unwrap_or(Value::Null));
                    log::debug!(target: LOG, "Failed to load configuration dynamically from probe '{name}': {stderr}");
                }
            },
            "http" => loaded.insert(key, output.get("body").unwrap_or(Value::Null)),
            _ => loaded.insert(key, output),
        }
    }
    if had_errors {
        log::warn!(
            target: LOG,
            "Some of the dynamic configuration failed to be loaded.\
             Please review the log file for understanding what happened."
        );
    }
    Ok(loaded)
}

/// The entries of a section; an absent or null one has none.
pub(crate) fn section(declared: &Value, name: &'static str) -> Result<Vec<(Key, Value)>, ResolveError> {
    match declared {
        Value::Null => Ok(Vec::new()),
        Value::Map(map) => Ok(map.entries()),
        other => Err(ResolveError::Shape { section: name, found: other.type_name().to_owned() }),
    }
}
