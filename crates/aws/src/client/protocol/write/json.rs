//! JSON bodies.

use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Key, Map, OtherKind, Value};

use super::rest::WriteBody;
use super::{Field, Request};
use crate::model::{Operation, Service, ShapeType};

/// As Python's `json.dumps` writes it.
const STYLE: Style = Style { layout: Layout::Spaced, ascii: true, non_finite: NonFinite::Bare };

pub(super) fn write(
    service: &'static Service,
    operation: &Operation,
    input: Option<Field>,
    parameters: &Map,
    request: &mut Request,
) {
    let metadata = &service.metadata;
    let target = format!("{}.{}", metadata.target_prefix.as_deref().unwrap_or_default(), operation.name);
    let version = metadata.json_version.as_deref().unwrap_or("1.0");
    request.set_header("X-Amz-Target", target);
    request.set_header("Content-Type", format!("application/x-amz-json-{version}"));
    let body =
        input.map_or_else(|| Value::Map(Map::new()), |input| tree(input, &Value::Map(parameters.clone())));
    request.body = json::write(&body, &STYLE).into_bytes();
}

/// JSON within a REST request.
pub(super) struct Body;

impl WriteBody for Body {
    fn content_type(&self) -> Option<&'static str> {
        Some("application/json")
    }

    fn write(&self, field: Field, value: &Value) -> Vec<u8> {
        json::write(&tree(field, value), &STYLE).into_bytes()
    }

    fn empty(&self) -> &'static [u8] {
        b"{}"
    }
}

/// The JSON of a value, by its shape.
fn tree(field: Field, value: &Value) -> Value {
    match (field.kind(), value) {
        (ShapeType::Structure, Value::Map(map)) if !field.is_document() => {
            let member = |(name, member, value): (String, Field, Value)| {
                (Key::from(member.wire_name().unwrap_or(&name)), tree(member, &value))
            };
            Value::Map(super::known(field, map).map(member).collect())
        }
        (ShapeType::Map, Value::Map(map)) => {
            let (_, part) = field.entry();
            Value::Map(map.entries().into_iter().map(|(key, value)| (key, tree(part, &value))).collect())
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            Value::List(list.to_vec().iter().map(|item| tree(element, item)).collect())
        }
        (_, Value::Null) => Value::Null,
        (ShapeType::Timestamp, value) => super::moment(field, value, "unixTimestamp"),
        (ShapeType::Blob, value) => Value::from(super::base64(value)),
        (ShapeType::Float | ShapeType::Double, Value::Float(float)) if !float.is_finite() => {
            Value::from(super::number(value))
        }
        (ShapeType::Float | ShapeType::Double, Value::Other(other)) if other.kind == OtherKind::Decimal => {
            other.text.parse().map_or_else(|_| value.clone(), Value::Float)
        }
        (_, value) => value.clone(),
    }
}
