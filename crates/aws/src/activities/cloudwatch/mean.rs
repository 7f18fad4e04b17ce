//! What a list of numbers comes down to, as Python computes it.

use std::cmp::Ordering;

use squall_model::{Int, Value};

use crate::activities::support::{order, type_error};
use crate::activity::Raised;

/// The number that a metric's `values` come down to for a `statistic`.
pub(super) fn folded(values: &[Value], statistic: Option<&str>) -> Result<Value, Raised> {
    match statistic {
        Some("Sum") => sum(values),
        Some("Minimum") => extreme(values, Ordering::Less),
        Some("Maximum") => extreme(values, Ordering::Greater),
        _ => mean(values),
    }
}

/// Python's `sum`: whole numbers stay whole, others are added in their order.
fn sum(values: &[Value]) -> Result<Value, Raised> {
    if let Some(sum) = whole_sum(values) {
        return Ok(whole(sum));
    }
    let mut sum = 0.0;
    for value in values {
        sum += number(value)?;
    }
    Ok(Value::Float(sum))
}

/// Python's `statistics.mean`: rounded once, and whole where all values are and it is.
fn mean(values: &[Value]) -> Result<Value, Raised> {
    if values.is_empty() {
        return Err(Raised::of_class("statistics.StatisticsError", "mean requires at least one data point"));
    }
    if let Some(sum) = whole_sum(values) {
        let total = values.len() as i128;
        if sum % total == 0 {
            return Ok(whole(sum / total));
        }
    }
    let numbers = values.iter().map(number).collect::<Result<Vec<_>, _>>()?;
    Ok(Value::Float(exact_sum(&numbers) / numbers.len() as f64))
}

/// The first of the values that none goes beyond.
fn extreme(values: &[Value], beyond: Ordering) -> Result<Value, Raised> {
    let mut found = values.first().cloned().unwrap_or(Value::Null);
    for value in values {
        if order(value, if beyond == Ordering::Less { "<" } else { ">" }, &found)? == Some(beyond) {
            found = value.clone();
        }
    }
    Ok(found)
}

/// Python's `round(value, 2)`.
pub(super) fn rounded(value: &Value) -> Value {
    match value {
        // Formatting rounds the exact binary number, as Python does.
        Value::Float(float) => Value::Float(format!("{float:.2}").parse().unwrap_or(*float)),
        other => other.clone(),
    }
}

fn number(value: &Value) -> Result<f64, Raised> {
    value.as_f64().ok_or_else(|| {
        type_error(format!("unsupported operand type(s) for +: 'float' and '{}'", value.type_name()))
    })
}

/// The sum, where all values are whole numbers.
fn whole_sum(values: &[Value]) -> Option<i128> {
    values.iter().try_fold(0i128, |sum, value| match value {
        Value::Int(Int::Small(int)) => sum.checked_add(i128::from(*int)),
        _ => None,
    })
}

fn whole(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(small) => Value::from(small),
        Err(_) => Value::Float(number as f64),
    }
}

/// The sum without the errors of adding one by one: what each addition loses is kept (Shewchuk's
/// partial sums, as in Python's `math.fsum`).
fn exact_sum(numbers: &[f64]) -> f64 {
    let mut partials: Vec<f64> = Vec::new();
    for &number in numbers {
        let mut high = number;
        partials.retain_mut(|partial| {
            let (large, small) = if high.abs() < partial.abs() { (*partial, high) } else { (high, *partial) };
            high = large + small;
            *partial = small - (high - large);
            *partial != 0.0
        });
        partials.push(high);
    }
    // From the smallest: they do not overlap, so that only the last addition rounds.
    partials.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats(numbers: &[f64]) -> Vec<Value> {
        numbers.iter().copied().map(Value::from).collect()
    }

    #[test]
    fn what_lists_come_down_to() {
        let values = floats(&[3.0, 1.5, 2.25]);
        for (statistic, expected) in
            [("Sum", 6.75), ("Minimum", 1.5), ("Maximum", 3.0), ("Average", 2.25), ("SampleCount", 2.25)]
        {
            let folded = folded(&values, Some(statistic)).unwrap();
            assert!(folded.identical(&Value::from(expected)), "{statistic}: {folded:?}");
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let ints = |numbers: &[i64]| numbers.iter().copied().map(Value::from).collect::<Vec<_>>();
        assert!(folded(&ints(&[1, 3]), None).unwrap().identical(&Value::from(2)));
        assert!(folded(&ints(&[1, 2]), None).unwrap().identical(&Value::from(1.5)));
        assert!(folded(&ints(&[1, 2]), Some("Sum")).unwrap().identical(&Value::from(3)));
    }

    #[test]
    fn a_mean_does_not_lose_small_values() {
        let mean = folded(&floats(&[1e16, 1.0, 1.0, -1e16]), None).unwrap();
        assert!(mean.identical(&Value::from(0.5)), "{mean:?}");
    }

    #[test]
    fn rounding_is_of_the_exact_number() {
        // 2.675 is a little less than that as binary64, 0.125 is exactly a tie.
        for (number, expected) in [(2.675, 2.67), (0.125, 0.12), (0.375, 0.38), (-1.005, -1.0), (1e22, 1e22)]
        {
            assert_eq!(rounded(&Value::from(number)), Value::from(expected), "{number}");
        }
        assert!(rounded(&Value::from(7)).identical(&Value::from(7)));
    }
}
