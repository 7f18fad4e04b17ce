//! The secrets of a run, resolved.

use squall_model::redact::Redactor;
use squall_model::{Map, Value, python};

use crate::configuration::{Environment, ResolveError, section};
use crate::log::LOG;
use crate::ports::BoxFuture;

/// A store of secrets outside the experiment (HashiCorp Vault).
pub trait SecretStore {
    /// What is stored for a secret's definition (`path`, optionally `key`); an empty mapping where
    /// there is nothing.
    fn read<'a>(
        &'a self,
        definition: &'a Map,
        configuration: &'a Map,
    ) -> BoxFuture<'a, Result<Value, String>>;
}

/// Where secrets come from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Environment variables.
    pub environment: &'a dyn Environment,
    /// The secret store.
    pub store: &'a dyn SecretStore,
    /// Told about every value that is not written in the experiment itself.
    pub redactor: &'a Redactor,
}

/// Resolves the declared secrets. `overrides` (from variable files) replace whole scopes.
pub fn load<'a>(
    declared: &'a Value,
    configuration: &'a Map,
    overrides: &'a Value,
    sources: Sources<'a>,
) -> BoxFuture<'a, Result<Map, ResolveError>> {
    Box::pin(async move {
        log::debug!(target: LOG, "Loading secrets...");
        let secrets = Map::new();
        for (key, value) in section(declared, "secrets")? {
            let Value::Map(definition) = &value else {
                secrets.insert(key, value);
                continue;
            };
            let replacement =
                overrides.as_map().and_then(|map| map.get_key(&key)).filter(|value| !value.is_null());
            let kind = definition.get("type");
            let kind = kind.as_ref().and_then(|kind| kind.as_str());
            let resolved = match (replacement, kind) {
                (Some(replacement), _) => {
                    redact(sources.redactor, &replacement);
                    replacement
                }
                (None, Some("env")) => {
                    let variable = definition.get("key").ok_or_else(|| ResolveError::MissingField {
                        section: "secrets",
                        name: python::str(key.value()),
                        kind: "env",
                        field: "key",
                    })?;
                    let variable = python::str(&variable);
                    let text = sources
                        .environment
                        .var(&variable)
                        .ok_or(ResolveError::MissingSecretVariable(variable))?;
                    sources.redactor.add(&text);
                    Value::from(text)
                }
                (None, Some("vault")) => {
                    let secret =
                        sources.store.read(definition, configuration).await.map_err(ResolveError::Store)?;
                    redact(sources.redactor, &secret);
                    secret
                }
                (None, _) => Value::Map(load(&value, configuration, &Value::Null, sources).await?),
            };
            secrets.insert(key, resolved);
        }
        log::debug!(target: LOG, "Done loading secrets");
        Ok(secrets)
    })
}

/// Tells the redactor about every text in a resolved secret.
fn redact(redactor: &Redactor, secret: &Value) {
    match secret {
        Value::Str(text) => redactor.add(text),
        Value::List(list) => list.to_vec().iter().for_each(|item| redact(redactor, item)),
        Value::Map(map) => map.values().iter().for_each(|item| redact(redactor, item)),
        Value::Int(_) | Value::Float(_) => redactor.add(&python::str(secret)),
        Value::Null | Value::Bool(_) | Value::Other(_) => {}
    }
}
