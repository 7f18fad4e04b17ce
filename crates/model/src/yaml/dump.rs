//! Writing values as YAML, in PyYAML's default block style.

use std::collections::HashMap;

use super::construct;
use super::emit::{self, Output, Style};
use super::scalar::{self, Implicit};
use crate::python;
use crate::value::{Key, Map, OtherKind, Value};

/// Writes a value as YAML, as `yaml.dump(value, default_flow_style=False, sort_keys=sort_keys)` does:
/// one entry a line, ASCII only, `...` behind a lone plain scalar. Containers that occur several times
/// get an anchor, so that they are one container again when they are read. What YAML has no form for is
/// written as the text it carries.
pub fn dump(value: &Value, sort_keys: bool) -> String {
    let mut dumper = Dumper { output: Output::new(), sort_keys, anchors: HashMap::new(), named: 0 };
    dumper.count(value);
    let open_ended = dumper.root(value);
    dumper.output.indent(0);
    if open_ended {
        dumper.output.write("...\n");
    }
    dumper.output.text
}

struct Dumper {
    output: Output,
    sort_keys: bool,
    /// The containers that occur several times, by identity; `Some` once they have a name.
    anchors: HashMap<usize, Seen>,
    named: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Once,
    Often,
    Named(usize),
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Root,
    Item,
    Entry,
}

impl Dumper {
    /// Finds out which containers occur several times.
    fn count(&mut self, value: &Value) {
        let identity = match value {
            Value::List(list) => list.identity(),
            Value::Map(map) => map.identity(),
            _ => return,
        };
        if let Some(seen) = self.anchors.get_mut(&identity) {
            *seen = Seen::Often;
            return;
        }
        self.anchors.insert(identity, Seen::Once);
        match value {
            Value::List(list) => list.to_vec().iter().for_each(|item| self.count(item)),
            Value::Map(map) => map.values().iter().for_each(|item| self.count(item)),
            _ => {}
        }
    }

    /// Writes the whole value and tells whether its end must be marked.
    fn root(&mut self, value: &Value) -> bool {
        match value {
            Value::List(_) | Value::Map(_) => {
                self.node(value, Place::Root, None);
                false
            }
            scalar => self.scalar(scalar, 2, false) == Style::Plain,
        }
    }

    /// Writes a node inside of something that is indented by `indent`.
    fn node(&mut self, value: &Value, place: Place, indent: Option<usize>) {
        let below = indent.map_or(0, |indent| indent + 2);
        match value {
            Value::List(list) => {
                if self.anchor(list.identity()) {
                    return;
                }
                if list.is_empty() {
                    return self.output.indicator("[]", true, false);
                }
                // A list in a mapping stands as far left as the key.
                let indentless = place == Place::Entry && !self.output.indenting;
                let below = if indentless { indent.unwrap_or(0) } else { below };
                for item in list.to_vec() {
                    self.output.indent(below);
                    self.output.indicator("-", true, true);
                    self.node(&item, Place::Item, Some(below));
                }
            }
            Value::Map(map) => {
                if self.anchor(map.identity()) {
                    return;
                }
                if map.is_empty() {
                    return self.output.indicator("{}", true, false);
                }
                for (key, item) in self.entries(map) {
                    self.output.indent(below);
                    self.key(&key, below);
                    self.node(&item, Place::Entry, Some(below));
                }
            }
            scalar => {
                self.scalar(scalar, below, false);
            }
        }
    }

    fn key(&mut self, key: &Key, indent: usize) {
        let (text, _) = written(key.value());
        let bytes = matches!(key.value(), Value::Other(other) if matches!(other.kind, OtherKind::Bytes(_)));
        if emit::simple_key(&text) && !bytes {
            self.scalar(key.value(), indent, true);
            self.output.indicator(":", false, false);
        } else {
            self.output.indicator("?", true, true);
            self.scalar(key.value(), indent + 2, false);
            self.output.indent(indent);
            self.output.indicator(":", true, true);
        }
    }

    fn entries(&self, map: &Map) -> Vec<(Key, Value)> {
        let mut entries = map.entries();
        // Keys of different types have no order; they stay as they are.
        let texts = entries.iter().all(|(key, _)| key.as_str().is_some());
        let numbers =
            entries.iter().all(|(key, _)| key.value().as_f64().is_some_and(|number| !number.is_nan()));
        if self.sort_keys && texts {
            entries.sort_by(|(a, _), (b, _)| a.as_str().cmp(&b.as_str()));
        } else if self.sort_keys && numbers {
            entries.sort_by(|(a, _), (b, _)| {
                a.value().numeric_cmp(b.value()).unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        entries
    }

    /// Writes the anchor of a container that occurs several times, or the alias of one that was
    /// written; `true` for an alias.
    fn anchor(&mut self, identity: usize) -> bool {
        match self.anchors.get(&identity).copied() {
            Some(Seen::Named(number)) => {
                self.output.indicator(&format!("*id{number:03}"), true, false);
                true
            }
            Some(Seen::Often) => {
                self.named += 1;
                self.anchors.insert(identity, Seen::Named(self.named));
                self.output.indicator(&format!("&id{:03}", self.named), true, false);
                false
            }
            _ => false,
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize, key: bool) -> Style {
        if let Value::Other(other) = value
            && let OtherKind::Bytes(bytes) = &other.kind
        {
            self.output.indicator("!!binary", true, false);
            let text = construct::to_base64(bytes);
            self.output.scalar(&text, Style::Double, indent, true);
            return Style::Double;
        }
        let (text, resolves) = written(value);
        let style = emit::style(&text, resolves, key);
        self.output.scalar(&text, style, indent, key);
        style
    }
}

/// The text of a scalar, and whether it is read back as what it is without quotes.
fn written(value: &Value) -> (String, bool) {
    match value {
        Value::Null => ("null".to_owned(), true),
        Value::Bool(flag) => (flag.to_string(), true),
        Value::Int(int) => (int.to_string(), true),
        Value::Float(float) => (float_text(*float), true),
        Value::Other(other) => match other.kind {
            OtherKind::Date => (other.text.to_string(), true),
            OtherKind::DateTime => (other.display.as_ref().unwrap_or(&other.text).to_string(), true),
            _ => text(&other.text),
        },
        Value::Str(string) => text(string),
        Value::List(_) | Value::Map(_) => text(&python::str(value)),
    }
}

fn text(text: &str) -> (String, bool) {
    (text.to_owned(), scalar::resolve(text) == Implicit::Str)
}

fn float_text(float: f64) -> String {
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let text = python::float_repr(float);
    // Without a point it would be read as text.
    if text.contains('.') { text } else { text.replacen('e', ".0e", 1) }
}
