//! JSON bodies.

use squall_model::{Int, Key, Map, Value, json, python};

use super::rest::ReadBody;
use super::{Field, ParseError, Response};
use crate::client::protocol::Moment;
use crate::model::ShapeType;

pub(super) fn output(output: Option<Field>, response: &Response) -> Result<Map, ParseError> {
    let Some(output) = output else {
        return Ok(Map::new());
    };
    Ok(match read(output, &document(&response.body)?, Leaves::AsTheyCome)? {
        Value::Map(map) => map,
        _ => Map::new(),
    })
}

/// The JSON of a body: an empty mapping of an empty body, the text as `message` of what is no JSON.
pub(super) fn document(body: &[u8]) -> Result<Value, ParseError> {
    if body.is_empty() {
        return Ok(Value::Map(Map::new()));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| ParseError::new(format!("the body is not UTF-8: {error}")))?;
    Ok(json::parse(text).unwrap_or_else(|_| Value::map([("message", Value::from(text))])))
}

/// JSON within the answer to a REST request.
pub(super) struct Body;

impl ReadBody for Body {
    fn structure(&self, field: Field, body: &[u8]) -> Result<Map, ParseError> {
        Ok(match read(field, &document(body)?, Leaves::ByShape)? {
            Value::Map(map) => map,
            _ => Map::new(),
        })
    }

    fn payload(&self, field: Field, body: &[u8]) -> Result<Value, ParseError> {
        read(field, &document(body)?, Leaves::ByShape)
    }
}

/// What becomes of scalars whose JSON type is not their shape's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// They stay what they are.
    AsTheyCome,
    /// They become what the shape says.
    ByShape,
}

/// A JSON value by its shape.
pub(super) fn read(field: Field, value: &Value, leaves: Leaves) -> Result<Value, ParseError> {
    let known_location =
        |member: Field| matches!(member.location(), Some("header" | "headers" | "statusCode"));
    match (field.kind(), value) {
        _ if field.is_document() => Ok(value.clone()),
        (ShapeType::Structure, Value::Map(map)) => {
            if let Some(tag) = unknown_tag(field, map)? {
                return Ok(super::unknown_member(&tag));
            }
            let parsed = Map::new();
            for (name, member) in field.members() {
                if known_location(member) {
                    continue;
                }
                match map.get(member.wire_name().unwrap_or(name)) {
                    None | Some(Value::Null) => {}
                    Some(value) => parsed.insert(name, read(member, &value, leaves)?),
                }
            }
            Ok(Value::Map(parsed))
        }
        (ShapeType::Map, Value::Map(map)) => {
            let (_, part) = field.entry();
            let entry = |(key, value): (Key, Value)| Ok((key, optional(part, &value, leaves)?));
            Ok(Value::Map(map.entries().into_iter().map(entry).collect::<Result<_, ParseError>>()?))
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            let items = list.to_vec();
            let items = items.iter().map(|item| optional(element, item, leaves));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        (ShapeType::Structure, Value::Null) => Ok(Value::Null),
        (ShapeType::Structure | ShapeType::Map | ShapeType::List, other) => Err(ParseError::new(format!(
            "`{}` is {} where the model has {:?}",
            field.shape_name(),
            other.type_name(),
            field.kind()
        ))),
        (ShapeType::Blob, value) => super::blob(&python::str(value)),
        (ShapeType::Timestamp, value) => timestamp(value),
        (_, value) if leaves == Leaves::AsTheyCome => Ok(value.clone()),
        (kind, value) => scalar(kind, value),
    }
}

fn optional(field: Field, value: &Value, leaves: Leaves) -> Result<Value, ParseError> {
    if value.is_null() { Ok(Value::Null) } else { read(field, value, leaves) }
}

pub(super) fn timestamp(value: &Value) -> Result<Value, ParseError> {
    let moment = Moment::of(value);
    moment
        .map(Moment::to_value)
        .ok_or_else(|| ParseError::new(format!("Invalid timestamp \"{}\"", python::str(value))))
}

/// A scalar as its shape wants it.
pub(super) fn scalar(kind: ShapeType, value: &Value) -> Result<Value, ParseError> {
    let unfit = || ParseError::new(format!("{} is not of type {kind:?}", python::repr(value)));
    match kind {
        ShapeType::Boolean => Ok(Value::Bool(match value {
            Value::Bool(flag) => *flag,
            Value::Str(text) => text.eq_ignore_ascii_case("true"),
            _ => false,
        })),
        ShapeType::Integer | ShapeType::Long => match value {
            Value::Int(int) => Ok(Value::Int(int.clone())),
            Value::Bool(flag) => Ok(Value::from(i64::from(*flag))),
            Value::Float(float) if float.is_finite() => Ok(Value::from(float.trunc() as i64)),
            Value::Str(text) => text.trim().parse::<Int>().map(Value::Int).map_err(|_| unfit()),
            _ => Err(unfit()),
        },
        ShapeType::Float | ShapeType::Double => match value {
            Value::Str(text) => float(text).map(Value::Float).ok_or_else(unfit),
            other => other.as_f64().map(Value::Float).ok_or_else(unfit),
        },
        _ => Ok(value.clone()),
    }
}

/// A number from text, as Python's `float()` reads it.
pub(super) fn float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The one member of a union that the model does not know; an error where there is not one alone.
pub(super) fn unknown_tag(field: Field, map: &Map) -> Result<Option<String>, ParseError> {
    if !field.shape.union {
        return Ok(None);
    }
    let mut set = map.entries();
    set.retain(|(key, value)| key.as_str() != Some("__type") && !value.is_null());
    let [(tag, _)] = set.as_slice() else {
        return Err(ParseError::new(format!(
            "Invalid service response: {} must have one and only one member set.",
            field.shape_name()
        )));
    };
    let tag = python::str(tag.value());
    let known = field.members().any(|(name, member)| member.wire_name().unwrap_or(name) == tag);
    Ok((!known).then_some(tag))
}
