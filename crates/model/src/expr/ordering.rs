//! Python's `<=` between values.

use std::cmp::Ordering;

use super::number::Decimal;
use super::{DEEPEST, Raised, c_type_name};
use crate::value::{Other, OtherKind, Value};

/// Whether `left <= right`: numbers (exactly), texts by code points, lists item by item, bytes, dates.
///
/// # Errors
///
/// `TypeError` for types that Python does not order, `decimal.InvalidOperation` for a decimal NaN.
pub fn less_or_equal(left: &Value, right: &Value) -> Result<bool, Raised> {
    le(left, right, 0)
}

fn le(left: &Value, right: &Value, depth: usize) -> Result<bool, Raised> {
    if depth > DEEPEST {
        return Err(Raised::too_deep());
    }
    match (left, right) {
        (Value::Str(a), Value::Str(b)) => Ok(a <= b),
        (Value::List(a), Value::List(b)) => {
            let (a, b) = (a.to_vec(), b.to_vec());
            // The first items that differ decide, else the lengths.
            match a.iter().zip(&b).find(|(a, b)| a != b) {
                Some((a, b)) => le(a, b, depth + 1),
                None => Ok(a.len() <= b.len()),
            }
        }
        (Value::Other(a), Value::Other(b))
            if a.kind != OtherKind::Decimal && b.kind != OtherKind::Decimal =>
        {
            others(a, b).unwrap_or_else(|| Err(not_supported(left, right)))
        }
        _ if is_decimal(left) && is_number(right) || is_number(left) && is_decimal(right) => {
            let order = Decimal::from_value(left)?.compare(&Decimal::from_value(right)?)?;
            Ok(order.is_le())
        }
        _ if is_number(left) && is_number(right) => Ok(left.numeric_cmp(right).is_some_and(Ordering::is_le)),
        _ => Err(not_supported(left, right)),
    }
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_)) || is_decimal(value)
}

fn is_decimal(value: &Value) -> bool {
    matches!(value, Value::Other(other) if other.kind == OtherKind::Decimal)
}

fn not_supported(left: &Value, right: &Value) -> Raised {
    Raised::type_error(format!(
        "'<=' not supported between instances of '{}' and '{}'",
        c_type_name(left),
        c_type_name(right)
    ))
}

/// Nothing for types that have no order.
fn others(left: &Other, right: &Other) -> Option<Result<bool, Raised>> {
    Some(match (&left.kind, &right.kind) {
        (OtherKind::Bytes(a), OtherKind::Bytes(b)) => Ok(a <= b),
        // ISO dates and UUIDs sort as their texts do.
        (OtherKind::Date, OtherKind::Date) | (OtherKind::Uuid, OtherKind::Uuid) => {
            Ok(left.text <= right.text)
        }
        (OtherKind::Date, OtherKind::DateTime) | (OtherKind::DateTime, OtherKind::Date) => {
            Err(Raised::type_error("can't compare datetime.datetime to datetime.date"))
        }
        (OtherKind::DateTime, OtherKind::DateTime) => {
            let instants = (left.text.parse::<jiff::Timestamp>(), right.text.parse::<jiff::Timestamp>());
            match instants {
                (Ok(a), Ok(b)) => Ok(a <= b),
                (Err(_), Err(_)) => Ok(left.text <= right.text),
                _ => Err(Raised::type_error("can't compare offset-naive and offset-aware datetimes")),
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn other(kind: OtherKind, text: &str) -> Value {
        Value::Other(Arc::new(Other { kind, text: text.into(), display: None }))
    }

    fn ints(items: &[i64]) -> Value {
        Value::list(items.iter().map(|&int| Value::from(int)))
    }

    #[test]
    fn values_that_have_an_order() {
        let time = |text| other(OtherKind::DateTime, text);
        for (left, right, expected) in [
            (Value::from(true), Value::from(1.0), true),
            (Value::from(2_i64), Value::from(1.5), false),
            (Value::from(9_007_199_254_740_993_i64), Value::from(9_007_199_254_740_992.0), false),
            (Value::from(f64::NAN), Value::from(1_i64), false),
            (Value::from("a"), Value::from("b"), true),
            (Value::from("Z"), Value::from("a"), true),
            (ints(&[1, 2]), ints(&[1]), false),
            (ints(&[1]), ints(&[1, 2]), true),
            (ints(&[1, 9]), ints(&[2]), true),
            (other(OtherKind::Decimal, "1.5"), Value::from(1.5), true),
            (Value::from(2_i64), other(OtherKind::Decimal, "1.5"), false),
            (other(OtherKind::Decimal, "1.5"), other(OtherKind::Decimal, "1.50"), true),
            (other(OtherKind::Date, "2020-01-31"), other(OtherKind::Date, "2020-02-01"), true),
            (time("2020-01-01T00:00:00"), time("2020-01-01T00:00:00.500000"), true),
            (time("2020-01-01T01:00:00+02:00"), time("2020-01-01T00:00:00+00:00"), true),
        ] {
            assert_eq!(less_or_equal(&left, &right), Ok(expected), "{left:?} <= {right:?}");
        }
    }

    #[test]
    fn values_that_have_none() {
        for (left, right, message) in [
            (Value::from(1_i64), Value::from("a"), "'<=' not supported between instances of 'int' and 'str'"),
            (Value::Null, Value::from(1_i64), "'<=' not supported between instances of 'NoneType' and 'int'"),
            (
                Value::map::<&str>([]),
                Value::map::<&str>([]),
                "'<=' not supported between instances of 'dict' and 'dict'",
            ),
            (
                other(OtherKind::Date, "2020-01-01"),
                Value::from(1_i64),
                "'<=' not supported between instances of 'datetime.date' and 'int'",
            ),
            (
                Value::list([Value::from(1_i64), Value::from("a")]),
                ints(&[1, 2]),
                "'<=' not supported between instances of 'str' and 'int'",
            ),
            (
                other(OtherKind::DateTime, "2020-01-01T00:00:00"),
                other(OtherKind::DateTime, "2020-01-01T00:00:00+00:00"),
                "can't compare offset-naive and offset-aware datetimes",
            ),
        ] {
            let error = less_or_equal(&left, &right).unwrap_err();
            assert_eq!((error.class, error.message.as_str()), ("TypeError", message));
        }
        let nan = other(OtherKind::Decimal, "NaN");
        assert_eq!(less_or_equal(&nan, &Value::from(1_i64)).unwrap_err().class, "decimal.InvalidOperation");
    }
}
