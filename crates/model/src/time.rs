//! Points in time as the journal writes them.

use jiff::Timestamp;
use jiff::tz::Offset;

/// Microseconds since 1970 as ISO 8601 in UTC, in Python's form: `2026-11-23T04:17:24.657757+00:00`,
/// the fraction left out when it is zero. Times outside the years -9999 to 9999 become the nearest one.
pub fn iso_from_micros(micros: i64) -> String {
    let stamp = Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    });
    let civil = Offset::UTC.to_datetime(stamp);
    let fraction = match civil.subsec_nanosecond() / 1000 {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{fraction}+00:00",
        civil.year(),
        civil.month(),
        civil.day(),
        civil.hour(),
        civil.minute(),
        civil.second()
    )
}

/// Reads what [`iso_from_micros`] writes (any ISO 8601 instant).
pub fn micros_from_iso(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_like_python() {
        assert_eq!(iso_from_micros(0), "1970-01-01T00:00:00+00:00");
        assert_eq!(iso_from_micros(1_795_407_444_657_757), "2026-11-23T04:17:24.657757+00:00");
        assert_eq!(iso_from_micros(1), "1970-01-01T00:00:00.000001+00:00");
    }

    #[test]
    fn reads_what_it_writes() {
        for micros in [0, 1, 999_999, 1_000_000, 1_795_407_444_657_757] {
            assert_eq!(micros_from_iso(&iso_from_micros(micros)), Some(micros));
        }
    }
}
