//! Plugs the adapters into the engine's ports.

use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use squall_aws::operation::{self, Operations};
use squall_aws::provider::{Aws, Chaosaws, ChaosawsControls};
use squall_engine::cast::convert_to_type;
use squall_engine::configuration::Environment;
use squall_engine::fault::check;
use squall_engine::fault::provider::FaultProvider;
use squall_engine::ports::{BoxFuture, Clock, Controls, Provider};
use squall_engine::sample::SampleProvider;
use squall_engine::{EventSink, Interrupts, Signal};
use squall_host::Host;
use squall_model::check::{Lookup, World};
use squall_model::diagnostic::Diagnostic;
use squall_model::document::Pointer;
use squall_model::redact::Redactor;
use squall_model::{Map, Value};
use squall_os::signals::{RunSignal, Signals};
use squall_providers::http::{HttpClient, HttpProvider};
use squall_providers::process::ProcessProvider;
use squall_providers::python::PythonWorker;

use crate::faults::Faults;

/// The host's clocks.
pub struct HostClock {
    start: Instant,
}

impl HostClock {
    /// A clock that starts now.
    pub fn new() -> Self {
        HostClock { start: Instant::now() }
    }
}

impl Clock for HostClock {
    fn now_micros(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(squall_os::timer::sleep(duration))
    }
}

/// The environment of this process, with what variable files added.
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        squall_os::environment::var(name)
    }
}

/// What validation asks of the host.
pub struct CheckWorld;

impl World for CheckWorld {
    fn env(&self, name: &str) -> Option<String> {
        squall_os::environment::var(name)
    }

    fn which(&self, path: &str) -> Lookup {
        let path = squall_os::paths::expand_user(path);
        if squall_os::paths::which(&path).is_some() {
            Lookup::Found
        } else if path.contains('/') && std::path::Path::new(&path).is_file() {
            Lookup::NotExecutable
        } else {
            Lookup::NotFound
        }
    }

    fn cast(&self, kind: &str, value: &Value) -> Result<(), String> {
        convert_to_type(Some(kind), value).map(|_| ()).map_err(|error| error.to_string())
    }

    fn aws(&self, provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
        operation::check(provider, at)
    }

    fn fault(&self, provider: &Map, at: &Pointer) -> Vec<Diagnostic> {
        check::check(&Host, provider, at)
    }
}

/// The providers and what else a run needs.
pub struct Adapters {
    /// Users' Python code.
    pub python: PythonWorker,
    /// What activities have of AWS.
    pub aws: Rc<Aws>,
    /// The faults of the run.
    pub faults: Rc<Faults>,
    /// Time.
    clock: Rc<HostClock>,
    /// By the `type` that experiments use.
    pub providers: HashMap<&'static str, Rc<dyn Provider>>,
    /// Requests to end the run.
    pub interrupts: Interrupts,
}

impl Adapters {
    /// Nothing is started before it is needed.
    pub fn new() -> Self {
        let python = PythonWorker::default();
        let interrupts = Interrupts::new();
        let raised = interrupts.clone();
        // A signal that users' code sends to its own process is meant for us.
        python.on_signal(move |number| {
            if let Some(signal) = RunSignal::from_number(number) {
                raised.raise(translate(signal));
            }
        });
        let clock = Rc::new(HostClock::new());
        let aws = Aws::new(Rc::new(ProcessEnvironment), Rc::clone(&clock) as Rc<dyn Clock>);
        let faults = Rc::new(Faults::default());
        let (made, ended) = (Rc::clone(&faults), interrupts.clone());
        let fault =
            FaultProvider::new(Rc::new(move || made.injector(&ended)), Rc::clone(&clock) as Rc<dyn Clock>);
        let providers: [(&'static str, Rc<dyn Provider>); 5] = [
            ("python", Rc::new(Chaosaws::new(Rc::clone(&aws), Rc::new(python.clone())))),
            ("process", Rc::new(ProcessProvider::from_environment())),
            ("http", Rc::new(HttpProvider::new(HttpClient::new()))),
            ("aws", Rc::new(Operations::new(Rc::clone(&aws)))),
            ("fault", Rc::new(fault)),
        ];
        let mut providers: HashMap<_, _> = providers.into_iter().collect();
        // It has a copy of what is there by now: samples of samples there are none.
        let sample = SampleProvider::new(providers.clone(), Rc::clone(&clock) as Rc<dyn Clock>);
        providers.insert("sample", Rc::new(sample));
        Adapters { python, aws, faults, clock, providers, interrupts }
    }

    /// The provider of that type.
    pub fn provider(&self, kind: &str) -> Option<Rc<dyn Provider>> {
        self.providers.get(kind).cloned()
    }

    /// Calls controls.
    pub fn controls(&self) -> Rc<dyn Controls> {
        Rc::new(ChaosawsControls::new(Rc::clone(&self.aws), Rc::new(self.python.clone())))
    }

    /// What the engine needs for a run.
    pub fn world(&self, sinks: Vec<Rc<dyn EventSink>>, redactor: Arc<Redactor>) -> squall_engine::World {
        let aws = Rc::clone(&self.aws);
        let (faults, restored) = (Rc::clone(&self.faults), Rc::clone(&self.faults));
        squall_engine::World {
            providers: self.providers.clone(),
            controls: self.controls(),
            clock: Rc::clone(&self.clock) as Rc<dyn Clock>,
            sinks,
            interrupts: self.interrupts.clone(),
            redactor,
            extras: Rc::new(move || {
                let seed = aws.seed().map(|seed| ("seed", Value::Int(seed.into())));
                let faults = faults.journal().map(|faults| ("faults", faults));
                seed.into_iter().chain(faults).collect()
            }),
            restore: Rc::new(move || restored.restore()),
        }
    }

    /// Hands the process' signals to the run until the task is aborted.
    pub fn watch_signals(&self) -> std::io::Result<tokio::task::JoinHandle<()>> {
        let mut signals = Signals::install()?;
        let interrupts = self.interrupts.clone();
        Ok(tokio::task::spawn_local(async move {
            loop {
                interrupts.raise(translate(signals.next().await));
            }
        }))
    }
}

fn translate(signal: RunSignal) -> Signal {
    match signal {
        RunSignal::Interrupt => Signal::Interrupt,
        RunSignal::Terminate => Signal::Terminate,
        RunSignal::User1 => Signal::ExitGracefully,
        RunSignal::User2 => Signal::ExitUngracefully,
    }
}

/// Runs `future` on a runtime of its own, on this thread.
pub fn block_on(future: impl Future<Output = u8>) -> u8 {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            // Pinned here, so that it is not moved: a run is some thousand bytes.
            let code = tokio::task::LocalSet::new().block_on(&runtime, pin!(future));
            // A look-up of a host name may hang in a thread: the command is over all the same.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            log::error!("cannot start: {error}");
            crate::exit::INTERNAL
        }
    }
}

/// A session of AWS for one command, with the environment of this process.
pub fn aws_session() -> squall_aws::session::Session {
    squall_aws::session::Session::new(Rc::new(ProcessEnvironment), squall_aws::session::Limits::default())
}
