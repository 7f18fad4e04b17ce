//! The lifecycle of a run, from the experiment to the journal.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use squall_model::event::{RunEventKind, RunStarted, Section, Status, Target};
use squall_model::expr::substitute::{Scope, substitute};
use squall_model::journal::Header;
use squall_model::redact::Redactor;
use squall_model::{List, Map, Str, Value, python, time};

use crate::background::Background;
use crate::control::{Level, Side};
use crate::halt::{Halt, Interrupts, UNGRACEFUL};
use crate::log::LOG;
use crate::ports::{Clock, Controls, Lane, Provider};
use crate::recorder::{EventSink, Recorder};
use crate::strategy::{Dry, Schedule, Strategy};
use crate::{critical, ports};

/// What a run needs of the world.
#[derive(Clone)]
pub struct World {
    /// Providers by the `type` that experiments name them with.
    pub providers: HashMap<&'static str, Rc<dyn Provider>>,
    /// Calls controls.
    pub controls: Rc<dyn Controls>,
    /// Time.
    pub clock: Rc<dyn Clock>,
    /// Where events go.
    pub sinks: Vec<Rc<dyn EventSink>>,
    /// Requests from outside to end the run.
    pub interrupts: Interrupts,
    /// Keeps secrets out of what is recorded.
    pub redactor: Arc<Redactor>,
    /// What adapters add to the journal, by its key: asked when everything has been played.
    pub extras: Rc<dyn Fn() -> Vec<(&'static str, Value)>>,
    /// Puts back what adapters changed for as long as the run lasts: once the method and its hypothesis are over, before
    /// the rollbacks, whatever their strategy.
    pub restore: Rc<dyn Fn()>,
}

/// What a run is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The experiment, live: its title is substituted and `dry` is set in it.
    pub experiment: Map,
    /// Its configuration, resolved.
    pub configuration: Map,
    /// Its secrets, resolved.
    pub secrets: Map,
    /// The settings with their `runtime` part; a mapping.
    pub settings: Value,
    /// Whether the settings came from a file: controls are told of no others.
    pub settings_loaded: bool,
    /// Controls that apply to every experiment.
    pub globals: Vec<Map>,
    /// When the hypothesis is evaluated.
    pub strategy: Strategy,
    /// The rollback strategy by name.
    pub rollbacks: Str,
    /// The pace of the hypothesis beside the method.
    pub schedule: Schedule,
    /// What is only pretended.
    pub dry: Option<Dry>,
    /// The version of the reference's library whose journal this is.
    pub chaoslib_version: String,
    /// The operating system, in the journal.
    pub platform: String,
    /// The host name, in the journal.
    pub node: String,
    /// The run's id.
    pub id: Str,
    /// The version of Squall.
    pub version: Str,
    /// Where the experiment came from.
    pub source: Str,
    /// The working directory.
    pub directory: Str,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The journal.
    pub journal: Map,
    /// Its status, as it is there: a control may have set any text.
    pub status: Str,
    /// Whether the steady state deviated.
    pub deviated: bool,
}

/// A run on its way.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) recorder: Recorder,
    pub(crate) experiment: Map,
    pub(crate) configuration: Map,
    pub(crate) secrets: Map,
    pub(crate) settings: Value,
    pub(crate) globals: RefCell<Vec<Map>>,
    pub(crate) schedule: Schedule,
    pub(crate) dry: Option<Dry>,
    /// Activities by name, for references.
    pub(crate) named: HashMap<Str, Map>,
    settings_loaded: bool,
    strategy: Strategy,
    rollbacks: Str,
}

/// Runs an experiment to its end, whatever happens. Must be called on a `LocalSet`.
pub async fn run(world: World, setup: Setup) -> Finished {
    let run = Run::begin(world, &setup);
    run.carry_out().await;
    run.finished()
}

/// Plays an experiment's rollbacks and nothing else, whatever its strategy: what a run that was killed
/// did not come to. Must be called on a `LocalSet`.
pub async fn roll_back(world: World, setup: Setup) -> Finished {
    let run = Run::begin(world, &setup);
    run.configure_controls().await;
    run.play_rollback_section().await;
    run.finish().await;
    run.finished()
}

impl Run {
    fn begin(world: World, setup: &Setup) -> Rc<Run> {
        let experiment = setup.experiment.clone();
        let title = experiment.get("title").unwrap_or(Value::Null);
        let title = masked_title(&title, setup, &world.redactor);
        log::info!(target: LOG, "Running experiment: {}", python::str(&title));
        experiment.insert("title", title);
        experiment.insert("dry", Value::from(setup.dry.map(Dry::name)));

        let shared = Run::has_controls(&setup.globals, &experiment) || has_probe_tolerance(&experiment);
        let run = Rc::new(Run {
            recorder: Recorder::new(world.clock.clone(), world.sinks.clone(), shared),
            named: named_activities(&experiment),
            experiment,
            configuration: setup.configuration.clone(),
            secrets: setup.secrets.clone(),
            settings: setup.settings.clone(),
            globals: RefCell::new(setup.globals.clone()),
            schedule: setup.schedule,
            dry: setup.dry,
            settings_loaded: setup.settings_loaded,
            strategy: setup.strategy,
            rollbacks: setup.rollbacks.clone(),
            world,
        });
        run.start(setup);
        run
    }

    fn finished(&self) -> Finished {
        Finished {
            journal: self.recorder.journal(),
            status: self.recorder.status().unwrap_or_else(|| Status::Completed.name().into()),
            deviated: self.recorder.deviated(),
        }
    }

    fn start(&self, setup: &Setup) {
        let header = Header {
            chaoslib_version: setup.chaoslib_version.clone(),
            platform: setup.platform.clone(),
            node: setup.node.clone(),
            experiment: self.experiment.shallow_clone(),
            start: time::iso_from_micros(self.recorder.now()),
        };
        self.recorder.emit(RunEventKind::RunStarted(RunStarted {
            run: setup.id.clone(),
            version: setup.version.clone(),
            source: setup.source.clone(),
            directory: setup.directory.clone(),
            rollback_strategy: self.rollbacks.clone(),
            journal: header.into_map(),
        }));
    }

    async fn carry_out(self: &Rc<Self>) {
        self.log_background_counts();
        if let Some(dry) = self.dry {
            log::warn!(target: LOG, "Running experiment with dry {}", dry.name());
        }
        self.configure_controls().await;
        self.running().await;
        log::info!(target: LOG, "Steady-state strategy: {}", self.strategy.log_name());
        log::info!(target: LOG, "Rollbacks strategy: {}", self.rollbacks);
        let with_hypothesis = self.has_hypothesis();

        let continuous = RefCell::new(None);
        let halted = self.experiment_to_method(with_hypothesis, &continuous).await.err();
        let with_rollbacks = !matches!(&halted, Some(Halt::Exit(code)) if code == UNGRACEFUL);
        if let Some(halt) = halted {
            self.heed(halt).await;
        }
        if let Some(continuous) = continuous.take() {
            Background::settle(self, continuous).await;
        }
        (self.world.restore)();
        if with_rollbacks {
            self.roll_back(&self.rollbacks).await;
        }
        self.finish().await;
    }

    /// Everything between the experiment's before-controls and the end of the method and its
    /// hypothesis.
    async fn experiment_to_method(
        self: &Rc<Self>,
        with_hypothesis: bool,
        continuous: &RefCell<Option<Background>>,
    ) -> Result<(), Halt> {
        self.apply_controls(Level::Experiment, Side::Before, &self.experiment, Value::Null, Lane::Main)
            .await?;
        if with_hypothesis && self.strategy.before() && !self.evaluate_gate().await? {
            return Ok(());
        }
        if with_hypothesis && self.strategy.during() {
            *continuous.borrow_mut() = Some(self.evaluate_continuously());
        }
        let played = self.play_method().await;
        if let Some(continuous) = &*continuous.borrow() {
            continuous.stop();
        }
        let over = self.recorder.status().is_some_and(|s| matches!(&*s, "interrupted" | "aborted"));
        if played? && !over && with_hypothesis && self.strategy.after() {
            self.evaluate_deviation().await?;
        }
        Ok(())
    }

    /// Notes why the flow was left.
    async fn heed(&self, halt: Halt) {
        match halt {
            Halt::Interrupted(text) => {
                self.recorder.set_status(Status::Interrupted);
                critical!("{text}");
                self.notify("interrupted", vec![self.live_experiment(), self.live_journal()], Lane::Main)
                    .await;
            }
            Halt::Keyboard => {
                self.recorder.set_status(Status::Interrupted);
                log::warn!(target: LOG, "Received a termination signal (Ctrl-C)...");
                self.notify("signal_exit", Vec::new(), Lane::Main).await;
            }
            Halt::Exit(code) => {
                self.recorder.set_status(Status::Interrupted);
                log::warn!(target: LOG, "Received the exit signal: {code}");
                if code == UNGRACEFUL {
                    log::warn!(target: LOG, "Ignoring rollbacks as per signal");
                }
                self.notify("signal_exit", Vec::new(), Lane::Main).await;
            }
            Halt::Error(failure, _) => {
                self.recorder.set_status(Status::Aborted);
                self.log_fatal(&failure);
            }
        }
    }

    async fn finish(self: &Rc<Self>) {
        let status = self.recorder.status().and_then(|name| Status::from_name(&name));
        let status = status.unwrap_or(Status::Completed);
        for (key, value) in (self.world.extras)() {
            self.recorder.emit(RunEventKind::Amended { target: Target::Journal(key.into()), value });
        }
        self.recorder.emit(RunEventKind::RunEnded {
            status,
            end: time::iso_from_micros(self.recorder.now()).into(),
            duration: self.recorder.elapsed().as_secs_f64(),
        });
        let deviated = self.recorder.deviated();
        let shown = if deviated { "deviated" } else { status.name() };
        log::info!(target: LOG, "Experiment ended with status: {shown}");
        if deviated {
            log::info!(target: LOG, "The steady-state has deviated, a weakness may have been discovered");
        }
        let state = Value::Map(self.recorder.journal());
        let after = self.apply_controls(Level::Experiment, Side::After, &self.experiment, state, Lane::Main);
        if after.await.is_err() {
            log::debug!(target: LOG, "Failed to close controls");
        }
        self.cleanup_controls().await;
        self.notify("finish", vec![self.live_journal()], Lane::Main).await;
        self.recorder.note_journal();
    }

    fn has_hypothesis(&self) -> bool {
        if self.strategy == Strategy::Skip {
            log::info!(target: LOG, "Skipping Steady-State Hypothesis as requested");
            return false;
        }
        let hypothesis = self.experiment.get("steady-state-hypothesis");
        let probes = hypothesis.and_then(|hypothesis| hypothesis.get("probes"));
        let with_hypothesis = probes.is_some_and(|probes| probes.is_truthy());
        if !with_hypothesis {
            log::info!(target: LOG, "No steady state hypothesis defined. That's ok, just exploring.");
        }
        with_hypothesis
    }

    fn log_background_counts(&self) {
        for (section, what) in [("method", "activities"), ("rollbacks", "rollbacks")] {
            let count = background_count(&self.activities(section));
            if count > 0 {
                log::debug!(target: LOG, "{count} {what} will be run in the background");
            }
        }
    }

    /// The list of activities under a key of the experiment, live; empty where there is none.
    pub(crate) fn activities(&self, key: &str) -> List {
        match self.experiment.get(key) {
            Some(Value::List(activities)) => activities,
            _ => List::new(),
        }
    }

    pub(crate) fn log_fatal(&self, failure: &ports::Failure) {
        const HEADING: &str = "Traceback (most recent call last):\n";
        let trace = self.world.redactor.mask(&failure.exception.concat()).into_owned();
        let heading = if trace.starts_with(HEADING) { "" } else { HEADING };
        critical!(
            "Experiment ran into an un expected fatal error, aborting now.\n{heading}{}",
            trace.trim_end()
        );
    }

    async fn running(&self) {
        let schedule: [(&str, Value); 2] = [
            ("continuous_hypothesis_frequency", Value::Float(self.schedule.frequency.as_secs_f64())),
            ("fail_fast", Value::Bool(self.schedule.fail_fast)),
        ];
        let arguments = vec![
            self.live_experiment(),
            self.live_journal(),
            Value::Map(self.configuration.clone()),
            Value::Map(self.secrets.clone()),
            Value::map(schedule),
            self.settings.clone(),
        ];
        self.notify("running", arguments, Lane::Main).await;
    }

    /// Tells handlers that controls registered about an event.
    pub(crate) async fn notify(&self, event: &'static str, arguments: Vec<Value>, lane: Lane) {
        self.world.controls.event(event, arguments, lane).await;
    }

    pub(crate) fn live_experiment(&self) -> Value {
        Value::Map(self.experiment.clone())
    }

    pub(crate) fn live_journal(&self) -> Value {
        Value::Map(self.recorder.journal())
    }

    /// The settings as controls see them.
    pub(crate) fn loaded_settings(&self) -> Value {
        if self.settings_loaded { self.settings.clone() } else { Value::Null }
    }

    /// Values for substitution.
    pub(crate) fn scope(&self) -> Scope {
        Scope::new(Some(&self.configuration), Some(&self.secrets))
    }

    pub(crate) fn begin_section(&self, section: Section) {
        self.recorder.emit(RunEventKind::SectionStarted(section));
    }
}

/// How many of these activities ask for the background themselves.
pub(crate) fn background_count(activities: &List) -> usize {
    let wants = |activity: &Value| activity.get("background").is_some_and(|flag| flag.is_truthy());
    activities.to_vec().iter().filter(|activity| wants(activity)).count()
}

/// The title with its variables filled in; secrets from outside the experiment stay hidden.
fn masked_title(title: &Value, setup: &Setup, redactor: &Redactor) -> Value {
    let scope = Scope::new(Some(&setup.configuration), Some(&setup.secrets));
    match substitute(title, &scope) {
        Ok(Value::Str(text)) => Value::from(redactor.mask(&text).into_owned()),
        Ok(other) => other,
        // Secrets of a shape that cannot be looked up: the title is better shown as it is.
        Err(_) => title.clone(),
    }
}

/// The method's and the hypothesis' activities by name; of several with one name the last counts,
/// those of the hypothesis after those of the method.
fn named_activities(experiment: &Map) -> HashMap<Str, Map> {
    let probes = experiment.get("steady-state-hypothesis").and_then(|hypothesis| hypothesis.get("probes"));
    let mut named = HashMap::new();
    for activities in [experiment.get("method"), probes].into_iter().flatten() {
        let Value::List(activities) = activities else { continue };
        for activity in activities.to_vec() {
            if let (Some(Value::Str(name)), Value::Map(activity)) = (activity.get("name"), activity)
                && !name.is_empty()
            {
                named.insert(name, activity);
            }
        }
    }
    named
}

/// Whether a tolerance is a probe: its definition is given the value under test, in the journal too.
fn has_probe_tolerance(experiment: &Map) -> bool {
    let probes = experiment.get("steady-state-hypothesis").and_then(|hypothesis| hypothesis.get("probes"));
    let Some(Value::List(probes)) = probes else { return false };
    probes.to_vec().iter().any(|probe| {
        let kind = probe.get("tolerance").and_then(|tolerance| tolerance.get("type"));
        kind.is_some_and(|kind| kind.as_str() == Some("probe"))
    })
}
