//! Activities and controls that name functions of `chaosaws`, carried out here instead of in Python.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use squall_engine::configuration::Environment;
use squall_engine::log::LOG;
use squall_engine::ports::{
    BoxFuture, Call, Clock, Controls, Failure, HookCall, HookOutcome, Lane, Outcome, Provider,
};
use squall_model::expr::{Scope as Names, substitute};
use squall_model::{Map, Value, json, python};

use crate::activities;
use crate::activity::{Activity, Function, Kind, Raised};
use crate::advice::advice;
use crate::random::Random;
use crate::session::{Limits, Session};

/// What a run has of AWS: made when it is first needed, shared by all its activities.
pub struct Aws {
    environment: Rc<dyn Environment>,
    clock: Rc<dyn Clock>,
    options: RefCell<Options>,
    in_python: Cell<bool>,
    session: OnceCell<Rc<Session>>,
    random: OnceCell<Rc<Random>>,
}

/// What users choose for a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// How fast requests may go out.
    pub limits: Limits,
    /// Where random choices start; without one, anywhere.
    pub seed: Option<u64>,
}

impl Aws {
    /// Nothing is done before the first activity needs it.
    pub fn new(environment: Rc<dyn Environment>, clock: Rc<dyn Clock>) -> Rc<Self> {
        Rc::new(Aws {
            environment,
            clock,
            options: RefCell::default(),
            in_python: Cell::new(false),
            session: OnceCell::new(),
            random: OnceCell::new(),
        })
    }

    /// Takes the options of a run, before its first activity.
    pub fn configure(&self, options: Options) {
        *self.options.borrow_mut() = options;
    }

    /// Sends functions of `chaosaws` to Python (`true`), or carries them out here.
    pub fn leave_to_python(&self, to_python: bool) {
        self.in_python.set(to_python);
    }

    /// Where clients come from.
    pub fn session(&self) -> Rc<Session> {
        let make = || Rc::new(Session::new(Rc::clone(&self.environment), self.options.borrow().limits));
        Rc::clone(self.session.get_or_init(make))
    }

    /// The seed of the run's random choices, where one was given or something was chosen.
    pub fn seed(&self) -> Option<i64> {
        let drawn = self.random.get().filter(|random| random.is_used()).map(|random| random.seed());
        let seed = self.options.borrow().seed.or(drawn);
        seed.map(u64::cast_signed)
    }

    fn random(&self) -> Rc<Random> {
        let seed = self.options.borrow().seed;
        Rc::clone(self.random.get_or_init(|| Rc::new(seed.map_or_else(Random::unseeded, Random::new))))
    }

    /// The function that is carried out here.
    fn function(&self, module: &str, name: &str) -> Option<&'static Function> {
        if self.in_python.get() || !module.starts_with("chaosaws.") {
            return None;
        }
        activities::find(module, name)
    }

    /// Whether a module is one of those that are carried out here, whole.
    fn knows(&self, module: &str) -> bool {
        !self.in_python.get()
            && module.starts_with("chaosaws.")
            && activities::all().any(|function| function.module == module)
    }

    /// Whether a module is a control that is carried out here.
    pub fn has_control(&self, module: &str) -> bool {
        !self.in_python.get()
            && activities::all().any(|function| function.kind == Kind::Control && function.module == module)
    }

    fn activity(&self, arguments: Map, configuration: Map, secrets: Map) -> Activity {
        Activity {
            arguments,
            configuration,
            secrets,
            session: self.session(),
            random: self.random(),
            clock: Rc::clone(&self.clock),
        }
    }

    /// What the reference's validation says of a function and its arguments; `None` where Python must be
    /// asked.
    pub fn check(&self, module: &str, name: &str, arguments: &Map) -> Option<Verdict> {
        if !self.knows(module) {
            return None;
        }
        Some(match self.function(module, name) {
            Some(function) => function.verdict(arguments),
            None => Verdict::NoFunction,
        })
    }
}

/// What validation says of a function and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They fit.
    Fine,
    /// The module has no such function.
    NoFunction,
    /// This required argument is not given, the first of them.
    Missing(String),
    /// This argument is not one of the function's.
    Unexpected(String),
}

/// The parameters that every function has and no experiment gives.
const OWN: [&str; 2] = ["configuration", "secrets"];

impl Function {
    /// What binding the arguments to the signature says: a missing argument counts before an unexpected one.
    fn verdict(&self, arguments: &Map) -> Verdict {
        let missing = self
            .parameters
            .iter()
            .find(|parameter| parameter.default.is_none() && !arguments.contains_key(parameter.name));
        if let Some(missing) = missing {
            return Verdict::Missing(missing.name.to_owned());
        }
        let unexpected = arguments.entries().into_iter().find_map(|(key, _)| {
            let key = python::str(key.value());
            let known = self.parameters.iter().any(|parameter| parameter.name == key);
            (!known && !OWN.contains(&&*key)).then_some(key)
        });
        unexpected.map_or(Verdict::Fine, Verdict::Unexpected)
    }

    /// The arguments with the defaults of those left out; or what Python says of arguments that do not fit.
    fn bind(&self, arguments: &Map) -> Result<Map, Raised> {
        let refuse = |reason: String| Err(Raised::of_class("TypeError", format!("{}() {reason}", self.name)));
        for (key, _) in arguments.entries() {
            let key = python::str(key.value());
            if !self.parameters.iter().any(|parameter| parameter.name == key) && !OWN.contains(&&*key) {
                return refuse(format!("got an unexpected keyword argument '{key}'"));
            }
        }
        let missing: Vec<_> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.default.is_none() && !arguments.contains_key(parameter.name))
            .map(|parameter| format!("'{}'", parameter.name))
            .collect();
        if !missing.is_empty() {
            let plural = if missing.len() == 1 { "" } else { "s" };
            let count = missing.len();
            return refuse(format!(
                "missing {count} required positional argument{plural}: {}",
                listed(&missing)
            ));
        }
        let bound = arguments.shallow_clone();
        for parameter in self.parameters {
            if let (Some(default), false) = (parameter.default, bound.contains_key(parameter.name)) {
                let default =
                    json::parse(default).expect("defaults in the tables are JSON, a test reads them");
                bound.insert(parameter.name, default);
            }
        }
        Ok(bound)
    }
}

/// `'a'`, `'a' and 'b'`, `'a', 'b', and 'c'`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, other] => format!("{one} and {other}"),
        [most @ .., last] => format!("{}, and {last}", most.join(", ")),
    }
}

/// Python's provider, with the functions of `chaosaws` taken out of it.
pub struct Chaosaws {
    aws: Rc<Aws>,
    python: Rc<dyn Provider>,
}

impl Chaosaws {
    /// Carries functions of `chaosaws` out with `aws`, and leaves all others to `python`.
    pub fn new(aws: Rc<Aws>, python: Rc<dyn Provider>) -> Self {
        Chaosaws { aws, python }
    }

    fn function(&self, call: &Call) -> Option<(&'static Function, Map)> {
        let Some(Value::Map(provider)) = call.activity.get("provider") else { return None };
        let (module, name) = (provider.get("module")?, provider.get("func")?);
        let function = self.aws.function(module.as_str()?, name.as_str()?)?;
        (function.kind != Kind::Control).then_some((function, provider))
    }

    async fn run(&self, call: &Call, function: &'static Function, provider: &Map) -> Outcome {
        log::debug!(
            target: LOG,
            "Activity '{}' is carried out natively: {}.{}",
            call.activity.get("name").map(|name| python::str(&name)).unwrap_or_default(),
            function.module,
            function.name
        );
        let scope = Names::new(Some(&call.configuration), Some(&call.secrets));
        let given = provider.get("arguments").unwrap_or_else(|| Value::Map(Map::new()));
        let arguments = match resolved(&given, &scope) {
            Ok(arguments) => arguments,
            Err(failure) => return Outcome::Errored(failure),
        };
        let bound = match function.bind(&arguments) {
            Ok(bound) => bound,
            Err(raised) => return failed(raised),
        };
        let secrets = merged_secrets(provider.get("secrets"), &call.secrets);
        let activity = self.aws.activity(bound, call.configuration.shallow_clone(), secrets);
        match (function.run)(&activity).await {
            Ok(output) => Outcome::Returned(output),
            Err(raised) => failed(raised),
        }
    }
}

/// The outcome of what was raised; what to do about it goes to the log.
pub(crate) fn failed(raised: Raised) -> Outcome {
    if let Some(advice) = advice(raised.text()) {
        log::warn!(target: LOG, "{advice}");
    }
    Outcome::Failed(raised.into())
}

/// Arguments with the values of configuration and secrets in them; untouched where there are neither, as
/// in the reference.
pub(crate) fn resolved(arguments: &Value, scope: &Names) -> Result<Map, Failure> {
    let substituted = if scope.is_empty() { Ok(arguments.clone()) } else { substitute(arguments, scope) };
    match substituted {
        Ok(Value::Map(arguments)) => Ok(arguments.shallow_clone()),
        Ok(other) => {
            let message = format!("argument after ** must be a mapping, not {}", other.type_name());
            Err(Failure::of_class("TypeError", message))
        }
        Err(raised) => Err(Failure::of_class(raised.class, raised.message)),
    }
}

/// The secrets of the scopes that a provider names.
pub(crate) fn merged_secrets(scopes: Option<Value>, secrets: &Map) -> Map {
    let merged = Map::new();
    if let Some(Value::List(scopes)) = scopes {
        for scope in scopes.to_vec() {
            let Some(Value::Map(scope)) = scope.as_str().and_then(|scope| secrets.get(scope)) else {
                continue;
            };
            for (key, value) in scope.entries() {
                merged.insert(key, value);
            }
        }
    }
    merged
}

impl Provider for Chaosaws {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        match self.function(call) {
            Some((function, provider)) => Box::pin(async move { self.run(call, function, &provider).await }),
            None => self.python.call(call),
        }
    }
}

/// Python's controls, with those of `chaosaws` taken out of them.
pub struct ChaosawsControls {
    aws: Rc<Aws>,
    python: Rc<dyn Controls>,
}

impl ChaosawsControls {
    /// Carries hooks of `chaosaws` out with `aws`, and leaves all others to `python`.
    pub fn new(aws: Rc<Aws>, python: Rc<dyn Controls>) -> Self {
        ChaosawsControls { aws, python }
    }

    /// The module of a control that is ours.
    fn module(&self, control: &Map) -> Option<String> {
        let module = control.get("provider")?.get("module")?;
        let module = module.as_str()?;
        self.aws.has_control(module).then(|| module.to_owned())
    }

    /// Whether a control is ours, so that nobody need import it.
    fn knows(&self, control: &Map) -> bool {
        self.module(control).is_some()
    }

    async fn hook(&self, hook: &HookCall, function: &'static Function) -> HookOutcome {
        let provider = hook.control.get("provider").unwrap_or(Value::Null);
        let arguments = provider.get("arguments").unwrap_or_else(|| Value::Map(Map::new())).deep_clone();
        let scope = Names::new(hook.configuration.as_map(), hook.secrets.as_map());
        let arguments = match resolved(&arguments, &scope) {
            Ok(arguments) => arguments,
            Err(failure) => return HookOutcome::Failed(failure),
        };
        arguments.insert("context", hook.context.clone());
        for (name, value) in
            [("state", &hook.state), ("experiment", &hook.experiment), ("settings", &hook.settings)]
        {
            if function.parameters.iter().any(|parameter| parameter.name == name) {
                arguments.insert(name, value.clone());
            }
        }
        let map = |value: &Value| value.as_map().cloned().unwrap_or_default();
        let outcome = match function.bind(&arguments) {
            Ok(bound) => {
                let activity = self.aws.activity(bound, map(&hook.configuration), map(&hook.secrets));
                (function.run)(&activity).await
            }
            Err(raised) => Err(raised),
        };
        match outcome {
            Ok(_) => HookOutcome::Done,
            Err(Raised::Error { class, message }) if class == "chaoslib.exceptions.InterruptExecution" => {
                HookOutcome::Interrupted(message)
            }
            Err(Raised::Error { class, message }) => HookOutcome::Failed(Failure::of_class(&class, message)),
            Err(Raised::Failed(message)) => HookOutcome::Failed(Failure::activity(message)),
        }
    }
}

impl Controls for ChaosawsControls {
    fn import<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, bool> {
        if self.knows(control) { Box::pin(async { true }) } else { self.python.import(control) }
    }

    fn configure<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        if self.knows(&hook.control) {
            return Box::pin(async { HookOutcome::Done });
        }
        self.python.configure(hook)
    }

    fn apply<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        let Some(module) = self.module(&hook.control) else { return self.python.apply(hook) };
        match self.aws.function(&module, hook.function) {
            Some(function) => Box::pin(self.hook(hook, function)),
            None => Box::pin(async { HookOutcome::Done }),
        }
    }

    fn cleanup<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, HookOutcome> {
        if self.knows(control) {
            return Box::pin(async { HookOutcome::Done });
        }
        self.python.cleanup(control)
    }

    fn event<'a>(&'a self, event: &'static str, arguments: Vec<Value>, lane: Lane) -> BoxFuture<'a, ()> {
        self.python.event(event, arguments, lane)
    }
}

#[cfg(test)]
mod tests {
    use squall_model::{Map, Value};

    use super::Verdict;
    use crate::activities;

    #[test]
    fn every_default_in_the_tables_is_json() {
        let mut functions = 0;
        for function in activities::all() {
            functions += 1;
            let given: Map = function
                .parameters
                .iter()
                .filter(|parameter| parameter.default.is_none())
                .map(|parameter| (parameter.name, Value::Null))
                .collect();
            let bound = function.bind(&given).expect("all required arguments are given");
            assert_eq!(bound.len(), function.parameters.len(), "{}.{}", function.module, function.name);
            assert_eq!(function.verdict(&given), Verdict::Fine);
        }
        assert!(functions >= 159, "{functions}");
    }

    #[test]
    fn arguments_that_do_not_fit_are_refused_in_pythons_words() {
        let function = activities::find("chaosaws.ecs.actions", "stop_task").expect("a function of chaosaws");
        let odd: Map = [("taskk", Value::from("a"))].into_iter().collect();
        assert_eq!(function.verdict(&odd), Verdict::Unexpected("taskk".to_owned()));
        let raised = function.bind(&odd).expect_err("there is no such parameter");
        assert_eq!(raised.text(), "stop_task() got an unexpected keyword argument 'taskk'");

        let function =
            activities::find("chaosaws.ecs.probes", "service_is_deploying").expect("a function of chaosaws");
        assert_eq!(function.verdict(&Map::new()), Verdict::Missing("cluster".to_owned()));
        let raised = function.bind(&Map::new()).expect_err("two arguments are missing");
        assert_eq!(
            raised.text(),
            "service_is_deploying() missing 2 required positional arguments: 'cluster' and 'service'"
        );
    }
}
