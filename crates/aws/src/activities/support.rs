//! What the functions share: parameters of calls, and Python's ways with values.
//!
//! The arguments of an experiment are not checked against the annotations of a function, so bad ones
//! meet Python's operators; the helpers here fail as those do.

use std::cmp::Ordering;

use squall_engine::log::LOG;
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Int, List, Map, Str, Value, python};

use crate::activity::{Activity, Raised};
use crate::error::AwsError;

/// A [`Map`] of a call's parameters: `parameters! { "InstanceIds": ids, "Force": force }`. The values
/// are anything that a [`Value`] can be made from.
macro_rules! parameters {
    () => { squall_model::Map::new() };
    ($($name:literal: $value:expr),+ $(,)?) => {
        squall_model::Map::from_iter([$(($name, squall_model::Value::from($value))),+])
    };
}
pub(crate) use parameters;

/// Logs what the reference logs, to the logger that it uses.
macro_rules! debug {
    ($($message:tt)+) => {
        log::debug!(target: squall_engine::log::LOG, $($message)+)
    };
}
pub(crate) use debug;

/// Logs a warning of the reference's.
pub(crate) fn warn(message: &str) {
    log::warn!(target: LOG, "{message}");
}

/// A list of texts.
pub(crate) fn texts<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::list(items.into_iter().map(Into::into))
}

/// A filter as EC2, RDS and others take it.
pub(crate) fn filter(name: impl Into<Value>, value: impl Into<Value>) -> Value {
    Value::Map(parameters! { "Name": name.into(), "Values": Value::list([value.into()]) })
}

/// An index outside a list, as Python says it.
pub(crate) fn index_error() -> Raised {
    Raised::of_class("IndexError", "list index out of range")
}

impl Activity {
    /// Python's `random.sample(items, count)`.
    pub(crate) fn sample<T: Clone>(&self, items: &[T], count: &Value) -> Result<Vec<T>, Raised> {
        let bounds = [order(&Value::from(0), "<=", count)?, order(count, "<=", &self::count(items.len()))?];
        if !bounds.iter().all(|order| order.is_some_and(Ordering::is_le)) {
            return Err(value_error("Sample larger than population or is negative"));
        }
        if matches!(count, Value::Float(_)) {
            return Err(type_error("can't multiply sequence by non-int of type 'float'"));
        }
        let count = int(count)?.to_i64().and_then(|count| usize::try_from(count).ok());
        // It is at most the number of items, as just seen.
        Ok(self.random.sample(items, count.unwrap_or(items.len())))
    }

    /// Whether the argument counts as given: whether it is true in Python's eyes.
    pub(crate) fn given(&self, name: &str) -> bool {
        self.argument(name).is_truthy()
    }
}

/// Python's `container[key]`.
pub(crate) fn member(container: &Value, key: &str) -> Result<Value, Raised> {
    match container {
        Value::Map(map) => entry(map, key),
        Value::Str(_) => Err(type_error("string indices must be integers, not 'str'")),
        Value::List(_) => Err(type_error("list indices must be integers or slices, not str")),
        other => Err(type_error(format!("'{}' object is not subscriptable", other.type_name()))),
    }
}

/// Python's `mapping[key]`.
pub(crate) fn entry(map: &Map, key: &str) -> Result<Value, Raised> {
    map.get(key).ok_or_else(|| Raised::of_class("KeyError", python::str_repr(key)))
}

/// Python's `for item in mapping[key]`.
pub(crate) fn entries(map: &Map, key: &str) -> Result<Vec<Value>, Raised> {
    items(&entry(map, key)?)
}

/// Python's `for item in mapping.get(key, [])`.
pub(crate) fn optional_entries(map: &Map, key: &str) -> Result<Vec<Value>, Raised> {
    map.get(key).map_or_else(|| Ok(Vec::new()), |value| items(&value))
}

/// What Python's `for item in value` meets.
pub(crate) fn items(value: &Value) -> Result<Vec<Value>, Raised> {
    match value {
        Value::List(list) => Ok(list.to_vec()),
        Value::Map(map) => Ok(map.entries().into_iter().map(|(key, _)| key.value().clone()).collect()),
        Value::Str(text) => Ok(text.chars().map(|character| Value::from(character.to_string())).collect()),
        other => Err(type_error(format!("'{}' object is not iterable", other.type_name()))),
    }
}

/// Python's `separator.join(value)`.
pub(crate) fn joined(separator: &str, value: &Value) -> Result<String, Raised> {
    if !matches!(value, Value::List(_) | Value::Map(_) | Value::Str(_)) {
        return Err(type_error("can only join an iterable"));
    }
    let mut text = String::new();
    for (index, item) in items(value)?.iter().enumerate() {
        let Value::Str(part) = item else {
            return Err(type_error(format!(
                "sequence item {index}: expected str instance, {} found",
                item.type_name()
            )));
        };
        if index > 0 {
            text.push_str(separator);
        }
        text.push_str(part);
    }
    Ok(text)
}

/// The text of a value whose `method` is called, one that only text has: Python's `value.split`.
pub(crate) fn text_for(value: &Value, method: &str) -> Result<Str, Raised> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        other => Err(no_attribute(other, method)),
    }
}

/// An attribute that values of this type do not have.
pub(crate) fn no_attribute(value: &Value, name: &str) -> Raised {
    let message = format!("'{}' object has no attribute '{name}'", value.type_name());
    Raised::of_class("AttributeError", message)
}

/// How two numbers compare, for Python's operator `operator`; `None` where one is NaN.
pub(crate) fn order(left: &Value, operator: &str, right: &Value) -> Result<Option<Ordering>, Raised> {
    if left.as_f64().is_none() || right.as_f64().is_none() {
        return Err(type_error(format!(
            "'{operator}' not supported between instances of '{}' and '{}'",
            left.type_name(),
            right.type_name()
        )));
    }
    Ok(left.numeric_cmp(right))
}

/// A count as Python's integer.
pub(crate) fn count(number: usize) -> Value {
    Value::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Python's `len(value)`.
pub(crate) fn length(value: &Value) -> Result<usize, Raised> {
    match value {
        Value::List(list) => Ok(list.len()),
        Value::Map(map) => Ok(map.len()),
        Value::Str(text) => Ok(text.chars().count()),
        other => Err(type_error(format!("object of type '{}' has no len()", other.type_name()))),
    }
}

/// Python's `float(value)`.
pub(crate) fn float(value: &Value) -> Result<f64, Raised> {
    match value {
        Value::Str(text) => parse_float(text).ok_or_else(|| {
            value_error(format!("could not convert string to float: {}", python::str_repr(text)))
        }),
        other => other.as_f64().ok_or_else(|| {
            type_error(format!(
                "float() argument must be a string or a real number, not '{}'",
                other.type_name()
            ))
        }),
    }
}

/// What Python's `float` reads: space around it, digits grouped by `_`, `inf`, `nan`.
fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    // `1_000` is a number, `_1`, `1_` and `1__0` are none.
    let bytes = text.as_bytes();
    let digit =
        |index: Option<usize>| index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_digit);
    let grouped = |(index, byte): (usize, &u8)| {
        *byte != b'_' || (digit(index.checked_sub(1)) && digit(index.checked_add(1)))
    };
    if !bytes.iter().enumerate().all(grouped) {
        return None;
    }
    text.replace('_', "").parse().ok()
}

/// Python's `int(value)`.
pub(crate) fn int(value: &Value) -> Result<Int, Raised> {
    match value {
        Value::Int(int) => Ok(int.clone()),
        Value::Bool(flag) => Ok(Int::from(i64::from(*flag))),
        Value::Float(float) => truncated(*float),
        Value::Str(text) => {
            let digits = text.trim();
            let bare = digits.strip_prefix(['+', '-']).unwrap_or(digits);
            let plain =
                bare.split('_').all(|group| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit()));
            digits.replace('_', "").parse().ok().filter(|_| plain).ok_or_else(|| {
                value_error(format!("invalid literal for int() with base 10: {}", python::str_repr(text)))
            })
        }
        other => Err(type_error(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            other.type_name()
        ))),
    }
}

/// Python's `int(float)`: towards zero.
pub(crate) fn truncated(float: f64) -> Result<Int, Raised> {
    if float.is_nan() {
        return Err(value_error("cannot convert float NaN to integer"));
    }
    // An integral float prints as its exact digits.
    format!("{:.0}", float.trunc())
        .parse()
        .map_err(|_| Raised::of_class("OverflowError", "cannot convert float infinity to integer"))
}

/// Python's `total * percentage / 100`.
pub(crate) fn share(total: usize, percentage: &Value) -> Result<f64, Raised> {
    match percentage.as_f64() {
        Some(percentage) => Ok(total as f64 * percentage / 100.0),
        // Python repeats a sequence; that it cannot divide one is noticed then.
        None => Err(type_error(match percentage {
            Value::Str(_) | Value::List(_) => {
                format!("unsupported operand type(s) for /: '{}' and 'int'", percentage.type_name())
            }
            other => format!("unsupported operand type(s) for *: 'int' and '{}'", other.type_name()),
        })),
    }
}

/// The tags of a text `key=value,key=value`, in order; a later value of a key wins.
///
/// # Errors
///
/// A part without `=`, as Python's unpacking says it.
pub(crate) fn tags_of_text(text: &str) -> Result<Map, Raised> {
    let tags = Map::new();
    if text.is_empty() {
        return Ok(tags);
    }
    for part in text.split(',') {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| value_error("not enough values to unpack (expected 2, got 1)"))?;
        tags.insert(key, Value::from(value));
    }
    Ok(tags)
}

/// `[{"Key": ..., "Value": ...}]` of a mapping of tags.
pub(crate) fn key_value_pairs(tags: &Map) -> List {
    tags.entries()
        .into_iter()
        .map(|(key, value)| Value::Map(parameters! { "Key": key.value().clone(), "Value": value }))
        .collect()
}

/// A `TypeError`.
pub(crate) fn type_error(message: impl Into<String>) -> Raised {
    Raised::of_class("TypeError", message)
}

/// A `ValueError`.
pub(crate) fn value_error(message: impl Into<String>) -> Raised {
    Raised::of_class("ValueError", message)
}

/// Makes a service's refusal (botocore's `ClientError`) a failed activity that `tell`s of the service's
/// message; everything else passes as it is.
pub(crate) fn refused(tell: impl FnOnce(&str) -> String) -> impl FnOnce(AwsError) -> Raised {
    move |error| match error.service_message() {
        Some(message) => Raised::failed(tell(message)),
        None => error.into(),
    }
}

/// Makes a service's refusal a failed activity with the service's message alone, which the reference
/// logs as an error, too; everything else passes as it is.
pub(crate) fn refused_and_logged(error: AwsError) -> Raised {
    match error.service_message() {
        Some(message) => {
            log::error!(target: LOG, "{message}");
            Raised::failed(message)
        }
        None => error.into(),
    }
}

/// Whether the error is the one that the service's model has under this name: what boto3 raises as
/// `client.exceptions.<shape>`.
pub(crate) fn is_shape(error: &AwsError, shape: &str) -> bool {
    matches!(error, AwsError::Service(error) if error.shape.as_deref() == Some(shape))
}

/// Python's `json.dumps(value)`.
pub(crate) fn json_text(value: &Value) -> Result<String, Raised> {
    check_serialisable(value)?;
    Ok(json::write(value, &Style { layout: Layout::Spaced, ascii: true, non_finite: NonFinite::Bare }))
}

fn check_serialisable(value: &Value) -> Result<(), Raised> {
    match value {
        Value::Other(_) => {
            Err(type_error(format!("Object of type {} is not JSON serializable", value.type_name())))
        }
        Value::List(list) => list.to_vec().iter().try_for_each(check_serialisable),
        Value::Map(map) => map.values().iter().try_for_each(check_serialisable),
        _ => Ok(()),
    }
}
