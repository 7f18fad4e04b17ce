//! Dates and times.

use crate::value::{Other, OtherKind};

/// The parts of a timestamp's text.
struct Parts<'a> {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time<'a>>,
}

struct Time<'a> {
    hour: u32,
    minute: u32,
    second: u32,
    /// The digits behind the point.
    fraction: &'a str,
    zone: Zone,
}

#[derive(Clone, Copy)]
enum Zone {
    None,
    Utc,
    Offset { west: bool, hours: u32, minutes: u32 },
}

/// Whether a plain scalar is a date or a date with a time.
pub(super) fn matches(text: &str) -> bool {
    split(text).is_some_and(|parts| parts.time.is_some() || text.len() == "2001-01-01".len())
}

/// The date, or the date with its time, that a text stands for.
pub(super) fn parse(text: &str) -> Result<Other, String> {
    let Some(parts) = split(text) else {
        return Err(format!("{} is no timestamp", crate::python::str_repr(text)));
    };
    let Parts { year, month, day, time } = parts;
    if year == 0 {
        return Err("year 0 is out of range".to_owned());
    }
    if !(1..=12).contains(&month) {
        return Err("month must be in 1..12".to_owned());
    }
    if day == 0 || day > days_in(year, month) {
        return Err("day is out of range for month".to_owned());
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    let Some(time) = time else {
        return Ok(Other { kind: OtherKind::Date, text: date.into(), display: None });
    };
    if time.hour > 23 {
        return Err("hour must be in 0..23".to_owned());
    }
    if time.minute > 59 {
        return Err("minute must be in 0..59".to_owned());
    }
    if time.second > 59 {
        return Err("second must be in 0..59".to_owned());
    }
    let mut clock = format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
    let micros = format!("{:0<6.6}", time.fraction);
    if micros != "000000" {
        clock = format!("{clock}.{micros}");
    }
    let zone = match time.zone {
        Zone::None => String::new(),
        Zone::Utc => "+00:00".to_owned(),
        Zone::Offset { hours, minutes, .. } if hours * 60 + minutes >= 24 * 60 => {
            return Err("the offset from UTC must be less than 24 hours".to_owned());
        }
        Zone::Offset { west, hours, minutes } => {
            let (hours, minutes) = (hours + minutes / 60, minutes % 60);
            let sign = if west && hours + minutes > 0 { '-' } else { '+' };
            format!("{sign}{hours:02}:{minutes:02}")
        }
    };
    Ok(Other {
        kind: OtherKind::DateTime,
        text: format!("{date}T{clock}{zone}").into(),
        display: Some(format!("{date} {clock}{zone}").into()),
    })
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn split(text: &str) -> Option<Parts<'_>> {
    let mut rest = text;
    let year = number(&mut rest, 4, 4)?;
    symbol(&mut rest, '-')?;
    let month = number(&mut rest, 1, 2)?;
    symbol(&mut rest, '-')?;
    let day = number(&mut rest, 1, 2)?;
    if rest.is_empty() {
        return Some(Parts { year, month, day, time: None });
    }
    let after = rest.trim_start_matches([' ', '\t']);
    rest = if after.len() < rest.len() { after } else { rest.strip_prefix(['T', 't'])? };
    let hour = number(&mut rest, 1, 2)?;
    symbol(&mut rest, ':')?;
    let minute = number(&mut rest, 2, 2)?;
    symbol(&mut rest, ':')?;
    let second = number(&mut rest, 2, 2)?;
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        (fraction, rest) = after.split_at(digits);
    }
    let zone = zone(rest.trim_start_matches([' ', '\t']), rest.is_empty())?;
    Some(Parts { year, month, day, time: Some(Time { hour, minute, second, fraction, zone }) })
}

fn zone(text: &str, none: bool) -> Option<Zone> {
    if none {
        return Some(Zone::None);
    }
    if text == "Z" {
        return Some(Zone::Utc);
    }
    let west = text.starts_with('-');
    let mut rest = text.strip_prefix(['+', '-'])?;
    let hours = number(&mut rest, 1, 2)?;
    let mut minutes = 0;
    if !rest.is_empty() {
        symbol(&mut rest, ':')?;
        minutes = number(&mut rest, 2, 2)?;
    }
    rest.is_empty().then_some(Zone::Offset { west, hours, minutes })
}

fn symbol(rest: &mut &str, symbol: char) -> Option<()> {
    *rest = rest.strip_prefix(symbol)?;
    Some(())
}

fn number(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if digits < least {
        return None;
    }
    let (number, after) = rest.split_at(digits);
    *rest = after;
    number.parse().ok()
}
