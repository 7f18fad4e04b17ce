//! Activities of type `fault`.
//!
//! ```json
//! {"type": "fault", "kind": "network.blackhole", "arguments": {"to_port": 6379}, "duration": "30s"}
//! ```
//!
//! With a `duration` the activity lasts as long as its fault, and its output tells how it went. Without one the
//! fault is held until the end of the run: it is put back after the method and its hypothesis, before the rollbacks.
//! A one-shot kind without a duration happens once.

use std::rc::Rc;
use std::time::{Duration, Instant};

use squall_model::expr::substitute::{Scope, substitute};
use squall_model::{Map, Value, python};

use super::arguments::Arguments;
use super::hands::{CleanUp, Restored};
use super::injector::{Injector, Refusal, no_such_kind};
use super::port::{Catalogue, Description};
use super::record::{Class, FaultId};
use crate::log::LOG;
use crate::ports::{BoxFuture, Call, Clock, Failure, Outcome, Provider};
use squall_model::quantity;

/// The keys of a provider of type `fault`, beside those of every provider.
pub(super) const KEYS: &[&str] = &["type", "kind", "arguments", "duration", "secrets"];

/// Makes the injector of the run, when the first fault is asked for.
pub type Make = dyn Fn() -> Result<Rc<Injector>, String>;

/// Injects faults, holds them and puts them back.
pub struct FaultProvider {
    make: Rc<Make>,
    clock: Rc<dyn Clock>,
}

impl FaultProvider {
    /// Nothing is made before the first fault.
    pub fn new(make: Rc<Make>, clock: Rc<dyn Clock>) -> Self {
        FaultProvider { make, clock }
    }

    async fn carry_out(&self, call: &Call) -> Result<Value, Failure> {
        let injector = (self.make)().map_err(Failure::activity)?;
        let provider = call.activity.get("provider").unwrap_or(Value::Null);
        let scope = Scope::new(Some(&call.configuration), Some(&call.secrets));
        let asked = Asked::read(&provider, &scope, injector.catalogue()).map_err(Failure::activity)?;
        let plan = injector
            .plan(asked.kind.name, &asked.arguments, asked.duration)
            .map_err(|refusal| failure(&refusal))?;
        let kind = plan.kind;
        let title = plan.summary.title.clone();
        let fault = injector.inject(plan).map_err(|refusal| failure(&refusal))?;
        log::warn!(target: LOG, "Fault {fault}: {title}");
        let note = |standing: &str| {
            let told = [("fault", Value::from(fault.to_string())), ("standing", Value::from(standing))];
            call.notes.tell(Value::map(told));
        };
        note("active");
        let holding = Holding { injector: Rc::clone(&injector), fault: fault.clone() };
        let began = Instant::now();
        let Some(duration) = asked.duration else {
            if kind.class == Class::OneShot {
                let report = injector.report(&fault);
                let clean_up = holding.end();
                note("undone");
                return output(kind, &fault, &title, began.elapsed(), report, clean_up.as_ref());
            }
            let shown = [
                ("fault", Value::from(fault.to_string())),
                ("kind", Value::from(kind.name)),
                ("title", Value::from(title)),
                ("held", Value::from("until the end of the run")),
            ];
            holding.leave();
            return Ok(Value::map(shown));
        };
        let held = self.hold(&injector, &fault, duration).await;
        let held = held.and_then(|()| injector.verify(&fault));
        let report = injector.report(&fault);
        let took = began.elapsed();
        let clean_up = holding.end();
        note(if clean_up.as_ref().is_some_and(CleanUp::is_verified) { "undone" } else { "stuck" });
        let output = output(kind, &fault, &title, took, report, clean_up.as_ref())?;
        let in_time = clean_up.as_ref().is_some_and(CleanUp::is_by_guard);
        match held {
            Err(error) if kind.class == Class::Held && !in_time => {
                Err(Failure::activity(format!("the fault ended before its time: {error}")))
            }
            _ => Ok(output),
        }
    }

    /// Waits for the end of the duration, doing what is to be done again and again.
    async fn hold(
        &self,
        injector: &Injector,
        fault: &FaultId,
        duration: Duration,
    ) -> Result<(), super::port::FaultError> {
        let end = self.clock.elapsed() + duration;
        loop {
            let left = end.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            match injector.interval(fault) {
                Some(interval) if interval < left => {
                    self.clock.sleep(interval).await;
                    injector.tick(fault)?;
                }
                _ => self.clock.sleep(left).await,
            }
        }
    }
}

impl Provider for FaultProvider {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match self.carry_out(call).await {
                Ok(output) => Outcome::Returned(output),
                Err(failure) => Outcome::Failed(failure),
            }
        })
    }
}

/// Puts the fault back when its activity is cancelled.
struct Holding {
    injector: Rc<Injector>,
    fault: FaultId,
}

impl Holding {
    /// Puts it back now.
    fn end(self) -> Option<CleanUp> {
        self.injector.undo(&self.fault)
    }

    /// Leaves it to the end of the run.
    fn leave(self) {
        std::mem::forget(self);
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.injector.undo(&self.fault);
    }
}

/// What an activity asks for.
#[derive(Debug)]
pub struct Asked {
    /// The kind.
    pub kind: &'static Description,
    /// Its arguments.
    pub arguments: Arguments,
    /// How long; `None` until the end of the run, or once for a one-shot kind.
    pub duration: Option<Duration>,
}

impl Asked {
    /// Reads the provider of an activity, with variables filled in from `scope`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(provider: &Value, scope: &Scope, catalogue: &dyn Catalogue) -> Result<Self, String> {
        let substituted = |key: &str| {
            let value = provider.get(key).unwrap_or(Value::Null);
            substitute(&value, scope).map_err(|raised| raised.message)
        };
        let kind = python::str(&substituted("kind")?);
        let kind = catalogue.kind(&kind).ok_or_else(|| no_such_kind(catalogue, &kind).to_string())?;
        let given = match substituted("arguments")? {
            Value::Map(given) => given,
            _ => Map::new(),
        };
        let arguments = Arguments::from_map(kind.parameters, &given)
            .map_err(|problems| Refusal::Arguments(problems).to_string())?;
        let duration = match substituted("duration")? {
            Value::Null => None,
            value => Some(read_duration(&value)?),
        };
        Ok(Asked { kind, arguments, duration })
    }
}

pub(super) fn read_duration(value: &Value) -> Result<Duration, String> {
    let text = python::str(value);
    let duration = quantity::duration(&text).map_err(|expected| format!("duration `{text}`: {expected}"))?;
    if duration.is_zero() { Err(format!("duration `{text}`: nothing would happen")) } else { Ok(duration) }
}

fn failure(refusal: &Refusal) -> Failure {
    Failure::activity(refusal.to_string())
}

fn output(
    kind: &Description,
    fault: &FaultId,
    title: &str,
    held: Duration,
    report: Value,
    clean_up: Option<&CleanUp>,
) -> Result<Value, Failure> {
    if let Some(CleanUp { result: Restored::Unverified { left }, .. }) = clean_up {
        return Err(Failure::activity(format!("the fault could not be put back: {}", left.join("; "))));
    }
    let shown = [
        ("fault", Value::from(fault.to_string())),
        ("kind", Value::from(kind.name)),
        ("title", Value::from(title)),
        ("held_s", Value::Float(held.as_secs_f64())),
        ("report", report),
    ];
    Ok(Value::map(shown))
}
