//! The execution of one activity: controls, pauses, the call, and its entry in the journal.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use squall_model::event::{ActivityStatus, EntryId, Place, RunEventKind};
use squall_model::expr::substitute::substitute;
use squall_model::{Map, Str, Value, python, time};

use crate::control::Level;
use crate::halt::Halt;
use crate::log::LOG;
use crate::ports::{Call, Failure, Lane, Notes, Outcome};
use crate::run::Run;
use crate::strategy::Dry;

/// An execution that came to an outcome.
pub(crate) struct Execution {
    pub(crate) id: EntryId,
    /// The journal's entry.
    pub(crate) entry: Map,
}

impl Execution {
    pub(crate) fn output(&self) -> Value {
        self.entry.get("output").unwrap_or(Value::Null)
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.entry.get("status").is_some_and(|status| status.as_str() == Some("failed"))
    }
}

impl Run {
    /// Executes an activity. `Err` when the flow of the run is to be left.
    pub(crate) async fn execute(
        self: &Rc<Self>,
        activity: &Value,
        lane: Lane,
        place: Place,
    ) -> Result<Execution, Halt> {
        let activity = self.resolve(activity)?;
        let state = RefCell::new(Value::Null);
        let body = async {
            let execution = self.execute_between_controls(&activity, lane, place).await?;
            *state.borrow_mut() = Value::Map(execution.entry.clone());
            Ok(execution)
        };
        let result = self.with_controls(Level::Activity, &activity, lane, &state, pin!(body)).await;
        if let Ok(execution) = &result {
            self.recorder.note_entry(execution.id);
        }
        result
    }

    /// The activity, or the one that it refers to.
    fn resolve(&self, activity: &Value) -> Result<Map, Halt> {
        let Value::Map(activity) = activity else {
            let found = activity.type_name();
            return Err(Halt::error("TypeError", format!("an activity must be a mapping, found {found}")));
        };
        let reference = match activity.get("ref") {
            Some(reference) if reference.is_truthy() => reference,
            _ => return Ok(activity.clone()),
        };
        let target = reference.as_str().and_then(|name| self.named.get(name));
        target.cloned().ok_or_else(|| {
            let reference = python::str(&reference);
            Halt::Error(Failure::activity(format!("could not find referenced activity '{reference}'")), None)
        })
    }

    async fn execute_between_controls(
        self: &Rc<Self>,
        activity: &Map,
        lane: Lane,
        place: Place,
    ) -> Result<Execution, Halt> {
        let kind = activity.get("type").ok_or_else(|| Halt::error("KeyError", "'type'"))?;
        let kind = python::str(&kind);
        let own_dry = activity.get("dry").as_ref().and_then(Dry::from_value);
        let dry = own_dry.or(self.dry);
        let is_dry = dry.is_some_and(|dry| dry.skips(&kind));
        let pauses = match activity.get("pauses") {
            None => Value::Map(Map::new()),
            Some(pauses) => substitute(&pauses, &self.scope())?,
        };
        if !matches!(pauses, Value::Map(_)) {
            let found = pauses.type_name();
            return Err(Halt::error("AttributeError", format!("'{found}' object has no attribute 'get'")));
        }
        let sleeps = dry != Some(Dry::Pause) && !is_dry;
        self.pause(pauses.get("before"), "Pausing before next activity for", sleeps, lane).await?;

        let name = python::str(&activity.get("name").unwrap_or(Value::Null));
        let background = activity.get("background").is_some_and(|flag| flag.is_truthy());
        let suffix = if background { " [in background]" } else { "" };
        log::info!(target: LOG, "{}: {name}{suffix}", title_case(&kind));

        let id = self.recorder.next_id();
        let started = self.recorder.now();
        let content: [(&str, Value); 3] = [
            ("activity", Value::Map(activity.shallow_clone())),
            ("output", Value::Null),
            ("start", Value::from(time::iso_from_micros(started))),
        ];
        let entry: Map = content.into_iter().collect();
        self.recorder.emit(RunEventKind::ActivityStarted { entry: id, place, content: entry.clone() });
        self.notify("start_activity", vec![Value::Map(activity.clone())], lane).await;

        let called = if is_dry {
            log::debug!(target: LOG, "Activity {name} is in dry mode");
            Ok(Outcome::Returned(Value::Null))
        } else {
            let run = Rc::clone(self);
            let hear = move |note| run.recorder.emit(RunEventKind::Noted { entry: id, note });
            self.call(activity, lane, Notes::new(Rc::new(hear))).await
        };
        let (ended, halt) = self.conclude(called, id);
        self.emit_end(id, started, ended);
        self.notify(
            "activity_completed",
            vec![Value::Map(activity.clone()), Value::Map(entry.clone())],
            lane,
        )
        .await;
        // After an unexpected error the reference still pauses; after a request to end the run we do not.
        if matches!(halt, None | Some(Halt::Error(..))) {
            self.pause(pauses.get("after"), "Pausing after activity for", sleeps, lane).await?;
        }
        match halt {
            Some(halt) => Err(halt),
            None => Ok(Execution { id, entry }),
        }
    }

    /// What is recorded of an outcome, and whether the flow is to be left.
    fn conclude(&self, called: Result<Outcome, Halt>, id: EntryId) -> (Ended, Option<Halt>) {
        match called {
            Ok(Outcome::Returned(output)) => {
                if output.is_null() {
                    log::debug!(target: LOG, "  => succeeded without any result value");
                } else if log::log_enabled!(target: LOG, log::Level::Debug) {
                    log::debug!(target: LOG, "  => succeeded with '{}'", python::str(&output));
                }
                (Ended { status: Some(ActivityStatus::Succeeded), output, exception: Vec::new() }, None)
            }
            Ok(Outcome::Failed(failure)) => {
                log::error!(target: LOG, "  => failed: {}", failure.message);
                let exception =
                    failure.exception.iter().map(|line| Str::from(&*self.world.redactor.mask(line)));
                let exception = exception.collect();
                (Ended { status: Some(ActivityStatus::Failed), output: Value::Null, exception }, None)
            }
            Ok(Outcome::Errored(failure)) => (Ended::default(), Some(Halt::Error(failure, Some(id)))),
            Ok(Outcome::Exit(exit)) => (Ended::default(), Some(exit.into())),
            Err(halt) => (Ended::default(), Some(halt)),
        }
    }

    fn emit_end(&self, id: EntryId, started: i64, ended: Ended) {
        let end = self.recorder.now();
        self.recorder.emit(RunEventKind::ActivityEnded {
            entry: id,
            status: ended.status,
            output: ended.output,
            exception: ended.exception,
            end: time::iso_from_micros(end).into(),
            duration: end.saturating_sub(started).max(0) as f64 / 1e6,
        });
    }

    /// Calls an activity's provider, without anything around it.
    pub(crate) async fn call(&self, activity: &Map, lane: Lane, notes: Notes) -> Result<Outcome, Halt> {
        let Some(Value::Map(provider)) = activity.get("provider") else {
            return Err(Halt::error("KeyError", "'provider'"));
        };
        let kind = provider.get("type").ok_or_else(|| Halt::error("KeyError", "'type'"))?;
        let Some(provider) = kind.as_str().and_then(|kind| self.world.providers.get(kind)) else {
            // As the reference does when validation was left out.
            return Ok(Outcome::Returned(Value::Null));
        };
        let call = Call {
            activity: activity.clone(),
            configuration: self.configuration.clone(),
            secrets: self.secrets.clone(),
            lane,
            notes,
        };
        self.on_lane(lane, provider.call(&call)).await
    }

    async fn pause(&self, pause: Option<Value>, what: &str, sleeps: bool, lane: Lane) -> Result<(), Halt> {
        let Some(pause) = pause.filter(|pause| pause.is_truthy()) else { return Ok(()) };
        log::info!(target: LOG, "{what} {}s...", python::str(&pause));
        if !sleeps {
            return Ok(());
        }
        let Some(seconds) = pause.as_f64() else {
            let found = pause.type_name();
            return Err(Halt::error(
                "TypeError",
                format!("'{found}' object cannot be interpreted as an integer"),
            ));
        };
        let duration = Duration::try_from_secs_f64(seconds).map_err(|_| {
            let message = if seconds < 0.0 {
                "sleep length must be non-negative"
            } else {
                "timestamp too large to convert to C _PyTime_t"
            };
            Halt::error("ValueError", message)
        })?;
        self.on_lane(lane, self.world.clock.sleep(duration)).await
    }

    /// Waits for `future`; on the main lane only until a request to end the run comes.
    pub(crate) async fn on_lane<F: Future>(&self, lane: Lane, future: F) -> Result<F::Output, Halt> {
        match lane {
            Lane::Main => self.world.interrupts.guard(future).await,
            Lane::Background => Ok(future.await),
        }
    }
}

/// What is recorded at the end of a call.
#[derive(Default)]
struct Ended {
    status: Option<ActivityStatus>,
    output: Value,
    exception: Vec<Str>,
}

/// `action` as `Action`.
fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
