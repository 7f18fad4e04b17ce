//! Dates in headers.

use std::time::{Duration, SystemTime};

use jiff::fmt::rfc2822::DateTimeParser;

/// The moment that an HTTP date means: `Sun, 06 Nov 1994 08:49:37 GMT`, and with the hyphens that cookies
/// have in it.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let spaced = match text.split_once(',') {
        Some((day, rest)) => format!("{day},{}", rest.replace('-', " ")),
        None => text.to_owned(),
    };
    let zoned = DateTimeParser::new().relaxed_weekday(true).parse_zoned_datetime(spaced.trim()).ok()?;
    // What is before 1970 has passed as well as 1970 has.
    let seconds = u64::try_from(zoned.timestamp().as_second()).unwrap_or(0);
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// How long until then; nothing for the past.
pub(super) fn until(moment: SystemTime) -> Duration {
    moment.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(expected));
        assert_eq!(parse("Sun, 06-Nov-1994 08:49:37 GMT"), Some(expected));
        assert_eq!(parse("soon"), None);
        assert_eq!(until(expected), Duration::ZERO);
    }
}
