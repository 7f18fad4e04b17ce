//! The settings file: reading it, with values from the environment, and changing it.

mod key;
mod template;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use squall_model::redact::Redactor;
use squall_model::{Key, Map, Value, yaml};

pub use key::{KeyPath, Located};

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// There is no such file.
    #[error("No settings file found at {}", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("cannot read the settings file `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file does not hold a mapping.
    #[error("the settings file `{}` must hold a mapping of names to values, found a value of type `{found}`", path.display())]
    NotMapping {
        /// The file.
        path: PathBuf,
        /// The Python name of the type that it holds.
        found: String,
    },
    /// The file cannot be written.
    #[error("cannot write the settings file `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no such entry.
    #[error("the settings have no entry `{key}`; dots inside a name are written `\\.`, items `name[0]`")]
    NoEntry {
        /// The dotted path that was asked for.
        key: String,
    },
}

/// `~/.chaostoolkit/settings.yaml`; relative to the root for a user without a home.
pub fn default_path() -> PathBuf {
    std::env::home_dir().unwrap_or_else(|| PathBuf::from("/")).join(".chaostoolkit/settings.yaml")
}

/// Loads the settings; none when there is no file, when it is empty, or when it is not YAML (which
/// is logged as an error, as the reference does).
///
/// `${NAME}` and `$NAME` in text values are replaced by environment variables (`$$NAME` stands for
/// `$NAME`; unknown names stay). The credentials among the values become known to `redactor`.
///
/// # Errors
/// When there is a file and it cannot be read, or holds something that is no mapping.
pub fn load(path: &Path, redactor: &Redactor) -> Result<Option<Map>, SettingsError> {
    let settings = match load_as_written(path) {
        Err(SettingsError::Missing(path)) => {
            log::debug!("The Chaos Toolkit settings file could not be found at '{}'.", path.display());
            return Ok(None);
        }
        other => other?,
    };
    match &settings {
        value if !value.is_truthy() => Ok(None),
        Value::Map(map) => {
            let map = template::expand_map(map, &|name| squall_os::environment::var(name));
            hide_credentials(&map, redactor);
            Ok(Some(map))
        }
        other => Err(not_mapping(path, other)),
    }
}

/// Loads what the file holds, without values from the environment. A file that is not YAML counts
/// as empty, after an error in the log.
///
/// # Errors
/// When there is no file, or it cannot be read.
pub fn load_as_written(path: &Path) -> Result<Value, SettingsError> {
    let text = read(path)?;
    Ok(yaml::load(&text, &path.to_string_lossy()).unwrap_or_else(|error| {
        log::error!("Failed parsing YAML settings: {error}");
        Value::Null
    }))
}

/// Loads the mapping that the file holds, as [`load_as_written`] does; an empty file holds an empty one.
///
/// # Errors
/// When there is no file, it cannot be read, or it holds something that is no mapping.
pub fn load_mapping(path: &Path) -> Result<Map, SettingsError> {
    match load_as_written(path)? {
        Value::Map(map) => Ok(map),
        value if !value.is_truthy() => Ok(Map::new()),
        other => Err(not_mapping(path, &other)),
    }
}

/// The text of the file.
///
/// # Errors
/// When there is no file, or it cannot be read as UTF-8.
pub fn read(path: &Path) -> Result<String, SettingsError> {
    fs::read_to_string(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SettingsError::Missing(path.to_owned()),
        _ => SettingsError::Read { path: path.to_owned(), source },
    })
}

/// Writes the settings, keys sorted; the file is replaced as a whole or not at all.
///
/// # Errors
/// When the file cannot be written.
pub fn save(path: &Path, settings: &Map) -> Result<(), SettingsError> {
    let text = yaml::dump(&Value::Map(settings.clone()), true);
    squall_os::files::write_atomically(path, squall_os::files::Durability::Forced, |file: &mut dyn Write| {
        file.write_all(text.as_bytes())
    })
    .map_err(|source| SettingsError::Write { path: path.to_owned(), source })
}

fn not_mapping(path: &Path, found: &Value) -> SettingsError {
    SettingsError::NotMapping { path: path.to_owned(), found: found.type_name().to_owned() }
}

/// Makes the credentials known that the settings hold by their form: `auths.<host>.value`, and
/// `Authorization` headers of notifications.
fn hide_credentials(settings: &Map, redactor: &Redactor) {
    let auths = settings.get("auths").as_ref().and_then(Value::as_map).map(Map::values).unwrap_or_default();
    for value in auths.iter().filter_map(|auth| auth.get("value")) {
        hide(&value, redactor);
    }
    let channels = settings.get("notifications").as_ref().and_then(Value::as_list).map(|l| l.to_vec());
    for headers in channels.unwrap_or_default().iter().filter_map(|channel| channel.get("headers")) {
        let entries = headers.as_map().map(Map::entries).unwrap_or_default();
        let is_authorization = |key: &Key| {
            key.as_str().is_some_and(|name| {
                name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("proxy-authorization")
            })
        };
        entries.iter().filter(|(key, _)| is_authorization(key)).for_each(|(_, value)| hide(value, redactor));
    }
}

/// Makes a credential known, and the part of it after its scheme (`Bearer`).
fn hide(credential: &Value, redactor: &Redactor) {
    if let Some(text) = credential.as_str() {
        redactor.add(text);
        if let Some((_, rest)) = text.split_once(' ') {
            redactor.add(rest.trim());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.yaml");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_missing_an_empty_and_a_broken_file_are_no_settings() {
        let redactor = Redactor::new();
        assert!(load(Path::new("/nonexistent/settings.yaml"), &redactor).unwrap().is_none());
        for text in ["", "# nothing\n", "{}", "[]", "a: [b\n"] {
            let (_folder, path) = file(text);
            assert!(load(&path, &redactor).unwrap().is_none(), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_mapping_is_an_error_that_says_so() {
        for (text, found) in [("hello", "str"), ("[1]", "list"), ("12", "int")] {
            let (_folder, path) = file(text);
            let error = load(&path, &Redactor::new()).unwrap_err().to_string();
            assert!(
                error.contains("must hold a mapping") && error.contains(&format!("`{found}`")),
                "{error}"
            );
        }
        let (folder, _) = file("");
        assert!(matches!(load(folder.path(), &Redactor::new()), Err(SettingsError::Read { .. })));
    }

    #[test]
    fn credentials_become_known() {
        let (_folder, path) = file(
            "auths:\n  example.com: {type: bearer, value: hunter22}\nnotifications:\n- type: http\n  headers:\n    \
             authorization: Bearer tok-12345\n    X-Other: visible\n",
        );
        let redactor = Redactor::new();
        load(&path, &redactor).unwrap().unwrap();
        assert_eq!(redactor.mask("hunter22 tok-12345 visible"), "******** ******** visible");
    }

    #[test]
    fn saving_sorts_and_keeps_values() {
        let (_folder, path) = file("b: 1\na:\n  d: ['x', 2.5]\n  c: ${HOME}\n");
        let settings = load_mapping(&path).unwrap();
        save(&path, &settings).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a:\n  c: ${HOME}\n  d:\n  - x\n  - 2.5\nb: 1\n");
    }
}
