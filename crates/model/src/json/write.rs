//! The writer.

use std::fmt::Write as _;
use std::io;
use std::vec;

use crate::python;
use crate::value::{Key, Value};

/// How a text is laid out; the defaults are those of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Where blanks and line ends go.
    pub layout: Layout,
    /// Whether everything outside ASCII is escaped.
    pub ascii: bool,
    /// What numbers become that JSON has no form for.
    pub non_finite: NonFinite,
}

/// Where blanks and line ends go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One line an entry, indented by so many blanks a level: `json.dump(..., indent=n)`.
    Indented(usize),
    /// One line, with a blank after `,` and `:`: `json.dump(...)`.
    Spaced,
    /// One line without blanks.
    Compact,
}

/// What NaN and the infinities become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFinite {
    /// The strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
    AsText,
    /// The bare words, which only some readers take, CPython's among them.
    Bare,
}

impl Default for Style {
    fn default() -> Self {
        Style { layout: Layout::Indented(2), ascii: false, non_finite: NonFinite::AsText }
    }
}

impl Style {
    /// One line in `json.dumps`' form, everything outside ASCII kept.
    pub const SPACED: Style = Style { layout: Layout::Spaced, ascii: false, non_finite: NonFinite::AsText };
    /// One line without any blank.
    pub const COMPACT: Style = Style { layout: Layout::Compact, ascii: false, non_finite: NonFinite::AsText };
}

/// Writes a value as JSON. Keys that are not text become text; what JSON has no form for is written
/// as the text it carries; a container inside itself becomes `"<circular reference>"`.
pub fn write(value: &Value, style: &Style) -> String {
    let mut writer = Writer { style, text: String::new(), open: Vec::new() };
    writer.value(value);
    while writer.step() {}
    writer.text
}

/// Writes a value as JSON, as [`write`] does, in pieces.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write_to(value: &Value, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    const PIECE: usize = 1 << 16;
    let mut writer = Writer { style, text: String::new(), open: Vec::new() };
    writer.value(value);
    while writer.step() {
        if writer.text.len() >= PIECE {
            out.write_all(writer.text.as_bytes())?;
            writer.text.clear();
        }
    }
    out.write_all(writer.text.as_bytes())
}

/// A list or a mapping of which some entries are written. The containers wait on a stack of our own,
/// so that no nesting, however deep, can exhaust the thread's.
struct Open {
    identity: usize,
    rest: Rest,
    first: bool,
}

enum Rest {
    Items(vec::IntoIter<Value>),
    Entries(vec::IntoIter<(Key, Value)>),
}

struct Writer<'a> {
    style: &'a Style,
    text: String,
    open: Vec<Open>,
}

impl Writer<'_> {
    /// Writes the next entry of the innermost open container; `false` when none is open.
    fn step(&mut self) -> bool {
        let Some(open) = self.open.last_mut() else { return false };
        let first = std::mem::replace(&mut open.first, false);
        let next = match &mut open.rest {
            Rest::Items(items) => items.next().map(|item| (None, item)),
            Rest::Entries(entries) => entries.next().map(|(key, item)| (Some(key), item)),
        };
        let Some((key, value)) = next else {
            let close = if matches!(open.rest, Rest::Items(_)) { ']' } else { '}' };
            self.open.pop();
            self.line_end();
            self.text.push(close);
            return true;
        };
        if !first {
            self.text.push_str(if self.style.layout == Layout::Spaced { ", " } else { "," });
        }
        self.line_end();
        if let Some(key) = key {
            self.key(&key);
            self.text.push_str(if self.style.layout == Layout::Compact { ":" } else { ": " });
        }
        self.value(&value);
        true
    }

    fn line_end(&mut self) {
        if let Layout::Indented(width) = self.style.layout {
            self.text.push('\n');
            let mut missing = width * self.open.len();
            while missing > 0 {
                let blanks = &BLANKS[..missing.min(BLANKS.len())];
                self.text.push_str(blanks);
                missing -= blanks.len();
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            Value::Int(int) => {
                let _ = write!(self.text, "{int}");
            }
            Value::Float(float) => self.float(*float),
            Value::Str(text) => self.string(text),
            Value::Other(other) => self.string(&other.text),
            Value::List(list) if list.is_empty() => self.text.push_str("[]"),
            Value::Map(map) if map.is_empty() => self.text.push_str("{}"),
            Value::List(list) => self.open(list.identity(), Rest::Items(list.to_vec().into_iter())),
            Value::Map(map) => self.open(map.identity(), Rest::Entries(map.entries().into_iter())),
        }
    }

    fn open(&mut self, identity: usize, rest: Rest) {
        if self.open.iter().any(|open| open.identity == identity) {
            return self.string("<circular reference>");
        }
        self.text.push(if matches!(rest, Rest::Items(_)) { '[' } else { '{' });
        self.open.push(Open { identity, rest, first: true });
    }

    fn key(&mut self, key: &Key) {
        match key.value() {
            Value::Str(text) => self.string(text),
            Value::Null => self.string("null"),
            Value::Bool(flag) => self.string(if *flag { "true" } else { "false" }),
            Value::Float(float) if !float.is_finite() => self.string(non_finite(*float)),
            Value::Other(other) => self.string(&other.text),
            number => {
                let text = python::str(number);
                self.string(&text);
            }
        }
    }

    fn float(&mut self, float: f64) {
        if float.is_finite() {
            self.text.push_str(&python::float_repr(float));
        } else if self.style.non_finite == NonFinite::Bare {
            self.text.push_str(non_finite(float));
        } else {
            self.string(non_finite(float));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| self.needs_escape(byte)) {
            self.text.push_str(&rest[..at]);
            let mut tail = rest[at..].chars();
            if let Some(character) = tail.next() {
                self.escape(character);
            }
            rest = tail.as_str();
        }
        self.text.push_str(rest);
        self.text.push('"');
    }

    /// Whether a character that begins with this byte is escaped.
    fn needs_escape(&self, byte: u8) -> bool {
        matches!(byte, 0..=0x1f | b'"' | b'\\') || (self.style.ascii && byte > b'~')
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(self.text, "\\u{unit:04x}");
                }
                return;
            }
        };
        self.text.push_str(short);
    }
}

/// What indentation is cut from.
const BLANKS: &str = "                                ";

fn non_finite(float: f64) -> &'static str {
    if float.is_nan() {
        "NaN"
    } else if float > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
