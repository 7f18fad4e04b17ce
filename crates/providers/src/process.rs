//! The `process` provider of activities.

pub mod decode;

use std::io;

use squall_engine::log::LOG;
use squall_engine::ports::{BoxFuture, Call, Failure, Outcome, Provider};
use squall_model::expr::{Scope, substitute, substitute_masked};
use squall_model::{Map, Value, python};
use squall_os::environment;
use squall_os::paths::{expand_user, which};
use squall_os::process::{Captured, Command, DEFAULT_OUTPUT_LIMIT, Output};
use std::path::Path;
use std::time::Duration;

/// Names the variable that bounds how much of an output stream is kept, in bytes.
pub const LIMIT_VARIABLE: &str = "SQUALL_MAX_OUTPUT";

/// Carries out activities whose provider is of type `process`.
///
/// The output is a mapping of `status` (`-n` for a process that signal `n` ended), `stdout` and `stderr`.
/// A status other than 0 is an output like any other, with a warning where the activity has no tolerance.
///
/// `arguments` as text go through `/bin/sh`, behind the unquoted path of the program; a list's items become
/// its arguments as Python's `str()` shows them, nulls and empty texts left out; a mapping is such a list of
/// its keys and values.
///
/// The bytes of both streams become text as [`decode::decode`] says. Of each stream the first 16 MiB are kept
/// (`SQUALL_MAX_OUTPUT` sets another number of bytes); where there was more, the text ends in a line that
/// says how many bytes were dropped.
///
/// A timeout, and dropping the call, end the process and all its descendants at once.
#[derive(Clone, Debug)]
pub struct ProcessProvider {
    output_limit: usize,
}

impl Default for ProcessProvider {
    fn default() -> Self {
        ProcessProvider { output_limit: DEFAULT_OUTPUT_LIMIT }
    }
}

impl ProcessProvider {
    /// A provider that keeps at most so many bytes of each output stream.
    pub fn with_output_limit(bytes: usize) -> Self {
        ProcessProvider { output_limit: bytes }
    }

    /// A provider set up from the environment.
    pub fn from_environment() -> Self {
        let Some(text) = environment::var(LIMIT_VARIABLE) else { return Self::default() };
        text.trim().parse().map_or_else(
            |_| {
                log::warn!(
                    target: LOG,
                    "`{LIMIT_VARIABLE}` is `{text}`, which is no number of bytes; {DEFAULT_OUTPUT_LIMIT} is used"
                );
                Self::default()
            },
            Self::with_output_limit,
        )
    }

    async fn run(&self, call: &Call) -> Result<Output, Outcome> {
        let scope = Scope::new(Some(&call.configuration), Some(&call.secrets));
        let provider = match call.activity.get("provider") {
            Some(Value::Map(provider)) => provider,
            _ => return Err(errored("KeyError", "'provider'")),
        };
        let timeout = timeout(provider.get("timeout").as_ref())?;
        let command = command(&provider, &scope)?.output_limit(self.output_limit);
        let ended = match timeout {
            Some(limit) => tokio::time::timeout(limit, command.output()).await.map_err(|_| {
                Outcome::Failed(Failure::activity("process activity took too long to complete"))
            })?,
            None => command.output().await,
        };
        ended.map_err(|error| os_error(&error, &provider))
    }
}

impl Provider for ProcessProvider {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let output = match self.run(call).await {
                Ok(output) => output,
                Err(outcome) => return outcome,
            };
            if output.status > 0 && !call.activity.contains_key("tolerance") {
                log::warn!(
                    target: LOG,
                    "This process returned a non-zero exit code. This may indicate some error and not what you \
                     expected. Please have a look at the logs."
                );
            }
            Outcome::Returned(Value::map([
                ("status", Value::from(i64::from(output.status))),
                ("stdout", self.text(output.stdout)),
                ("stderr", self.text(output.stderr)),
            ]))
        })
    }
}

impl ProcessProvider {
    fn text(&self, captured: Captured) -> Value {
        let mut bytes = captured.bytes;
        if captured.dropped == 0 {
            return Value::from(decode::decode(bytes));
        }
        let cut = incomplete_tail(&bytes);
        bytes.truncate(bytes.len() - cut);
        let dropped = captured.dropped + cut as u64;
        let mut text = decode::decode(bytes);
        text.push_str(&format!(
            "\n[squall: {dropped} more bytes were dropped; {LIMIT_VARIABLE} is {}]\n",
            self.output_limit
        ));
        Value::from(text)
    }
}

/// How many bytes at the end are the beginning of one UTF-8 character that was cut.
fn incomplete_tail(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.len() - error.valid_up_to(),
        _ => 0,
    }
}

/// The command that an activity's provider means.
fn command(provider: &Map, scope: &Scope) -> Result<Command, Outcome> {
    let path = match provider.get("path") {
        Some(Value::Str(path)) => path,
        Some(other) => {
            let found = other.type_name();
            return Err(errored(
                "TypeError",
                format!("expected str, bytes or os.PathLike object, not {found}: `path` must be text"),
            ));
        }
        None => return Err(errored("KeyError", "'path'")),
    };
    let expanded = expand_user(&path);
    let found = which(&expanded);
    let missing = || Outcome::Failed(Failure::activity(format!("path '{path}' cannot be found")));
    let declared = provider.get("arguments").unwrap_or_else(|| Value::list([]));
    let arguments = if declared.is_truthy() && !scope.is_empty() {
        substitute(&declared, scope).map_err(|raised| errored(raised.class, raised.message))?
    } else {
        declared.clone()
    };
    let command = match &arguments {
        Value::Str(text) => {
            let program = match &found {
                Some(program) => program.to_string_lossy(),
                // The reference calls a program named `None`, whether or not there is a file; that the
                // activity comes out with status 127 is kept where there is one.
                None if Path::new(&expanded).is_file() => {
                    log::warn!(target: LOG, "path '{path}' is not executable");
                    "None".into()
                }
                None => return Err(missing()),
            };
            Command::new("/bin/sh").arg("-c").arg(format!("{program} {text}"))
        }
        Value::List(list) => listed(found.as_ref().ok_or_else(missing)?, &list.to_vec()),
        Value::Map(map) => {
            let entries = map.entries().into_iter();
            let flat: Vec<Value> = entries.flat_map(|(key, value)| [key.value().clone(), value]).collect();
            listed(found.as_ref().ok_or_else(missing)?, &flat)
        }
        other => {
            let found = other.type_name();
            return Err(errored(
                "TypeError",
                format!("'{found}' object is not iterable: `arguments` must be text, a list or a mapping"),
            ));
        }
    };
    if log::log_enabled!(target: LOG, log::Level::Debug) {
        let shown = substitute_masked(&declared, scope).unwrap_or(Value::Null);
        let program = found.map_or_else(|| "None".to_owned(), |program| program.display().to_string());
        log::debug!(target: LOG, "Running: {}", running(&program, &shown, scope.is_empty(), &declared));
    }
    Ok(command)
}

/// How the command is shown, its secrets masked.
fn running(program: &str, masked: &Value, plain: bool, declared: &Value) -> String {
    let arguments = if plain { declared } else { masked };
    let items = match arguments {
        Value::Str(text) => return format!("{program} {text}"),
        Value::List(list) => list.to_vec(),
        Value::Map(map) => {
            map.entries().into_iter().flat_map(|(key, value)| [key.value().clone(), value]).collect()
        }
        _ => Vec::new(),
    };
    let items = items.iter().filter(|item| is_given(item)).map(|item| Value::from(python::str(item)));
    python::str(&Value::list(std::iter::once(Value::from(program)).chain(items)))
}

fn is_given(item: &Value) -> bool {
    !item.is_null() && item.as_str() != Some("")
}

fn listed(program: &Path, items: &[Value]) -> Command {
    Command::new(program).args(items.iter().filter(|item| is_given(item)).map(python::str))
}

/// The limit that a `timeout` means: a number of seconds; one that is not above zero has passed at once.
fn timeout(value: Option<&Value>) -> Result<Option<Duration>, Outcome> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::Bool(_) | Value::Int(_) | Value::Float(_))) => {
            let seconds = value.as_f64().unwrap_or_default();
            if seconds.is_nan() {
                return Err(errored(
                    "ValueError",
                    "Invalid value NaN (not a number): `timeout` must be a number",
                ));
            }
            // Beyond the range of durations is beyond any run.
            Ok(Duration::try_from_secs_f64(seconds.max(0.0)).ok())
        }
        Some(other) => {
            let found = other.type_name();
            Err(errored(
                "TypeError",
                format!(
                    "unsupported operand type(s) for +: 'float' and '{found}': `timeout` must be a number of seconds"
                ),
            ))
        }
    }
}

fn errored(class: &str, message: impl Into<String>) -> Outcome {
    Outcome::Errored(Failure::of_class(class, message))
}

/// The failure of a program that cannot be started, as Python words it.
fn os_error(error: &io::Error, provider: &Map) -> Outcome {
    let path = provider.get("path").map(|path| python::repr(&path)).unwrap_or_default();
    let Some(number) = error.raw_os_error() else {
        return match error.kind() {
            io::ErrorKind::InvalidInput => errored("ValueError", "embedded null byte"),
            _ => errored("OSError", error.to_string()),
        };
    };
    let class = match error.kind() {
        io::ErrorKind::NotFound => "FileNotFoundError",
        io::ErrorKind::PermissionDenied => "PermissionError",
        io::ErrorKind::NotADirectory => "NotADirectoryError",
        _ => "OSError",
    };
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text);
    errored(class, format!("[Errno {number}] {text}: {path}"))
}
