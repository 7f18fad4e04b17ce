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
    // By hand: a run writes several of these for each activity.
    let mut text = String::with_capacity(32);
    let year = civil.year();
    if year < 0 {
        text.push('-');
    }
    digits(&mut text, u32::from(year.unsigned_abs()), 4);
    for (before, part) in [
        ('-', civil.month()),
        ('-', civil.day()),
        ('T', civil.hour()),
        (':', civil.minute()),
        (':', civil.second()),
    ] {
        text.push(before);
        digits(&mut text, u32::from(part.unsigned_abs()), 2);
    }
    let fraction = civil.subsec_nanosecond().unsigned_abs() / 1000;
    if fraction != 0 {
        text.push('.');
        digits(&mut text, fraction, 6);
    }
    text.push_str("+00:00");
    text
}

/// Appends the last `count` decimal digits of `number`, zeros included.
fn digits(text: &mut String, number: u32, count: u32) {
    for place in (0..count).rev() {
        let digit = number / 10u32.pow(place) % 10;
        text.push(char::from_digit(digit, 10).unwrap_or('0'));
    }
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
        assert_eq!(iso_from_micros(-62_135_596_800_000_000), "0001-01-01T00:00:00+00:00");
    }

    #[test]
    fn reads_what_it_writes() {
        for micros in [0, 1, 999_999, 1_000_000, 1_795_407_444_657_757] {
            assert_eq!(micros_from_iso(&iso_from_micros(micros)), Some(micros));
        }
    }
}
