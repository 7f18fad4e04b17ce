//! What the engine asks of the world: providers that carry out activities, hooks that controls
//! provide, a clock, and a place for events.
//!
//! A run lives on one thread, so futures here need not be `Send`. Dropping the future of a call
//! cancels it: whatever it started is ended, and nothing of it goes on in the background.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use squall_model::{Map, Value};

/// A future on the run's own thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Where a call runs: activities and hooks of the main line one after the other, everything that
/// goes on beside it (background activities, the continuous hypothesis) at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// One at a time, in the order of the experiment.
    Main,
    /// Beside the main line.
    Background,
}

/// One call of an activity's provider.
#[derive(Clone, Debug)]
pub struct Call {
    /// The activity's definition, as the experiment has it now (nothing substituted).
    pub activity: Map,
    /// The resolved configuration, live: what a function changes in it, later calls see.
    pub configuration: Map,
    /// The resolved secrets by scope, live.
    pub secrets: Map,
    /// Where it runs.
    pub lane: Lane,
    /// Hears what the provider has to tell while the call goes on.
    pub notes: Notes,
}

/// Hears what a provider has to tell while its call goes on; by default nobody does.
#[derive(Clone, Default)]
pub struct Notes(Option<Rc<dyn Fn(Value)>>);

impl Notes {
    /// Told to `hear`.
    pub fn new(hear: Rc<dyn Fn(Value)>) -> Self {
        Notes(Some(hear))
    }

    /// Tells something, which becomes an event of the run.
    pub fn tell(&self, note: Value) {
        if let Some(hear) = &self.0 {
            hear(note);
        }
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Notes(heard)" } else { "Notes(unheard)" })
    }
}

/// What came of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It returned this output.
    Returned(Value),
    /// The activity failed (the reference's `ActivityFailed`): recorded, and the run goes on.
    Failed(Failure),
    /// Something the reference has no handler for: the run is aborted.
    Errored(Failure),
    /// The called code asked for the end of the run (`SystemExit` with a code, `KeyboardInterrupt`).
    Exit(Exit),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One sentence, without the name of an exception class in front unless the reference has it.
    pub message: String,
    /// The journal's `exception`: traceback lines in Python's form, each ending in a newline, the
    /// last one naming the exception class and the message.
    pub exception: Vec<String>,
}

/// A request of called code to end the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `SystemExit`; the code as Python's `str()` shows it.
    System(String),
    /// `KeyboardInterrupt`.
    Keyboard,
}

impl Failure {
    /// The failure of an activity, in the reference's form.
    pub fn activity(message: impl Into<String>) -> Self {
        let message = message.into();
        Failure { exception: vec![format!("chaoslib.exceptions.ActivityFailed: {message}\n")], message }
    }

    /// An error of the named Python exception class.
    pub fn of_class(class: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Failure { exception: vec![format!("{class}: {message}\n")], message }
    }
}

/// Carries out activities of one provider type.
pub trait Provider {
    /// Makes the call. Dropping the future ends it at once, child processes included.
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome>;
}

/// One call of a control's hook function.
#[derive(Clone, Debug)]
pub struct HookCall {
    /// The control's definition: `name`, `provider` with `module` and `arguments`, ...
    pub control: Map,
    /// The hook: `before_activity_control` and so on.
    pub function: &'static str,
    /// What the hook is about: an activity, the hypothesis, the experiment (live), or the source
    /// (text) for the loader hooks.
    pub context: Value,
    /// The state handed to `after` hooks (live), else null.
    pub state: Value,
    /// The experiment, live; null for loader hooks.
    pub experiment: Value,
    /// The configuration, live; null for loader hooks.
    pub configuration: Value,
    /// The secrets, live; null for loader hooks.
    pub secrets: Value,
    /// The settings, or null.
    pub settings: Value,
    /// Where it runs.
    pub lane: Lane,
}

/// What came of a hook.
#[derive(Clone, Debug)]
pub enum HookOutcome {
    /// It ran, or the control has no such hook.
    Done,
    /// It raised an ordinary exception: noted, and the run goes on.
    Failed(Failure),
    /// It raised `InterruptExecution` with this text.
    Interrupted(String),
    /// It asked for the end of the process.
    Exit(Exit),
}

/// Controls written in the language of some adapter (Python).
pub trait Controls {
    /// Whether the module of this control can be imported.
    fn import<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, bool>;
    /// Calls the control's `configure_control`, with the `arguments` of its provider.
    fn configure<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome>;
    /// Calls one hook.
    fn apply<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome>;
    /// Calls the control's `cleanup_control`.
    fn cleanup<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, HookOutcome>;
    /// Tells handlers that a control registered (`RunEventHandler`) about `event`, named as its
    /// method is; `arguments` are the method's, live. Nothing happens where none is registered.
    fn event<'a>(&'a self, event: &'static str, arguments: Vec<Value>, lane: Lane) -> BoxFuture<'a, ()>;
}

/// Time, as the run sees it.
pub trait Clock {
    /// Microseconds since 1970-01-01T00:00:00Z.
    fn now_micros(&self) -> i64;
    /// Time since an arbitrary start; never goes back.
    fn elapsed(&self) -> Duration;
    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}
