//! The reader.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{MAX_DEPTH, MAX_DIGITS};
use crate::document::{Build, Member, Position, Span, SyntaxError, characters_before};
use crate::value::{Int, Key, Str, Value};

/// Keys up to this length are stored once, however often they occur.
const SHARED_KEY_LENGTH: usize = 32;
/// How many different keys are remembered for that.
const SHARED_KEYS: usize = 1024;

pub(super) fn parse<B: Build>(text: &str) -> Result<B::Node, SyntaxError> {
    let mut parser = Parser { text, bytes: text.as_bytes(), at: 0, keys: HashMap::new() };
    if text.starts_with('\u{FEFF}') {
        return Err(parser.error("Unexpected UTF-8 BOM (decode using utf-8-sig)", 0));
    }
    parser.skip_blanks();
    let node = parser.value::<B>()?;
    parser.skip_blanks();
    if parser.at < text.len() {
        return Err(parser.error("Extra data", parser.at));
    }
    Ok(node)
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    keys: HashMap<&'a str, Str>,
}

/// A list or a mapping of which the end was not read yet.
enum Open<N> {
    List {
        start: usize,
        items: Vec<N>,
    },
    /// `key` is the one whose value comes next.
    Map {
        start: usize,
        entries: Vec<Member<N>>,
        key: Key,
        at: Span,
    },
}

/// What became of a container when a value was put into it.
enum Added<N> {
    More(Open<N>),
    Complete(N),
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// One value. The lists and mappings that it is inside of wait on a stack of our own, so that their
    /// number has nothing to do with the thread's.
    fn value<B: Build>(&mut self) -> Result<B::Node, SyntaxError> {
        let mut open: Vec<Open<B::Node>> = Vec::new();
        loop {
            let start = self.at;
            let mut node = match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.check_depth(open.len(), bracket)?;
                    self.at += 1;
                    self.skip_blanks();
                    match (bracket, self.peek()) {
                        (b'{', Some(b'}')) => {
                            self.at += 1;
                            B::map(Vec::new(), Span::new(start, self.at))
                        }
                        (b'[', Some(b']')) => {
                            self.at += 1;
                            B::list(Vec::new(), Span::new(start, self.at))
                        }
                        (b'{', _) => {
                            let (key, at) = self.key()?;
                            open.push(Open::Map { start, entries: Vec::new(), key, at });
                            continue;
                        }
                        _ => {
                            open.push(Open::List { start, items: Vec::new() });
                            continue;
                        }
                    }
                }
                _ => {
                    let leaf = self.leaf()?;
                    B::leaf(leaf, Span::new(start, self.at))
                }
            };
            // The value is complete; and with it, perhaps, what it is inside of.
            loop {
                let Some(innermost) = open.pop() else { return Ok(node) };
                self.skip_blanks();
                match self.add::<B>(innermost, node)? {
                    Added::More(container) => {
                        open.push(container);
                        break;
                    }
                    Added::Complete(container) => node = container,
                }
            }
        }
    }

    /// Puts a value where it belongs, and reads the `,` (and the next key) or the bracket behind it.
    fn add<B: Build>(&mut self, open: Open<B::Node>, node: B::Node) -> Result<Added<B::Node>, SyntaxError> {
        let next = self.peek();
        let ends = match open {
            Open::List { .. } => next == Some(b']'),
            Open::Map { .. } => next == Some(b'}'),
        };
        if !ends && next != Some(b',') {
            return Err(self.error("Expecting ',' delimiter", self.at));
        }
        self.at += 1;
        let end = self.at;
        if !ends {
            self.skip_blanks();
        }
        Ok(match open {
            Open::List { start, mut items } => {
                items.push(node);
                if ends {
                    Added::Complete(B::list(items, Span::new(start, end)))
                } else {
                    Added::More(Open::List { start, items })
                }
            }
            Open::Map { start, mut entries, key, at } => {
                entries.push(Member { key, at, node });
                if ends {
                    Added::Complete(B::map(entries, Span::new(start, end)))
                } else {
                    let (key, at) = self.key()?;
                    Added::More(Open::Map { start, entries, key, at })
                }
            }
        })
    }

    fn leaf(&mut self) -> Result<Value, SyntaxError> {
        match self.peek() {
            Some(b'"') => Ok(Value::Str(self.string()?.into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn check_depth(&self, depth: usize, bracket: u8) -> Result<(), SyntaxError> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        let what = if bracket == b'{' { "object" } else { "array" };
        Err(self.plain_error(
            format!("maximum recursion depth exceeded while decoding a JSON {what} from a unicode string"),
            format!("nested too deeply: at most {MAX_DEPTH} lists and mappings inside one another"),
            Span::new(self.at, self.at + 1),
        ))
    }

    /// A key with the colon and the blanks behind it.
    fn key(&mut self) -> Result<(Key, Span), SyntaxError> {
        if self.peek() != Some(b'"') {
            return Err(self.error("Expecting property name enclosed in double quotes", self.at));
        }
        let start = self.at;
        let text = self.string()?;
        let at = Span::new(start, self.at);
        self.skip_blanks();
        if self.peek() != Some(b':') {
            return Err(self.error("Expecting ':' delimiter", self.at));
        }
        self.at += 1;
        self.skip_blanks();
        Ok((self.shared_key(text), at))
    }

    /// A key; experiments repeat a few of them very often.
    fn shared_key(&mut self, text: Cow<'a, str>) -> Key {
        match text {
            Cow::Borrowed(text) if text.len() <= SHARED_KEY_LENGTH => {
                if let Some(key) = self.keys.get(text) {
                    return Key::from(key.clone());
                }
                let key = Str::from(text);
                if self.keys.len() < SHARED_KEYS {
                    self.keys.insert(text, key.clone());
                }
                Key::from(key)
            }
            text => Key::from(Str::from(text)),
        }
    }

    fn word(&mut self) -> Result<Value, SyntaxError> {
        let words = [
            ("null", Value::Null),
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("NaN", Value::Float(f64::NAN)),
            ("Infinity", Value::Float(f64::INFINITY)),
        ];
        for (word, value) in words {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.error("Expecting value", self.at))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        if self.bytes[start..].starts_with(b"-Infinity") {
            self.at += "-Infinity".len();
            return Ok(Value::Float(f64::NEG_INFINITY));
        }
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = match self.peek() {
            Some(b'0') => {
                self.at += 1;
                1
            }
            Some(b'1'..=b'9') => self.digits(),
            _ => {
                self.at = start;
                return Err(self.error("Expecting value", start));
            }
        };
        let mut integral = true;
        if self.peek() == Some(b'.') && matches!(self.bytes.get(self.at + 1), Some(b'0'..=b'9')) {
            integral = false;
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            let before = self.at;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                self.at = before;
            } else {
                integral = false;
            }
        }
        let text = &self.text[start..self.at];
        if !integral {
            // Everything that was read above is a number to Rust too.
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        if whole > MAX_DIGITS {
            return Err(self.plain_error(
                format!(
                    "Exceeds the limit ({MAX_DIGITS} digits) for integer string conversion: value has {whole} digits; \
                     use sys.set_int_max_str_digits() to increase the limit"
                ),
                format!("an integer may have {MAX_DIGITS} digits, this one has {whole}"),
                Span::new(start, self.at),
            ));
        }
        match text.parse::<Int>() {
            Ok(int) => Ok(Value::Int(int)),
            Err(_) => Err(self.error("Expecting value", start)),
        }
    }

    /// A string from its opening to its closing quote.
    fn string(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let open = self.at;
        self.at += 1;
        let mut pieces: Option<String> = None;
        loop {
            let start = self.at;
            while matches!(self.peek(), Some(byte) if byte != b'"' && byte != b'\\' && byte >= b' ') {
                self.at += 1;
            }
            let piece = &self.text[start..self.at];
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match pieces {
                        None => Cow::Borrowed(piece),
                        Some(text) => Cow::Owned(text + piece),
                    });
                }
                Some(b'\\') => {
                    let text = pieces.get_or_insert_default();
                    text.push_str(piece);
                    let character = self.escape(open)?;
                    text.push(character);
                }
                Some(_) => return Err(self.error("Invalid control character at", self.at)),
                None => return Err(self.error("Unterminated string starting at", open)),
            }
        }
    }

    /// The character that the escape sequence at this place stands for.
    fn escape(&mut self, open: usize) -> Result<char, SyntaxError> {
        let backslash = self.at;
        self.at += 2;
        let character = match self.bytes.get(backslash + 1) {
            None => return Err(self.error("Unterminated string starting at", open)),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex(self.at)?;
                self.at += 4;
                let paired = matches!(first, 0xD800..=0xDBFF)
                    && self.bytes[self.at..].starts_with(b"\\u")
                    && self.at + 6 < self.bytes.len();
                if paired {
                    let second = self.hex(self.at + 2)?;
                    if matches!(second, 0xDC00..=0xDFFF) {
                        self.at += 6;
                        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                }
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            Some(_) => return Err(self.error("Invalid \\escape", backslash)),
        };
        Ok(character)
    }

    /// The four hexadecimal digits at `start`; a string cannot end right behind them.
    fn hex(&self, start: usize) -> Result<u32, SyntaxError> {
        let digits = self.bytes.get(start..start + 4).filter(|_| start + 4 < self.bytes.len());
        let mut code = 0;
        for digit in digits.unwrap_or(b"?") {
            let Some(value) = char::from(*digit).to_digit(16) else {
                return Err(self.error("Invalid \\uXXXX escape", start - 1));
            };
            code = code * 16 + value;
        }
        Ok(code)
    }

    fn error(&self, problem: &str, offset: usize) -> SyntaxError {
        let at = Position::of(self.text, offset);
        let character = characters_before(self.text, offset);
        let end = self.text[offset..].chars().next().map_or(offset, |c| offset + c.len_utf8());
        SyntaxError {
            message: format!("{problem}: line {} column {} (char {character})", at.line, at.column),
            problem: problem.to_owned(),
            at,
            span: Span::new(offset, end),
        }
    }

    fn plain_error(&self, message: String, problem: String, span: Span) -> SyntaxError {
        SyntaxError { message, problem, at: Position::of(self.text, span.start), span }
    }
}
