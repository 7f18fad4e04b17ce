//! Points in time: read as leniently as botocore reads them, written as each place wants them.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use squall_model::{Other, OtherKind, Value, python};

/// A point in time to the microsecond, with the offset that it was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The wall clock at the offset.
    clock: DateTime,
    /// Seconds east of UTC; `None` where the text has no zone, which counts as UTC.
    offset: Option<i32>,
}

impl Moment {
    /// What a parameter says: a datetime, seconds since 1970, or the text of either.
    pub(crate) fn of(value: &Value) -> Option<Moment> {
        match value {
            Value::Other(other) => match other.kind {
                OtherKind::DateTime => Moment::parse(&other.text),
                OtherKind::Decimal => Moment::epoch(other.text.parse().ok()?),
                _ => None,
            },
            Value::Str(text) => Moment::parse(text),
            Value::Null | Value::List(_) | Value::Map(_) => None,
            number => Moment::epoch(number.as_f64()?),
        }
    }

    /// What a service's text says: seconds since 1970, ISO 8601, or the form of mail headers.
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        let text = text.trim();
        match text.parse::<f64>() {
            Ok(seconds) => Moment::epoch(seconds),
            Err(_) => iso(text).or_else(|| mail(text)),
        }
    }

    /// Seconds since 1970, rounded to microseconds as Python does it.
    pub(crate) fn epoch(seconds: f64) -> Option<Moment> {
        // The fraction alone is exact, the whole times a million is not.
        let whole = seconds.trunc();
        let micros = ((seconds - whole) * 1e6).round_ties_even();
        if !whole.is_finite() || whole.abs() > 1e15 {
            return None;
        }
        let micros = (whole as i64).checked_mul(1_000_000)?.checked_add(micros as i64)?;
        let clock = TimeZone::UTC.to_datetime(Timestamp::from_microsecond(micros).ok()?);
        Some(Moment { clock, offset: Some(0) })
    }

    /// As a value with boto3's text: `2026-01-02T03:04:05.000600+00:00`.
    pub(crate) fn to_value(self) -> Value {
        let zone = self.offset.map_or_else(String::new, |offset| {
            let (sign, offset) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
            format!("{sign}{:02}:{:02}", offset / 3600, offset % 3600 / 60)
        });
        let text = format!("{}{zone}", clock_text(self.clock));
        Value::Other(Arc::new(Other { kind: OtherKind::DateTime, text: text.into(), display: None }))
    }

    fn utc(self) -> DateTime {
        let offset = jiff::SignedDuration::from_secs(i64::from(self.offset.unwrap_or(0)));
        self.clock.checked_sub(offset).unwrap_or(self.clock)
    }

    fn micros(self) -> i64 {
        TimeZone::UTC.to_timestamp(self.utc()).map_or(0, Timestamp::as_microsecond)
    }

    /// As the runtime crates have it.
    pub(crate) fn to_smithy(self) -> aws_smithy_types::DateTime {
        aws_smithy_types::DateTime::from_nanos(i128::from(self.micros()) * 1000)
            .expect("all years from 1 to 9999 are within its range")
    }

    /// In a form that models name: `iso8601`, `rfc822`, `unixTimestamp`.
    pub(crate) fn write(self, format: &str) -> Value {
        match format {
            "rfc822" => Value::from(self.utc().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()),
            "iso8601" => Value::from(format!("{}Z", clock_text(self.utc()))),
            _ => match self.micros() {
                micros if micros % 1_000_000 == 0 => Value::from(micros / 1_000_000),
                micros => Value::from(micros as f64 / 1e6),
            },
        }
    }

    /// The same as text.
    pub(crate) fn text(self, format: &str) -> String {
        python::str(&self.write(format))
    }

    /// Without the fraction of the second.
    pub(crate) fn whole_seconds(self) -> Moment {
        let time = self.clock.time();
        let time = Time::constant(time.hour(), time.minute(), time.second(), 0);
        Moment { clock: DateTime::from_parts(self.clock.date(), time), ..self }
    }
}

/// `2026-01-02T03:04:05`, with six digits of microseconds where there are any.
fn clock_text(clock: DateTime) -> String {
    let micros = clock.subsec_nanosecond() / 1000;
    let seconds = clock.strftime("%Y-%m-%dT%H:%M:%S");
    if micros == 0 { seconds.to_string() } else { format!("{seconds}.{micros:06}") }
}

/// `2026-01-02`, `20260102T030405Z`, `2026-01-02 03:04:05.6+01:00`.
fn iso(text: &str) -> Option<Moment> {
    let (date, rest) = match text.as_bytes().get(4)? {
        b'-' => (text.get(..10)?, text.get(10..)?),
        _ => (text.get(..8)?, text.get(8..)?),
    };
    let date = if date.len() == 10 {
        let mut parts = date.split('-');
        (parts.next()?, parts.next()?, parts.next()?)
    } else {
        (date.get(..4)?, date.get(4..6)?, date.get(6..)?)
    };
    let date = Date::new(digits(date.0)?, digits(date.1)?, digits(date.2)?).ok()?;
    if rest.is_empty() {
        return Some(Moment { clock: date.at(0, 0, 0, 0), offset: None });
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-', ' ', 'U', 'G']).unwrap_or(rest.len()));
    Some(Moment { clock: DateTime::from_parts(date, time(clock)?), offset: zone_offset(zone.trim())? })
}

/// `03:04`, `03:04:05.678`, `030405`.
fn time(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let colons = clock.contains(':');
    let mut parts = if colons {
        clock.split(':').map(digits).collect::<Option<Vec<i16>>>()?
    } else {
        (0..clock.len()).step_by(2).map(|at| digits(clock.get(at..at + 2)?)).collect::<Option<Vec<i16>>>()?
    };
    if parts.len() > 3 || parts.is_empty() {
        return None;
    }
    parts.resize(3, 0);
    let nanos =
        if fraction.is_empty() { 0 } else { digits::<i32>(format!("{fraction:0<6}").get(..6)?)? * 1000 };
    let part = |at: usize| i8::try_from(parts[at]).ok();
    Time::new(part(0)?, part(1)?, part(2)?, nanos).ok()
}

/// Seconds east of UTC, `None` within for a text without a zone.
fn zone_offset(text: &str) -> Option<Option<i32>> {
    match text {
        "" => return Some(None),
        "Z" | "z" | "UTC" | "GMT" => return Some(Some(0)),
        _ => {}
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let rest = rest.replace(':', "");
    let hours: i32 = digits(rest.get(..2)?)?;
    let minutes: i32 = if rest.len() > 2 { digits(rest.get(2..4)?)? } else { 0 };
    Some(Some(sign * (hours * 3600 + minutes * 60)))
}

/// `Sun, 02 Jan 2026 03:04:05.6 GMT`, and the older `Sunday, 02-Jan-26 03:04:05 GMT`.
fn mail(text: &str) -> Option<Moment> {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest);
    let words: Vec<&str> = text.split([' ', '-']).filter(|word| !word.is_empty()).collect();
    let [day, month, year, clock, zone @ ..] = words.as_slice() else {
        return None;
    };
    let month = month.get(..3)?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let year: i16 = digits(year)?;
    let year = if year < 69 {
        year + 2000
    } else if year < 100 {
        year + 1900
    } else {
        year
    };
    let date = Date::new(year, i8::try_from(month).ok()?, digits(day)?).ok()?;
    let zone = zone.first().copied().unwrap_or_default();
    Some(Moment { clock: DateTime::from_parts(date, time(clock)?), offset: zone_offset(zone)? })
}

/// A number of digits alone.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use squall_model::{Value, python};

    use super::Moment;

    #[test]
    fn every_form_is_read() {
        for (text, shown) in [
            ("1767323045", "2026-01-02 03:04:05+00:00"),
            ("1398796238.123456", "2014-04-29 18:30:38.123456+00:00"),
            ("-1.5", "1969-12-31 23:59:58.500000+00:00"),
            ("2026-01-02T03:04:05Z", "2026-01-02 03:04:05+00:00"),
            ("2026-01-02T03:04:05.123Z", "2026-01-02 03:04:05.123000+00:00"),
            ("2026-01-02T03:04:05.123456789+01:30", "2026-01-02 03:04:05.123456+01:30"),
            ("2026-01-02 03:04:05", "2026-01-02 03:04:05"),
            ("2026-01-02 03:04:05 UTC", "2026-01-02 03:04:05+00:00"),
            ("2026-01-02", "2026-01-02 00:00:00"),
            ("20260102T030405Z", "2026-01-02 03:04:05+00:00"),
            ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02 03:04:05+00:00"),
            ("Fri, 02 Jan 2026 03:04:05.250 GMT", "2026-01-02 03:04:05.250000+00:00"),
            ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06 08:49:37+00:00"),
        ] {
            let moment = Moment::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(python::str(&moment.to_value()), shown, "{text}");
        }
        for text in
            ["", "now", "2026-13-01", "2026-01-02T25:00:00Z", "nan", "1e300", "Fri, 02 Foo 2026 03:04:05"]
        {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_form_is_written() {
        let moment = Moment::parse("2026-01-02T04:04:05.25+01:00").unwrap();
        assert_eq!(moment.text("iso8601"), "2026-01-02T03:04:05.250000Z");
        assert_eq!(moment.text("rfc822"), "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(moment.text("unixTimestamp"), "1767323045.25");
        assert_eq!(moment.whole_seconds().write("unixTimestamp"), Value::from(1_767_323_045));
        assert_eq!(moment.whole_seconds().text("iso8601"), "2026-01-02T03:04:05Z");
    }
}
