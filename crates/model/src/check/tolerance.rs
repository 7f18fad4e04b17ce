//! Tolerances of the hypothesis' probes.

use super::Checker;
use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::expr::{JsonPath, Regex};
use crate::python;
use crate::value::{Map, Value};

impl Checker<'_> {
    pub(super) fn tolerance(&mut self, tolerance: &Value, at: &Pointer) {
        let Value::Map(map) = tolerance else {
            let known = matches!(tolerance, Value::Bool(_) | Value::Int(_) | Value::List(_) | Value::Str(_));
            if !known {
                let message = "hypothesis probe tolerance must either be an integer, a string, a boolean or a pair of \
                               values for boundaries. It can also be a dictionary which is a probe activity definition \
                               that takes an argument called `value` with the value of the probe itself to be validated";
                let mut diagnostic = Diagnostic::new(Code::BadTolerance, at, message);
                if let Value::Float(float) = tolerance {
                    let number = python::float_repr(*float);
                    diagnostic = diagnostic
                        .help(format!("for one number, use `{{type: range, range: [{number}, {number}]}}`"));
                }
                self.add(diagnostic);
            }
            return;
        };
        let kind = map.get("type").unwrap_or(Value::Null);
        match kind.as_str() {
            Some("probe") => {
                self.activity(tolerance, at);
            }
            Some("regex") => self.regex(map, at),
            Some("jsonpath") => self.jsonpath(map, at),
            Some("range") => self.range(map, at),
            _ => {
                let message =
                    format!("hypothesis probe tolerance type '{}' is unsupported", python::str(&kind));
                let at = if map.contains_key("type") { at.then("type") } else { at.clone() };
                let help = "types are `probe`, `regex`, `jsonpath` and `range`";
                self.add(Diagnostic::new(Code::UnknownTolerance, &at, message).help(help));
            }
        }
    }

    fn regex(&mut self, tolerance: &Map, at: &Pointer) {
        let Some(pattern) = tolerance.get("pattern") else {
            let message = "hypothesis regex probe tolerance must have a `pattern` key";
            return self.error(Code::NoPattern, at, message);
        };
        let at = at.then("pattern");
        let Value::Str(pattern) = pattern else {
            let shown = python::str(&pattern);
            let message = format!("hypothesis probe tolerance pattern {shown} has an invalid type");
            return self.error(Code::BadPattern, &at, message);
        };
        if let Err(error) = Regex::new(&pattern) {
            let problem = error.message();
            let message = format!("hypothesis probe tolerance pattern {pattern} seems invalid: {problem}");
            self.error(Code::BadPattern, &at, message);
        }
    }

    fn jsonpath(&mut self, tolerance: &Map, at: &Pointer) {
        let Some(path) = tolerance.get("path") else {
            let message = "hypothesis jsonpath probe tolerance must have a `path` key";
            return self.error(Code::NoPath, at, message);
        };
        let at = at.then("path");
        let Value::Str(path) = path else {
            return self.wrong_shape(&at, "hypothesis probe tolerance JSON path", "a text", &path);
        };
        let path = path.trim();
        if path.is_empty() {
            return self.error(Code::BadPath, &at, "hypothesis probe tolerance JSON path cannot be empty");
        }
        if let Err(error) = JsonPath::parse(path) {
            let message = format!("hypothesis probe tolerance JSON path {path} is invalid");
            let mut diagnostic = Diagnostic::new(Code::BadPath, &at, message).label(error.to_string());
            if !path.starts_with('$') {
                diagnostic = diagnostic.help(format!("paths start with `$`: `$.{path}`"));
            } else if path.contains("${") {
                diagnostic = diagnostic.help("the path is read before variables are replaced in it");
            }
            self.add(diagnostic);
        }
    }

    fn range(&mut self, tolerance: &Map, at: &Pointer) {
        let Some(range) = tolerance.get("range") else {
            let message = "hypothesis range probe tolerance must have a `range` key";
            return self.error(Code::NoRange, at, message);
        };
        let at = at.then("range");
        let Value::List(range) = range else {
            return self.error(Code::BadRange, &at, "hypothesis range must be a sequence");
        };
        if range.len() != 2 {
            let message = "hypothesis range sequence must be made of two values";
            return self.error(Code::BadRange, &at, message);
        }
        for (index, (bound, which)) in range.to_vec().iter().zip(["lower", "upper"]).enumerate() {
            if bound.as_f64().is_none() {
                let message = format!("hypothesis range {which} boundary must be a number");
                self.error(Code::BadRange, &at.then(index), message);
            }
        }
    }
}
