//! Python's equality, and a stricter one.

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::{Int, Key, Value};

/// How deep containers are followed. Only one that is inside itself goes deeper, and two such count as
/// equal when they are so down to here.
const DEEPEST: usize = 1_000;

impl PartialEq for Value {
    /// Python's `==`: numbers and booleans by their numeric value, containers by their content.
    fn eq(&self, other: &Self) -> bool {
        same_content(self, other, 0, &|a, b| match (a, b) {
            (Value::Null, Value::Null) => true,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Other(a), Value::Other(b)) => a == b,
            _ => a.numeric_cmp(b) == Some(Ordering::Equal),
        })
    }
}

/// Compares containers by their content and everything else by `scalars`.
fn same_content(a: &Value, b: &Value, depth: usize, scalars: &impl Fn(&Value, &Value) -> bool) -> bool {
    let below = |a: &Value, b: &Value| same_content(a, b, depth + 1, scalars);
    match (a, b) {
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) if depth > DEEPEST => true,
        (Value::List(a), Value::List(b)) => {
            a.same(b) || {
                let (a, b) = (a.to_vec(), b.to_vec());
                a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| below(a, b))
            }
        }
        (Value::Map(a), Value::Map(b)) => {
            let has = |(key, value): &(Key, Value)| b.get_key(key).is_some_and(|other| below(value, &other));
            a.same(b) || (a.len() == b.len() && a.entries().iter().all(has))
        }
        _ => scalars(a, b),
    }
}

impl Value {
    /// Whether both are the same in type and content, all the way down: `1`, `1.0` and `true` differ;
    /// the order of a mapping's keys does not count. NaN is identical to NaN.
    pub fn identical(&self, other: &Self) -> bool {
        same_content(self, other, 0, &|a, b| match (a, b) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Other(a), Value::Other(b)) => a == b,
            _ => false,
        })
    }

    /// The order of two numbers (booleans count as 0 and 1), exact for integers beyond 2^53; `None`
    /// when one of them is not a number, or is NaN.
    pub fn numeric_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.as_int(), other.as_int()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (Some(a), None) => cmp_int_float(&a, other.as_f64()?),
            (None, Some(b)) => cmp_int_float(&b, self.as_f64()?).map(Ordering::reverse),
            (None, None) => self.as_f64()?.partial_cmp(&other.as_f64()?),
        }
    }

    fn as_int(&self) -> Option<Int> {
        match self {
            Value::Bool(flag) => Some(Int::Small(i64::from(*flag))),
            Value::Int(int) => Some(int.clone()),
            _ => None,
        }
    }
}

fn cmp_int_float(int: &Int, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let whole = whole_part(float);
    Some(int.to_big().cmp(&whole).then_with(|| {
        let rest = float.fract();
        if rest > 0.0 {
            Ordering::Less
        } else if rest < 0.0 {
            Ordering::Greater
        } else {
            Ordering::Equal
        }
    }))
}

/// The integer part of a finite float, exactly.
fn whole_part(float: f64) -> BigInt {
    let whole = float.trunc();
    // Every finite integral float prints as its exact decimal digits.
    format!("{whole:.0}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::{List, Map, Value};

    #[test]
    fn equality_is_pythons_and_identity_is_stricter() {
        let (one, float, flag) = (Value::from(1), Value::from(1.0), Value::from(true));
        assert!(one == float && float == flag);
        assert!(!one.identical(&float) && !one.identical(&flag));
        assert!(Value::from(f64::NAN) != Value::from(f64::NAN));
        assert!(Value::from(f64::NAN).identical(&Value::from(f64::NAN)));
        assert!(Value::from(i64::MAX) != Value::from(i64::MAX as f64));
    }

    #[test]
    fn containers_inside_themselves_can_be_compared() {
        let cycle = || {
            let (map, list) = (Map::new(), List::new());
            map.insert("list", Value::List(list.clone()));
            list.push(Value::Map(map.clone()));
            Value::Map(map)
        };
        assert!(cycle() == cycle());
        assert!(cycle().identical(&cycle()));
        assert!(cycle() != Value::map([("list", Value::Null)]));
        let copy = cycle().deep_clone();
        assert!(copy.identical(&cycle()));
    }
}
