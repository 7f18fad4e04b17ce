//! Parameters that do not fit an operation: all of them, before anything is sent, in botocore's words.

use squall_model::{Key, Map, OtherKind, Value, python};

use super::protocol::{Field, Moment};
use crate::model::{Operation, Service, ShapeType};

/// Every problem of `parameters`, in botocore's order; none where they fit.
pub fn problems(service: &'static Service, operation: &'static Operation, parameters: &Map) -> Vec<String> {
    let mut report = Report(Vec::new());
    if let Some(input) = &operation.input {
        report.check(Field::new(service, input), &Value::Map(parameters.clone()), "");
    }
    report.0
}

const TEXT: &str = "<class 'str'>";
const WHOLE: &str = "<class 'int'>";
const NUMBER: &str = "<class 'float'>, <class 'decimal.Decimal'>, <class 'int'>";
const FLAG: &str = "<class 'bool'>";
const MAPPING: &str = "<class 'dict'>";
const SEQUENCE: &str = "<class 'list'>, <class 'tuple'>";
const BYTES: &str = "<class 'bytes'>, <class 'bytearray'>, file-like object";
const TIME: &str = "<class 'datetime.datetime'>, timestamp-string";
const DOCUMENT: &str =
    "<class 'str'>, <class 'int'>, <class 'bool'>, <class 'float'>, <class 'list'>, <class 'dict'>";

struct Report(Vec<String>);

impl Report {
    fn check(&mut self, field: Field, value: &Value, at: &str) {
        if field.json_header() {
            // All that experiments hold can be written as JSON, except bytes and the like.
            if let Some(kind) = beyond_json(value) {
                self.0.push(format!(
                    "Invalid parameter {} must be json serializable: Object of type {kind} is not JSON serializable",
                    name_of(at)
                ));
            }
            return;
        }
        if field.is_document() {
            return self.check_document(value, at);
        }
        match (field.kind(), value) {
            (ShapeType::Structure, Value::Map(map)) => self.check_structure(field, map, at),
            (ShapeType::Structure, _) => self.wrong_type(value, at, MAPPING),
            (ShapeType::List, Value::List(list)) => {
                self.check_length(field, list.len(), at);
                let element = field.element();
                for (index, item) in list.to_vec().iter().enumerate() {
                    self.check(element, item, &format!("{at}[{index}]"));
                }
            }
            (ShapeType::List, _) => self.wrong_type(value, at, SEQUENCE),
            (ShapeType::Map, Value::Map(map)) => {
                let (key_field, value_field) = field.entry();
                for (key, value) in map.entries() {
                    let name = python::str(key.value());
                    self.check(key_field, key.value(), &format!("{at} (key: {name})"));
                    self.check(value_field, &value, &format!("{at}.{name}"));
                }
            }
            (ShapeType::Map, _) => self.wrong_type(value, at, MAPPING),
            (ShapeType::String | ShapeType::Character, Value::Str(text)) => {
                self.check_length(field, text.chars().count(), at);
            }
            (ShapeType::String | ShapeType::Character, _) => self.wrong_type(value, at, TEXT),
            (
                ShapeType::Integer | ShapeType::Long | ShapeType::BigInteger,
                Value::Int(_) | Value::Bool(_),
            ) => {
                self.check_range(field, value, at);
            }
            (ShapeType::Integer | ShapeType::Long | ShapeType::BigInteger, _) => {
                self.wrong_type(value, at, WHOLE);
            }
            (ShapeType::Float | ShapeType::Double | ShapeType::BigDecimal, value) => {
                if as_number(value).is_some() {
                    self.check_range(field, value, at);
                } else {
                    self.wrong_type(value, at, NUMBER);
                }
            }
            (ShapeType::Boolean, Value::Bool(_)) => {}
            (ShapeType::Boolean, _) => self.wrong_type(value, at, FLAG),
            (ShapeType::Blob, value) => {
                if !is_blob(value) {
                    self.wrong_type(value, at, BYTES);
                }
            }
            (ShapeType::Timestamp, value) => {
                if Moment::of(value).is_none() {
                    self.wrong_type(value, at, TIME);
                }
            }
        }
    }

    fn check_structure(&mut self, field: Field, map: &Map, at: &str) {
        let members = || field.shape.members.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        if field.shape.union {
            match map.len() {
                0 => self.0.push(format!(
                    "Must set one of the following keys for tagged unionstructure {}: {}.",
                    name_of(at),
                    members()
                )),
                1 => {}
                _ => self.0.push(format!(
                    "Invalid number of parameters set for tagged union structure {}. Can only set one of the \
                     following keys: {}.",
                    name_of(at),
                    members()
                )),
            }
        }
        for required in &field.shape.required {
            if !map.contains_key(required) {
                self.0.push(format!("Missing required parameter in {}: \"{required}\"", name_of(at)));
            }
        }
        let entries = map.entries();
        let known = |key: &Key| key.as_str().and_then(|name| field.member(name));
        for (key, _) in entries.iter().filter(|(key, _)| known(key).is_none()) {
            self.0.push(format!(
                "Unknown parameter in {}: \"{}\", must be one of: {}",
                name_of(at),
                python::str(key.value()),
                members()
            ));
        }
        for (key, value) in &entries {
            if let Some(member) = known(key) {
                self.check(member, value, &format!("{at}.{}", python::str(key.value())));
            }
        }
    }

    fn check_document(&mut self, value: &Value, at: &str) {
        match value {
            Value::Map(map) => {
                map.entries()
                    .iter()
                    .for_each(|(key, value)| self.check_document(value, &python::str(key.value())));
            }
            Value::List(list) => {
                for (index, item) in list.to_vec().iter().enumerate() {
                    self.check_document(item, &format!("{at}[{index}]"));
                }
            }
            Value::Other(_) => self.0.push(format!(
                "Invalid type for document parameter {}, value: {}, type: {}, valid types: {DOCUMENT}",
                name_of(at),
                python::str(value),
                class_of(value)
            )),
            _ => {}
        }
    }

    fn wrong_type(&mut self, value: &Value, at: &str, valid: &str) {
        self.0.push(format!(
            "Invalid type for parameter {}, value: {}, type: {}, valid types: {valid}",
            name_of(at),
            python::str(value),
            class_of(value)
        ));
    }

    /// The least length of a text, the least count of a list.
    fn check_length(&mut self, field: Field, length: usize, at: &str) {
        if let Some(min) = least(field).filter(|min| (length as f64) < *min) {
            self.0.push(format!(
                "Invalid length for parameter {}, value: {length}, valid min length: {min}",
                name_of(at)
            ));
        }
    }

    fn check_range(&mut self, field: Field, value: &Value, at: &str) {
        let number = as_number(value).unwrap_or_default();
        if let Some(min) = least(field).filter(|min| number < *min) {
            let (name, value) = (name_of(at), python::str(value));
            self.0
                .push(format!("Invalid value for parameter {name}, value: {value}, valid min value: {min}"));
        }
    }
}

/// The least number or length; what is a part of the host's name has one of its own.
fn least(field: Field) -> Option<f64> {
    field.shape.min.or_else(|| field.host_label().then_some(1.0))
}

fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Other(other) if other.kind == OtherKind::Decimal => other.text.parse().ok(),
        other => other.as_f64(),
    }
}

fn is_blob(value: &Value) -> bool {
    match value {
        Value::Str(_) => true,
        Value::Other(other) => matches!(other.kind, OtherKind::Bytes(_)),
        _ => false,
    }
}

/// The Python type of the first value that JSON has no form for.
fn beyond_json(value: &Value) -> Option<String> {
    match value {
        Value::List(list) => list.to_vec().iter().find_map(beyond_json),
        Value::Map(map) => map.values().iter().find_map(beyond_json),
        Value::Other(_) => Some(value.type_name().to_owned()),
        _ => None,
    }
}

fn name_of(at: &str) -> &str {
    if at.is_empty() { "input" } else { at.strip_prefix('.').unwrap_or(at) }
}

/// A Python class as `str()` shows it.
fn class_of(value: &Value) -> String {
    let module = match value {
        Value::Other(other) => match other.kind {
            OtherKind::Date | OtherKind::DateTime => "datetime.",
            OtherKind::Decimal => "decimal.",
            OtherKind::Uuid => "uuid.",
            _ => "",
        },
        _ => "",
    };
    format!("<class '{module}{}'>", value.type_name())
}
