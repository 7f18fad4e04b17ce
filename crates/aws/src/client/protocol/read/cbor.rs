//! CBOR bodies.

use aws_smithy_cbor::Decoder;
use aws_smithy_cbor::data::Type;
use squall_model::{Key, Map, Value};

use super::{Field, ParseError, Response};
use crate::model::ShapeType;

/// How deep a body may be nested.
const MAX_DEPTH: usize = 500;

pub(super) fn output(output: Option<Field>, response: &Response) -> Result<Map, ParseError> {
    let Some(output) = output else {
        return Ok(Map::new());
    };
    match read(output, &document(&response.body)?)? {
        Value::Map(map) => Ok(map),
        _ => Ok(Map::new()),
    }
}

/// The value of a body: an empty mapping of an empty body.
pub(super) fn document(body: &[u8]) -> Result<Value, ParseError> {
    if body.is_empty() {
        return Ok(Value::Map(Map::new()));
    }
    item(&mut Decoder::new(body), body, 0)
}

/// What a value of the wire is by its shape: types are right already, names are not.
fn read(field: Field, value: &Value) -> Result<Value, ParseError> {
    match (field.kind(), value) {
        _ if field.is_document() => Ok(value.clone()),
        (ShapeType::Structure, Value::Map(map)) => {
            // An unknown member of a union is nothing here, other than in JSON.
            super::json::unknown_tag(field, map)?;
            let parsed = Map::new();
            for (name, member) in field.members() {
                match map.get(name) {
                    None | Some(Value::Null) => {}
                    Some(value) => parsed.insert(name, read(member, &value)?),
                }
            }
            Ok(Value::Map(parsed))
        }
        (ShapeType::Map, Value::Map(map)) => {
            let (_, part) = field.entry();
            let entry = |(key, value): (Key, Value)| Ok((key, read(part, &value)?));
            Ok(Value::Map(map.entries().into_iter().map(entry).collect::<Result<_, ParseError>>()?))
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            Ok(Value::List(list.to_vec().iter().map(|item| read(element, item)).collect::<Result<_, _>>()?))
        }
        (_, value) => Ok(value.clone()),
    }
}

/// One data item.
fn item(decoder: &mut Decoder<'_>, body: &[u8], depth: usize) -> Result<Value, ParseError> {
    let broken = |error: aws_smithy_cbor::decode::DeserializeError| {
        ParseError::new(format!("the CBOR of the answer cannot be read: {error}"))
    };
    let at_end = |decoder: &Decoder<'_>| body.get(decoder.position()) == Some(&0xff);
    if depth > MAX_DEPTH {
        return Err(ParseError::new("the CBOR of the answer is nested too deep"));
    }
    Ok(match decoder.datatype().map_err(broken)? {
        Type::Bool => Value::Bool(decoder.boolean().map_err(broken)?),
        Type::Null => {
            decoder.null().map_err(broken)?;
            Value::Null
        }
        Type::Undefined => {
            decoder.skip().map_err(broken)?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
            Value::from(decoder.long().map_err(broken)?)
        }
        Type::U64 | Type::Int => integer(decoder, body)?,
        Type::F16 | Type::F32 | Type::F64 => Value::Float(decoder.double().map_err(broken)?),
        Type::Bytes | Type::BytesIndef => super::bytes(decoder.blob().map_err(broken)?.into_inner()),
        Type::String => Value::from(decoder.str().map_err(broken)?.into_owned()),
        Type::StringIndef => Value::from(decoder.string().map_err(broken)?),
        Type::Array | Type::ArrayIndef => {
            let mut items = Vec::new();
            let mut left = decoder.list().map_err(broken)?;
            while left.map_or_else(|| !at_end(decoder), |left| left > 0) {
                items.push(item(decoder, body, depth + 1)?);
                left = left.map(|left| left - 1);
            }
            if left.is_none() {
                decoder.skip().map_err(broken)?;
            }
            Value::list(items)
        }
        Type::Map | Type::MapIndef => {
            let map = Map::new();
            let mut left = decoder.map().map_err(broken)?;
            while left.map_or_else(|| !at_end(decoder), |left| left > 0) {
                let key = item(decoder, body, depth + 1)?;
                let value = item(decoder, body, depth + 1)?;
                let key =
                    Key::new(key).ok_or_else(|| ParseError::new("a key of the answer is a container"))?;
                if !value.is_null() {
                    map.insert(key, value);
                }
                left = left.map(|left| left - 1);
            }
            if left.is_none() {
                decoder.skip().map_err(broken)?;
            }
            Value::Map(map)
        }
        // Seconds since 1970 are the one tag that services use.
        Type::Tag if body.get(decoder.position()) == Some(&0xc1) => {
            decoder.set_position(decoder.position() + 1);
            super::json::timestamp(&item(decoder, body, depth + 1)?)?
        }
        other => {
            return Err(ParseError::new(format!("the answer has CBOR that services do not send: {other:?}")));
        }
    })
}

/// An integer that may be beyond 64 bits with a sign.
fn integer(decoder: &mut Decoder<'_>, body: &[u8]) -> Result<Value, ParseError> {
    let at = decoder.position();
    let wide = body.get(at + 1..at + 9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
    let wide = wide.ok_or_else(|| ParseError::new("the CBOR of the answer ends within an integer"))?;
    decoder.set_position(at + 9);
    let text = if body[at] >> 5 == 1 { (-1 - i128::from(wide)).to_string() } else { wide.to_string() };
    text.parse().map(Value::Int).map_err(|_| ParseError::new(format!("`{text}` is no integer")))
}

#[cfg(test)]
mod tests {
    use squall_model::{Value, python};

    use super::document;

    #[test]
    fn items_of_every_type_are_read() {
        for (bytes, shown) in [
            (&[0x18, 0x64][..], "100"),
            (&[0x38, 0x63], "-100"),
            (&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615"),
            (&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "-18446744073709551616"),
            (&[0xf9, 0x3e, 0x00], "1.5"),
            (&[0xfa, 0x3f, 0xc0, 0, 0], "1.5"),
            (&[0xf5], "True"),
            (&[0xf7], "None"),
            (&[0x42, 1, 2], r"b'\x01\x02'"),
            (&[0x5f, 0x41, 1, 0x41, 2, 0xff], r"b'\x01\x02'"),
            (&[0x7f, 0x61, b'a', 0x61, b'b', 0xff], "ab"),
            (&[0x9f, 1, 2, 0xff], "[1, 2]"),
            (&[0xbf, 0x61, b'a', 1, 0x61, b'b', 0xf6, 0xff], "{'a': 1}"),
            (&[0xc1, 0xfb, 0x3f, 0xf4, 0, 0, 0, 0, 0, 0], "1970-01-01 00:00:01.250000+00:00"),
        ] {
            assert_eq!(python::str(&document(bytes).unwrap()), shown, "{bytes:x?}");
        }
        assert_eq!(document(&[]).unwrap(), Value::map::<&str>([]));
        assert!(document(&[0x9f; 2000]).is_err());
        assert!(document(&[0x19, 1]).is_err());
    }
}
