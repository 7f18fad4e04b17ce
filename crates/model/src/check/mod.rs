//! Whether an experiment can be run: the reference's validation, with all findings instead of the
//! first one.
//!
//! Findings come in the order in which the reference looks, so the first error is the one that it
//! would report. Where the reference ends with a traceback there is an error too, unless what it
//! trips over does no harm (a section that is `null`, say).
//!
//! What takes a Python process to find out comes back as [`PythonCheck`]s; [`Report::finish`] puts
//! the answers where they belong.

mod activity;
mod configuration;
mod controls;
mod experiment;
mod hints;
mod provider;
mod python;
mod sample;
mod tolerance;

use std::collections::HashMap;

pub use python::{CheckKind, PythonAnswer, PythonCheck};

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::value::{Map, Str, Value};

/// What a check asks of the machine that the experiment will run on.
pub trait World {
    /// The value of an environment variable, when it is set.
    fn env(&self, name: &str) -> Option<String>;
    /// Looks a program up as the process provider does: `~` stands for the home directory, names
    /// without a slash are looked for along `PATH`.
    fn which(&self, path: &str) -> Lookup;
    /// Whether `value` can be cast to the type `kind`, as the configuration's `env_var_type` asks
    /// for.
    ///
    /// # Errors
    /// When it cannot: why.
    fn cast(&self, kind: &str, value: &Value) -> Result<(), String>;
    /// What is wrong with the provider of an activity of type `aws`, which stands at `at`. Who knows
    /// nothing of AWS finds nothing.
    fn aws(&self, provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
        let _ = (provider, at);
        Vec::new()
    }
    /// The same of the provider of an activity of type `fault`.
    fn fault(&self, provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
        let _ = (provider, at);
        Vec::new()
    }
}

/// What became of looking for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there.
    Found,
    /// There is no such file.
    NotFound,
    /// There is a file, and it cannot be executed.
    NotExecutable,
}

/// What a check found, as far as it is known without Python.
#[derive(Clone, Debug)]
pub struct Report {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    Finding(Diagnostic),
    Python(PythonCheck),
}

impl Report {
    /// The findings that do not depend on Python, in order.
    pub fn diagnostics(&self) -> impl Iterator<Item = &Diagnostic> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Finding(diagnostic) => Some(diagnostic),
            Entry::Python(_) => None,
        })
    }

    /// What is to be asked of Python, in order.
    pub fn python(&self) -> impl Iterator<Item = &PythonCheck> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Python(check) => Some(check),
            Entry::Finding(_) => None,
        })
    }

    /// Whether there is an error among the findings that do not depend on Python.
    pub fn has_errors(&self) -> bool {
        self.diagnostics().any(Diagnostic::is_error)
    }

    /// All findings in order, given the answers to [`Report::python`] in its order. A question
    /// without an answer raises no finding.
    pub fn finish(self, answers: impl IntoIterator<Item = PythonAnswer>) -> Vec<Diagnostic> {
        let mut answers = answers.into_iter();
        self.entries
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::Finding(diagnostic) => Some(diagnostic),
                Entry::Python(check) => check.judge(answers.next().unwrap_or(PythonAnswer::Fine)),
            })
            .collect()
    }
}

/// Checks an experiment. `variables` are the configuration values given for this run (`--var`,
/// `--var-file`): they stand in for what the experiment declares.
pub fn check(experiment: &Value, variables: &HashMap<Str, Value>, world: &dyn World) -> Report {
    let mut checker = Checker { world, variables, entries: Vec::new() };
    checker.experiment(experiment);
    Report { entries: checker.entries }
}

struct Checker<'a> {
    world: &'a dyn World,
    variables: &'a HashMap<Str, Value>,
    entries: Vec<Entry>,
}

impl Checker<'_> {
    fn add(&mut self, diagnostic: Diagnostic) {
        self.entries.push(Entry::Finding(diagnostic));
    }

    fn error(&mut self, code: Code, at: &Pointer, message: impl Into<String>) {
        self.add(Diagnostic::new(code, at, message));
    }

    fn ask(&mut self, check: PythonCheck) {
        self.entries.push(Entry::Python(check));
    }

    /// A part that is of another type than it must be.
    fn wrong_shape(&mut self, at: &Pointer, what: &str, expected: &str, found: &Value) {
        let message = format!("{what} must be {expected}, found {}", described(found));
        self.add(
            Diagnostic::new(Code::WrongShape, at, message).label(format!("this is {}", described(found))),
        );
    }
}

/// The type of a value in the words of documents.
fn described(value: &Value) -> &str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Str(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
        Value::Other(_) => match value.type_name() {
            "date" | "datetime" => "a date",
            "bytes" => "binary data",
            _ => "an object",
        },
    }
}
