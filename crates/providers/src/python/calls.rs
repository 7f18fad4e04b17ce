//! Activities and controls in terms of the worker's operations.

use squall_engine::ports::{
    BoxFuture, Call, Controls, Exit, Failure, HookCall, HookOutcome, Lane, Outcome, Provider,
};
use squall_model::expr::{Scope, substitute};
use squall_model::{Map, Value};

use super::process::{Answer, State};
use super::replica::Updates;
use super::wire::{Message, write_text};
use super::{House, PythonError, PythonWorker, native};

/// A call's message while it is filled.
pub(super) struct Handover<'a> {
    message: &'a mut Message,
    state: &'a mut State,
    updates: Updates,
    walk: Vec<i64>,
}

impl<'a> Handover<'a> {
    fn new(message: &'a mut Message, state: &'a mut State) -> Self {
        let updates = state.replica.updates();
        Handover { message, state, updates, walk: Vec::new() }
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.message.text(name, text);
    }

    /// Adds a list of texts.
    pub(super) fn texts(&mut self, name: &str, texts: &[&str]) {
        let mut json = vec![b'['];
        for (index, text) in texts.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            write_text(&mut json, text);
        }
        json.push(b']');
        self.message.raw(name, &json);
    }

    /// Adds a flag.
    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.message.flag(name, flag);
    }

    /// Adds a value whose containers live on both sides; they are compared when the call is over.
    pub(super) fn live(&mut self, name: &str, value: &Value) {
        let item = self.share(value);
        self.message.raw(name, &item);
    }

    fn share(&mut self, value: &Value) -> Vec<u8> {
        let item = self.state.replica.share(value, &mut self.updates);
        self.walk.extend(self.state.replica.number_of(value));
        item
    }

    /// Adds a value that the worker gets as a copy of its own.
    pub(super) fn copy(&mut self, name: &str, value: &Value) {
        let item = self.state.replica.copy(value, &mut self.updates);
        self.message.raw(name, &item);
    }

    /// Adds a list of live values.
    fn live_list(&mut self, name: &str, values: &[Value]) {
        let items = values.iter().map(|value| self.share(value)).collect::<Vec<_>>();
        self.message.raw(name, &[b"[", &*items.join(&b","[..]), b"]"].concat());
    }

    fn furnish(&mut self, house: &House) {
        if house.version == self.state.house {
            return;
        }
        self.state.house = house.version;
        let mut json = Vec::new();
        for (name, value) in
            [("settings", &house.settings), ("controls", &house.controls), ("experiment", &house.experiment)]
        {
            json.push(if json.is_empty() { b'{' } else { b',' });
            write_text(&mut json, name);
            json.push(b':');
            json.extend(self.state.replica.share(value, &mut self.updates));
        }
        json.push(b'}');
        self.message.raw("house", &json);
    }

    fn finish(self) {
        let walk = self.walk.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.message.raw("walk", format!("[{walk}]").as_bytes());
        self.message.number("seq", self.updates.sequence());
        self.message.raw("up", &self.updates.json());
    }
}

impl PythonWorker {
    /// Makes a call and waits for its answer; starts the worker where none runs.
    pub(super) async fn request(
        &self,
        lane: Lane,
        operation: &str,
        build: impl FnOnce(&mut Handover<'_>),
    ) -> Result<Answer, PythonError> {
        let link = self.link()?;
        let house = self.shared.house.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        link.call(lane, operation, |message, state| {
            let mut handover = Handover::new(message, state);
            handover.furnish(&house);
            build(&mut handover);
            handover.finish();
        })
        .await
    }

    async fn activity(&self, call: &Call) -> Outcome {
        let Some(Value::Map(provider)) = call.activity.get("provider") else {
            return Outcome::Errored(Failure::of_class("KeyError", "'provider'"));
        };
        let (module, func) = match (name(&provider, "module"), name(&provider, "func")) {
            (Ok(module), Ok(func)) => (module, func),
            (Err(failure), _) | (_, Err(failure)) => return Outcome::Errored(failure),
        };
        let arguments = provider.get("arguments").unwrap_or_else(|| Value::Map(Map::new()));
        let scope = Scope::new(Some(&call.configuration), Some(&call.secrets));
        // The reference leaves arguments alone where nothing could be put into them; they are the
        // experiment's own containers then.
        let substituted = match (!scope.is_empty()).then(|| substitute(&arguments, &scope)).transpose() {
            Ok(substituted) => substituted,
            Err(raised) => return Outcome::Errored(Failure::of_class(raised.class, raised.message)),
        };
        if self.answers_natively()
            && let Some(outcome) = native::call(&module, &func, substituted.as_ref().unwrap_or(&arguments))
        {
            return outcome;
        }
        let answer = self.request(call.lane, "run", |handover| {
            handover.text("module", &module);
            handover.text("func", &func);
            handover.copy("name", &call.activity.get("name").unwrap_or(Value::Null));
            handover.live("configuration", &Value::Map(call.configuration.clone()));
            handover.live("secrets", &Value::Map(call.secrets.clone()));
            match &substituted {
                Some(substituted) => handover.copy("args", substituted),
                None => handover.live("args", &arguments),
            }
            if let Some(scopes) = provider.get("secrets") {
                handover.copy("scopes", &scopes);
            }
        });
        match answer.await {
            Ok(answer) => answer.into_outcome(),
            Err(error) => Outcome::Errored(error.into_failure()),
        }
    }

    async fn hook(&self, hook: &HookCall, operation: &str, function: &str) -> HookOutcome {
        let Some(Value::Map(provider)) = hook.control.get("provider") else {
            return HookOutcome::Failed(Failure::of_class("KeyError", "'provider'"));
        };
        let module = match name(&provider, "module") {
            Ok(module) => module,
            Err(failure) => return HookOutcome::Failed(failure),
        };
        let mut arguments = provider.get("arguments").unwrap_or_else(|| Value::Map(Map::new())).deep_clone();
        let scope = Scope::new(hook.configuration.as_map(), hook.secrets.as_map());
        if operation == "apply" && !scope.is_empty() {
            arguments = match substitute(&arguments, &scope) {
                Ok(arguments) => arguments,
                Err(raised) => return HookOutcome::Failed(Failure::of_class(raised.class, raised.message)),
            };
        }
        let parameters = match self.parameters(&module, function, hook.lane).await {
            Ok(Some(parameters)) => parameters,
            Ok(None) => return HookOutcome::Done,
            Err(outcome) => return outcome,
        };
        let answer = self.request(hook.lane, operation, |handover| {
            handover.text("module", &module);
            handover.text("func", function);
            handover.copy("args", &arguments);
            if operation == "apply" {
                handover.live("context", &hook.context);
            }
            for (name, value) in [
                ("state", &hook.state),
                ("experiment", &hook.experiment),
                ("configuration", &hook.configuration),
                ("secrets", &hook.secrets),
                ("settings", &hook.settings),
            ] {
                let wanted = parameters.iter().any(|parameter| {
                    parameter == name || (name == "experiment" && parameter == "extensions")
                });
                // What the worker had before, its code may still hold.
                if wanted || handover.state.replica.knows(value) {
                    handover.live(name, value);
                }
            }
        });
        match answer.await {
            Ok(answer) => answer.into_hook_outcome(),
            Err(error) => HookOutcome::Failed(error.into_failure()),
        }
    }

    /// The names of the parameters of a control's function; `None` where there is no such function.
    async fn parameters(
        &self,
        module: &str,
        function: &str,
        lane: Lane,
    ) -> Result<Option<Vec<String>>, HookOutcome> {
        let failed = |error: PythonError| HookOutcome::Failed(error.into_failure());
        let link = self.link().map_err(failed)?;
        let key = (module.to_owned(), function.to_owned());
        if let Some(known) = link.state().parameters.get(&key) {
            return Ok(Some(known.clone()));
        }
        let answer = self.request(lane, "parameters", |handover| {
            handover.text("module", module);
            handover.text("func", function);
        });
        let answer = answer.await.map_err(failed)?;
        match &*answer.kind {
            "ok" => {
                let names = answer.value.as_list().map(|names| names.to_vec()).unwrap_or_default();
                let names = names.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect::<Vec<_>>();
                link.state().parameters.insert(key, names.clone());
                Ok(Some(names))
            }
            // Not remembered: a module may grow the function later.
            "missing" => Ok(None),
            _ => Err(answer.into_hook_outcome()),
        }
    }

    async fn clean_up(&self, control: &Map) -> HookOutcome {
        let provider = control.get("provider");
        let Some(Value::Map(provider)) = provider else {
            return HookOutcome::Failed(Failure::of_class("KeyError", "'provider'"));
        };
        let module = match name(&provider, "module") {
            Ok(module) => module,
            Err(failure) => return HookOutcome::Failed(failure),
        };
        let answer = self.request(Lane::Main, "cleanup", |handover| {
            handover.text("module", &module);
            handover.text("func", "cleanup_control");
            handover.walk = handover.state.replica.all();
        });
        match answer.await {
            Ok(answer) => answer.into_hook_outcome(),
            Err(error) => HookOutcome::Failed(error.into_failure()),
        }
    }

    async fn import_control(&self, control: &Map) -> bool {
        let module = control.get("provider").and_then(|provider| provider.get("module"));
        let Some(module) = module.as_ref().and_then(Value::as_str) else { return false };
        match self.ask("import", |handover| handover.text("module", module)).await {
            Ok(found) => found.is_truthy(),
            Err(error) => {
                log::warn!(target: squall_engine::log::LOG, "Control module '{module}' could not be loaded: {error}");
                false
            }
        }
    }

    async fn tell(&self, event: &str, arguments: &[Value], lane: Lane) {
        // The worker that controls registered with may have ended; a new one has no handlers.
        let Some(link) = self.running().filter(|link| link.state().listening) else { return };
        let answer = link.call(lane, "event", |message, state| {
            let mut handover = Handover::new(message, state);
            handover.text("event", event);
            handover.live_list("args", arguments);
            handover.finish();
        });
        if let Err(error) = answer.await {
            log::debug!(target: squall_engine::log::LOG, "Event '{event}' was not delivered: {error}");
        }
    }
}

impl Provider for PythonWorker {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(self.activity(call))
    }
}

impl Controls for PythonWorker {
    fn import<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, bool> {
        Box::pin(self.import_control(control))
    }

    fn configure<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        Box::pin(self.hook(hook, "configure", "configure_control"))
    }

    fn apply<'a>(&'a self, hook: &'a HookCall) -> BoxFuture<'a, HookOutcome> {
        Box::pin(self.hook(hook, "apply", hook.function))
    }

    fn cleanup<'a>(&'a self, control: &'a Map) -> BoxFuture<'a, HookOutcome> {
        Box::pin(self.clean_up(control))
    }

    fn event<'a>(&'a self, event: &'static str, arguments: Vec<Value>, lane: Lane) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.tell(event, &arguments, lane).await })
    }
}

impl Answer {
    fn into_outcome(self) -> Outcome {
        let failure = Failure { message: self.message, exception: self.exception };
        match &*self.kind {
            "ok" => Outcome::Returned(self.value),
            "failed" => Outcome::Failed(failure),
            "exit" => Outcome::Exit(Exit::System(failure.message)),
            "keyboard" => Outcome::Exit(Exit::Keyboard),
            _ => Outcome::Errored(failure),
        }
    }

    fn into_hook_outcome(self) -> HookOutcome {
        let failure = Failure { message: self.message, exception: self.exception };
        match &*self.kind {
            "ok" | "missing" => HookOutcome::Done,
            "interrupted" => HookOutcome::Interrupted(failure.message),
            "exit" => HookOutcome::Exit(Exit::System(failure.message)),
            "keyboard" => HookOutcome::Exit(Exit::Keyboard),
            _ => HookOutcome::Failed(failure),
        }
    }
}

impl PythonError {
    /// The error as a failure of what Python was needed for.
    fn into_failure(self) -> Failure {
        let message = self.to_string();
        Failure { exception: vec![format!("{message}\n")], message }
    }
}

/// A name in a provider's definition; what Python would raise where it is none.
fn name(provider: &Map, key: &str) -> Result<String, Failure> {
    match provider.get(key) {
        Some(Value::Str(name)) => Ok(name.to_string()),
        Some(other) => Err(Failure::of_class(
            "TypeError",
            format!("`{key}` of a Python provider must be a string, not {}", other.type_name()),
        )),
        None => Err(Failure::of_class("KeyError", format!("'{key}'"))),
    }
}
