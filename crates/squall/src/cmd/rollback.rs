//! `squall rollback`: the rollbacks that a killed run did not come to.

use std::io::{self, BufRead, IsTerminal, Write};
use std::rc::Rc;
use std::sync::Arc;

use squall_engine::{EventSink, Schedule, Setup, Strategy};
use squall_model::event::{ActivityStatus, Place, RunEvent, RunEventKind, RunStarted, Section};
use squall_model::{List, Map, Str, Value, python};

use super::Context;
use crate::args::RollbackArgs;
use crate::cmd::run::resolve;
use crate::program::{Program, REFERENCE_LIBRARY};
use crate::runlog::{self, RunLog};
use crate::variables;
use crate::wiring::{Adapters, block_on};
use crate::{aws_options, exit, output, settings};

/// Carries out the command; gives the exit code.
pub fn execute(args: &RollbackArgs, cx: &Context) -> u8 {
    let recorded = match runlog::read(&args.run_log) {
        Ok(recorded) => recorded,
        Err(error) => return output::fail(error),
    };
    let unplayed = match Unplayed::of(&recorded.events) {
        Ok(unplayed) => unplayed,
        Err(nothing) => {
            log::info!("{nothing}");
            return exit::OK;
        }
    };
    log::info!("Rollbacks that were not played, or not to their end:");
    for name in unplayed.names() {
        log::info!("  {name}");
    }
    if !args.yes && !confirmed() {
        log::info!("Nothing was played. `--yes` plays them without asking.");
        return exit::FAILED;
    }
    block_on(async {
        let adapters = Adapters::new();
        let code = play(&unplayed, args, cx, &adapters).await;
        adapters.python.shutdown().await;
        code
    })
}

/// What is left to be played of a run.
struct Unplayed {
    started: RunStarted,
    experiment: Map,
    rollbacks: Vec<Value>,
}

impl Unplayed {
    /// The rollbacks of the run that these events tell of, less those that came to an outcome. `Err`
    /// says why there is nothing to play.
    fn of(events: &[RunEvent]) -> Result<Unplayed, &'static str> {
        let Some(RunEventKind::RunStarted(started)) = events.first().map(|event| &event.kind) else {
            return Err("The run log does not begin with the start of a run: there is nothing to play.");
        };
        if events.iter().any(|event| matches!(event.kind, RunEventKind::RunEnded { .. })) {
            return Err("The run came to its end: it played the rollbacks that its strategy asked for.");
        }
        let acted = |event: &RunEvent| matches!(event.kind, RunEventKind::SectionStarted(Section::Method));
        if !events.iter().any(acted) {
            return Err("The run was ended before its method began: there is nothing to roll back.");
        }
        let Some(Value::Map(experiment)) = started.journal.get("experiment") else {
            return Err("The run log has no experiment: there is nothing to play.");
        };
        let rollbacks = match experiment.get("rollbacks") {
            Some(Value::List(rollbacks)) => remaining(rollbacks.to_vec(), events),
            _ => Vec::new(),
        };
        if rollbacks.is_empty() {
            return Err("Every rollback of the run was played, or it declares none.");
        }
        Ok(Unplayed { started: started.clone(), experiment, rollbacks })
    }

    fn names(&self) -> Vec<String> {
        let name =
            |rollback: &Value| rollback.get("name").or_else(|| rollback.get("ref")).unwrap_or_default();
        self.rollbacks.iter().map(|rollback| python::str(&name(rollback))).collect()
    }
}

/// The rollbacks without those that ended with an outcome. One that was under way when the run was
/// killed is played again.
fn remaining(mut rollbacks: Vec<Value>, events: &[RunEvent]) -> Vec<Value> {
    let mut open: Vec<(u64, Value)> = Vec::new();
    for event in events {
        match &event.kind {
            RunEventKind::ActivityStarted { entry, place: Place::Section(Section::Rollbacks), content } => {
                open.push((*entry, content.get("activity").unwrap_or_default()));
            }
            RunEventKind::ActivityEnded {
                entry,
                status: Some(ActivityStatus::Succeeded | ActivityStatus::Failed),
                ..
            } => {
                let Some((_, activity)) = open.iter().find(|(id, _)| id == entry) else { continue };
                let name = activity.get("name");
                let is_it = |rollback: &Value| rollback.identical(activity) || rollback.get("ref") == name;
                if let Some(index) = rollbacks.iter().position(is_it) {
                    rollbacks.remove(index);
                }
            }
            _ => {}
        }
    }
    rollbacks
}

fn confirmed() -> bool {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return false;
    }
    let mut stderr = io::stderr();
    // Whether or not the question can be shown, only a "y" plays anything.
    let _ = write!(stderr, "Play them now? [y/N]: ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let _ = stdin.lock().read_line(&mut answer);
    matches!(answer.trim(), "y" | "Y" | "yes")
}

async fn play(unplayed: &Unplayed, args: &RollbackArgs, cx: &Context, adapters: &Adapters) -> u8 {
    let settings = match settings::load(&cx.settings_path, &cx.redactor) {
        Ok(settings) => settings,
        Err(error) => return output::fail(error),
    };
    let given = match variables::gather(&args.var, &args.var_file) {
        Ok(given) => given,
        Err(error) => return output::fail(error),
    };
    if let Err(error) = std::env::set_current_dir(&*unplayed.started.directory) {
        return output::fail(format_args!(
            "cannot change to `{}`, where the run was started: {error}",
            unplayed.started.directory
        ));
    }
    let experiment = Value::Map(unplayed.experiment.clone());
    let shown_settings = Value::Map(settings.clone().unwrap_or_default());
    if let Err(error) = aws_options::configure(&adapters.aws, &experiment, &shown_settings, false, None) {
        return output::fail(error);
    }
    let (configuration, secrets) = match resolve(&unplayed.experiment, &given, adapters, &cx.redactor).await {
        Ok(resolved) => resolved,
        Err(error) => return output::fail(error),
    };
    let experiment = unplayed.experiment.shallow_clone();
    experiment.insert("rollbacks", Value::List(unplayed.rollbacks.iter().cloned().collect::<List>()));

    let id: Str = uuid::Uuid::new_v4().to_string().into();
    let sinks = match RunLog::create(&id) {
        Ok(log) => vec![Rc::new(log) as Rc<dyn EventSink>],
        Err(error) => return output::fail(format_args!("cannot keep a run log: {error}")),
    };
    let setup = Setup {
        experiment,
        configuration,
        secrets,
        settings_loaded: settings.is_some(),
        settings: Value::Map(settings.unwrap_or_default()),
        globals: Vec::new(),
        strategy: Strategy::Skip,
        rollbacks: "always".into(),
        schedule: Schedule::default(),
        dry: None,
        chaoslib_version: REFERENCE_LIBRARY.to_owned(),
        platform: squall_os::host::platform(),
        node: squall_os::host::name(),
        id,
        version: Program::SQUALL.version.into(),
        source: unplayed.started.source.clone(),
        directory: unplayed.started.directory.clone(),
    };
    let signals = match adapters.watch_signals() {
        Ok(signals) => signals,
        Err(error) => return output::fail(format_args!("cannot listen for signals: {error}")),
    };
    let finished = squall_engine::roll_back(adapters.world(sinks, Arc::clone(&cx.redactor)), setup).await;
    signals.abort();
    let _ = signals.await;
    let Some(Value::List(played)) = finished.journal.get("rollbacks") else { return exit::FAILED };
    let failed = played
        .to_vec()
        .into_iter()
        .filter(|entry| entry.get("status").is_none_or(|status| status.as_str() != Some("succeeded")));
    match failed.count() {
        0 => exit::OK,
        count => output::fail(format_args!("{count} of {} rollbacks failed", played.len())),
    }
}
