//! The coding of messages and values between Squall and the worker.
//!
//! A frame is eight bytes of length, little endian, then one JSON object. Values are never nested in it:
//! every container is an *update* `[number, kind, items]` of its own (kind 0: a list's items; 1: a
//! mapping's keys and values in turn), so that depth and cycles are no matter. An *item* is
//!
//! | JSON | meaning |
//! |---|---|
//! | `null`, `true`, `1`, `1.0`, `"text"` | itself; integers within 64 bits |
//! | `[number]` | the container of that number |
//! | `{"i": "-1f"}` | a larger integer, hexadecimal |
//! | `{"f": "nan"}` | a float that JSON has no form for |
//! | `{"k": kind, "t": text, "d": display, "n": type, "b": base64}` | an [`Other`] |
//!
//! Numbers below zero belong to one message; the others stay for the life of the worker (see
//! [`super::replica`]).

use std::collections::HashMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use num_bigint::BigInt;
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use squall_model::{Int, Other, OtherKind, Value};

/// A message to the worker under construction.
pub(super) struct Message {
    text: Vec<u8>,
}

impl Message {
    /// A message for operation `name`.
    pub(super) fn new(name: &str) -> Self {
        let mut message = Message { text: b"{\"op\":".to_vec() };
        write_text(&mut message.text, name);
        message
    }

    /// Adds a field that is JSON already.
    pub(super) fn raw(&mut self, name: &str, json: &[u8]) -> &mut Self {
        self.text.push(b',');
        write_text(&mut self.text, name);
        self.text.push(b':');
        self.text.extend_from_slice(json);
        self
    }

    /// Adds a text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        let mut json = Vec::with_capacity(text.len() + 2);
        write_text(&mut json, text);
        self.raw(name, &json)
    }

    /// Adds a number.
    pub(super) fn number(&mut self, name: &str, number: u64) -> &mut Self {
        self.raw(name, number.to_string().as_bytes())
    }

    /// Adds a flag.
    pub(super) fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.raw(name, if flag { b"true" } else { b"false" })
    }

    /// The finished frame.
    pub(super) fn frame(mut self) -> Vec<u8> {
        self.text.push(b'}');
        let mut frame = (self.text.len() as u64).to_le_bytes().to_vec();
        frame.append(&mut self.text);
        frame
    }
}

/// Appends a JSON string.
pub(super) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        out.extend_from_slice(&rest[..at]);
        match rest[at] {
            byte @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', byte]),
            byte => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Appends the item of a value that is not a container; a container is given to `number`.
pub(super) fn write_item(out: &mut Vec<u8>, value: &Value, number: &mut dyn FnMut(&Value) -> i64) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(Int::Small(int)) => out.extend_from_slice(int.to_string().as_bytes()),
        Value::Int(Int::Big(int)) => write_tag(out, &[("i", &int.to_str_radix(16))]),
        // Rust's form always has a point or an exponent, so Python reads a float.
        Value::Float(float) if float.is_finite() => out.extend_from_slice(format!("{float:?}").as_bytes()),
        Value::Float(float) if float.is_nan() => write_tag(out, &[("f", "nan")]),
        Value::Float(float) => write_tag(out, &[("f", if *float > 0.0 { "inf" } else { "-inf" })]),
        Value::Str(text) => write_text(out, text),
        Value::List(_) | Value::Map(_) => out.extend_from_slice(format!("[{}]", number(value)).as_bytes()),
        Value::Other(other) => {
            let encoded;
            let mut fields = vec![("t", &*other.text)];
            match &other.kind {
                OtherKind::Date => fields.push(("k", "date")),
                OtherKind::DateTime => fields.push(("k", "datetime")),
                OtherKind::Decimal => fields.push(("k", "decimal")),
                OtherKind::Uuid => fields.push(("k", "uuid")),
                OtherKind::Bytes(bytes) => {
                    encoded = BASE64.encode(bytes);
                    fields.extend([("k", "bytes"), ("b", &*encoded)]);
                }
                OtherKind::Object(name) => fields.extend([("k", "object"), ("n", &**name)]),
            }
            if let Some(display) = &other.display {
                fields.push(("d", display));
            }
            write_tag(out, &fields);
        }
    }
}

fn write_tag(out: &mut Vec<u8>, fields: &[(&str, &str)]) {
    for (index, (name, text)) in fields.iter().enumerate() {
        out.push(if index == 0 { b'{' } else { b',' });
        write_text(out, name);
        out.push(b':');
        write_text(out, text);
    }
    out.push(b'}');
}

/// One item from the worker.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A value that is no container.
    Plain(Value),
    /// The container of this number.
    Container(i64),
}

/// The new content of one container.
#[derive(Debug, Deserialize)]
pub(super) struct Update(pub(super) i64, pub(super) u8, pub(super) Vec<Item>);

/// A message from the worker; which fields there are depends on what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Inbound {
    /// `ready`, `log` or `signal`; empty for an answer.
    pub(super) op: String,
    /// The call that is answered.
    pub(super) id: u64,
    /// What came of it: `ok`, `failed`, `errored`, `exit`, `keyboard`, `interrupted`, `missing`,
    /// `refused`, `cancelled`.
    pub(super) k: String,
    /// The value, where there is one.
    pub(super) v: Option<Item>,
    /// A message in words.
    pub(super) m: String,
    /// Traceback lines.
    pub(super) x: Vec<String>,
    /// Containers that are new or changed.
    pub(super) up: Vec<Update>,
    /// The last sequence number of ours that the worker had taken in.
    pub(super) seen: u64,
    /// Whether event handlers are registered.
    pub(super) ev: bool,
    /// Changed environment variables; null for removed ones.
    pub(super) env: HashMap<String, Option<String>>,
    /// The new working directory.
    pub(super) cwd: Option<String>,
    /// A log record's level, as Python counts.
    pub(super) l: u32,
    /// A log record's module.
    pub(super) f: String,
    /// A log record's line, or a signal's number.
    pub(super) n: u32,
}

impl Inbound {
    /// Reads a frame's body.
    pub(super) fn parse(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item: a scalar, `[number]` or a tagged value")
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Plain(Value::Null))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Item, E> {
        Ok(Item::Plain(Value::Bool(flag)))
    }

    fn visit_i64<E>(self, int: i64) -> Result<Item, E> {
        Ok(Item::Plain(Value::from(int)))
    }

    fn visit_u64<E>(self, int: u64) -> Result<Item, E> {
        Ok(Item::Plain(Value::Int(BigInt::from(int).into())))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Item, E> {
        Ok(Item::Plain(Value::Float(float)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Plain(Value::from(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Item, A::Error> {
        let number = items.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
        match items.next_element::<serde::de::IgnoredAny>()? {
            None => Ok(Item::Container(number)),
            Some(_) => Err(serde::de::Error::invalid_length(2, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Item, A::Error> {
        let mut tag = HashMap::<String, String>::new();
        while let Some((name, text)) = fields.next_entry()? {
            tag.insert(name, text);
        }
        tagged(tag).map(Item::Plain).ok_or_else(|| serde::de::Error::custom("a tag that is not known"))
    }
}

fn tagged(mut tag: HashMap<String, String>) -> Option<Value> {
    if let Some(digits) = tag.get("i") {
        return Some(Value::Int(BigInt::parse_bytes(digits.as_bytes(), 16)?.into()));
    }
    if let Some(float) = tag.get("f") {
        return float.parse().ok().map(Value::Float);
    }
    let kind = match &*tag.remove("k")? {
        "date" => OtherKind::Date,
        "datetime" => OtherKind::DateTime,
        "decimal" => OtherKind::Decimal,
        "uuid" => OtherKind::Uuid,
        "bytes" => OtherKind::Bytes(BASE64.decode(tag.get("b")?).ok()?.into()),
        "object" => OtherKind::Object(tag.remove("n")?.into()),
        _ => return None,
    };
    let display = tag.remove("d").map(Into::into);
    Some(Value::Other(Other { kind, text: tag.remove("t")?.into(), display }.into()))
}
