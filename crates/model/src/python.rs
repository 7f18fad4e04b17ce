//! How Python shows values: `str()` and `repr()` of CPython 3.11.
//!
//! Substitution puts values into texts in this form (`True`, `None`, `{'a': [1]}`, `1e+22`), and so do
//! the messages of the reference.

mod printable;

use std::fmt::Write;

use crate::value::{Key, Other, OtherKind, Value};

/// Containers deeper than this are shown as `...`; Python itself gives up at about this depth.
const DEEPEST: usize = 900;

/// Python's `str(value)`: text as it is, everything else as [`repr`] except dates, numbers and objects
/// that have a form of their own.
pub fn str(value: &Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        Value::Other(other) => match (&other.display, &other.kind) {
            (Some(display), _) => display.to_string(),
            (None, OtherKind::Bytes(bytes)) => bytes_repr(bytes),
            // `isoformat` and `str` differ in one letter.
            (None, OtherKind::DateTime) => other.text.replacen('T', " ", 1),
            (None, _) => other.text.to_string(),
        },
        value => repr(value),
    }
}

/// Python's `repr(value)`.
///
/// A container inside itself is shown as `[...]` or `{...}`, as Python does.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(value, &mut Vec::new(), &mut out);
    out
}

/// Python's `repr` of a float: the shortest digits that read back as the same number, with an exponent
/// below `1e-04` and from `1e+16` on; `inf`, `-inf`, `nan`.
pub fn float_repr(float: f64) -> String {
    if float.is_nan() {
        return "nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    if float == 0.0 || (1e-4..1e16).contains(&float.abs()) {
        let plain = format!("{float:?}");
        // Two numbers of up to 15 digits are never equally near: what follows would change nothing.
        if plain.len() <= 16 {
            return plain;
        }
    }
    // Always `d.ddde±x`, digits as few as identify the number.
    let shortest = format!("{float:e}");
    let digits = shortest.bytes().take_while(|b| *b != b'e').filter(u8::is_ascii_digit).count();
    // Where two numbers of so many digits are equally near, Python takes the one that ends evenly, as
    // exact rounding does.
    let even = format!("{float:.*e}", digits.saturating_sub(1));
    let scientific = if even.parse() == Ok(float) { even } else { shortest };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let digits = mantissa.replace('.', "");
    let before = usize::try_from(exponent + 1).unwrap_or(0);
    if before == 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or(0);
        return format!("{sign}0.{:0<zeros$}{digits}", "");
    }
    let (whole, fraction) = digits.split_at(before.min(digits.len()));
    format!("{sign}{whole:0<before$}.{}", if fraction.is_empty() { "0" } else { fraction })
}

/// Python's `repr` of a text: in single quotes, or in double quotes when it holds single ones only.
pub fn str_repr(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_text(text, &mut out);
    out
}

/// Python's `repr` of bytes: `b'...'`.
pub fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => push_hex(&mut out, 'x', 2, u32::from(byte)),
        }
    }
    out.push(quote);
    out
}

/// Python's `str.title`: the first letter of every run of letters upper-case, the others lower-case.
pub fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        let cased = c.is_uppercase() || c.is_lowercase();
        if !cased {
            out.push(c);
        } else if inside {
            out.extend(c.to_lowercase());
        } else {
            // `ß` becomes `Ss`.
            let mut upper = c.to_uppercase();
            out.extend(upper.next());
            out.extend(upper.flat_map(char::to_lowercase));
        }
        inside = cased;
    }
    out
}

fn write_repr(value: &Value, open: &mut Vec<usize>, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(flag) => out.push_str(if *flag { "True" } else { "False" }),
        Value::Int(int) => {
            let _ = write!(out, "{int}");
        }
        Value::Float(float) => out.push_str(&float_repr(*float)),
        Value::Str(text) => write_text(text, out),
        Value::List(list) => {
            if open.contains(&list.identity()) || open.len() >= DEEPEST {
                return out.push_str("[...]");
            }
            open.push(list.identity());
            out.push('[');
            for (index, item) in list.to_vec().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(item, open, out);
            }
            out.push(']');
            open.pop();
        }
        Value::Map(map) => {
            if open.contains(&map.identity()) || open.len() >= DEEPEST {
                return out.push_str("{...}");
            }
            open.push(map.identity());
            out.push('{');
            for (index, (key, item)) in map.entries().iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_repr(Key::value(key), open, out);
                out.push_str(": ");
                write_repr(item, open, out);
            }
            out.push('}');
            open.pop();
        }
        Value::Other(other) => write_other(other, out),
    }
}

fn write_text(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => push_hex(out, 'x', 2, code),
                code @ 0x100..=0xffff => push_hex(out, 'u', 4, code),
                code => push_hex(out, 'U', 8, code),
            },
        }
    }
    out.push(quote);
}

fn push_hex(out: &mut String, letter: char, width: usize, code: u32) {
    let _ = write!(out, "\\{letter}{code:0width$x}");
}

fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        '\0'..='\x7f' => false,
        c => printable::BOUNDARIES.partition_point(|&start| start <= u32::from(c)) % 2 == 0,
    }
}

fn write_other(other: &Other, out: &mut String) {
    let text = &other.text;
    match &other.kind {
        OtherKind::Bytes(bytes) => out.push_str(&bytes_repr(bytes)),
        OtherKind::Decimal => {
            let _ = write!(out, "Decimal('{text}')");
        }
        OtherKind::Uuid => {
            let _ = write!(out, "UUID('{text}')");
        }
        OtherKind::Date => match numbers(text) {
            Some((fields, "")) if fields.len() == 3 => {
                let _ = write!(out, "datetime.date({})", join(&fields));
            }
            _ => out.push_str(text),
        },
        OtherKind::DateTime => match datetime_repr(text) {
            Some(repr) => out.push_str(&repr),
            None => out.push_str(text),
        },
        OtherKind::Object(_) => out.push_str(text),
    }
}

/// `2020-01-02T03:04:00+01:00` as `datetime.datetime(2020, 1, 2, 3, 4, tzinfo=...)`.
fn datetime_repr(iso: &str) -> Option<String> {
    let (date, time) = iso.split_once(['T', ' '])?;
    let (mut fields, _) = numbers(date)?;
    let zone_at = time.find(['+', '-', 'Z']).unwrap_or(time.len());
    let (clock, zone) = time.split_at(zone_at);
    let (clock, micros) = clock.split_once('.').unwrap_or((clock, "0"));
    let (clock, _) = numbers(clock)?;
    fields.extend(clock);
    let micros: u32 = format!("{micros:0<6}").get(..6)?.parse().ok()?;
    if micros != 0 {
        fields.push(micros);
    } else if fields.len() == 6 && fields.last() == Some(&0) {
        // Python leaves out seconds of zero (but not minutes).
        fields.pop();
    }
    let zone = match zone {
        "" => String::new(),
        zone => format!(", tzinfo={}", zone_repr(zone)?),
    };
    Some(format!("datetime.datetime({}{zone})", join(&fields)))
}

fn zone_repr(zone: &str) -> Option<String> {
    let seconds = if zone == "Z" {
        0
    } else {
        let (sign, clock) = zone.split_at_checked(1)?;
        let (clock, _) = numbers(clock)?;
        let seconds = clock.iter().zip([3600, 60, 1]).map(|(n, unit)| i64::from(*n) * unit).sum::<i64>();
        if sign == "-" { -seconds } else { seconds }
    };
    Some(match (seconds.div_euclid(86_400), seconds.rem_euclid(86_400)) {
        (0, 0) => "datetime.timezone.utc".to_owned(),
        (0, rest) => format!("datetime.timezone(datetime.timedelta(seconds={rest}))"),
        (days, 0) => format!("datetime.timezone(datetime.timedelta(days={days}))"),
        (days, rest) => format!("datetime.timezone(datetime.timedelta(days={days}, seconds={rest}))"),
    })
}

/// The numbers of a text like `2020-01-02` or `03:04:05`, and what is left after them.
fn numbers(text: &str) -> Option<(Vec<u32>, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '-' && c != ':').unwrap_or(text.len());
    let (text, rest) = text.split_at(end);
    Some((text.split(['-', ':']).map(|n| n.parse().ok()).collect::<Option<_>>()?, rest))
}

fn join(fields: &[u32]) -> String {
    fields.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::value::{List, Map};

    fn other(kind: OtherKind, text: &str) -> Value {
        Value::Other(Arc::new(Other { kind, text: text.into(), display: None }))
    }

    #[test]
    fn floats_are_as_in_python() {
        for (float, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (-12.345_678, "-12.345678"),
            (0.1 + 0.2, "0.30000000000000004"),
            (99_999_999_999_999.0, "99999999999999.0"),
            (4_067_337_239_165_717.0 / 4.0, "1016834309791429.2"),
            (-2_191_760_840_809_137.0 / 8.0, "-273970105101142.12"),
            (5e-324, "5e-324"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e22, "1e+22"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (-1.25e-7, "-1.25e-07"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float_repr(float), expected);
        }
    }

    #[test]
    fn texts_choose_their_quote_and_escape_what_does_not_print() {
        for (text, expected) in [
            ("", "''"),
            ("a'b", "\"a'b\""),
            ("a'b\"c", "'a\\'b\"c'"),
            ("a\"b", "'a\"b'"),
            ("\\\t\n\r\u{b}\u{7f}", r"'\\\t\n\r\x0b\x7f'"),
            ("\u{a0}\u{ad}é\u{2028}\u{200b}", r"'\xa0\xadé\u2028\u200b'"),
            ("\u{e000}\u{10ffff}😀", r"'\ue000\U0010ffff😀'"),
        ] {
            assert_eq!(str_repr(text), expected);
        }
    }

    #[test]
    fn containers_nest_and_may_hold_themselves() {
        let list = List::new();
        list.push(Value::from(1_i64));
        list.push(Value::List(list.clone()));
        let map = Map::new();
        map.insert("a", Value::List(list.clone()));
        map.insert(Key::new(Value::from(1_i64)).unwrap(), Value::Null);
        map.insert("m", Value::Map(map.clone()));
        assert_eq!(repr(&Value::Map(map.clone())), "{'a': [1, [...]], 1: None, 'm': {...}}");
        list.replace(Vec::new());
        map.replace([]);
        assert_eq!(repr(&Value::list([])) + &repr(&Value::Map(map)), "[]{}");
    }

    #[test]
    fn a_very_deep_list_is_cut_short() {
        let mut value = Value::list([]);
        for _ in 0..2000 {
            value = Value::list([value]);
        }
        assert!(repr(&value).contains("[[...]]"));
    }

    #[test]
    fn dates_numbers_and_bytes() {
        for (value, str_form, repr_form) in [
            (other(OtherKind::Date, "2020-01-02"), "2020-01-02", "datetime.date(2020, 1, 2)"),
            (
                other(OtherKind::DateTime, "2020-01-02T00:00:00"),
                "2020-01-02 00:00:00",
                "datetime.datetime(2020, 1, 2, 0, 0)",
            ),
            (
                other(OtherKind::DateTime, "2020-01-02T03:04:05.000060+00:00"),
                "2020-01-02 03:04:05.000060+00:00",
                "datetime.datetime(2020, 1, 2, 3, 4, 5, 60, tzinfo=datetime.timezone.utc)",
            ),
            (
                other(OtherKind::DateTime, "2020-01-02T03:04:05-01:30"),
                "2020-01-02 03:04:05-01:30",
                "datetime.datetime(2020, 1, 2, 3, 4, 5, \
                 tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=81000)))",
            ),
            (other(OtherKind::Decimal, "1.50"), "1.50", "Decimal('1.50')"),
            (other(OtherKind::Bytes(Arc::from(*b"a'\x00\xff\n")), ""), "", "b\"a'\\x00\\xff\\n\""),
            (other(OtherKind::Bytes(Arc::from(*b"'\"\\")), ""), "", r#"b'\'"\\'"#),
        ] {
            if !str_form.is_empty() {
                assert_eq!(str(&value), str_form);
            }
            assert_eq!(repr(&value), repr_form);
            assert_eq!(str(&Value::list([value])), format!("[{repr_form}]"));
        }
    }

    #[test]
    fn title_starts_every_run_of_letters_with_a_capital() {
        assert_eq!(title("pRobe"), "Probe");
        assert_eq!(title("they're 3rd-party"), "They'Re 3Rd-Party");
    }
}
