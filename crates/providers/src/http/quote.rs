//! Percent-encoding as Python's `urllib` and the `requests` library do it.

use std::fmt::Write as _;

use squall_model::{Key, Value, python};

use super::error::HttpError;

/// Characters that `requests` leaves alone when it quotes a whole URI.
const URI_SAFE: &str = "!#$%&'()*+,/:;=?@[]~";
const URI_SAFE_WITHOUT_PERCENT: &str = "!#$&'()*+,/:;=?@[]~";

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

fn push_encoded(out: &mut String, byte: u8) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "%{byte:02X}");
}

/// `urllib.parse.quote(text, safe)`.
pub(crate) fn quote(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_unreserved(byte) || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
    }
    out
}

/// `urllib.parse.quote_plus(text)`.
fn quote_plus(text: &str) -> String {
    quote(text, " ").replace(' ', "+")
}

/// `urllib.parse.unquote(text)`: bytes that are not UTF-8 become U+FFFD.
pub(super) fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match hex_pair(bytes, at) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The byte that `%XX` at `at` stands for.
fn hex_pair(bytes: &[u8], at: usize) -> Option<u8> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    let digit = |offset: usize| char::from(*bytes.get(at + offset)?).to_digit(16);
    u8::try_from(digit(1)? * 16 + digit(2)?).ok()
}

/// `requests.utils.requote_uri`: percent-escapes of unreserved characters are undone, what must not
/// stand in a URI is escaped, and the rest stays. A URI with a malformed escape is escaped anew, its
/// percent signs included.
pub(super) fn requote(uri: &str) -> String {
    match unquote_unreserved(uri) {
        Some(uri) => quote(&uri, URI_SAFE),
        None => quote(uri, URI_SAFE_WITHOUT_PERCENT),
    }
}

/// `None` for an escape of two alphanumeric characters that are not both hexadecimal digits.
fn unquote_unreserved(uri: &str) -> Option<String> {
    let mut parts = uri.split('%');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let escape: Vec<char> = part.chars().take(2).collect();
        if escape.len() == 2 && escape.iter().all(|c| c.is_alphanumeric()) {
            let byte = u8::from_str_radix(part.get(..2)?, 16).ok()?;
            if is_unreserved(byte) {
                out.push(char::from(byte));
                out.push_str(&part[2..]);
                continue;
            }
        }
        out.push('%');
        out.push_str(part);
    }
    Some(out)
}

/// Escapes what `allowed` does not accept in a component of a URL. Escapes that are there already stay
/// (in upper case), unless the component also has a bare percent sign: then all of them are escaped.
pub(super) fn encode_component(component: &str, allowed: impl Fn(u8) -> bool) -> String {
    let bytes = component.as_bytes();
    let escapes = (0..bytes.len()).filter(|at| hex_pair(bytes, *at).is_some()).count();
    let keep_percent = escapes == bytes.iter().filter(|byte| **byte == b'%').count();
    let mut out = String::with_capacity(component.len());
    let mut upper = 0;
    for (at, byte) in bytes.iter().copied().enumerate() {
        if hex_pair(bytes, at).is_some() {
            upper = at + 2;
        }
        let byte = if at > 0 && at <= upper { byte.to_ascii_uppercase() } else { byte };
        if (keep_percent && byte == b'%') || (byte.is_ascii() && allowed(byte)) {
            out.push(char::from(byte));
        } else {
            push_encoded(&mut out, byte);
        }
    }
    out
}

/// Allowed in the user part of an authority.
pub(super) fn in_userinfo(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:".contains(&byte)
}

/// Allowed in a path.
pub(super) fn in_path(byte: u8) -> bool {
    in_userinfo(byte) || b"@/".contains(&byte)
}

/// Allowed in a query or a fragment.
pub(super) fn in_query(byte: u8) -> bool {
    in_path(byte) || byte == b'?'
}

/// A query string or form body from arguments: text as it is, a mapping or a list of pairs as
/// `key=value&...`, where a list of values repeats the key and nulls are dropped.
///
/// # Errors
///
/// A list whose items are no pairs.
pub(super) fn encode_arguments(arguments: &Value) -> Result<String, HttpError> {
    let pairs = match arguments {
        Value::Str(text) => return Ok(text.to_string()),
        Value::Map(map) => {
            map.entries().into_iter().map(|(key, value)| (key.value().clone(), value)).collect()
        }
        Value::List(list) => list.to_vec().iter().map(pair).collect::<Result<Vec<_>, _>>()?,
        scalar => return Ok(python::str(scalar)),
    };
    let mut out = Vec::new();
    for (key, values) in pairs {
        let key = quote_plus(&python::str(&key));
        for value in items(&values).unwrap_or_else(|| vec![values]) {
            if value.is_null() {
                continue;
            }
            for value in items(&value).unwrap_or_else(|| vec![value]) {
                out.push(format!("{key}={}", quote_plus(&python::str(&value))));
            }
        }
    }
    Ok(out.join("&"))
}

/// What Python iterates over: a list's items, a mapping's keys.
fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Map(map) => Some(map.entries().into_iter().map(|(key, _)| Key::value(&key).clone()).collect()),
        _ => None,
    }
}

fn pair(item: &Value) -> Result<(Value, Value), HttpError> {
    let parts = match item {
        Value::Str(text) => text.chars().map(|c| Value::from(c.to_string())).collect(),
        other => items(other).ok_or_else(|| {
            let found = other.type_name();
            HttpError::other("TypeError", format!("cannot unpack non-iterable {found} object"))
        })?,
    };
    match <[Value; 2]>::try_from(parts) {
        Ok([key, value]) => Ok((key, value)),
        Err(parts) if parts.len() > 2 => {
            Err(HttpError::other("ValueError", "too many values to unpack (expected 2)"))
        }
        Err(parts) => {
            let found = parts.len();
            Err(HttpError::other(
                "ValueError",
                format!("not enough values to unpack (expected 2, got {found})"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_requoted_once() {
        assert_eq!(requote("http://h/a b%41%2f"), "http://h/a%20bA%2f");
        assert_eq!(requote("http://h/é|%zz"), "http://h/%C3%A9%7C%25zz");
        assert_eq!(requote("http://h/50%"), "http://h/50%");
        assert_eq!(unquote("a%20b%zz%C3%A9%"), "a b%zzé%");
    }

    #[test]
    fn components_keep_their_escapes() {
        assert_eq!(encode_component("/a b%2f", in_path), "/a%20b%2F");
        assert_eq!(encode_component("/100%/%41", in_path), "/100%25/%2541");
        assert_eq!(encode_component("ü=1 2", in_query), "%C3%BC=1%202");
    }

    fn encoded(value: Value) -> String {
        encode_arguments(&value).unwrap()
    }

    #[test]
    fn arguments_become_pairs() {
        let list = Value::list([Value::from(1), Value::Null, Value::from(true)]);
        let map = Value::map([("a", Value::from("x &=é")), ("l", list), ("n", Value::Null)]);
        assert_eq!(encoded(map), "a=x+%26%3D%C3%A9&l=1&l=True");
        let nested =
            Value::list([Value::list([Value::from(1), Value::from(2)]), Value::map([("d", Value::from(3))])]);
        let map = Value::map([("a", Value::map([("b", Value::from(1))])), ("c", nested)]);
        assert_eq!(encoded(map), "a=b&c=1&c=2&c=d");
        assert_eq!(encoded(Value::list([Value::from("ab"), Value::from("cd")])), "a=b&c=d");
        assert_eq!(encoded(Value::from("raw a")), "raw a");
        assert_eq!(encoded(Value::from(1.5)), "1.5");
    }

    #[test]
    fn a_list_must_hold_pairs() {
        let error = |items: Value| encode_arguments(&items).unwrap_err().to_string();
        assert_eq!(error(Value::list([Value::from("abc")])), "too many values to unpack (expected 2)");
        assert_eq!(error(Value::list([Value::from("a")])), "not enough values to unpack (expected 2, got 1)");
        assert_eq!(error(Value::list([Value::from(1)])), "cannot unpack non-iterable int object");
    }
}
