//! A world without an outside: a scripted provider, time that only moves when everybody waits, and a
//! record of all events.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use squall_engine::ports::{
    BoxFuture, Call, Clock, Controls, Exit, Failure, HookCall, HookOutcome, Lane, Outcome, Provider,
};
use squall_engine::{EventSink, Finished, Interrupts, Schedule, Setup, Signal, Strategy, World};
use squall_model::event::RunEvent;
use squall_model::journal::Journal;
use squall_model::redact::Redactor;
use squall_model::{Map, Value, json};
use tokio::time::Instant;

/// Does what the activity's provider says under `do`.
pub struct Scripted {
    interrupts: Interrupts,
}

impl Provider for Scripted {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let script = call.activity.get("provider").unwrap_or_default();
            let value = script.get("value").unwrap_or_default();
            match script.get("do").as_ref().and_then(|what| what.as_str()) {
                Some("fail") => Outcome::Failed(Failure::activity("no")),
                Some("error") => Outcome::Errored(Failure::of_class("ValueError", "boom")),
                Some("exit") => Outcome::Exit(Exit::System("7".to_owned())),
                Some("signal") => {
                    self.interrupts.raise(signal(value.as_str().unwrap_or_default()));
                    // Long enough to be interrupted; in the background nobody does.
                    tokio::time::sleep(Duration::from_secs(3600)).await;
                    Outcome::Returned(Value::Null)
                }
                Some("wait") => {
                    tokio::time::sleep(Duration::from_secs_f64(value.as_f64().unwrap_or_default())).await;
                    Outcome::Returned(value)
                }
                _ => Outcome::Returned(value),
            }
        })
    }
}

fn signal(name: &str) -> Signal {
    match name {
        "INT" => Signal::Interrupt,
        "TERM" => Signal::Terminate,
        "USR1" => Signal::ExitGracefully,
        _ => Signal::ExitUngracefully,
    }
}

/// Notes which hooks were called, and does what a control's provider says under `on`.
#[derive(Default)]
pub struct NotingControls {
    pub calls: RefCell<Vec<String>>,
}

impl NotingControls {
    fn note(&self, control: &Map, function: &str) -> HookOutcome {
        let name = control.get("name").unwrap_or_default();
        self.calls.borrow_mut().push(format!("{function}:{}", name.as_str().unwrap_or_default()));
        let script = control.get("provider").and_then(|p| p.get("on")).and_then(|on| on.get(function));
        match script.as_ref().and_then(|script| script.as_str()) {
            Some("fail") => HookOutcome::Failed(Failure::of_class("ValueError", "hook")),
            Some("interrupt") => HookOutcome::Interrupted("stop".to_owned()),
            _ => HookOutcome::Done,
        }
    }
}

impl Controls for NotingControls {
    fn import<'a>(&'a self, _control: &'a Map) -> BoxFuture<'a, bool> {
        Box::pin(async { true })
    }

    fn configure<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        Box::pin(async move { self.note(&hook.control, "configure") })
    }

    fn apply<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        Box::pin(async move {
            // What a control changes must show in the journal and in the noted events alike.
            if let (Value::Map(state), "after_activity_control") = (&hook.state, hook.function) {
                state.insert("seen", Value::Bool(true));
            }
            self.note(&hook.control, hook.function)
        })
    }

    fn cleanup<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, HookOutcome> {
        Box::pin(async move { self.note(control, "cleanup") })
    }

    fn event<'a>(&'a self, _event: &'static str, _arguments: Vec<Value>, _lane: Lane) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// The runtime's own time, which stands still until all wait.
pub struct PausedClock(Instant);

impl Clock for PausedClock {
    fn now_micros(&self) -> i64 {
        1_700_000_000_000_000 + i64::try_from(self.elapsed().as_micros()).unwrap_or(0)
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Keeps every event as the line that a run log would have.
#[derive(Default)]
pub struct Lines(pub RefCell<Vec<String>>);

impl EventSink for Lines {
    fn record(&self, event: &RunEvent) {
        self.0.borrow_mut().push(json::write(&event.to_value(), &json::Style::COMPACT));
    }
}

/// What came of a run.
pub struct Ran {
    pub finished: Finished,
    pub hooks: Vec<String>,
    pub lines: Vec<String>,
    /// How long it took, in the run's own time.
    pub took: Duration,
}

impl Ran {
    pub fn status(&self) -> &str {
        &self.finished.status
    }

    /// `name:status` of every entry of a section.
    pub fn entries(&self, section: &str) -> Vec<String> {
        let Some(Value::List(entries)) = self.finished.journal.get(section) else { return Vec::new() };
        let describe = |entry: &Value| {
            let name = entry.get("activity").and_then(|activity| activity.get("name")).unwrap_or_default();
            let status = entry.get("status").unwrap_or_default();
            format!("{}:{}", name.as_str().unwrap_or("?"), status.as_str().unwrap_or("-"))
        };
        entries.to_vec().iter().map(describe).collect()
    }

    /// `steady_state_met` of a phase: null where there is no state.
    pub fn met(&self, phase: &str) -> Value {
        let states = self.finished.journal.get("steady_states").unwrap_or_default();
        states.get(phase).and_then(|state| state.get("steady_state_met")).unwrap_or_default()
    }

    /// The journal that the recorded lines make.
    pub fn folded(&self) -> Value {
        let mut journal = Journal::new();
        for line in &self.lines {
            let record = json::parse(line).expect("a line is JSON");
            journal.apply(&RunEvent::from_value(&record).expect("a record is an event").kind);
        }
        Value::Map(journal.root().clone())
    }
}

/// How to run: strategies beside the defaults.
pub struct Options {
    pub strategy: Strategy,
    pub rollbacks: &'static str,
    pub schedule: Schedule,
}

impl Default for Options {
    fn default() -> Self {
        Options { strategy: Strategy::Default, rollbacks: "default", schedule: Schedule::default() }
    }
}

/// Runs an experiment given as JSON.
pub fn run(experiment: &str, options: Options) -> Ran {
    run_value(json::parse(experiment).expect("the test's experiment is JSON"), options)
}

pub fn run_value(experiment: Value, options: Options) -> Ran {
    let Value::Map(experiment) = experiment else { panic!("the test's experiment is a mapping") };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        let interrupts = Interrupts::new();
        let controls = Rc::new(NotingControls::default());
        let lines = Rc::new(Lines::default());
        let scripted = Scripted { interrupts: interrupts.clone() };
        let clock = Rc::new(PausedClock(Instant::now()));
        let world = World {
            providers: HashMap::from([("scripted", Rc::new(scripted) as Rc<dyn Provider>)]),
            controls: controls.clone(),
            clock: clock.clone(),
            sinks: vec![lines.clone()],
            interrupts,
            redactor: Arc::new(Redactor::new()),
            extras: Rc::new(Vec::new),
            restore: Rc::new(|| {}),
        };
        let setup = Setup {
            experiment,
            configuration: Map::new(),
            secrets: Map::new(),
            settings: Value::Map(Map::new()),
            settings_loaded: false,
            globals: Vec::new(),
            strategy: options.strategy,
            rollbacks: options.rollbacks.into(),
            schedule: options.schedule,
            dry: None,
            chaoslib_version: "1.44.0".to_owned(),
            platform: "test".to_owned(),
            node: "test".to_owned(),
            id: "1".into(),
            version: "0".into(),
            source: "test".into(),
            directory: "/".into(),
        };
        let finished = squall_engine::run(world, setup).await;
        let hooks = controls.calls.borrow().clone();
        let lines = lines.0.borrow().clone();
        Ran { finished, hooks, lines, took: clock.elapsed() }
    })
}
