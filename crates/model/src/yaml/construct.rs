//! From nodes to values, by their tags.

use std::borrow::Cow;
use std::sync::Arc;

use super::scalar::{self, Implicit};
use super::timestamp;
use crate::document::{Build, Member, Span};
use crate::python;
use crate::value::{Int, Other, OtherKind, Value};

const PREFIX: &str = "tag:yaml.org,2002:";

/// What is wrong, in PyYAML's words where it has any.
type Result<T> = std::result::Result<T, String>;

/// The value of a scalar.
pub(super) fn scalar(text: Cow<'_, str>, plain: bool, tag: Option<&str>) -> Result<Value> {
    let kind = match tag {
        None if !plain => return Ok(Value::Str(text.into())),
        None | Some("!") => scalar::resolve(&text),
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some("null") => return Ok(Value::Null),
            Some("bool") => Implicit::Bool,
            Some("int") => Implicit::Int,
            Some("float") => Implicit::Float,
            Some("timestamp") => Implicit::Timestamp,
            Some("str") => Implicit::Str,
            Some("binary") => return binary(&text),
            Some("seq") => return Err("expected a sequence node, but found scalar".to_owned()),
            Some("omap" | "pairs") => return Err("expected a sequence, but found scalar".to_owned()),
            Some("map" | "set") => return Err("expected a mapping node, but found scalar".to_owned()),
            _ => return Err(unknown(tag)),
        },
    };
    match kind {
        Implicit::Str => Ok(Value::Str(text.into())),
        Implicit::Null => Ok(Value::Null),
        Implicit::Bool => scalar::boolean(&text)
            .map(Value::Bool)
            .ok_or_else(|| format!("{} is no boolean", python::str_repr(&text))),
        Implicit::Int => scalar::integer(&text).map(Value::Int),
        Implicit::Float => scalar::float(&text)
            .map(Value::Float)
            .ok_or_else(|| format!("could not convert string to float: {}", python::str_repr(&text))),
        Implicit::Timestamp => timestamp::parse(&text).map(|other| Value::Other(Arc::new(other))),
        Implicit::Merge => Err(unknown("tag:yaml.org,2002:merge")),
        Implicit::Default => Err(unknown("tag:yaml.org,2002:value")),
    }
}

/// The value of a sequence.
pub(super) fn sequence<B: Build>(items: Vec<B::Node>, tag: Option<&str>, span: Span) -> Result<B::Node> {
    match tag {
        None | Some("!") => Ok(B::list(items, span)),
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some("seq") => Ok(B::list(items, span)),
            Some("omap" | "pairs") => pairs::<B>(items, span),
            Some("map" | "set") => Err("expected a mapping node, but found sequence".to_owned()),
            Some("null" | "bool" | "int" | "float" | "timestamp" | "str" | "binary") => {
                Err("expected a scalar node, but found sequence".to_owned())
            }
            _ => Err(unknown(tag)),
        },
    }
}

/// The value of a mapping.
pub(super) fn mapping<B: Build>(
    members: Vec<Member<B::Node>>,
    tag: Option<&str>,
    span: Span,
) -> Result<B::Node> {
    match tag {
        None | Some("!") => Ok(B::map(members, span)),
        Some(tag) => match tag.strip_prefix(PREFIX) {
            Some("map") => Ok(B::map(members, span)),
            Some("set") => Ok(B::leaf(set(&members), span)),
            Some("seq") => Err("expected a sequence node, but found mapping".to_owned()),
            Some("omap" | "pairs") => Err("expected a sequence, but found mapping".to_owned()),
            Some("null" | "bool" | "int" | "float" | "timestamp" | "str" | "binary") => {
                Err("expected a scalar node, but found mapping".to_owned())
            }
            _ => Err(unknown(tag)),
        },
    }
}

/// What a node with this value was, as messages call it.
pub(super) fn node_kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "sequence",
        Value::Map(_) => "mapping",
        _ => "scalar",
    }
}

fn unknown(tag: &str) -> String {
    format!("could not determine a constructor for the tag {}", python::str_repr(tag))
}

/// `!!omap` and `!!pairs`: a list of key and value, which in Python are tuples.
fn pairs<B: Build>(items: Vec<B::Node>, span: Span) -> Result<B::Node> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        let Some(members) = B::members(&item) else {
            let kind = node_kind(B::value(&item));
            return Err(format!("expected a mapping of length 1, but found {kind}"));
        };
        let count = members.len();
        let Ok([Member { key, at, node }]) = <[_; 1]>::try_from(members) else {
            return Err(format!("expected a single mapping item, but found {count} items"));
        };
        all.push(B::list(vec![B::leaf(key.value().clone(), at), node], at));
    }
    Ok(B::list(all, span))
}

/// `!!set`: an object that JSON has no form for.
fn set<N>(members: &[Member<N>]) -> Value {
    let mut seen = Vec::new();
    for member in members {
        if !seen.contains(&&member.key) {
            seen.push(&member.key);
        }
    }
    let items: Vec<_> = seen.iter().map(|key| python::repr(key.value())).collect();
    let text = if items.is_empty() { "set()".to_owned() } else { format!("{{{}}}", items.join(", ")) };
    Value::Other(Arc::new(Other { kind: OtherKind::Object("set".into()), text: text.into(), display: None }))
}

/// `!!binary`: base64, whatever else stands between its characters.
fn binary(text: &str) -> Result<Value> {
    if !text.is_ascii() {
        return Err("failed to convert base64 data into ascii: there are other characters".to_owned());
    }
    let bytes = base64(text).map_err(|problem| format!("failed to decode base64 data: {problem}"))?;
    let shown = python::bytes_repr(&bytes);
    let kind = OtherKind::Bytes(bytes.into());
    Ok(Value::Other(Arc::new(Other { kind, text: shown.into(), display: None })))
}

fn base64(text: &str) -> Result<Vec<u8>> {
    let (mut bytes, mut group, mut count, mut padding, mut all) = (Vec::new(), 0_u32, 0, 0, 0);
    for byte in text.bytes() {
        let sextet = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                padding += 1;
                if count >= 2 && count + padding >= 4 {
                    // What follows a complete ending is not looked at.
                    count = 0;
                    break;
                }
                continue;
            }
            _ => continue,
        };
        padding = 0;
        all += 1;
        group = group << 6 | u32::from(sextet);
        count += 1;
        if count > 1 {
            // The bits above the byte that just became complete are of no interest.
            let shift = [0, 0, 4, 2, 0][count];
            bytes.push(u8::try_from(group >> shift & 0xFF).unwrap_or_default());
        }
        count %= 4;
    }
    match count {
        0 => Ok(bytes),
        1 => Err(format!(
            "Invalid base64-encoded string: number of data characters ({all}) cannot be 1 more than a multiple of 4"
        )),
        _ => Err("Incorrect padding".to_owned()),
    }
}

/// The limit on digits that CPython has, told as it tells it.
pub(super) fn too_many_digits(count: usize) -> String {
    let limit = crate::json::MAX_DIGITS;
    format!(
        "Exceeds the limit ({limit} digits) for integer string conversion: value has {count} digits; \
         use sys.set_int_max_str_digits() to increase the limit"
    )
}

/// An integer from its digits in a base, underscores taken out already.
pub(super) fn digits(digits: &str, base: u32) -> Result<Int> {
    let digits = digits.trim();
    if base == 10 && digits.len() > crate::json::MAX_DIGITS {
        return Err(too_many_digits(digits.len()));
    }
    let valid = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    if !valid {
        let shown = python::str_repr(digits);
        return Err(format!("invalid literal for int() with base {base}: {shown}"));
    }
    i64::from_str_radix(digits, base).map(Int::from).or_else(|_| {
        num_bigint::BigInt::parse_bytes(digits.as_bytes(), base)
            .map(Int::from)
            .ok_or_else(|| format!("invalid literal for int() with base {base}"))
    })
}

/// Bytes as base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - group.len()));
        for at in 0..4 {
            let sextet = bits >> (18 - 6 * at) & 63;
            text.push(if at <= group.len() { char::from(ALPHABET[sextet]) } else { '=' });
        }
    }
    text
}
