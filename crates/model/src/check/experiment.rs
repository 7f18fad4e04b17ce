//! The experiment as a whole.

use super::Checker;
use super::activity::Names;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::value::{List, Map, Value};

impl Checker<'_> {
    pub(super) fn experiment(&mut self, experiment: &Value) {
        let root = Pointer::root();
        if !experiment.is_truthy() {
            let help = "start with a `title`, a `description` and a `method`";
            let message = "an empty experiment is not an experiment";
            return self.add(Diagnostic::new(Code::EmptyExperiment, &root, message).help(help));
        }
        let Value::Map(experiment) = experiment else {
            return self.wrong_shape(&root, "an experiment", "a mapping", experiment);
        };
        self.heading(experiment);
        self.tags(experiment);
        self.extensions(experiment);
        self.configuration(experiment);
        self.secrets(experiment);
        let hypothesis = self.hypothesis_section(experiment);
        if let Some(hypothesis) = &hypothesis {
            self.hypothesis(hypothesis, &root.then("steady-state-hypothesis"));
        }
        let names = Names::of(experiment);
        self.method(experiment, &names);
        self.rollbacks(experiment);
        self.deprecations(experiment);
        self.controls(experiment);
        self.hints(experiment);
    }

    fn heading(&mut self, experiment: &Map) {
        let root = Pointer::root();
        let truthy = |key| experiment.get(key).is_some_and(|value| value.is_truthy());
        let place = |key: &str| if experiment.contains_key(key) { root.then(key) } else { root.clone() };
        if !truthy("title") {
            let message = "experiment requires a title";
            let help = "say what the experiment asks: `title: What if ...?`";
            self.add(Diagnostic::new(Code::NoTitle, &place("title"), message).help(help));
        }
        if !truthy("description") {
            let message = "experiment requires a description";
            let help = "add a `description`: what happens, and why it should not matter";
            self.add(Diagnostic::new(Code::NoDescription, &place("description"), message).help(help));
        }
    }

    fn tags(&mut self, experiment: &Map) {
        const MESSAGE: &str = "experiment tags must be a non-empty string";
        let at = Pointer::root().then("tags");
        match experiment.get("tags") {
            // A text is read letter by letter, a mapping key by key.
            Some(Value::Map(tags)) => {
                let bad = tags.entries().iter().any(|(key, _)| key.as_str().is_none_or(str::is_empty));
                if bad {
                    self.error(Code::BadTag, &at, MESSAGE);
                }
            }
            Some(Value::List(tags)) => {
                for (index, tag) in tags.to_vec().iter().enumerate() {
                    if tag.as_str().is_none_or(str::is_empty) {
                        self.error(Code::BadTag, &at.then(index), MESSAGE);
                    }
                }
            }
            Some(other) if other.is_truthy() && other.as_str().is_none() => {
                self.wrong_shape(&at, "experiment tags", "a list of texts", &other);
            }
            _ => {}
        }
    }

    fn extensions(&mut self, experiment: &Map) {
        const MESSAGE: &str = "All extensions require a non-empty name";
        let at = Pointer::root().then("extensions");
        match experiment.get("extensions") {
            Some(Value::List(extensions)) => {
                for (index, extension) in extensions.to_vec().iter().enumerate() {
                    let at = at.then(index);
                    let Value::Map(extension) = extension else {
                        self.wrong_shape(&at, "an extension", "a mapping with a `name`", extension);
                        continue;
                    };
                    let name = extension.get("name");
                    if name.as_ref().and_then(Value::as_str).is_none_or(|name| name.trim().is_empty()) {
                        let at = if name.is_some() { at.then("name") } else { at };
                        self.error(Code::BadExtension, &at, MESSAGE);
                    }
                }
            }
            Some(other) if other.is_truthy() => {
                self.wrong_shape(&at, "the experiment's `extensions`", "a list of mappings", &other);
            }
            _ => {}
        }
    }

    /// The hypothesis, when the experiment has one; `null` is none.
    fn hypothesis_section(&mut self, experiment: &Map) -> Option<Map> {
        match experiment.get("steady-state-hypothesis")? {
            Value::Null => None,
            Value::Map(hypothesis) => Some(hypothesis),
            other => {
                let at = Pointer::root().then("steady-state-hypothesis");
                self.wrong_shape(&at, "the experiment's `steady-state-hypothesis`", "a mapping", &other);
                None
            }
        }
    }

    fn hypothesis(&mut self, hypothesis: &Map, at: &Pointer) {
        let title = hypothesis.get("title");
        if !title.as_ref().is_some_and(Value::is_truthy) {
            let at = if title.is_some() { at.then("title") } else { at.clone() };
            let help = "say what is normal: `title: The service answers`";
            self.add(
                Diagnostic::new(Code::NoHypothesisTitle, &at, "hypothesis requires a title")
                    .on_key()
                    .help(help),
            );
        }
        let at = at.then("probes");
        match hypothesis.get("probes") {
            None | Some(Value::Null) => {}
            Some(Value::List(probes)) => {
                for (index, probe) in probes.to_vec().iter().enumerate() {
                    self.hypothesis_probe(probe, &at.then(index));
                }
            }
            Some(other) => self.wrong_shape(&at, "the hypothesis' `probes`", "a list", &other),
        }
    }

    fn hypothesis_probe(&mut self, probe: &Value, at: &Pointer) {
        let Some(probe) = self.activity(probe, at) else { return };
        self.findable(&probe, at);
        match probe.get("tolerance") {
            Some(tolerance) => self.tolerance(&tolerance, &at.then("tolerance")),
            None => {
                let message = "hypothesis probe must have a tolerance entry";
                let help = "say what the probe must find: `tolerance: 200`, `tolerance: true` ...";
                self.add(Diagnostic::new(Code::NoTolerance, at, message).help(help));
            }
        }
    }

    fn method(&mut self, experiment: &Map, names: &Names) {
        let at = Pointer::root().then("method");
        match experiment.get("method") {
            None | Some(Value::Null) => {
                let at = if experiment.contains_key("method") { at } else { Pointer::root() };
                // The blank at the end is the reference's.
                let message = "an experiment requires a method, which can be empty for only checking steady state \
                               hypothesis ";
                self.add(Diagnostic::new(Code::NoMethod, &at, message).help("add `method: []`"));
            }
            Some(Value::List(method)) => {
                for (index, item) in method.to_vec().iter().enumerate() {
                    let at = at.then(index);
                    let Some(activity) = self.activity(item, &at) else { continue };
                    self.findable(&activity, &at);
                    if let Some(Value::Str(name)) = activity.get("ref").filter(Value::is_truthy)
                        && !names.has(&name)
                    {
                        let message =
                            format!("referenced activity '{name}' could not be found in the experiment");
                        let help = names.help();
                        self.add(
                            Diagnostic::new(Code::UnknownReference, &at.then("ref"), message).help(help),
                        );
                    }
                }
            }
            Some(other) => self.wrong_shape(&at, "the experiment's `method`", "a list of activities", &other),
        }
    }

    fn rollbacks(&mut self, experiment: &Map) {
        let at = Pointer::root().then("rollbacks");
        match optional_list(experiment, "rollbacks") {
            Ok(rollbacks) => {
                for (index, activity) in rollbacks.to_vec().iter().enumerate() {
                    self.activity(activity, &at.then(index));
                }
            }
            Err(other) => self.wrong_shape(&at, "the experiment's `rollbacks`", "a list", &other),
        }
    }

    fn deprecations(&mut self, experiment: &Map) {
        self.mapped_arguments(experiment);
        self.secret_scopes(experiment);
    }

    /// Arguments of a process as a mapping: told once, for the first one.
    fn mapped_arguments(&mut self, experiment: &Map) {
        let first = activities(experiment).into_iter().find(|(activity, _)| {
            activity.get("provider").is_some_and(|provider| {
                provider.get("type").is_some_and(|kind| kind.as_str() == Some("process"))
                    && provider.get("arguments").is_some_and(|arguments| arguments.as_map().is_some())
            })
        });
        if let Some((_, at)) = first {
            let message = "Process arguments should now be a list to keep the ordering of the arguments. \
                           Dictionary arguments are deprecated for process activities.";
            let at = at.then("provider").then("arguments");
            let help = "write each argument as an item of a list";
            self.add(Diagnostic::new(Code::MappedArguments, &at, message).on_key().help(help));
        }
    }
}

/// A list that may be absent, `null` or empty in another way; the value where it is none of these.
pub(super) fn optional_list(holder: &Map, key: &str) -> Result<List, Value> {
    match holder.get(key) {
        Some(Value::List(list)) => Ok(list),
        Some(Value::Str(text)) if text.is_empty() => Ok(List::new()),
        Some(Value::Map(map)) if map.is_empty() => Ok(List::new()),
        None | Some(Value::Null) => Ok(List::new()),
        Some(other) => Err(other),
    }
}

/// All activities that are mappings: those of the hypothesis, the method and the rollbacks.
pub(super) fn activities(experiment: &Map) -> Vec<(Map, Pointer)> {
    let root = Pointer::root();
    let hypothesis = experiment.get("steady-state-hypothesis");
    let sections = [
        (
            hypothesis.and_then(|hypothesis| hypothesis.get("probes")),
            root.then("steady-state-hypothesis").then("probes"),
        ),
        (experiment.get("method"), root.then("method")),
        (experiment.get("rollbacks"), root.then("rollbacks")),
    ];
    let mut all = Vec::new();
    for (section, at) in sections {
        let Some(Value::List(section)) = section else { continue };
        for (index, activity) in section.to_vec().into_iter().enumerate() {
            if let Value::Map(activity) = activity {
                all.push((activity, at.then(index)));
            }
        }
    }
    all
}
