//! People's Python code, run out of process as if it ran inside the reference.
//!
//! [`PythonWorker`] is a handle to one worker process per run. The process starts with the first call
//! that needs it, in the user's own interpreter ([`PythonWorker::interpreter`]), and runs activities,
//! controls, event handlers, notification plugins and discovery. It needs Python 3.7 or newer and its
//! standard library; chaostoolkit-lib only where the user's code imports it.
//!
//! * It implements [`Provider`](squall_engine::ports::Provider) and
//!   [`Controls`](squall_engine::ports::Controls). Calls of the main lane run in the worker's main
//!   thread one after the other, others in a thread each; modules are shared for the life of the worker.
//! * Configuration, secrets, experiment, journal and settings are *live*: Python sees plain dictionaries
//!   and lists with the same identities from call to call, and what it changes in them is changed in the
//!   [`Map`]s and [`List`](squall_model::List)s here when the call returns.
//! * Dropping the future of a call throws an exception into it at once, out of blocking calls too. What
//!   goes on after a grace period ([`Settings`]) is ended with the whole worker: other calls in it fail,
//!   and the next one starts a new worker.
//! * Code that signals its own process (`chaoslib.exit`, `os.kill(os.getpid(), ...)`) reaches
//!   [`PythonWorker::on_signal`] before the answer of the call it is in.
//! * Records of the logger `chaostoolkit` arrive in order in the `log` crate, target `chaostoolkit`, with
//!   the Python module as module path.
//! * Environment variables that Python code sets go to [`squall_os::environment`], and its change of
//!   working directory is followed, since processes that run later would see both in the reference.
//! * Functions of the standard library that experiments often use are answered here, without Python,
//!   while no worker runs (`native.rs`; `SQUALL_PYTHON_NATIVE=0` turns that off).
//!
//! Text with lone surrogates cannot be a [`Value::Str`]; it is a [`Value::Other`] of type `str`, and is
//! its old self where it gets back to Python. The same holds for the objects without a JSON form that
//! were met last.

mod calls;
mod native;
mod process;
mod replica;
mod wire;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use squall_engine::ports::Lane;
use squall_model::{Map, Value};

use self::calls::Handover;
use self::process::{Link, SignalHandler};

/// A handle to the run's Python worker; clones are handles to the same one.
#[derive(Clone)]
pub struct PythonWorker {
    shared: Arc<Shared>,
}

/// How patient a [`PythonWorker`] is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a cancelled call of the main lane may go on. 1 s by default.
    pub main_grace: Duration,
    /// How long a cancelled call of the background lane may go on. 0.5 s by default.
    pub background_grace: Duration,
    /// How long [`PythonWorker::shutdown`] waits for threads and exit functions of people's code. 2 s by
    /// default.
    pub exit_grace: Duration,
    /// Whether well-known functions are answered without Python. On by default, unless the environment
    /// variable `SQUALL_PYTHON_NATIVE` is `0`.
    pub native: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            main_grace: Duration::from_secs(1),
            background_grace: Duration::from_millis(500),
            exit_grace: Duration::from_secs(2),
            native: squall_os::environment::var("SQUALL_PYTHON_NATIVE").as_deref() != Some("0"),
        }
    }
}

/// Why Python could not be asked, or what it refused.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// There is no interpreter; holds what was looked for.
    #[error(
        "no Python interpreter found: looked for {0}; install Python 3.7 or newer, activate a virtual \
         environment, or set SQUALL_PYTHON to the interpreter to use"
    )]
    NoInterpreter(String),
    /// The interpreter cannot be started.
    #[error("the Python interpreter `{}` cannot be started: {error}", .program.display())]
    NotStarted {
        /// The interpreter.
        program: PathBuf,
        /// What the system said.
        #[source]
        error: std::io::Error,
    },
    /// The worker ended before it answered; holds why.
    #[error("{0}")]
    Ended(String),
    /// What was asked for is not to be had, in the reference's words (its `DiscoveryFailed`).
    #[error("{0}")]
    Refused(String),
    /// Python code raised an exception: `<Type>: <text>`.
    #[error("{0}")]
    Raised(String),
}

/// An activity's function and arguments, to be checked without calling it.
#[derive(Clone, Debug)]
pub struct ActivityCheck {
    /// The module, as `provider.module` has it.
    pub module: String,
    /// The function, as `provider.func` has it.
    pub func: String,
    /// `provider.arguments`; an empty mapping where there are none.
    pub arguments: Value,
}

/// What came of an [`ActivityCheck`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivityAnswer {
    /// The function is there and takes the arguments.
    Ok,
    /// The module cannot be found (`ImportError`).
    NotImportable,
    /// Importing the module raised something else: `<Type>: <text>`.
    ImportRaised(String),
    /// The module has no such plain or built-in function.
    NoFunction,
    /// This required argument is not given.
    Missing(String),
    /// This argument is not one of the function's.
    Unexpected(String),
    /// The signature cannot be checked: `<Type>: <text>`.
    Other(String),
}

/// What came of a control's own `validate_control`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlAnswer {
    /// Nothing was found wrong, or the control has no such function.
    Ok,
    /// The module cannot be found (`ImportError`), which is only worth a warning.
    NotImportable,
    /// Importing the module raised something else: `<Type>: <text>`.
    ImportRaised(String),
    /// The control refused its definition with one of chaoslib's exceptions: its text.
    Refused(String),
    /// It raised another exception: `<Type>: <text>`.
    Raised(String),
}

struct Shared {
    settings: Settings,
    signals: Arc<Mutex<Option<SignalHandler>>>,
    link: Mutex<Option<Arc<Link>>>,
    started: AtomicBool,
    house: Mutex<House>,
}

/// What chaoslib's own functions, called by people's code, expect to find.
#[derive(Clone)]
struct House {
    /// Counts the changes; 0: nothing was ever set.
    version: u64,
    settings: Value,
    controls: Value,
    experiment: Value,
}

impl Default for House {
    fn default() -> Self {
        House { version: 0, settings: Value::Null, controls: Value::Null, experiment: Value::Null }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(link) = self.link.get_mut().unwrap_or_else(PoisonError::into_inner) {
            link.end("the Python worker is not needed any more");
        }
    }
}

impl Default for PythonWorker {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl PythonWorker {
    /// A handle; nothing is started yet.
    pub fn new(settings: Settings) -> Self {
        let shared = Shared {
            settings,
            signals: Arc::default(),
            link: Mutex::default(),
            started: AtomicBool::new(false),
            house: Mutex::default(),
        };
        PythonWorker { shared: Arc::new(shared) }
    }

    /// The interpreter that is used: `SQUALL_PYTHON`, else `$VIRTUAL_ENV/bin/python`, else `python3` on
    /// `PATH`, else `python`.
    ///
    /// # Errors
    ///
    /// [`PythonError::NoInterpreter`].
    pub fn interpreter() -> Result<PathBuf, PythonError> {
        process::interpreter()
    }

    /// Sets who learns that code in the worker signalled its own process, with the signal's number. It
    /// is called on the runtime's thread, before the answer of the call that the code is in.
    pub fn on_signal(&self, handler: impl Fn(i32) + Send + Sync + 'static) {
        *self.shared.signals.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(handler));
    }

    /// What `chaoslib.settings.get_loaded_settings()` gives to code in the worker's main thread.
    pub fn set_settings(&self, settings: Value) {
        self.furnish(|house| house.settings = settings);
    }

    /// The controls that chaoslib's own functions, called in the worker, take for global.
    pub fn set_global_controls(&self, controls: impl IntoIterator<Item = Map>) {
        self.furnish(|house| house.controls = Value::list(controls.into_iter().map(Value::Map)));
    }

    /// The experiment whose activities chaoslib's own functions, called in the worker, look references up
    /// in.
    pub fn set_experiment(&self, experiment: Map) {
        self.furnish(|house| house.experiment = Value::Map(experiment));
    }

    fn furnish(&self, change: impl FnOnce(&mut House)) {
        let mut house = self.shared.house.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut house);
        house.version += 1;
    }

    /// Checks functions and arguments as the reference's validation does. Imports modules. The answers
    /// have the order of the checks.
    ///
    /// # Errors
    ///
    /// When Python is needed and cannot be asked.
    pub async fn check_activities(
        &self,
        checks: Vec<ActivityCheck>,
    ) -> Result<Vec<ActivityAnswer>, PythonError> {
        let native = self.answers_natively();
        let mut answers =
            checks.iter().map(|check| native.then(|| native::check(check)).flatten()).collect::<Vec<_>>();
        let open = checks.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
        let open = open.map(|(check, _)| {
            Value::map([
                ("module", Value::from(&*check.module)),
                ("func", Value::from(&*check.func)),
                ("arguments", check.arguments.clone()),
            ])
        });
        let open = Value::list(open);
        if open.is_truthy() {
            let found = self.ask("check", |handover| handover.copy("checks", &open)).await?;
            let mut found = found.as_list().map(|found| found.to_vec()).unwrap_or_default().into_iter();
            for answer in answers.iter_mut().filter(|answer| answer.is_none()) {
                *answer = found.next().map(|found| ActivityAnswer::from_pair(verdict(&found)));
            }
        }
        let lost = || ActivityAnswer::Other("the Python worker gave no answer".to_owned());
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect())
    }

    /// Lets a control check its own definition (`validate_control`).
    ///
    /// # Errors
    ///
    /// When Python cannot be asked.
    pub async fn validate_control(&self, control: &Map) -> Result<ControlAnswer, PythonError> {
        let provider = control.get("provider");
        let module = provider.and_then(|provider| provider.get("module"));
        let module = module.as_ref().and_then(Value::as_str).unwrap_or_default();
        let answer = self
            .ask("validate", |handover| {
                handover.text("module", module);
                handover.live("control", &Value::Map(control.clone()));
            })
            .await?;
        let (kind, text) = verdict(&answer);
        Ok(match &*kind {
            "not-importable" => ControlAnswer::NotImportable,
            "import-raised" => ControlAnswer::ImportRaised(text),
            "refused" => ControlAnswer::Refused(text),
            "raised" => ControlAnswer::Raised(text),
            _ => ControlAnswer::Ok,
        })
    }

    /// Calls the `discover` function of an installed distribution; `system` asks for what it finds in
    /// the system it is for.
    ///
    /// # Errors
    ///
    /// [`PythonError::Refused`] in the reference's words, [`PythonError::Raised`], or when Python cannot be
    /// asked.
    pub async fn discover(&self, package: &str, system: bool) -> Result<Value, PythonError> {
        self.ask("discover", |handover| {
            handover.text("package", package);
            handover.flag("system", system);
        })
        .await
    }

    /// The installed extensions: a list of mappings with `name`, `version`, `summary`, `license`,
    /// `author` and `url`, which may be null.
    ///
    /// # Errors
    ///
    /// When Python cannot be asked.
    pub async fn extensions(&self) -> Result<Value, PythonError> {
        self.ask("extensions", |_| {}).await
    }

    /// Calls a notification plugin's function with the channel's settings and the payload. What goes
    /// wrong in it is logged, at debug level as in the reference. `error` is the exception that the payload
    /// tells of: its class with its module, and its text.
    ///
    /// # Errors
    ///
    /// When Python cannot be asked.
    pub async fn notify(
        &self,
        module: &str,
        func: &str,
        channel: &Value,
        payload: &Value,
        error: Option<(&str, &str)>,
    ) -> Result<(), PythonError> {
        self.ask("notify", |handover| {
            handover.text("module", module);
            handover.text("func", func);
            handover.live("channel", channel);
            handover.live("payload", payload);
            if let Some((class, text)) = error {
                handover.texts("error", &[class, text]);
            }
        })
        .await
        .map(|_| ())
    }

    /// Lets the worker finish as a program does (exit functions, threads), and ends it if it takes longer
    /// than [`Settings::exit_grace`]. Without a worker nothing happens.
    pub async fn shutdown(&self) {
        let link = self.shared.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            link.finish(self.shared.settings.exit_grace).await;
        }
    }

    /// Whether functions may be answered here: not once people's code has run, which may have changed
    /// environment, directory or the functions themselves.
    fn answers_natively(&self) -> bool {
        self.shared.settings.native && !self.shared.started.load(Ordering::Relaxed)
    }

    /// The running worker; starts one where there is none.
    fn link(&self) -> Result<Arc<Link>, PythonError> {
        let mut link = self.shared.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = link.as_ref().filter(|link| link.is_alive()) {
            return Ok(Arc::clone(link));
        }
        let new = Link::start(self.shared.settings.clone(), Arc::clone(&self.shared.signals))?;
        self.shared.started.store(true, Ordering::Relaxed);
        *link = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The worker, if one runs.
    fn running(&self) -> Option<Arc<Link>> {
        let link = self.shared.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.as_ref().filter(|link| link.is_alive()).cloned()
    }

    /// A call of the main lane that gives a value.
    async fn ask(
        &self,
        operation: &str,
        build: impl FnOnce(&mut Handover<'_>),
    ) -> Result<Value, PythonError> {
        let answer = self.request(Lane::Main, operation, build).await?;
        match &*answer.kind {
            "ok" => Ok(answer.value),
            "refused" => Err(PythonError::Refused(answer.message)),
            "exit" => Err(PythonError::Raised(format!("SystemExit: {}", answer.message))),
            "keyboard" => Err(PythonError::Raised("KeyboardInterrupt".to_owned())),
            _ => Err(PythonError::Raised(answer.message)),
        }
    }
}

impl ActivityAnswer {
    fn from_pair((kind, text): (String, String)) -> Self {
        match &*kind {
            "ok" => ActivityAnswer::Ok,
            "not-importable" => ActivityAnswer::NotImportable,
            "import-raised" => ActivityAnswer::ImportRaised(text),
            "no-function" => ActivityAnswer::NoFunction,
            "missing" => ActivityAnswer::Missing(text),
            "unexpected" => ActivityAnswer::Unexpected(text),
            _ => ActivityAnswer::Other(text),
        }
    }
}

/// A verdict of the worker: its kind and a text.
fn verdict(pair: &Value) -> (String, String) {
    let text = |index| {
        let item = pair.as_list().and_then(|pair| pair.get(index));
        item.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    (text(0), text(1))
}
