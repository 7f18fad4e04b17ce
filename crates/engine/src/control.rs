//! Which controls apply where, and applying them.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use squall_model::{Map, Value, python};

use crate::halt::Halt;
use crate::log::LOG;
use crate::ports::{Controls, HookCall, HookOutcome, Lane};
use crate::run::Run;

/// The levels at which controls apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Loader,
    Experiment,
    Hypothesis,
    Method,
    Rollback,
    Activity,
}

/// On which side of what they control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Loader => "loader",
            Level::Experiment => "experiment",
            Level::Hypothesis => "hypothesis",
            Level::Method => "method",
            Level::Rollback => "rollback",
            Level::Activity => "activity",
        }
    }

    fn function(self, side: Side) -> &'static str {
        match (self, side) {
            (Level::Loader, Side::Before) => "before_loading_experiment_control",
            (Level::Loader, Side::After) => "after_loading_experiment_control",
            (Level::Experiment, Side::Before) => "before_experiment_control",
            (Level::Experiment, Side::After) => "after_experiment_control",
            (Level::Hypothesis, Side::Before) => "before_hypothesis_control",
            (Level::Hypothesis, Side::After) => "after_hypothesis_control",
            (Level::Method, Side::Before) => "before_method_control",
            (Level::Method, Side::After) => "after_method_control",
            (Level::Rollback, Side::Before) => "before_rollback_control",
            (Level::Rollback, Side::After) => "after_rollback_control",
            (Level::Activity, Side::Before) => "before_activity_control",
            (Level::Activity, Side::After) => "after_activity_control",
        }
    }
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Side::Before => "before",
            Side::After => "after",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Side::Before => "Before",
            Side::After => "After",
        }
    }
}

/// The controls that a mapping declares.
fn declared(owner: &Map) -> Vec<Map> {
    match owner.get("controls") {
        Some(Value::List(controls)) => controls
            .to_vec()
            .into_iter()
            .filter_map(|control| match control {
                Value::Map(control) => Some(control),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn is_automatic(control: &Map) -> bool {
    control.get("automatic").is_none_or(|automatic| automatic.is_truthy())
}

fn copy(control: &Map) -> Map {
    match Value::Map(control.clone()).deep_clone() {
        Value::Map(copy) => copy,
        _ => unreachable!("the copy of a mapping is a mapping"),
    }
}

fn is_python(control: &Map) -> bool {
    control.get("provider").and_then(|p| p.get("type")).is_some_and(|kind| kind.as_str() == Some("python"))
}

fn name_of(control: &Map) -> Option<Value> {
    control.get("name")
}

/// The controls in force for `context`, in the order in which they apply. The rules are the
/// reference's, odd as some are: top-level controls come once for every other control in scope, and
/// global ones are dropped around the method and the rollbacks when there are top-level ones.
pub(crate) fn in_force(level: Level, globals: &[Map], experiment: &Map, context: &Map) -> Vec<Map> {
    let top = declared(experiment);
    let mut controls: Vec<Map> = globals.iter().cloned().chain(declared(context)).collect();
    if top.is_empty() {
        return controls;
    }
    if controls.is_empty() || matches!(level, Level::Method | Level::Rollback) {
        return top.iter().filter(|control| is_automatic(control)).map(copy).collect();
    }
    for control in controls.clone() {
        if let Some(reference) = control.get("ref") {
            if let Some(target) = top.iter().find(|target| name_of(target).as_ref() == Some(&reference)) {
                controls.push(copy(target));
            }
            continue;
        }
        for target in top.iter().rev() {
            let same_name = name_of(&control) == name_of(target);
            if !same_name && level != Level::Experiment && is_automatic(target) {
                controls.insert(0, copy(target));
            }
        }
    }
    controls
}

/// Every control declared anywhere in the experiment, the first of each name only.
pub(crate) fn all(experiment: &Map) -> Vec<Map> {
    let hypothesis = experiment.get("steady-state-hypothesis").unwrap_or(Value::Null);
    let mut controls = declared(experiment);
    controls.extend(hypothesis.as_map().map(declared).unwrap_or_default());
    for activities in [hypothesis.get("probes"), experiment.get("method"), experiment.get("rollbacks")] {
        let Some(Value::List(activities)) = activities else { continue };
        for activity in activities.to_vec() {
            controls.extend(activity.as_map().map(declared).unwrap_or_default());
        }
    }
    let mut seen: Vec<Value> = Vec::new();
    controls.retain(|control| {
        let Some(name) = name_of(control).filter(|name| name.is_truthy()) else { return false };
        let new = !seen.contains(&name);
        seen.push(name);
        new
    });
    controls
}

/// Applies the global controls around the loading of an experiment; what a hook does to the state
/// (the experiment) stays. `Err` has the text of an interruption.
pub async fn apply_loader_controls(
    adapter: &dyn Controls,
    globals: &[Map],
    before: bool,
    source: &str,
    experiment: &Value,
    settings: &Value,
) -> Result<(), String> {
    let side = if before { Side::Before } else { Side::After };
    let hook = |control: Map| HookCall {
        control,
        function: Level::Loader.function(side),
        context: Value::from(source),
        state: experiment.clone(),
        experiment: Value::Null,
        configuration: Value::Null,
        secrets: Value::Null,
        settings: settings.clone(),
        lane: Lane::Main,
    };
    match apply_all(adapter, globals.to_vec(), Level::Loader, side, hook).await {
        Ok(()) => Ok(()),
        Err(Halt::Interrupted(text)) => Err(text),
        Err(Halt::Keyboard) => Err("interrupted".to_owned()),
        Err(Halt::Exit(code)) => Err(format!("a control asked to exit with {code}")),
        Err(Halt::Error(failure, _)) => Err(failure.message),
    }
}

async fn apply_all(
    adapter: &dyn Controls,
    controls: Vec<Map>,
    level: Level,
    side: Side,
    hook: impl Fn(Map) -> HookCall,
) -> Result<(), Halt> {
    if controls.is_empty() {
        log::debug!(target: LOG, "No controls to apply on '{}'", level.name());
        return Ok(());
    }
    for control in controls {
        let scope = control.get("scope").filter(|scope| scope.is_truthy());
        if scope.is_some_and(|scope| scope.as_str() != Some(side.name())) {
            continue;
        }
        let name = python::str(&name_of(&control).unwrap_or(Value::Null));
        log::debug!(target: LOG, "Applying {}-control '{name}' on '{}'", side.name(), level.name());
        if !is_python(&control) {
            continue;
        }
        match adapter.apply(&hook(control)).await {
            HookOutcome::Done => {}
            HookOutcome::Failed(failure) => {
                let trace = failure.exception.concat();
                log::debug!(target: LOG, "{}-control '{name}' failed\n{}", side.title(), trace.trim_end());
            }
            HookOutcome::Interrupted(text) => {
                log::debug!(target: LOG, "{}-control '{name}' interrupted the execution", side.title());
                return Err(Halt::Interrupted(text));
            }
            HookOutcome::Exit(exit) => return Err(exit.into()),
        }
    }
    Ok(())
}

impl Run {
    /// Applies the controls in force for `context` on one side of it.
    pub(crate) async fn apply_controls(
        &self,
        level: Level,
        side: Side,
        context: &Map,
        state: Value,
        lane: Lane,
    ) -> Result<(), Halt> {
        let controls = in_force(level, &self.globals.borrow(), &self.experiment, context);
        let hook = |control: Map| HookCall {
            control,
            function: level.function(side),
            context: Value::Map(context.clone()),
            state: state.clone(),
            experiment: Value::Map(self.experiment.clone()),
            configuration: Value::Map(self.configuration.clone()),
            secrets: Value::Map(self.secrets.clone()),
            settings: self.loaded_settings(),
            lane,
        };
        let applied = apply_all(&*self.world.controls, controls, level, side, hook);
        match lane {
            Lane::Main => self.world.interrupts.guard(applied).await?,
            Lane::Background => applied.await,
        }
    }

    /// Carries out `body` between the controls of `context`. The controls after it apply whatever
    /// happens before, and see what `state` holds by then. (The body is pinned where it was made: moved
    /// from one waiting function into the next, it would take its room in each.)
    pub(crate) async fn with_controls<T>(
        &self,
        level: Level,
        context: &Map,
        lane: Lane,
        state: &RefCell<Value>,
        body: Pin<&mut impl Future<Output = Result<T, Halt>>>,
    ) -> Result<T, Halt> {
        let result = match self.apply_controls(level, Side::Before, context, Value::Null, lane).await {
            Ok(()) => body.await,
            Err(halt) => Err(halt),
        };
        let state = state.borrow().clone();
        self.apply_controls(level, Side::After, context, state, lane).await?;
        result
    }

    /// Calls `configure_control` of the global controls, then of the experiment's. A global control
    /// that fails is left out of the run.
    pub(crate) async fn configure_controls(&self) {
        let globals = self.globals.borrow().clone();
        let mut kept = Vec::with_capacity(globals.len());
        for control in globals {
            let name = python::str(&name_of(&control).unwrap_or(Value::Null));
            log::debug!(target: LOG, "Initializing global control '{name}'");
            if self.configure_control(&control, &name, self.settings.clone()).await {
                kept.push(control);
            }
        }
        *self.globals.borrow_mut() = kept;
        log::debug!(target: LOG, "Initializing controls");
        for control in all(&self.experiment) {
            let name = python::str(&name_of(&control).unwrap_or(Value::Null));
            log::debug!(target: LOG, "Initializing control '{name}'");
            // The reference hands no settings to controls of the experiment here.
            self.configure_control(&control, &name, Value::Null).await;
        }
    }

    async fn configure_control(&self, control: &Map, name: &str, settings: Value) -> bool {
        if !is_python(control) {
            return true;
        }
        let hook = HookCall {
            control: control.clone(),
            function: "configure_control",
            context: Value::Null,
            state: Value::Null,
            experiment: Value::Map(self.experiment.clone()),
            configuration: Value::Map(self.configuration.clone()),
            secrets: Value::Map(self.secrets.clone()),
            settings,
            lane: Lane::Main,
        };
        let why = match self.world.controls.configure(&hook).await {
            HookOutcome::Done => return true,
            HookOutcome::Failed(failure) => failure.exception.concat(),
            HookOutcome::Interrupted(text) => text,
            HookOutcome::Exit(_) => "it asked to exit".to_owned(),
        };
        log::debug!(
            target: LOG,
            "Control initialization '{name}' failed. It will not be registered.\n{}",
            why.trim_end()
        );
        false
    }

    /// Calls `cleanup_control` of the experiment's controls, then of the global ones. A failure is
    /// noted and nothing more: the run is over, and its journal counts.
    pub(crate) async fn cleanup_controls(&self) {
        log::debug!(target: LOG, "Cleaning up controls");
        let globals = self.globals.take();
        let own = all(&self.experiment).into_iter().map(|control| (control, "control"));
        for (control, kind) in own.chain(globals.into_iter().map(|control| (control, "global control"))) {
            let name = python::str(&name_of(&control).unwrap_or(Value::Null));
            log::debug!(target: LOG, "Cleaning up {kind} '{name}'");
            if !is_python(&control) {
                continue;
            }
            if let HookOutcome::Failed(failure) = self.world.controls.cleanup(&control).await {
                let trace = failure.exception.concat();
                log::debug!(target: LOG, "Control cleanup '{name}' failed\n{}", trace.trim_end());
            }
        }
    }

    /// Whether Python code may hold parts of the experiment or the journal.
    pub(crate) fn has_controls(globals: &[Map], experiment: &Map) -> bool {
        !globals.is_empty() || !all(experiment).is_empty()
    }
}
