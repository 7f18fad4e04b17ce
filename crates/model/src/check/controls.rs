//! Controls, wherever they are declared.

use super::experiment::{activities, optional_list};
use super::python::{CheckKind, PythonCheck};
use super::{Checker, described};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::python;
use crate::value::{Map, Value};

impl Checker<'_> {
    pub(super) fn controls(&mut self, experiment: &Map) {
        let root = Pointer::root();
        let mut holders = vec![(experiment.clone(), root.clone())];
        if let Some(Value::Map(hypothesis)) = experiment.get("steady-state-hypothesis") {
            holders.push((hypothesis, root.then("steady-state-hypothesis")));
        }
        holders.extend(activities(experiment));
        let mut controls = Vec::new();
        for (holder, at) in holders {
            let at = at.then("controls");
            match optional_list(&holder, "controls") {
                Ok(list) => {
                    for (index, control) in list.to_vec().into_iter().enumerate() {
                        match control {
                            Value::Map(control) => controls.push((control, at.then(index))),
                            other => self.no_control(&at.then(index), "a control must be a mapping", &other),
                        }
                    }
                }
                Err(other) => self.no_control(&at, "`controls` must be a list", &other),
            }
        }
        let declared: Vec<Value> = controls
            .iter()
            .filter(|(control, _)| !control.contains_key("ref"))
            .filter_map(|(control, _)| control.get("name"))
            .collect();
        for (control, at) in &controls {
            self.control(control, at, &declared);
        }
    }

    /// Something that stands where a control should be. It has no name, says the reference.
    fn no_control(&mut self, at: &Pointer, rule: &str, found: &Value) {
        let message = format!("A control must have a `name` property: {rule}, found {}", described(found));
        self.error(Code::NoControlName, at, message);
    }

    fn control(&mut self, control: &Map, at: &Pointer, declared: &[Value]) {
        let reference = control.get("ref");
        if let Some(reference) = &reference
            && !declared.contains(reference)
        {
            // The braces are the reference's: it forgets to fill them in.
            let name = python::str(reference);
            let message = "Control reference '{}' declaration cannot be found";
            let message = format!("{message}: no control is named `{name}`");
            let names: Vec<_> = declared.iter().map(|name| format!("`{}`", python::str(name))).collect();
            let help = if names.is_empty() {
                "declare it in the experiment's `controls`".to_owned()
            } else {
                format!("declared are {}", names.join(", "))
            };
            self.add(Diagnostic::new(Code::UnknownControl, &at.then("ref"), message).help(help));
        }
        // A reference needs nothing else: it stands for what it names.
        let name = match control.get("name") {
            Some(name) => python::str(&name),
            None if reference.is_some() => String::new(),
            None => {
                self.error(Code::NoControlName, at, "A control must have a `name` property");
                String::new()
            }
        };
        let provider = control.get("provider");
        if provider.is_none() && reference.is_none() {
            self.error(
                Code::NoControlProvider,
                at,
                format!("Control '{name}' must have a `provider` property"),
            );
        }
        if let Some(scope) = control.get("scope").filter(Value::is_truthy)
            && !matches!(scope.as_str(), Some("before" | "after"))
        {
            let message = format!("Control '{name}' scope property must be 'before' or 'after' only");
            self.error(Code::BadScope, &at.then("scope"), message);
        }
        let at = at.then("provider");
        match provider {
            Some(Value::Map(provider))
                if provider.get("type").is_some_and(|kind| kind.as_str() == Some("python")) =>
            {
                self.python_control(control, &provider, name, &at);
            }
            None | Some(Value::Map(_)) => {}
            Some(other) => self.wrong_shape(&at, "a control's provider", "a mapping", &other),
        }
    }

    fn python_control(&mut self, control: &Map, provider: &Map, name: String, at: &Pointer) {
        let module = match provider.get("module") {
            Some(Value::Str(module)) if !module.is_empty() => module.to_string(),
            Some(other) if other.is_truthy() => {
                return self.wrong_shape(&at.then("module"), "a control's module", "a text", &other);
            }
            found => {
                let at = if found.is_some() { at.then("module") } else { at.clone() };
                return self.error(
                    Code::NoControlModule,
                    &at,
                    format!("Control '{name}' must have a module path"),
                );
            }
        };
        self.ask(PythonCheck {
            at: at.clone(),
            kind: CheckKind::Control,
            name,
            activity_type: String::new(),
            module,
            func: "validate_control".to_owned(),
            arguments: Map::new(),
            definition: control.clone(),
        });
    }
}
