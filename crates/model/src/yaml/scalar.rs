//! What a plain scalar is: PyYAML's rules for YAML 1.1.

use super::construct::digits;
use crate::value::Int;

/// The types that a plain scalar can have without a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Implicit {
    Str,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    /// `<<`
    Merge,
    /// `=`
    Default,
}

/// The type of a plain scalar.
pub(super) fn resolve(text: &str) -> Implicit {
    match text.as_bytes().first() {
        None => Implicit::Null,
        Some(b'~') if text == "~" => Implicit::Null,
        Some(b'<') if text == "<<" => Implicit::Merge,
        Some(b'=') if text == "=" => Implicit::Default,
        Some(b'n' | b'N') if matches!(text, "null" | "Null" | "NULL") => Implicit::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O')
            if known_boolean(text).is_some() =>
        {
            Implicit::Bool
        }
        Some(b'+' | b'-' | b'.' | b'0'..=b'9') => {
            if is_float(text.as_bytes()) {
                Implicit::Float
            } else if is_int(text.as_bytes()) {
                Implicit::Int
            } else if super::timestamp::matches(text) {
                Implicit::Timestamp
            } else {
                Implicit::Str
            }
        }
        _ => Implicit::Str,
    }
}

fn known_boolean(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A boolean in any case, as an explicit tag allows it.
pub(super) fn boolean(text: &str) -> Option<bool> {
    known_boolean(&text.to_lowercase())
}

fn unsigned(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text)
}

fn is_int(text: &[u8]) -> bool {
    let text = unsigned(text);
    match text {
        [b'0', b'b', rest @ ..] => !rest.is_empty() && rest.iter().all(|b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', rest @ ..] => {
            !rest.is_empty() && rest.iter().all(|b| b.is_ascii_hexdigit() || *b == b'_')
        }
        [b'0', rest @ ..] => rest.iter().all(|b| matches!(b, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', ..] => {
            let rest = skip(text, is_digit);
            rest.is_empty() || sexagesimal(rest).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

fn is_float(text: &[u8]) -> bool {
    let bare = unsigned(text);
    match bare {
        b".inf" | b".Inf" | b".INF" => true,
        b".nan" | b".NaN" | b".NAN" => bare.len() == text.len(),
        [b'.', b'0'..=b'9', ..] => bare.len() == text.len() && is_exponent(skip(&bare[1..], is_digit)),
        [b'0'..=b'9', ..] => {
            let rest = skip(bare, is_digit);
            match rest {
                [b'.', fraction @ ..] => is_exponent(skip(fraction, is_digit)),
                _ => {
                    matches!(sexagesimal(rest), Some([b'.', fraction @ ..]) if skip(fraction, is_digit).is_empty())
                }
            }
        }
        _ => false,
    }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn skip(text: &[u8], of: fn(u8) -> bool) -> &[u8] {
    &text[text.iter().take_while(|byte| of(**byte)).count()..]
}

/// Nothing, or an exponent with its sign.
fn is_exponent(text: &[u8]) -> bool {
    match text {
        [] => true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] => {
            !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// What follows at least one group of `:` and a number below 60.
fn sexagesimal(mut text: &[u8]) -> Option<&[u8]> {
    let mut groups = 0;
    loop {
        text = match text {
            [b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] | [b':', b'0'..=b'9', rest @ ..] => rest,
            rest => return (groups > 0).then_some(rest),
        };
        groups += 1;
    }
}

/// The number that an integer's text stands for.
pub(super) fn integer(text: &str) -> Result<Int, String> {
    let clean = text.replace('_', "");
    let (negative, bare) = match clean.strip_prefix('-') {
        Some(bare) => (true, bare),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let int = if bare == "0" {
        Int::from(0)
    } else if let Some(bits) = bare.strip_prefix("0b") {
        digits(bits, 2)?
    } else if let Some(hex) = bare.strip_prefix("0x") {
        digits(hex, 16)?
    } else if bare.starts_with('0') {
        digits(bare, 8)?
    } else if bare.contains(':') {
        let mut sum = num_bigint::BigInt::ZERO;
        for group in bare.split(':') {
            sum = sum * 60 + digits(group, 10)?.to_big();
        }
        Int::from(sum)
    } else {
        digits(bare, 10)?
    };
    Ok(if negative { Int::from(-int.to_big()) } else { int })
}

/// The number that a float's text stands for.
pub(super) fn float(text: &str) -> Option<f64> {
    let clean = text.replace('_', "").to_lowercase();
    let (sign, bare) = match clean.strip_prefix('-') {
        Some(bare) => (-1.0, bare),
        None => (1.0, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let number = match bare {
        ".inf" => f64::INFINITY,
        ".nan" => return Some(f64::NAN),
        _ if bare.contains(':') => {
            let (mut sum, mut base) = (0.0, 1.0);
            for group in bare.rsplit(':') {
                sum += plain_float(group)? * base;
                base *= 60.0;
            }
            sum
        }
        _ => plain_float(bare)?,
    };
    Some(sign * number)
}

/// Python's `float()`, without the words that Rust knows in addition.
fn plain_float(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}
