//! Exact decimal numbers, as Python's `decimal.Decimal` makes them from values: for range tolerances.
//!
//! Numbers are only compared, never computed with, so exponents of any size cost nothing.

use std::cmp::Ordering;

use super::{Raised, c_type_name};
use crate::value::{OtherKind, Value};

/// The greatest exponent of a number's first digit, in Python.
const MOST_EXPONENT: i64 = 999_999_999_999_999_999;

/// The least exponent of a number's last digit, in Python.
const LEAST_EXPONENT: i64 = -1_999_999_999_999_999_997;

/// An exact number, an infinity, or NaN.
#[derive(Clone, Debug)]
pub struct Decimal(Form);

#[derive(Clone, Debug)]
enum Form {
    Finite { negative: bool, digits: Digits },
    Infinite { negative: bool },
    NaN,
}

/// The digits from the first to the last that is not zero (none for zero), and the exponent of the
/// place before the first: the number is 0.DIGITS × 10^exponent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Digits {
    text: String,
    exponent: i64,
}

impl Decimal {
    /// The number that Python's `Decimal(value)` is.
    ///
    /// Texts may have white space around them, underscores anywhere, decimal digits of any script, an
    /// exponent, or be `Infinity` or `NaN`. Floats count by their exact binary value.
    ///
    /// # Errors
    ///
    /// `decimal.InvalidOperation` for a text that is not a number (see [`Decimal::is_not_a_number_error`]),
    /// `TypeError` for values of other types, `ValueError` for most lists.
    pub fn from_value(value: &Value) -> Result<Decimal, Raised> {
        match value {
            Value::Bool(flag) => Ok(Self::finite(false, if *flag { "1" } else { "0" }, 0)),
            Value::Int(int) => {
                let text = int.to_string();
                let digits = text.strip_prefix('-');
                Ok(Self::finite(digits.is_some(), digits.unwrap_or(&text), 0))
            }
            Value::Float(float) => Ok(Self::from_float(*float)),
            Value::Str(text) => Self::parse(text),
            Value::List(list) => Self::from_parts(&list.to_vec()),
            Value::Other(other) if other.kind == OtherKind::Decimal => Self::parse(&other.text),
            other => {
                let message = format!("conversion from {} to Decimal is not supported", c_type_name(other));
                Err(Raised::type_error(message))
            }
        }
    }

    /// Whether an error of [`Decimal::from_value`] says that a text is not a number.
    pub fn is_not_a_number_error(error: &Raised) -> bool {
        error.class == "decimal.InvalidOperation"
    }

    /// The order of two numbers, exact.
    ///
    /// # Errors
    ///
    /// `decimal.InvalidOperation` when one of them is NaN.
    pub fn compare(&self, other: &Decimal) -> Result<Ordering, Raised> {
        let sign = |negative: bool, order: Ordering| if negative { order.reverse() } else { order };
        Ok(match (&self.0, &other.0) {
            (Form::NaN, _) | (_, Form::NaN) => return Err(invalid_operation("InvalidOperation")),
            (Form::Infinite { negative: a }, Form::Infinite { negative: b }) => b.cmp(a),
            (Form::Infinite { negative }, _) => sign(*negative, Ordering::Greater),
            (_, Form::Infinite { negative }) => sign(*negative, Ordering::Less),
            (Form::Finite { negative: a, digits: left }, Form::Finite { negative: b, digits: right }) => {
                match (left.text.is_empty(), right.text.is_empty()) {
                    (true, true) => Ordering::Equal,
                    (true, false) => sign(*b, Ordering::Less),
                    (false, true) => sign(*a, Ordering::Greater),
                    (false, false) if a != b => b.cmp(a),
                    // Without zeros at the ends, digits compare as texts do.
                    (false, false) => {
                        sign(*a, left.exponent.cmp(&right.exponent).then_with(|| left.text.cmp(&right.text)))
                    }
                }
            }
        })
    }

    /// `digits` × 10^`exponent`; only ASCII digits.
    fn finite(negative: bool, digits: &str, exponent: i64) -> Decimal {
        let significant = digits.trim_start_matches('0');
        let exponent = exponent.saturating_add(i64::try_from(significant.len()).unwrap_or(i64::MAX));
        let text = significant.trim_end_matches('0').to_owned();
        Decimal(Form::Finite { negative, digits: Digits { text, exponent } })
    }

    fn from_float(float: f64) -> Decimal {
        if float.is_nan() {
            return Decimal(Form::NaN);
        }
        if float.is_infinite() {
            return Decimal(Form::Infinite { negative: float < 0.0 });
        }
        // 1074 places hold the smallest float exactly; formatting is exact for as many as asked.
        let text = format!("{:.1074}", float.abs());
        Self::finite(float < 0.0, &text.replace('.', ""), -1074)
    }

    fn parse(text: &str) -> Result<Decimal, Raised> {
        let ascii: Option<String> =
            text.trim_matches(is_space).chars().filter(|&c| c != '_').map(ascii_digit).collect();
        ascii.as_deref().map_or_else(|| Err(syntax_error()), Self::parse_ascii)
    }

    fn parse_ascii(text: &str) -> Result<Decimal, Raised> {
        let (negative, number) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let lower = number.to_ascii_lowercase();
        if lower == "inf" || lower == "infinity" {
            return Ok(Decimal(Form::Infinite { negative }));
        }
        if let Some(payload) = lower.strip_prefix("nan").or_else(|| lower.strip_prefix("snan")) {
            let valid = payload.bytes().all(|b| b.is_ascii_digit());
            return if valid { Ok(Decimal(Form::NaN)) } else { Err(syntax_error()) };
        }
        let (mantissa, exponent) = match lower.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (lower.as_str(), None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(syntax_error());
        }
        let exponent = exponent.map_or(Ok(0), parse_exponent)?;
        let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let last = exponent.saturating_sub(places);
        let count = i64::try_from(digits.trim_start_matches('0').len().max(1)).unwrap_or(i64::MAX);
        if last < LEAST_EXPONENT || last.saturating_add(count - 1) > MOST_EXPONENT {
            return Err(invalid_operation("InvalidOperation"));
        }
        Ok(Self::finite(negative, &digits, last))
    }

    /// Python also takes a sign, a list of digits and an exponent.
    fn from_parts(parts: &[Value]) -> Result<Decimal, Raised> {
        let error = |message: &str| Err(Raised::new("ValueError", message));
        let [sign, digits, exponent] = parts else {
            return error("argument must be a sequence of length 3");
        };
        let Some(digits) = digits.as_list() else { return error("coefficient must be a tuple of digits") };
        let small = |value: &Value| match value {
            Value::Bool(flag) => Some(i64::from(*flag)),
            Value::Int(int) => int.to_i64(),
            _ => None,
        };
        let Some(sign @ (0 | 1)) = small(sign) else {
            return error("sign must be an integer with the value 0 or 1");
        };
        let Some(exponent) = small(exponent) else {
            return error("string argument in the third position must be 'F', 'n' or 'N'");
        };
        let mut text = String::new();
        for digit in digits.to_vec() {
            match small(&digit)
                .and_then(|digit| u32::try_from(digit).ok())
                .and_then(|d| char::from_digit(d, 10))
            {
                Some(digit) => text.push(digit),
                None => return error("coefficient must be a tuple of digits"),
            }
        }
        let text = if text.is_empty() { "0" } else { &text };
        Self::parse_ascii(&format!("{}{text}e{exponent}", if sign == 1 { "-" } else { "" }))
    }
}

/// An optional sign and at least one digit; far beyond every bound the exact number does not matter.
fn parse_exponent(text: &str) -> Result<i64, Raised> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(syntax_error());
    }
    let size = digits.parse().unwrap_or(i64::MAX / 2).min(i64::MAX / 2);
    Ok(if text.starts_with('-') { -size } else { size })
}

fn syntax_error() -> Raised {
    invalid_operation("ConversionSyntax")
}

fn invalid_operation(condition: &str) -> Raised {
    Raised::new("decimal.InvalidOperation", format!("[<class 'decimal.{condition}'>]"))
}

/// Python's `str.isspace`: Unicode's white space and the four separators of ASCII.
pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The character itself if it is ASCII, the ASCII digit for a decimal digit of another script.
fn ascii_digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return Some(c);
    }
    let start = ZEROS[..ZEROS.partition_point(|&zero| zero <= u32::from(c))].last()?;
    char::from_digit(u32::from(c) - start, 10)
}

/// The digits zero of all scripts from U+0080 on (Unicode 14); the nine others follow each.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0,
    0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50,
    0x11d50, 0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
    0x1e2f0, 0x1e950, 0x1fbf0,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::from_value(&Value::from(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn texts_that_are_numbers() {
        for (text, same) in [
            (" 5 ", "5"),
            ("\u{a0}5\x1c", "5"),
            ("1_0", "10"),
            ("_1__", "1"),
            ("1e3", "1000"),
            ("1E+0_3", "1000"),
            ("1.", "1"),
            (".5", "0.50"),
            ("-0", "0"),
            ("0e99", "0"),
            ("\u{663}\u{1d7d8}", "30"),
            ("inf", "+Infinity"),
            ("0.1e1000000000000000000", "1e999999999999999999"),
            ("0010", "10"),
        ] {
            assert_eq!(number(text).compare(&number(same)).unwrap(), Ordering::Equal, "{text} = {same}");
        }
    }

    #[test]
    fn texts_that_are_none() {
        for text in [
            "",
            "_",
            "1e",
            "e5",
            ".",
            "in",
            "inf1",
            "1 2",
            "--5",
            "1E 5",
            "NaN 1",
            "1\0",
            "\u{b2}",
            "0x10",
            "1e1000000000000000000",
            "10e999999999999999999",
            "0e99999999999999999999999",
            "1e-1999999999999999998",
            "0e-1999999999999999998",
            "1e-99999999999999999999999",
        ] {
            let error = Decimal::from_value(&Value::from(text)).expect_err(text);
            assert!(Decimal::is_not_a_number_error(&error), "{text}: {error}");
        }
        for text in ["1e999999999999999999", "1e-1999999999999999997", "NaN", "-snan12", "NaN_1"] {
            number(text);
        }
    }

    #[test]
    fn order_is_exact_and_cheap_for_any_exponent() {
        let ascending = [
            "-inf",
            "-1e999999999999999999",
            "-10.5",
            "-10.05",
            "-1e-999999999999999999",
            "0",
            "1e-1999999999999999997",
            "1e-999999999999999999",
            "0.3",
            "0.30000000000000000001",
            "1",
            "9.99",
            "10",
            "10.05",
            "10.5",
            "1e999999999999999999",
            "inf",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(number(a).compare(&number(b)).unwrap(), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(number("nan").compare(&number("1")).unwrap_err().class, "decimal.InvalidOperation");
    }

    #[test]
    fn floats_count_by_their_binary_value() {
        let float = Decimal::from_value(&Value::from(0.3)).unwrap();
        assert_eq!(float.compare(&number("0.3")).unwrap(), Ordering::Less);
        assert_eq!(float.compare(&number("0.299999999999999988897769753748")).unwrap(), Ordering::Greater);
        let tiny = Decimal::from_value(&Value::from(5e-324)).unwrap();
        assert_eq!(tiny.compare(&number("4.9406564584124654e-324")).unwrap(), Ordering::Greater);
        assert_eq!(tiny.compare(&number("4.9406564584124655e-324")).unwrap(), Ordering::Less);
        let big = Decimal::from_value(&Value::from(-1e22)).unwrap();
        assert_eq!(big.compare(&number("-10000000000000000000000")).unwrap(), Ordering::Equal);
    }

    #[test]
    fn other_types() {
        for (value, message) in [
            (Value::Null, "TypeError: conversion from NoneType to Decimal is not supported"),
            (Value::map::<&str>([]), "TypeError: conversion from dict to Decimal is not supported"),
            (Value::list([Value::from(1_i64)]), "ValueError: argument must be a sequence of length 3"),
        ] {
            assert_eq!(Decimal::from_value(&value).unwrap_err().to_string(), message);
        }
        let digits = Value::list([Value::from(1_i64), Value::from(5_i64)]);
        let parts = Value::list([Value::from(1_i64), digits, Value::from(-1_i64)]);
        let parts = Decimal::from_value(&parts).unwrap();
        assert_eq!(parts.compare(&number("-1.5")).unwrap(), Ordering::Equal);
        let yes = Decimal::from_value(&Value::from(true)).unwrap();
        assert_eq!(yes.compare(&number("1")).unwrap(), Ordering::Equal);
    }
}
