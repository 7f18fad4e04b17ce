//! `squall init`: makes an experiment from answers, and from what `discover` found.

mod activities;
mod aws;
mod prompt;

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use squall_model::{Map, Value, json, yaml};

use super::Context;
use crate::args::InitArgs;
use crate::output::{complain, fail};
use crate::settings::{self, SettingsError};
use crate::values::indented_json;
use crate::{exit, logging, notify};
use prompt::{Look, PromptError, Prompter};

const WELCOME: &str = "You are about to create an experiment.
This wizard will walk you through each step so that you can build
the best experiment for your needs.

An experiment is made up of three elements:
- a steady-state hypothesis [OPTIONAL]
- an experimental method
- a set of rollback activities [OPTIONAL]

Only the method is required. Also your experiment will
not run unless you define at least one activity (probe or action)
within it";

const ABOUT_HYPOTHESIS: &str = "
A steady state hypothesis defines what 'normality' looks like in your system
The steady state hypothesis is a collection of conditions that are used,
at the beginning of an experiment, to decide if the system is in a recognised
'normal' state. The steady state conditions are then used again when your experiment
 is complete to detect where your system may have deviated in an interesting,
weakness-detecting way

Initially you may not know what your steady state hypothesis is
and so instead you might create an experiment without one
This is why the stead state hypothesis is optional.";

const ABOUT_METHOD: &str = "
An experiment's method contains actions and probes. Actions
vary real-world events in your system to determine if your
steady-state hypothesis is maintained when those events occur.

An experimental method can also contain probes to gather additional
information about your system as your method is executed.";

const ABOUT_ROLLBACKS: &str = "
An experiment may optionally define a set of remedial actions
that are used to rollback the system to a given state.";

/// Why there is no experiment.
#[derive(Debug, thiserror::Error)]
enum InitError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Prompt(#[from] PromptError),
    #[error("cannot read the discovery `{}`: {reason}; make it with `discover`", path.display())]
    Discovery { path: PathBuf, reason: String },
    #[error("cannot write the experiment to `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// Carries out the command; gives the exit code.
pub fn execute(args: &InitArgs, cx: &Context) -> u8 {
    if args.target.is_some() {
        return aws::execute(args, cx.program());
    }
    match initialise(args, cx) {
        Ok(()) => exit::OK,
        Err(InitError::Prompt(PromptError::Aborted)) => {
            complain(PromptError::Aborted);
            exit::FAILED
        }
        Err(error) => fail(error),
    }
}

fn initialise(args: &InitArgs, cx: &Context) -> Result<(), InitError> {
    let settings = settings::load(&cx.settings_path, &cx.redactor)?.map_or(Value::Null, Value::Map);
    notify::send(&settings, "init-started", &Value::Null, None);
    let stdout = io::stdout();
    let colours = logging::has_colours(&stdout);
    let mut prompter = Prompter::new(io::stdin().lock(), stdout.lock(), colours);
    prompter.tell(WELCOME, Some(Look::Blue))?;
    let offered = offered_activities(&args.discovery_path)?;
    if offered.is_none() {
        prompter.tell("No discovery was found, let's create an empty experiment", None)?;
    }
    let experiment = Value::Map(compose(&mut prompter, offered.as_deref())?);
    write(&args.experiment_path, &experiment)?;
    prompter
        .tell(&format!("\nExperiment created and saved in '{}'", args.experiment_path.display()), None)?;
    notify::send(&settings, "init-completed", &experiment, None);
    Ok(())
}

/// Asks for all parts of an experiment. `offered` are the activities of a discovery, if there is one.
fn compose<R: BufRead, W: Write>(
    prompter: &mut Prompter<R, W>,
    offered: Option<&[Value]>,
) -> Result<Map, PromptError> {
    let of_type = |name: &str| -> Vec<Value> {
        let of_type =
            |activity: &&Value| activity.get("type").is_some_and(|kind| kind.as_str() == Some(name));
        offered.unwrap_or_default().iter().filter(of_type).cloned().collect()
    };
    let title = prompter.ask_text("Experiment's title")?;
    let experiment: Map =
        [("title", Value::from(title)), ("description", Value::from("N/A")), ("tags", Value::list([]))]
            .into_iter()
            .collect();
    prompter.tell(ABOUT_HYPOTHESIS, Some(Look::Blue))?;
    if prompter.confirm("Do you want to define a steady state hypothesis now?")? {
        let title = prompter.ask_text("Hypothesis's title")?;
        let mut probes = Vec::new();
        if offered.is_some() {
            let explanation =
                "\nYou may now define probes that will determine\nthe steady-state of your system.";
            prompter.tell(explanation, Some(Look::Blue))?;
            probes = activities::choose(prompter, &of_type("probe"), true)?;
        }
        let hypothesis = Value::map([("title", Value::from(title)), ("probes", Value::list(probes))]);
        experiment.insert("steady-state-hypothesis", hypothesis);
    }
    // The reference leaves the method out where nothing was discovered, and then refuses its own file.
    let method = match offered {
        Some(offered) => {
            prompter.tell(ABOUT_METHOD, Some(Look::Blue))?;
            choose_if_wanted(prompter, "Do you want to define an experimental method?", offered)?
        }
        None => None,
    };
    experiment.insert("method", Value::list(method.unwrap_or_default()));
    if offered.is_some() {
        prompter.tell(ABOUT_ROLLBACKS, Some(Look::Blue))?;
        let question = "Do you want to add some rollbacks now?";
        if let Some(rollbacks) = choose_if_wanted(prompter, question, &of_type("action"))? {
            experiment.insert("rollbacks", Value::list(rollbacks));
        }
    }
    Ok(experiment)
}

fn choose_if_wanted<R: BufRead, W: Write>(
    prompter: &mut Prompter<R, W>,
    question: &str,
    offered: &[Value],
) -> Result<Option<Vec<Value>>, PromptError> {
    if prompter.confirm(question)? {
        activities::choose(prompter, offered, false).map(Some)
    } else {
        Ok(None)
    }
}

/// The activities of the discovery in the file; none when there is no such file.
fn offered_activities(path: &Path) -> Result<Option<Vec<Value>>, InitError> {
    let unusable = |reason: String| InitError::Discovery { path: path.to_owned(), reason };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let discovery = json::parse(&text).map_err(|error| unusable(error.to_string()))?;
    match discovery.get("activities").as_ref().and_then(Value::as_list) {
        Some(activities) => Ok(Some(activities.to_vec())),
        None => Err(unusable("it has no list `activities`".to_owned())),
    }
}

fn write(path: &Path, experiment: &Value) -> Result<(), InitError> {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    let text = match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => yaml::dump(experiment, false),
        _ => indented_json(experiment, 4),
    };
    squall_os::files::write_atomically(path, squall_os::files::Durability::Forced, |file| {
        file.write_all(text.as_bytes())
    })
    .map_err(|source| InitError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed(answers: &str, discovery: Option<&str>) -> (Value, String) {
        let mut questions = Vec::new();
        let offered = discovery.map(|text| json::parse(text).unwrap().as_list().unwrap().to_vec());
        let mut prompter = Prompter::new(answers.as_bytes(), &mut questions, false);
        let experiment = compose(&mut prompter, offered.as_deref()).unwrap();
        (experiment.into(), String::from_utf8(questions).unwrap())
    }

    #[test]
    fn without_a_discovery_the_experiment_is_empty_and_complete() {
        let (experiment, _) = composed("my title\nn\n", None);
        let text = r#"{"title": "my title", "description": "N/A", "tags": [], "method": []}"#;
        assert!(experiment.identical(&json::parse(text).unwrap()), "{experiment:?}");
    }

    #[test]
    fn activities_are_chosen_and_filled_in() {
        let discovery = r#"[
            {"type": "probe", "name": "p", "mod": "m", "doc": "Looks.", "arguments": [
                {"name": "n", "type": "integer", "default": 5}, {"name": "secrets", "default": null},
                {"name": "x", "type": "string", "default": null}, {"name": "y", "type": "boolean"}]},
            {"type": "action", "name": "a", "mod": "m", "doc": null, "arguments": []}]"#;
        let answers = "t\ny\nh\n7\n1\ny\n200\n\n\nyes\nn\ny\n2\nn\ny\n2\ny\nn\nn\n";
        let (experiment, questions) = composed(answers, Some(discovery));
        let expected = r#"{"title": "t", "description": "N/A", "tags": [],
            "steady-state-hypothesis": {"title": "h", "probes": [{"type": "probe", "name": "p", "provider":
                {"type": "python", "module": "m", "func": "p", "arguments": {"n": 5, "x": null, "y": true}},
                "tolerance": "200"}]},
            "method": [{"type": "action", "name": "a", "provider":
                {"type": "python", "module": "m", "func": "a", "arguments": {}}}]}"#;
        assert!(experiment.identical(&json::parse(expected).unwrap()), "{experiment:?}");
        assert!(questions.contains("\nLooks.\nDo you want to use this probe? [y/N]: "), "{questions}");
        assert!(
            questions.contains("Argument's value for 'n' [5]: Argument's value for 'x' []: "),
            "{questions}"
        );
    }
}
