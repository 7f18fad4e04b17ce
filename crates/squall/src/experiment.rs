//! From the command line to a checked experiment: what `run` and `validate` have in common.

use std::fs;
use std::path::{Path, PathBuf};

use squall_aws::provider::{Aws, Verdict};
use squall_engine::apply_loader_controls;
use squall_engine::configuration::Variables;
use squall_engine::ports::Controls;
use squall_model::check::{self, CheckKind, PythonAnswer, PythonCheck};
use squall_model::diagnostic::{Diagnostic, Severity};
use squall_model::document::Document;
use squall_model::{Map, Value, json, python, yaml};
use squall_providers::python::{ActivityAnswer, ActivityCheck, ControlAnswer};

use crate::logging;
use crate::render;
use crate::source::{self, SourceError};
use crate::wiring::{Adapters, CheckWorld};

/// Reads the controls of the settings and of control files, leaving out those whose module cannot be
/// imported.
///
/// # Errors
/// When a control file cannot be read or holds no mapping.
pub async fn global_controls(
    settings: &Value,
    files: &[PathBuf],
    controls: &dyn Controls,
) -> Result<Vec<Map>, String> {
    let mut loaded = Vec::new();
    if let Some(Value::Map(declared)) = settings.get("controls") {
        for (name, control) in declared.entries() {
            log::debug!("Loading global control '{}'", python::str(name.value()));
            add_control(&mut loaded, name.value(), &control, controls).await;
        }
    }
    for path in files {
        let Some(declared) = control_file(path)? else { continue };
        for (name, control) in declared.entries() {
            let shown = python::str(name.value());
            log::debug!("Loading global control '{shown}' from {}", path.display());
            add_control(&mut loaded, name.value(), &control, controls).await;
        }
    }
    Ok(loaded)
}

async fn add_control(loaded: &mut Vec<Map>, name: &Value, control: &Value, controls: &dyn Controls) {
    let Value::Map(control) = control else { return };
    control.insert("name", name.clone());
    let provider = control.get("provider");
    let is_python = provider
        .and_then(|provider| provider.get("type"))
        .is_some_and(|kind| kind.as_str() == Some("python"));
    if !is_python || controls.import(control).await {
        loaded.push(control.clone());
    }
}

fn control_file(path: &Path) -> Result<Option<Map>, String> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read the control file '{shown}': {error}"))?;
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = match path.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => yaml::load(&text, &path.to_string_lossy()).map_err(|error| error.to_string()),
        Some("json") | None => json::parse(&text).map_err(|error| error.to_string()),
        Some(other) => {
            return Err(format!(
                "the control file '{shown}' ends in `.{other}`; expected `.json`, `.yaml` or `.yml`"
            ));
        }
    };
    match parsed {
        Ok(Value::Map(map)) => Ok(Some(map)),
        Ok(Value::Null) => Ok(None),
        Ok(other) => Err(format!(
            "the control file '{shown}' must hold a mapping of names to controls, found a {}",
            other.type_name()
        )),
        Err(error) => {
            log::error!("Failed to parse control file '{shown}': {error}");
            Ok(None)
        }
    }
}

/// Loads the experiment between the loader's controls. What is wrong has been logged when it is `Err`,
/// which has the error's text.
pub async fn load(
    source: &str,
    settings: &Value,
    verify_tls: bool,
    globals: &[Map],
    controls: &dyn Controls,
) -> Result<Document, String> {
    let before = apply_loader_controls(controls, globals, true, source, &Value::Null, settings).await;
    let loaded = match before {
        Ok(()) => source::load(source, settings, verify_tls).await,
        Err(text) => {
            log::error!("{text}");
            return Err(text);
        }
    };
    let state = loaded.as_ref().map_or(Value::Null, |document| document.value.clone());
    let after = apply_loader_controls(controls, globals, false, source, &state, settings).await;
    let document = loaded.map_err(|error| {
        report_source(source, &error);
        error.to_string()
    })?;
    after.inspect_err(|text| log::error!("{text}"))?;
    Ok(document)
}

fn report_source(name: &str, error: &SourceError) {
    log::error!("{error}");
    log::debug!("{error}");
    if let SourceError::Syntax { text, error, .. } = error {
        logging::explain(render::syntax_error(name, text, error));
    }
}

/// Everything that is wrong with the experiment, in the order in which the reference would find it.
///
/// `given` are the configuration values of the command line.
pub async fn find_problems(experiment: &Value, given: &Variables, adapters: &Adapters) -> Vec<Diagnostic> {
    log::info!("Validating the experiment's syntax");
    let report = check::check(experiment, given, &CheckWorld);
    let checks: Vec<PythonCheck> = report.python().cloned().collect();
    report.finish(ask(adapters, &checks).await)
}

/// Answers what can be answered here, and asks Python the rest, all activities at once. Without an
/// interpreter each question has that as its answer.
async fn ask(adapters: &Adapters, checks: &[PythonCheck]) -> Vec<PythonAnswer> {
    let worker = &adapters.python;
    let native: Vec<_> = checks.iter().map(|check| answer_natively(&adapters.aws, check)).collect();
    let for_python = || {
        checks.iter().zip(&native).filter_map(|(check, known)| {
            (known.is_none() && check.kind == CheckKind::Activity).then_some(check)
        })
    };
    let activities = for_python().map(|check| ActivityCheck {
        module: check.module.clone(),
        func: check.func.clone(),
        arguments: Value::Map(check.arguments.clone()),
    });
    let mut activities = match worker.check_activities(activities.collect()).await {
        Ok(answers) => answers.into_iter().map(answer_for_activity).collect::<Vec<_>>(),
        Err(error) => vec![PythonAnswer::ImportRaised(error.to_string()); for_python().count()],
    }
    .into_iter();
    let mut answers = Vec::with_capacity(checks.len());
    for (check, known) in checks.iter().zip(native) {
        answers.push(match (known, check.kind) {
            (Some(answer), _) => answer,
            (None, CheckKind::Activity) => activities.next().unwrap_or(PythonAnswer::Fine),
            (None, CheckKind::Control) => match worker.validate_control(&check.definition).await {
                Ok(ControlAnswer::Ok) => PythonAnswer::Fine,
                Ok(ControlAnswer::NotImportable) => PythonAnswer::NotImportable,
                Ok(ControlAnswer::ImportRaised(text)) => PythonAnswer::ImportRaised(text),
                Ok(ControlAnswer::Refused(text) | ControlAnswer::Raised(text)) => {
                    PythonAnswer::ValidateRaised(text)
                }
                Err(error) => PythonAnswer::ImportRaised(error.to_string()),
            },
        });
    }
    answers
}

/// What is known of functions and controls that are carried out without Python.
fn answer_natively(aws: &Aws, check: &PythonCheck) -> Option<PythonAnswer> {
    match check.kind {
        CheckKind::Control => aws.has_control(&check.module).then_some(PythonAnswer::Fine),
        CheckKind::Activity => {
            let verdict = aws.check(&check.module, &check.func, &check.arguments)?;
            Some(match verdict {
                Verdict::Fine => PythonAnswer::Fine,
                Verdict::NoFunction => PythonAnswer::NoFunction,
                Verdict::Missing(argument) => PythonAnswer::Missing(argument),
                Verdict::Unexpected(argument) => PythonAnswer::Unexpected(argument),
            })
        }
    }
}

fn answer_for_activity(answer: ActivityAnswer) -> PythonAnswer {
    match answer {
        ActivityAnswer::Ok => PythonAnswer::Fine,
        ActivityAnswer::NotImportable => PythonAnswer::NotImportable,
        ActivityAnswer::ImportRaised(text) => PythonAnswer::ImportRaised(text),
        ActivityAnswer::NoFunction => PythonAnswer::NoFunction,
        ActivityAnswer::Missing(argument) => PythonAnswer::Missing(argument),
        ActivityAnswer::Unexpected(argument) => PythonAnswer::Unexpected(argument),
        ActivityAnswer::Other(text) => PythonAnswer::Other(text),
    }
}

/// Whether any of these makes the experiment invalid.
pub fn first_error(diagnostics: &[Diagnostic]) -> Option<&Diagnostic> {
    diagnostics.iter().find(|diagnostic| diagnostic.is_error())
}

/// Tells what is wrong: the first error in the reference's words, then all with their places.
pub fn report_problems(document: &Document, diagnostics: &[Diagnostic]) {
    for warning in diagnostics.iter().filter(|diagnostic| diagnostic.severity() == Severity::Warning) {
        log::warn!("{}", warning.message);
    }
    if let Some(error) = first_error(diagnostics) {
        log::error!("{}", error.message);
        log::debug!("{}", error.message);
    }
    if logging::is_json() {
        // A program that reads the records gets the other errors as records too.
        for error in diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).skip(1) {
            let place = error.resolve(document);
            log::error!("{} ({}:{}:{})", error.message, document.name, place.line, place.column);
        }
    } else if !diagnostics.is_empty() {
        logging::explain(render::diagnostics(document, diagnostics));
    }
}
