//! Values from outside the experiment: `--var` and `--var-file`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use squall_engine::configuration::Variables;
use squall_model::{Map, Str, Value, json, yaml};

use crate::args::Variable;

/// What the command line adds to an experiment.
#[derive(Debug, Default)]
pub struct Given {
    /// Configuration entries by name.
    pub configuration: Variables,
    /// Secret scopes by name.
    pub secrets: Map,
}

/// A variable file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VariablesError {
    /// It cannot be read.
    #[error("Cannot read var file '{}': {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something that is no mapping.
    #[error(
        "the variable file '{}' must hold a mapping with `configuration` and `secrets`, found {found}",
        path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
    },
    /// A line of an environment file is no assignment.
    #[error("the variable file '{}' has a line that is no `NAME=VALUE`: line {line}", path.display())]
    Assignment {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
    },
}

/// Reads variable files and `--var` values, the latter winning; environment files set environment
/// variables for this process and what it starts.
pub fn gather(variables: &[Variable], files: &[PathBuf]) -> Result<Given, VariablesError> {
    let mut given = Given::default();
    for path in files {
        log::debug!("Loading var from file '{}'", path.display());
        read(path, &mut given)?;
    }
    for Variable { key, value } in variables {
        log::debug!("Using configuration variable '{key}'");
        given.configuration.insert(Str::from(key.as_str()), value.clone());
    }
    Ok(given)
}

fn read(path: &Path, given: &mut Given) -> Result<(), VariablesError> {
    let shown = path.display();
    let text =
        fs::read_to_string(path).map_err(|source| VariablesError::Read { path: path.to_owned(), source })?;
    if text.is_empty() {
        log::debug!("Var file '{shown}' is empty");
        return Ok(());
    }
    let parsed = match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => yaml::load(&text, &path.to_string_lossy()).map_err(|error| error.to_string()),
        Some("json") => json::parse(&text).map_err(|error| error.to_string()),
        _ => return set_environment(path, &text),
    };
    let value = match parsed {
        Ok(value) => value,
        Err(error) => {
            log::error!("Failed to parse variable file '{shown}': {error}");
            return Ok(());
        }
    };
    log::debug!("Reading configuration/secrets from {shown}");
    let shape = |found: String| VariablesError::Shape { path: path.to_owned(), found };
    let part = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Map(map)) => Ok(map.entries()),
        Some(other) => Err(shape(format!("a {} as `{name}`", other.type_name()))),
    };
    if !matches!(value, Value::Null | Value::Map(_)) {
        return Err(shape(format!("a {}", value.type_name())));
    }
    for (key, value) in part("configuration")? {
        if let Some(name) = key.as_str() {
            given.configuration.insert(name.into(), value);
        }
    }
    for (key, value) in part("secrets")? {
        given.secrets.insert(key, value);
    }
    Ok(())
}

fn set_environment(path: &Path, text: &str) -> Result<(), VariablesError> {
    for (index, line) in text.split('\n').enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| VariablesError::Assignment { path: path.to_owned(), line: index + 1 })?;
        log::debug!("Inject environment variable '{name}' from file '{}'", path.display());
        squall_os::environment::set(name, value);
    }
    Ok(())
}
