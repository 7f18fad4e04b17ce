//! Providers of type `sample`.

use crate::diagnostic::{Code, Diagnostic};
use crate::document::Pointer;
use crate::value::{Map, Value};
use crate::{python, quantity};

use super::Checker;

const KEYS: [&str; 7] = ["type", "probe", "every", "for", "until", "ok", "expect"];

impl Checker<'_> {
    /// A probe that is called again and again.
    pub(super) fn sample_provider(&mut self, provider: &Map, at: &Pointer) {
        let bad = |at: &Pointer, message: String| Diagnostic::new(Code::BadOption, at, message);
        for (key, _) in provider.entries() {
            let key = python::str(key.value());
            if !KEYS.contains(&&*key) {
                let help = format!("known are {}", KEYS[1..].join(", "));
                self.add(bad(&at.then(&*key), format!("a sample has no `{key}`")).on_key().help(help));
            }
        }
        match provider.get("probe") {
            Some(Value::Map(probe)) => self.sampled(&probe, &at.then("probe")),
            Some(other) => {
                let message = format!("what is sampled must be a probe, found a {}", other.type_name());
                self.add(bad(&at.then("probe"), message));
            }
            None => {
                let help = "add `probe: {provider: ...}`";
                self.add(bad(at, "a sample must have a `probe`".to_owned()).help(help));
            }
        }
        for key in ["every", "for"] {
            match provider.get(key).filter(|value| !value.is_null()) {
                Some(value) if !python::str(&value).contains("${") => {
                    if let Err(expected) = quantity::duration(&python::str(&value)) {
                        let message = format!("`{key}`: found `{}`: {expected}", python::str(&value));
                        self.add(bad(&at.then(key), message));
                    }
                }
                Some(_) => {}
                None if key == "every" => {
                    self.add(bad(at, "a sample must have `every`: how often, such as 100ms".to_owned()));
                }
                None if provider.get("until").is_none() => {
                    self.add(bad(
                        at,
                        "a sample must have `for`: how long, such as 30s; or `until`".to_owned(),
                    ));
                }
                None => {}
            }
        }
        if let Some(until) = provider.get("until").filter(|until| !until.is_null())
            && !matches!(until.as_str(), Some("failed" | "recovered"))
            && !python::str(&until).contains("${")
        {
            let message =
                format!("`until`: expected `failed` or `recovered`, found `{}`", python::str(&until));
            self.add(bad(&at.then("until"), message));
        }
        if let Some(ok) = provider.get("ok").filter(|ok| !ok.is_null()) {
            self.tolerance(&ok, &at.then("ok"));
        }
        match provider.get("expect") {
            None | Some(Value::Null) => {}
            Some(Value::Map(expect)) => {
                for (name, tolerance) in expect.entries() {
                    self.tolerance(&tolerance, &at.then("expect").then(&*python::str(name.value())));
                }
            }
            Some(other) => {
                let message = format!("`expect` must be a mapping, found a {}", other.type_name());
                self.add(bad(&at.then("expect"), message));
            }
        }
    }

    fn sampled(&mut self, probe: &Map, at: &Pointer) {
        if let Some((provider, kind)) = self.provider_section(probe, at) {
            if &*kind == "sample" || &*kind == "fault" {
                let message = format!("a provider of type `{kind}` cannot be sampled");
                self.add(Diagnostic::new(Code::BadOption, &at.then("provider").then("type"), message));
                return;
            }
            self.provider(probe, &provider, &kind, &at.then("provider"));
        }
    }
}
