//! JSON as the oracle sees it: numbers keep their spelling, members keep their order.
//!
//! A comparison that is to tell `1` from `1.0` and to notice a changed key order must not go through
//! a library that folds them, nor through the code under test.

use std::fmt::Write as _;

/// The members of an object, in the order of the text.
pub type Members = Vec<(String, Json)>;

/// One JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number in its own spelling; also `NaN`, `Infinity` and `-Infinity`, which Python writes.
    Number(String),
    /// A string
    String(String),
    /// An array
    Array(Vec<Json>),
    /// An object
    Object(Members),
}

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}: {what}")]
pub struct JsonError {
    at: usize,
    what: &'static str,
}

const MAX_DEPTH: usize = 1000;
const LINE: usize = 110;

impl Json {
    /// Parses a whole text.
    pub fn parse(text: &str) -> Result<Json, JsonError> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0)?;
        parser.space();
        if parser.at < text.len() { Err(parser.error("text after the value")) } else { Ok(value) }
    }

    /// A string value.
    pub fn text(text: impl Into<String>) -> Json {
        Json::String(text.into())
    }

    /// The member `key` of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.as_object()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The string, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The boolean, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Json::Bool(value) = self { Some(*value) } else { None }
    }

    /// The number as an integer, if it is one.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        if let Json::Number(text) = self { text.parse().ok() } else { None }
    }

    /// The items, if it is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Json]> {
        if let Json::Array(items) = self { Some(items) } else { None }
    }

    /// The members, if it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Members> {
        if let Json::Object(members) = self { Some(members) } else { None }
    }

    /// Whether any number in it is `NaN` or infinite, which strict JSON does not have.
    #[must_use]
    pub fn has_non_finite(&self) -> bool {
        match self {
            Json::Number(text) => text.ends_with(['N', 'y']),
            Json::Array(items) => items.iter().any(Json::has_non_finite),
            Json::Object(members) => members.iter().any(|(_, value)| value.has_non_finite()),
            _ => false,
        }
    }

    /// Text with one space of indentation; what fits on a line stays on one.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write_pretty(&mut out, 0, 0);
        out
    }

    fn write_pretty(&self, out: &mut String, indent: usize, used: usize) {
        let line = self.to_string();
        let (items, open, close): (Vec<(Option<&str>, &Json)>, _, _) = match self {
            Json::Array(items) => (items.iter().map(|item| (None, item)).collect(), '[', ']'),
            Json::Object(members) => {
                (members.iter().map(|(key, value)| (Some(key.as_str()), value)).collect(), '{', '}')
            }
            _ => return out.push_str(&line),
        };
        if items.is_empty() || indent + used + line.chars().count() <= LINE {
            return out.push_str(&line);
        }
        out.push(open);
        for (index, (key, value)) in items.iter().enumerate() {
            out.push_str(if index == 0 { "\n" } else { ",\n" });
            out.push_str(&" ".repeat(indent + 1));
            let mut used = 1;
            if let Some(key) = key {
                let key = Json::text(*key).to_string();
                used += key.chars().count() + 2;
                let _ = write!(out, "{key}: ");
            }
            value.write_pretty(out, indent + 1, used);
        }
        out.push('\n');
        out.push_str(&" ".repeat(indent));
        out.push(close);
    }
}

/// On one line, with Python's default separators.
impl std::fmt::Display for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(text) => f.write_str(text),
            Json::String(text) => write_string(f, text),
            Json::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                for (index, (key, value)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    write_string(f, key)?;
                    write!(f, ": {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_string(f: &mut std::fmt::Formatter<'_>, text: &str) -> std::fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if (c as u32) < 0x20 || c == '\u{7f}' => write!(f, "\\u{:04x}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn error(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.error(what))
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deep"));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Json::String(self.string()?)),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json, JsonError> {
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        for word in ["NaN", "Infinity", "-Infinity"] {
            if self.rest().starts_with(word) {
                self.at += word.len();
                return Ok(Json::Number(word.to_owned()));
            }
        }
        let length = self
            .rest()
            .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E'))
            .unwrap_or(self.rest().len());
        let word = &self.rest()[..length];
        if word.parse::<f64>().is_err()
            || !word.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        {
            return Err(self.error("expected a value"));
        }
        let number = Json::Number(word.to_owned());
        self.at += length;
        Ok(number)
    }

    fn array(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']', "expected `,` or `]`")?;
            return Ok(Json::Array(items));
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.at += 1;
        let mut members = Members::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            self.expect(b':', "expected `:`")?;
            members.push((key, self.value(depth + 1)?));
            self.space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}', "expected `,` or `}`")?;
            return Ok(Json::Object(members));
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.expect(b'"', "expected a string")?;
        let mut out = String::new();
        loop {
            let end = self.rest().find(['"', '\\']).ok_or_else(|| self.error("string without an end"))?;
            out.push_str(&self.text[self.at..self.at + end]);
            self.at += end + 1;
            if self.text.as_bytes()[self.at - 1] == b'"' {
                return Ok(out);
            }
            let escape = self.peek().ok_or_else(|| self.error("string without an end"))?;
            self.at += 1;
            out.push(match escape {
                b'"' | b'\\' | b'/' => escape as char,
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                b'u' => self.unicode_escape()?,
                _ => return Err(self.error("unknown escape")),
            });
        }
    }

    /// A lone surrogate becomes U+FFFD.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.rest().starts_with("\\u") {
            let start = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return char::from_u32(code).ok_or_else(|| self.error("bad surrogate pair"));
            }
            self.at = start;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.rest().get(..4).ok_or_else(|| self.error("short escape"))?;
        let code = u32::from_str_radix(digits, 16).map_err(|_| self.error("bad escape"))?;
        self.at += 4;
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_and_order_survive() {
        let text =
            r#"{"b": 1.0, "a": [1, true, null, 1e+22, 123456789012345678901234567890], "c": "é\n\"x\""}"#;
        assert_eq!(Json::parse(text).unwrap().to_string(), text);
    }

    #[test]
    fn pythons_extra_numbers_are_read_and_noticed() {
        let value = Json::parse("[NaN, -Infinity]").unwrap();
        assert!(value.has_non_finite());
        assert!(!Json::parse("[1, \"NaN\"]").unwrap().has_non_finite());
    }

    #[test]
    fn surrogate_pairs_join() {
        assert_eq!(Json::parse(r#""\ud83d\ude00 \ud83d""#).unwrap(), Json::text("😀 \u{fffd}"));
    }

    #[test]
    fn broken_texts_are_errors() {
        for text in ["", "{", "[1,]", "{\"a\" 1}", "\"x", "nul", "1 2", "\"\\q\"", "+1", ".5"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
        assert!(Json::parse(&"[".repeat(5000)).is_err());
    }

    #[test]
    fn pretty_text_is_the_same_value() {
        let value =
            Json::parse(&format!("{{\"a\": [{}], \"b\": {{}}}}", ["\"some text\""; 30].join(","))).unwrap();
        assert_eq!(Json::parse(&value.pretty()).unwrap(), value);
        assert!(value.pretty().lines().count() > 30);
    }
}
