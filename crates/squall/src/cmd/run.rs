//! `squall run`.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use squall_engine::configuration::{self, ResolveError};
use squall_engine::secrets::{self, Sources};
use squall_engine::{Dry, EventSink, Finished, Schedule, Setup, Strategy};
use squall_model::document::Document;
use squall_model::event::Status;
use squall_model::redact::Redactor;
use squall_model::{Map, Str, Value, json, python};

use squall_providers::http::HttpClient;
use squall_providers::vault::VaultStore;

use super::{Context, plan};
use crate::args::RunArgs;
use crate::faults::halt;
use crate::notify::Notifier;
use crate::program::{Program, REFERENCE_LIBRARY};
use crate::runlog::RunLog;
use crate::variables::{self, Given};
use crate::wiring::{Adapters, ProcessEnvironment, block_on};
use crate::{aws_options, exit, experiment, output, settings};

/// Carries out the command; gives the exit code.
pub fn execute(args: &RunArgs, cx: &Context) -> u8 {
    block_on(async {
        let adapters = Adapters::new();
        let code = load_and_run(args, cx, &adapters).await;
        adapters.python.shutdown().await;
        code
    })
}

async fn load_and_run(args: &RunArgs, cx: &Context, adapters: &Adapters) -> u8 {
    if let Some(refusal) = halt::refusal() {
        return output::fail(refusal);
    }
    let loaded_settings = match settings::load(&cx.settings_path, &cx.redactor) {
        Ok(settings) => settings,
        Err(error) => return output::fail(error),
    };
    let settings_loaded = loaded_settings.is_some();
    let settings = loaded_settings.unwrap_or_default();
    let given = match variables::gather(&args.var, &args.var_file) {
        Ok(given) => given,
        Err(error) => return output::fail(error),
    };
    let shown_settings = if settings_loaded { Value::Map(settings.clone()) } else { Value::Null };
    let controls = adapters.controls();
    let globals = match experiment::global_controls(&shown_settings, &args.control_file, &*controls).await {
        Ok(globals) => globals,
        Err(error) => return output::fail(error),
    };
    let verify_tls = !args.no_verify_tls;
    let loaded = experiment::load(&args.source, &shown_settings, verify_tls, &globals, &*controls).await;
    let Ok(document) = loaded else { return exit::FAILED };
    adapters.python.set_settings(shown_settings.clone());
    adapters.python.set_global_controls(globals.iter().cloned());
    if let Value::Map(experiment) = &document.value {
        adapters.python.set_experiment(experiment.clone());
    }
    if let Err(error) = aws_options::configure(
        &adapters.aws,
        &document.value,
        &shown_settings,
        args.python_chaosaws,
        args.seed,
    ) {
        return output::fail(error);
    }
    if let Err(error) = check_journal_path(&args.journal_path) {
        return output::fail(error);
    }

    if args.plan {
        adapters.faults.begin("plan", &shown_settings);
        return show_plan(&document, &given, adapters, &cx.redactor).await;
    }
    let notifier = Notifier::new(&shown_settings, &adapters.python);
    notifier.send("run-started", &document.value, None);
    let prepared = Prepared { args, cx, adapters, settings, settings_loaded, given, globals };
    let code = prepared.run(&document, &notifier).await;
    notifier.finish().await;
    code
}

/// Shows what a run would do. What is only known by running something, as dynamic configuration is, stays unknown.
async fn show_plan(document: &Document, given: &Given, adapters: &Adapters, redactor: &Redactor) -> u8 {
    let diagnostics = experiment::find_problems(&document.value, &given.configuration, adapters).await;
    experiment::report_problems(document, &diagnostics);
    let Value::Map(experiment) = &document.value else { return exit::FAILED };
    if experiment::first_error(&diagnostics).is_some() {
        return exit::FAILED;
    }
    match resolve_static(experiment, given, redactor).await {
        Ok((configuration, secrets)) => {
            plan::of_experiment(experiment, &configuration, &secrets, &adapters.faults)
        }
        Err(error) => output::fail(error),
    }
}

/// What a run needs besides its experiment.
struct Prepared<'a> {
    args: &'a RunArgs,
    cx: &'a Context,
    adapters: &'a Adapters,
    settings: Map,
    settings_loaded: bool,
    given: Given,
    globals: Vec<Map>,
}

impl Prepared<'_> {
    async fn run(self, document: &Document, notifier: &Notifier) -> u8 {
        if !self.args.no_validation {
            let given = &self.given.configuration;
            let diagnostics = experiment::find_problems(&document.value, given, self.adapters).await;
            experiment::report_problems(document, &diagnostics);
            if experiment::first_error(&diagnostics).is_some() {
                return exit::FAILED;
            }
            log::info!("Experiment looks valid");
        }
        let Value::Map(experiment) = &document.value else {
            let found = document.value.type_name();
            return output::fail(format_args!("an experiment must be a mapping, found a {found}"));
        };
        let strategies = match Strategies::choose(&self.settings, experiment, self.args) {
            Ok(strategies) => strategies,
            Err(error) => return output::fail(error),
        };
        let (configuration, secrets) =
            match resolve(experiment, &self.given, self.adapters, &self.cx.redactor).await {
                Ok(resolved) => resolved,
                Err(error) => return output::fail(error),
            };
        let id: Str = uuid::Uuid::new_v4().to_string().into();
        let run_log = match RunLog::create(&id) {
            Ok(log) => Some(Rc::new(log)),
            Err(error) => {
                log::warn!("no run log is kept, a killed run will leave no journal: {error}");
                None
            }
        };
        let sinks = run_log.iter().map(|log| Rc::clone(log) as Rc<dyn EventSink>).collect();
        self.adapters.faults.begin(&id, &Value::Map(self.settings.clone()));
        let world = self.adapters.world(sinks, Arc::clone(&self.cx.redactor));
        let setup = self.setup(id, experiment, configuration, secrets, strategies);
        let signals = match self.adapters.watch_signals() {
            Ok(signals) => signals,
            Err(error) => return output::fail(format_args!("cannot listen for signals: {error}")),
        };
        let finished = squall_engine::run(world, setup).await;
        signals.abort();
        // The task holds the handlers, which are put back when it is gone.
        let _ = signals.await;

        self.adapters.faults.end();
        let code = self.keep(&finished, run_log.as_deref());
        announce(notifier, &finished);
        code
    }

    fn setup(
        &self,
        id: Str,
        experiment: &Map,
        configuration: Map,
        secrets: Map,
        strategies: Strategies,
    ) -> Setup {
        Setup {
            experiment: experiment.clone(),
            configuration,
            secrets,
            settings: Value::Map(self.settings.clone()),
            settings_loaded: self.settings_loaded,
            globals: self.globals.clone(),
            strategy: strategies.hypothesis,
            rollbacks: strategies.rollbacks,
            schedule: Schedule {
                frequency: Duration::try_from_secs_f64(self.args.hypothesis_frequency).unwrap_or(
                    if self.args.hypothesis_frequency > 0.0 { Duration::MAX } else { Duration::ZERO },
                ),
                fail_fast: self.args.fail_fast,
            },
            dry: self.args.dry.as_deref().and_then(Dry::from_name),
            chaoslib_version: REFERENCE_LIBRARY.to_owned(),
            platform: squall_os::host::platform(),
            node: squall_os::host::name(),
            id,
            version: Program::SQUALL.version.into(),
            source: self.args.source.as_str().into(),
            directory: std::env::current_dir().unwrap_or_default().to_string_lossy().into(),
        }
    }

    /// Writes the journal; gives the exit code of the run.
    fn keep(&self, finished: &Finished, run_log: Option<&RunLog>) -> u8 {
        if let Err(error) = write_journal(&self.args.journal_path, &finished.journal) {
            let path = self.args.journal_path.display();
            let again = run_log.map(|log| format!("; `squall journal {}` gives it", log.path().display()));
            return output::fail(format_args!(
                "cannot write the journal to `{path}`: {error}{}",
                again.unwrap_or_default()
            ));
        }
        let left = self.adapters.faults.left();
        if !left.is_empty() {
            left.iter().for_each(|line| log::error!("Left behind: {line}"));
            return exit::UNVERIFIED;
        }
        let completed = &*finished.status == Status::Completed.name();
        if completed && !finished.deviated { exit::OK } else { exit::FAILED }
    }
}

/// The configuration and the secrets of an experiment, with what the command line gives.
pub async fn resolve(
    experiment: &Map,
    given: &Given,
    adapters: &Adapters,
    redactor: &Redactor,
) -> Result<(Map, Map), ResolveError> {
    let (configuration, secrets) = resolve_static(experiment, given, redactor).await?;
    let provider = |kind: &str| adapters.provider(kind);
    let configuration = configuration::load_dynamic(&configuration, &secrets, provider).await?;
    Ok((configuration, secrets))
}

/// The same without what activities would have to tell.
async fn resolve_static(
    experiment: &Map,
    given: &Given,
    redactor: &Redactor,
) -> Result<(Map, Map), ResolveError> {
    let declared = |key: &str| experiment.get(key).unwrap_or_default();
    let configuration =
        configuration::load(&declared("configuration"), &given.configuration, &ProcessEnvironment)?;
    let store = VaultStore::new(HttpClient::new());
    let sources = Sources { environment: &ProcessEnvironment, store: &store, redactor };
    let overrides = Value::Map(given.secrets.clone());
    let secrets = secrets::load(&declared("secrets"), &configuration, &overrides, sources).await?;
    Ok((configuration, secrets))
}

/// Writes a journal in the reference's form. The run log is on the disk by now, and `squall journal` makes the journal
/// from it at any time, so nobody waits for the disk once more.
pub fn write_journal(path: &Path, journal: &Map) -> std::io::Result<()> {
    let journal = Value::Map(journal.clone());
    squall_os::files::write_atomically(path, squall_os::files::Durability::Rebuildable, |out| {
        json::write_to(&journal, &json::Style::default(), out)
    })
}

/// Finds out before anything is run that the journal has nowhere to go.
fn check_journal_path(path: &Path) -> Result<(), String> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("the journal cannot be written to `{shown}`: it is a directory"));
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !parent.is_dir() {
        let parent = parent.display();
        return Err(format!("the journal cannot be written to `{shown}`: there is no directory `{parent}`"));
    }
    Ok(())
}

fn announce(notifier: &Notifier, finished: &Finished) {
    let journal = Value::Map(finished.journal.clone());
    let completed = &*finished.status == Status::Completed.name();
    notifier.send(if completed { "run-completed" } else { "run-failed" }, &journal, None);
    if finished.deviated {
        notifier.send("run-deviated", &journal, None);
    }
}

/// The strategies in force.
struct Strategies {
    hypothesis: Strategy,
    rollbacks: Str,
}

impl Strategies {
    /// The command line's, else the experiment's, else the settings'. An experiment with a `runtime`
    /// part hides the settings' altogether. The choice is written into the settings, which controls see.
    fn choose(settings: &Map, experiment: &Map, args: &RunArgs) -> Result<Strategies, String> {
        let own = experiment.get("runtime").filter(|runtime| runtime.is_truthy());
        let source = own.or_else(|| settings.get("runtime")).unwrap_or(Value::Null);
        let chosen = |part: &str, option: &Option<String>| {
            let declared = source.get(part).and_then(|part| part.get("strategy"));
            let declared = declared.map_or_else(|| "default".to_owned(), |name| python::str(&name));
            let name = option.clone().unwrap_or(declared);
            set_strategy(settings, part, &name);
            name
        };
        let rollbacks = chosen("rollbacks", &args.rollback_strategy);
        let hypothesis = chosen("hypothesis", &args.hypothesis_strategy);
        log::debug!("Runtime strategies: hypothesis - {hypothesis} / rollbacks - {rollbacks}");
        if hypothesis == "continously" {
            log::warn!(
                "\nThe \"--hypothesis-strategy=continously\" command is depreciating and will be removed in a \
                 future version\nInstead, please use \"--hypothesis-strategy=continuously\""
            );
        }
        if !matches!(rollbacks.as_str(), "default" | "always" | "never" | "deviated") {
            log::warn!(
                "unknown rollback strategy '{rollbacks}': rollbacks will not be played; known are default, \
                 always, never, deviated"
            );
        }
        let strategy = Strategy::from_name(&hypothesis).ok_or_else(|| {
            format!(
                "Unknown strategy '{hypothesis}' for the hypothesis; known are default, before-method-only, \
                 after-method-only, during-method-only, continuously, skip"
            )
        })?;
        Ok(Strategies { hypothesis: strategy, rollbacks: rollbacks.into() })
    }
}

fn set_strategy(settings: &Map, part: &str, name: &str) {
    let child = |owner: &Map, key: &str| match owner.get(key) {
        Some(Value::Map(map)) => map,
        _ => {
            let map = Map::new();
            owner.insert(key, Value::Map(map.clone()));
            map
        }
    };
    child(&child(settings, "runtime"), part).insert("strategy", Value::from(name));
}
