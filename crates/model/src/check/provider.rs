//! The three providers.

use super::python::{CheckKind, PythonCheck};
use super::{Checker, Lookup};
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::python;
use crate::value::{Map, Value};

impl Checker<'_> {
    pub(super) fn python_provider(&mut self, activity: &Map, provider: &Map, at: &Pointer) {
        let module = self.python_name(
            provider,
            "module",
            at,
            Code::NoModule,
            "a Python activity must have a module path",
        );
        let func = self.python_name(
            provider,
            "func",
            at,
            Code::NoFunction,
            "a Python activity must have a function name",
        );
        let arguments = match provider.get("arguments") {
            None => Map::new(),
            Some(Value::Map(arguments)) => {
                if arguments.entries().iter().any(|(key, _)| key.as_str().is_none()) {
                    let message = "the arguments of a Python activity must have texts as keys: they are the names of \
                                   the function's parameters";
                    return self.error(Code::BadSignature, &at.then("arguments"), message);
                }
                arguments
            }
            Some(other) => {
                let at = at.then("arguments");
                return self.wrong_shape(&at, "the arguments of a Python activity", "a mapping", &other);
            }
        };
        if let (Some(module), Some(func)) = (module, func) {
            let text = |key| activity.get(key).map(|value| python::str(&value)).unwrap_or_default();
            self.ask(PythonCheck {
                at: at.clone(),
                kind: CheckKind::Activity,
                name: text("name"),
                activity_type: text("type"),
                module,
                func,
                arguments,
                definition: activity.clone(),
            });
        }
    }

    fn python_name(
        &mut self,
        provider: &Map,
        key: &str,
        at: &Pointer,
        code: Code,
        missing: &str,
    ) -> Option<String> {
        match provider.get(key) {
            Some(Value::Str(name)) if !name.is_empty() => Some(name.to_string()),
            Some(other) if other.is_truthy() => {
                self.wrong_shape(&at.then(key), &format!("`{key}` of a Python activity"), "a text", &other);
                None
            }
            found => {
                let at = if found.is_some() { at.then(key) } else { at.clone() };
                self.error(code, &at, missing);
                None
            }
        }
    }

    pub(super) fn process_provider(&mut self, activity: &Map, provider: &Map, at: &Pointer) {
        let path = match provider.get("path") {
            Some(Value::Str(path)) if !path.is_empty() => path,
            Some(other) if other.is_truthy() => {
                return self.wrong_shape(
                    &at.then("path"),
                    "the path of a process activity",
                    "a text",
                    &other,
                );
            }
            found => {
                let at = if found.is_some() { at.then("path") } else { at.clone() };
                let help = "name the program: `path: curl`, `path: ./check.sh`";
                let message = "a process activity must have a path";
                return self.add(Diagnostic::new(Code::NoProcessPath, &at, message).help(help));
            }
        };
        let help = match self.world.which(&path) {
            Lookup::Found => return,
            Lookup::NotExecutable => "the file is there and not executable: `chmod +x` it".to_owned(),
            Lookup::NotFound if path.contains("${") => {
                "variables are not replaced in paths; they are in `arguments`".to_owned()
            }
            Lookup::NotFound if path.contains(' ') => {
                "the path is the program alone; what follows it belongs into `arguments`".to_owned()
            }
            Lookup::NotFound if path.contains('/') => {
                "relative paths start from the directory that the run is started in".to_owned()
            }
            Lookup::NotFound => "install it, or give the path to it".to_owned(),
        };
        let name = activity.get("name").map(|name| python::str(&name)).unwrap_or_default();
        let message = format!("path '{path}' cannot be found, in activity '{name}'");
        self.add(Diagnostic::new(Code::UnknownProgram, &at.then("path"), message).help(help));
    }

    pub(super) fn http_provider(&mut self, provider: &Map, at: &Pointer) {
        if !provider.get("url").is_some_and(|url| url.is_truthy()) {
            let at = if provider.contains_key("url") { at.then("url") } else { at.clone() };
            self.error(Code::NoUrl, &at, "a HTTP activity must have a URL");
        }
        if let Some(headers) = provider.get("headers").filter(Value::is_truthy)
            && headers.as_map().is_none()
        {
            let message = "a HTTP activities expect headers as a mapping";
            self.error(Code::BadHeaders, &at.then("headers"), message);
        }
    }
}
