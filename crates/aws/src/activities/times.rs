//! Points in time as X-Ray's and Incident Manager's functions take them: `now`, `3 minutes` (ago), or
//! seconds since 1970.

use squall_engine::ports::Clock;
use squall_model::{Other, OtherKind, Value, time};

use super::support::{float, text_for, value_error};
use crate::activity::Raised;

/// What Python's datetimes can hold, in microseconds since 1970: the years 1 to 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// Microseconds of a day.
const DAY: i128 = 86_400_000_000;

/// The point in time, in microseconds since 1970, that an argument means. What is some time ago is so
/// seen from `end`, or from now.
///
/// # Errors
///
/// As Python has them: integers are no times, `3minutes` has no unit, and so on.
pub(super) fn moment(argument: &Value, end: Option<i64>, clock: &dyn Clock) -> Result<i64, Raised> {
    if let Value::Float(seconds) = argument {
        return absolute(*seconds);
    }
    if argument.as_str() == Some("now") {
        return Ok(clock.now_micros());
    }
    let end = end.unwrap_or_else(|| clock.now_micros());
    let text = text_for(argument, "split")?;
    let (quantity, unit) =
        text.split_once(' ').ok_or_else(|| value_error("not enough values to unpack (expected 2, got 1)"))?;
    let quantity = float(&Value::from(quantity))?;
    let seconds = match unit {
        "second" | "seconds" => 1.0,
        "minute" | "minutes" => 60.0,
        "hour" | "hours" => 3600.0,
        "day" | "days" => 86_400.0,
        "month" | "months" => 30.0 * 86_400.0,
        "year" | "years" => 365.0 * 86_400.0,
        // The reference does not refuse other units.
        _ => 300.0,
    };
    before(end, quantity * seconds)
}

/// The datetime value of microseconds since 1970, in UTC.
pub(super) fn datetime(micros: i64) -> Value {
    let text = time::iso_from_micros(micros);
    Value::Other(Other { kind: OtherKind::DateTime, text: text.into(), display: None }.into())
}

/// `datetime.fromtimestamp(seconds)`.
fn absolute(seconds: f64) -> Result<i64, Raised> {
    in_range(micros_of(seconds)?).ok_or_else(|| value_error("timestamp is out of range"))
}

/// `end - timedelta(seconds=seconds)`.
fn before(end: i64, seconds: f64) -> Result<i64, Raised> {
    let micros = micros_of(seconds)?;
    let days = micros.div_euclid(DAY);
    if days.abs() > 999_999_999 {
        return Err(overflow(format!("days={days}; must have magnitude <= 999999999")));
    }
    in_range(i128::from(end) - micros).ok_or_else(|| overflow("date value out of range"))
}

fn in_range(micros: i128) -> Option<i64> {
    i64::try_from(micros).ok().filter(|micros| RANGE.contains(micros))
}

/// The nearest number of microseconds; of two, the even one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole numbers; what is beyond i128 stays out of every range"
)]
fn micros_of(seconds: f64) -> Result<i128, Raised> {
    if seconds.is_nan() {
        return Err(value_error("cannot convert float NaN to integer"));
    }
    if seconds.is_infinite() {
        return Err(overflow("cannot convert float infinity to integer"));
    }
    let whole = (seconds.trunc() as i128).saturating_mul(1_000_000);
    Ok(whole.saturating_add((seconds.fract() * 1e6).round_ties_even() as i128))
}

fn overflow(message: impl Into<String>) -> Raised {
    Raised::of_class("OverflowError", message)
}
