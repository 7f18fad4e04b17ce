//! The log: messages on the console (stderr) and in the log file, in the reference's forms.
//!
//! Every record passes the [`Redactor`] before it reaches either.

mod record;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};
use squall_model::redact::Redactor;

use crate::args::GlobalArgs;
use record::{JsonForm, TextForm};

/// Environment variable that shows the records of libraries too: a level, `debug` for anything else.
const LIBRARIES_VARIABLE: &str = "SQUALL_LOG";

static JSON_CONSOLE: AtomicBool = AtomicBool::new(false);

/// The log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The log file cannot be written.
    #[error(
        "cannot open the log file `{}`: {source}; name another one with `--log-file` or use `--no-log-file`",
        path.display()
    )]
    OpenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Starts logging as the command line asks for; the log file is opened now, so that it does not
/// follow a change of the working directory.
///
/// # Errors
/// When the log file cannot be opened.
pub fn start(args: &GlobalArgs, redactor: Arc<Redactor>) -> Result<(), LoggingError> {
    let console = if args.verbose { LevelFilter::Debug } else { LevelFilter::Info };
    let file = if args.no_log_file { None } else { Some(open(&args.log_file)?) };
    let file_level = match (&file, &*args.log_file_level) {
        (None, _) => LevelFilter::Off,
        (_, "error") => LevelFilter::Error,
        (_, "warning") => LevelFilter::Warn,
        (_, "info") => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    let libraries = std::env::var_os(LIBRARIES_VARIABLE).map_or(LevelFilter::Off, |level| {
        level.to_str().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::Debug)
    });
    let form = if args.log_format == "json" {
        JSON_CONSOLE.store(true, Ordering::Relaxed);
        ConsoleForm::Json(JsonForm::new())
    } else {
        ConsoleForm::Text(TextForm::new(args.verbose, has_colours(&io::stderr())))
    };
    let sinks = Sinks { console: form, file: file.map(|file| (file, TextForm::new(true, false))) };
    let logger = Logger { console, file: file_level, libraries, redactor, sinks: Mutex::new(sinks) };
    log::set_max_level(console.max(file_level).max(libraries));
    // Only tests set a logger twice, and then the first one is as good.
    let _ = log::set_boxed_logger(Box::new(logger));
    Ok(())
}

/// Writes text that is no record (an excerpt of a source) to stderr, unless the console is for programs.
pub fn explain(text: impl std::fmt::Display) {
    if !is_json() {
        crate::output::complain(text);
    }
}

/// Whether the console's records are JSON.
pub fn is_json() -> bool {
    JSON_CONSOLE.load(Ordering::Relaxed)
}

/// Whether escape sequences are understood there: it is a terminal that has colours, and the user
/// did not ask for none (`NO_COLOR`).
pub fn has_colours(stream: &impl IsTerminal) -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    stream.is_terminal() && !no_colour && !dumb
}

fn open(path: &Path) -> Result<File, LoggingError> {
    File::options()
        .append(true)
        .create(true)
        .open(path)
        .map_err(|source| LoggingError::OpenFile { path: path.to_owned(), source })
}

struct Logger {
    /// Least level on the console.
    console: LevelFilter,
    /// Least level in the file.
    file: LevelFilter,
    /// Least level of records that are not Squall's.
    libraries: LevelFilter,
    redactor: Arc<Redactor>,
    sinks: Mutex<Sinks>,
}

struct Sinks {
    console: ConsoleForm,
    file: Option<(File, TextForm)>,
}

enum ConsoleForm {
    Text(TextForm),
    Json(JsonForm),
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let level = metadata.level();
        let shown = level <= self.console || level <= self.file;
        if is_ours(metadata.target()) { shown } else { level <= self.libraries }
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let ours = is_ours(record.target());
        let level = record.level();
        let text = record.args().to_string();
        let message = self.redactor.mask(&text);
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let Sinks { console, file } = &mut *sinks;
        // There is nobody to tell that a message could not be written.
        if !ours || level <= self.console {
            let line = match console {
                ConsoleForm::Text(form) => form.line(record, &message),
                ConsoleForm::Json(form) => form.line(record, &message),
            };
            let _ = io::stderr().write_all(line.as_bytes());
        }
        if let Some((file, form)) = file
            && (!ours || level <= self.file)
        {
            let _ = file.write_all(form.line(record, &message).as_bytes());
        }
    }

    fn flush(&self) {}
}

/// Whether a record comes from Squall, or from what runs on its behalf.
fn is_ours(target: &str) -> bool {
    let root = target.split("::").next().unwrap_or(target);
    root == "chaostoolkit" || root == "squall" || root.starts_with("squall_")
}

/// The reference's name of a record's level.
fn level_name(record: &Record<'_>) -> &'static str {
    match record.level() {
        Level::Error if record.target().ends_with("::critical") => "CRITICAL",
        Level::Error => "ERROR",
        Level::Warn => "WARNING",
        Level::Info => "INFO",
        Level::Debug | Level::Trace => "DEBUG",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_libraries_are_told_apart() {
        for ours in ["squall", "squall_engine::run", "chaostoolkit", "chaostoolkit::critical"] {
            assert!(is_ours(ours), "{ours}");
        }
        for library in ["hyper::proto", "squallish", "rustls", "chaostoolkit_other", ""] {
            assert!(!is_ours(library), "{library}");
        }
    }
}
