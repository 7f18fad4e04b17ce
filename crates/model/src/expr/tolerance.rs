//! Whether a probe's output is within its tolerance.
//!
//! What a tolerance means follows from its type: a boolean, an integer or a text is compared for
//! equality, a list of two is a range, another list a set, and a mapping names its rule by its `type`:
//! `regex`, `jsonpath`, `range` or `probe`. All comparisons are Python's.

mod describe;

use super::jsonpath::JsonPath;
use super::number::Decimal;
use super::ordering::less_or_equal;
use super::regex::Regex;
use super::substitute::{Scope, substitute};
use super::{Raised, c_type_name, count};
use crate::json;
use crate::value::{Key, Map, OtherKind, Value};

pub use describe::describe;

/// What a tolerance says about an output.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The output is within the tolerance, or not.
    Met(bool),
    /// This probe decides: it is to be called with the output as its argument `value`, and what it
    /// returns, true or false in Python's sense, is the verdict.
    NeedsProbe(Map),
}

/// Compares an output with a tolerance. A tolerance that is a text is substituted first, and may so become
/// any other; patterns, paths and expected values are substituted too.
///
/// # Errors
///
/// What makes the comparison impossible, and would end the reference with a traceback: `TypeError` for
/// types that cannot be compared, `re.error` for a wrong pattern, `ValueError` for a wrong path...
pub fn within(tolerance: &Value, value: &Value, scope: &Scope) -> Result<Verdict, Raised> {
    let tolerance = match tolerance {
        Value::Str(_) => substitute(tolerance, scope)?,
        other => other.clone(),
    };
    let met = match &tolerance {
        Value::Bool(_) | Value::Str(_) => *value == tolerance,
        Value::Int(_) => match status(value) {
            Some(status) => status == tolerance,
            None => *value == tolerance,
        },
        Value::List(items) => {
            let items = items.to_vec();
            match (status(value), items.as_slice()) {
                (Some(status), items) => items.contains(&status),
                (None, [low, high]) => less_or_equal(low, value)? && less_or_equal(value, high)?,
                (None, items) => items.contains(value),
            }
        }
        Value::Map(rule) => return by_rule(rule, value, scope),
        // The reference has no rule for these, and takes none for not met.
        Value::Null | Value::Float(_) | Value::Other(_) => false,
    };
    Ok(Verdict::Met(met))
}

fn by_rule(rule: &Map, value: &Value, scope: &Scope) -> Result<Verdict, Raised> {
    let kind = rule.get("type");
    Ok(Verdict::Met(match kind.as_ref().and_then(Value::as_str) {
        Some("probe") => return Ok(Verdict::NeedsProbe(rule.clone())),
        Some("regex") => matches_regex(rule, value, scope)?,
        Some("jsonpath") => matches_path(rule, value, scope)?,
        Some("range") => in_range(rule, value)?,
        _ => false,
    }))
}

/// The `status` of an output that has one: those of processes and of HTTP calls do.
fn status(value: &Value) -> Option<Value> {
    value.get("status")
}

fn matches_regex(rule: &Map, value: &Value, scope: &Scope) -> Result<bool, Raised> {
    let pattern = substitute(&rule.get("pattern").unwrap_or(Value::Null), scope)?;
    let pattern = match &pattern {
        Value::Str(pattern) => pattern,
        Value::List(_) | Value::Map(_) => {
            return Err(Raised::type_error(format!("unhashable type: '{}'", pattern.type_name())));
        }
        _ => return Err(Raised::type_error("first argument must be string or compiled pattern")),
    };
    let pattern = Regex::new(pattern).map_err(|error| Raised::new("re.error", error.to_string()))?;
    match &target(rule, value)? {
        Value::Str(text) => {
            pattern.search(text).map_err(|error| Raised::new("RuntimeError", error.to_string()))
        }
        Value::Other(other) if matches!(other.kind, OtherKind::Bytes(_)) => {
            Err(Raised::type_error("cannot use a string pattern on a bytes-like object"))
        }
        other => {
            let found = c_type_name(other);
            Err(Raised::type_error(format!("expected string or bytes-like object, got '{found}'")))
        }
    }
}

fn matches_path(rule: &Map, value: &Value, scope: &Scope) -> Result<bool, Raised> {
    let path = substitute(&rule.get("path").unwrap_or(Value::Null), scope)?;
    let Value::Str(path) = &path else {
        return Err(Raised::type_error(format!("'{}' object is not iterable", c_type_name(&path))));
    };
    let path = JsonPath::parse(path).map_err(|error| Raised::new("ValueError", error.to_string()))?;
    let found = path.matches(&decoded(target(rule, value)?)?)?;
    if let Some(expected) = rule.get("expect") {
        // One value is a list of one match; to expect one match that is a list takes a list of a list.
        return Ok(match substitute(&expected, scope)? {
            Value::List(expected) => found == expected.to_vec(),
            expected => found == [expected],
        });
    }
    Ok(match rule.get("count") {
        None | Some(Value::Null) => !found.is_empty(),
        Some(expected) => expected == count(found.len()),
    })
}

/// The document that a value holds: text and bytes may be JSON.
fn decoded(value: Value) -> Result<Value, Raised> {
    let text = match &value {
        Value::Str(text) => text.to_string(),
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => {
                std::str::from_utf8(bytes).map_err(|error| decode_error(bytes, error))?.to_owned()
            }
            _ => return Ok(value),
        },
        _ => return Ok(value),
    };
    Ok(json::parse(&text).unwrap_or_else(|_| Value::from(text)))
}

fn decode_error(bytes: &[u8], error: std::str::Utf8Error) -> Raised {
    let start = error.valid_up_to();
    let length = error.error_len().unwrap_or(bytes.len() - start);
    let reason = match (error.error_len(), bytes.get(start)) {
        (None, _) => "unexpected end of data",
        (_, Some(0xc2..=0xf4)) => "invalid continuation byte",
        _ => "invalid start byte",
    };
    let place = match bytes.get(start) {
        Some(byte) if length == 1 => format!("byte 0x{byte:02x} in position {start}"),
        _ => format!("bytes in position {start}-{}", start + length - 1),
    };
    Raised::new("UnicodeDecodeError", format!("'utf-8' codec can't decode {place}: {reason}"))
}

fn in_range(rule: &Map, value: &Value) -> Result<bool, Raised> {
    let number = match Decimal::from_value(&target(rule, value)?) {
        Ok(number) => number,
        Err(error) if Decimal::is_not_a_number_error(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    let range = rule.get("range").unwrap_or(Value::Null);
    let (low, high) = (bound(&range, 0)?, bound(&range, 1)?);
    Ok(Decimal::from_value(&low)?.compare(&number)?.is_le()
        && number.compare(&Decimal::from_value(&high)?)?.is_le())
}

/// `range[index]`.
fn bound(range: &Value, index: usize) -> Result<Value, Raised> {
    match range {
        Value::List(items) => {
            items.get(index).ok_or_else(|| Raised::new("IndexError", "list index out of range"))
        }
        Value::Str(text) => match text.chars().nth(index) {
            Some(c) => Ok(Value::from(c.to_string())),
            None => Err(Raised::new("IndexError", "string index out of range")),
        },
        Value::Map(map) => Key::new(count(index))
            .and_then(|key| map.get_key(&key))
            .ok_or_else(|| Raised::new("KeyError", index.to_string())),
        other => Err(Raised::type_error(format!("'{}' object is not subscriptable", c_type_name(other)))),
    }
}

/// The part of the output that the rule's `target` names, or the whole output where there is none.
fn target(rule: &Map, value: &Value) -> Result<Value, Raised> {
    let Some(target) = rule.get("target").filter(Value::is_truthy) else { return Ok(value.clone()) };
    let Value::Map(output) = value else {
        let found = c_type_name(value);
        return Err(Raised::new("AttributeError", format!("'{found}' object has no attribute 'get'")));
    };
    match Key::new(target.clone()) {
        Some(key) => Ok(output.get_key(&key).unwrap_or_else(|| value.clone())),
        None => Err(Raised::type_error(format!("unhashable type: '{}'", target.type_name()))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::value::Other;

    fn bytes(bytes: &[u8]) -> Value {
        Value::Other(Arc::new(Other { kind: OtherKind::Bytes(bytes.into()), text: "".into(), display: None }))
    }

    fn judge(tolerance: &str, value: &Value) -> Result<Verdict, Raised> {
        within(&json::parse(tolerance).unwrap(), value, &Scope::default())
    }

    #[test]
    fn probes_are_left_to_the_caller_with_their_live_definition() {
        let rule = json::parse(r#"{"type": "probe", "name": "p"}"#).unwrap();
        let configuration = Value::map([("rule", rule.clone())]);
        let scope = Scope::new(configuration.as_map(), None);
        for tolerance in [rule.clone(), Value::from("${rule}")] {
            match within(&tolerance, &Value::Null, &scope).unwrap() {
                Verdict::NeedsProbe(probe) => assert!(probe.same(rule.as_map().unwrap())),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn bytes_are_documents_but_no_texts() {
        let path = r#"{"type": "jsonpath", "path": "$.a", "expect": 1}"#;
        assert_eq!(judge(path, &bytes(b"{\"a\": 1}")), Ok(Verdict::Met(true)));
        for (value, message) in [
            (&b"ab\xff"[..], "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte"),
            (b"\xc3(", "'utf-8' codec can't decode byte 0xc3 in position 0: invalid continuation byte"),
            (b"\xe2\x82(", "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte"),
            (b"a\xe2\x82", "'utf-8' codec can't decode bytes in position 1-2: unexpected end of data"),
            (b"a\xc3", "'utf-8' codec can't decode byte 0xc3 in position 1: unexpected end of data"),
        ] {
            let raised = judge(path, &bytes(value)).unwrap_err();
            assert_eq!((raised.class, raised.message.as_str()), ("UnicodeDecodeError", message));
        }
        let raised = judge(r#"{"type": "regex", "pattern": "a"}"#, &bytes(b"a")).unwrap_err();
        assert_eq!(raised.to_string(), "TypeError: cannot use a string pattern on a bytes-like object");
    }
}
