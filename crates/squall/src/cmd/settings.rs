//! `squall settings`: reads and changes the settings file.
//!
//! What is shown and written is the file's own content: values from the environment are not filled in.

use std::path::Path;

use squall_model::{Map, Value, json, python, yaml};

use super::Context;
use crate::args::{SettingsArgs, SettingsCommand};
use crate::exit;
use crate::output::{fail, print};
use crate::settings::{KeyPath, Located, SettingsError, load_as_written, load_mapping, save};
use crate::values::indented_json;

/// A change that cannot be made, or an answer that cannot be given.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("`{text}` is not a value in JSON: {reason}; text is written between double quotes")]
    NotJson { text: String, reason: String },
}

/// Carries out the command; gives the exit code.
pub fn execute(args: &SettingsArgs, cx: &Context) -> u8 {
    let path = &cx.settings_path;
    let outcome = match &args.command {
        SettingsCommand::Show { format } => show(path, format),
        SettingsCommand::Get { key, format } => get(path, key, format),
        SettingsCommand::Set { key, value } => set(path, key, value),
        SettingsCommand::Remove { key } => remove(path, key),
    };
    outcome.unwrap_or_else(fail)
}

fn show(path: &Path, format: &str) -> Result<u8, CommandError> {
    let settings = match load_as_written(path)? {
        value if value.is_truthy() => value,
        _ => Value::Map(Map::new()),
    };
    Ok(print(&formatted(&settings, format)))
}

fn get(path: &Path, key: &str, format: &str) -> Result<u8, CommandError> {
    let (_, entry) = locate(path, key)?;
    Ok(print(&formatted(&entry.value, format)))
}

fn set(path: &Path, key: &str, text: &str) -> Result<u8, CommandError> {
    let (settings, entry) = locate(path, key)?;
    let value = json::parse(text)
        .map_err(|error| CommandError::NotJson { text: text.to_owned(), reason: error.to_string() })?;
    entry.set(value);
    save(path, &settings)?;
    Ok(exit::OK)
}

fn remove(path: &Path, key: &str) -> Result<u8, CommandError> {
    let (settings, entry) = locate(path, key)?;
    entry.remove();
    save(path, &settings)?;
    Ok(exit::OK)
}

fn locate(path: &Path, key: &str) -> Result<(Map, Located), SettingsError> {
    let settings = load_mapping(path)?;
    match KeyPath::parse(key).locate(&settings) {
        Some(entry) => Ok((settings, entry)),
        None => Err(SettingsError::NoEntry { key: key.to_owned() }),
    }
}

/// The value in the form that was asked for, and a line end.
fn formatted(value: &Value, format: &str) -> String {
    let text = match format {
        "json" => indented_json(value, 2),
        "string" => python::str(value),
        _ => yaml::dump(value, true),
    };
    text + "\n"
}
