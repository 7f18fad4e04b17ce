//! Scalars in their five styles: plain, quoted once and twice, literal and folded.

use std::borrow::Cow;

use super::Result;
use super::scan::Scanner;

/// What is kept at the end of a block scalar.
#[derive(Clone, Copy, PartialEq)]
enum Chomp {
    Strip,
    Clip,
    Keep,
}

impl<'a> Scanner<'a> {
    /// A plain scalar and where it ends; the blanks behind it do not belong to it.
    pub(super) fn plain(&mut self) -> (Cow<'a, str>, usize) {
        let indent = self.indent + 1;
        let mut text = Cow::Borrowed("");
        let mut end = self.cursor.at;
        let mut gap = Cow::Borrowed("");
        while self.cursor.byte(0) != b'#' {
            let start = self.cursor.at;
            while !self.plain_ends() {
                self.cursor.skip(1);
            }
            if self.cursor.at == start {
                break;
            }
            self.key_allowed = false;
            let piece = &self.cursor.text[start..self.cursor.at];
            if text.is_empty() {
                text = Cow::Borrowed(piece);
            } else {
                let text = text.to_mut();
                text.push_str(&gap);
                text.push_str(piece);
            }
            end = self.cursor.at;
            let Some(found) = self.plain_gap() else { break };
            gap = found;
            let outdented = self.flow == 0 && self.cursor.column().cast_signed() < indent;
            if gap.is_empty() || outdented {
                break;
            }
        }
        (text, end)
    }

    fn plain_ends(&self) -> bool {
        let cursor = &self.cursor;
        match cursor.byte(0) {
            b':' => cursor.blank(1) || (self.flow > 0 && b",[]{}".contains(&cursor.byte(1))),
            b',' | b'?' | b'[' | b']' | b'{' | b'}' => self.flow > 0,
            _ => cursor.blank(0),
        }
    }

    /// The blanks and line ends between two pieces of a plain scalar, folded; `None` at the end of
    /// the document.
    fn plain_gap(&mut self) -> Option<Cow<'a, str>> {
        let blanks = self.cursor.blanks();
        if self.cursor.line_end(0) == 0 {
            return Some(Cow::Borrowed(blanks));
        }
        let first = self.cursor.take_line_end();
        self.key_allowed = true;
        let mut more = String::new();
        loop {
            if self.cursor.document_mark("---") || self.cursor.document_mark("...") {
                return None;
            }
            self.cursor.blanks();
            if self.cursor.line_end(0) == 0 {
                return Some(Cow::Owned(fold(first, more)));
            }
            more.push_str(self.cursor.take_line_end());
        }
    }

    /// A scalar in single or double quotes.
    pub(super) fn quoted(&mut self, quote: u8) -> Result<Cow<'a, str>> {
        let start = self.cursor.at;
        self.cursor.skip(1);
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        loop {
            let from = self.cursor.at;
            while !(self.cursor.blank(0) || matches!(self.cursor.byte(0), b'\'' | b'"' | b'\\')) {
                self.cursor.skip(1);
            }
            append(&mut text, &self.cursor.text[from..self.cursor.at]);
            match self.cursor.byte(0) {
                b'\'' if quote == b'\'' && self.cursor.byte(1) == b'\'' => {
                    append(&mut text, "'");
                    self.cursor.skip(2);
                }
                byte if byte == quote => {
                    self.cursor.skip(1);
                    return Ok(text);
                }
                byte @ (b'\'' | b'"') => {
                    append(&mut text, if byte == b'"' { "\"" } else { "'" });
                    self.cursor.skip(1);
                }
                b'\\' if quote == b'\'' => {
                    append(&mut text, "\\");
                    self.cursor.skip(1);
                }
                b'\\' => self.escape(text.to_mut(), start)?,
                _ => {
                    let gap = self.quoted_gap(start)?;
                    text.to_mut().push_str(&gap);
                }
            }
        }
    }

    fn quoted_gap(&mut self, start: usize) -> Result<Cow<'a, str>> {
        let from = self.cursor.at;
        while matches!(self.cursor.byte(0), b' ' | b'\t') {
            self.cursor.skip(1);
        }
        if self.cursor.at_end() {
            return Err(self.fault(
                "while scanning a quoted scalar",
                start,
                "found unexpected end of stream",
            ));
        }
        if self.cursor.line_end(0) == 0 {
            return Ok(Cow::Borrowed(&self.cursor.text[from..self.cursor.at]));
        }
        let first = self.cursor.take_line_end();
        let more = self.quoted_line_ends(start)?;
        Ok(Cow::Owned(fold(first, more)))
    }

    /// Empty lines inside a quoted scalar.
    fn quoted_line_ends(&mut self, start: usize) -> Result<String> {
        let mut ends = String::new();
        loop {
            if self.cursor.document_mark("---") || self.cursor.document_mark("...") {
                let problem = "found unexpected document separator";
                return Err(self.fault("while scanning a quoted scalar", start, problem));
            }
            while matches!(self.cursor.byte(0), b' ' | b'\t') {
                self.cursor.skip(1);
            }
            if self.cursor.line_end(0) == 0 {
                return Ok(ends);
            }
            ends.push_str(self.cursor.take_line_end());
        }
    }

    /// An escape sequence of a double-quoted scalar.
    fn escape(&mut self, text: &mut String, start: usize) -> Result<()> {
        const CONTEXT: &str = "while scanning a double-quoted scalar";
        self.cursor.skip(1);
        let digits = match self.cursor.byte(0) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ if self.cursor.line_end(0) > 0 => {
                self.cursor.take_line_end();
                let ends = self.quoted_line_ends(start)?;
                text.push_str(&ends);
                return Ok(());
            }
            byte => {
                let Some(character) = short_escape(byte) else {
                    let problem = format!("found unknown escape character {}", self.cursor.shown());
                    return Err(self.fault(CONTEXT, start, problem));
                };
                text.push(character);
                self.cursor.skip(1);
                return Ok(());
            }
        };
        self.cursor.skip(1);
        let code = self.hex_digits(digits, start)?;
        self.cursor.skip(digits);
        // The two halves of a pair, as JSON texts have them, make one character.
        let joined =
            (matches!(code, 0xD800..=0xDBFF) && self.cursor.byte(0) == b'\\' && self.cursor.byte(1) == b'u')
                .then(|| self.peek_hex(2, 4))
                .flatten()
                .filter(|low| matches!(low, 0xDC00..=0xDFFF))
                .map(|low| 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
        if joined.is_some() {
            self.cursor.skip(6);
        }
        let code = joined.unwrap_or(code);
        if code > 0x0010_FFFF {
            return Err(self.fault(CONTEXT, start, "chr() arg not in range(0x110000)"));
        }
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        Ok(())
    }

    fn peek_hex(&self, ahead: usize, digits: usize) -> Option<u32> {
        (0..digits).try_fold(0, |code, at| {
            char::from(self.cursor.byte(ahead + at)).to_digit(16).map(|digit| code << 4 | digit)
        })
    }

    fn hex_digits(&mut self, digits: usize, start: usize) -> Result<u32> {
        self.peek_hex(0, digits).ok_or_else(|| {
            while self.cursor.byte(0).is_ascii_hexdigit() {
                self.cursor.skip(1);
            }
            let what = format!("escape sequence of {digits} hexadecimal numbers");
            self.expected("while scanning a double-quoted scalar", start, &what)
        })
    }

    /// A literal (`|`) or folded (`>`) scalar and where its last line ends.
    pub(super) fn block_scalar(&mut self) -> Result<(String, usize)> {
        let start = self.cursor.at;
        let folded = self.cursor.byte(0) == b'>';
        self.cursor.skip(1);
        let (chomp, increment) = self.block_header(start)?;
        let least = usize::try_from(self.indent + 1).unwrap_or(0).max(1);
        let mut ends = String::new();
        let indent = match increment {
            Some(increment) => {
                let indent = least + increment - 1;
                self.block_line_ends(indent, &mut ends);
                indent
            }
            None => self.block_indentation(&mut ends).max(least),
        };
        let mut text = String::new();
        let mut end = "";
        let mut last = self.cursor.at;
        while self.cursor.column() == indent && !self.cursor.at_end() {
            text.push_str(&ends);
            ends.clear();
            let flush = !matches!(self.cursor.byte(0), b' ' | b'\t');
            let from = self.cursor.at;
            self.cursor.skip_line();
            text.push_str(&self.cursor.text[from..self.cursor.at]);
            end = self.cursor.take_line_end();
            last = self.cursor.at;
            self.block_line_ends(indent, &mut ends);
            if self.cursor.column() != indent || self.cursor.at_end() {
                break;
            }
            let foldable = folded && end == "\n" && flush && !matches!(self.cursor.byte(0), b' ' | b'\t');
            if !foldable {
                text.push_str(end);
            } else if ends.is_empty() {
                text.push(' ');
            }
        }
        if chomp != Chomp::Strip {
            text.push_str(end);
        }
        if chomp == Chomp::Keep {
            text.push_str(&ends);
        }
        Ok((text, last))
    }

    /// The indicators behind `|` or `>`: what to keep at the end, and how much more to indent.
    fn block_header(&mut self, start: usize) -> Result<(Chomp, Option<usize>)> {
        const CONTEXT: &str = "while scanning a block scalar";
        let (mut chomp, mut increment) = (None, None);
        loop {
            match self.cursor.byte(0) {
                b'+' if chomp.is_none() => chomp = Some(Chomp::Keep),
                b'-' if chomp.is_none() => chomp = Some(Chomp::Strip),
                b'0' if increment.is_none() => {
                    let problem = "expected indentation indicator in the range 1-9, but found 0";
                    return Err(self.fault(CONTEXT, start, problem));
                }
                digit @ b'1'..=b'9' if increment.is_none() => increment = Some(usize::from(digit - b'0')),
                _ => break,
            }
            self.cursor.skip(1);
        }
        if self.cursor.byte(0) != b' ' && !self.cursor.breaks(0) {
            return Err(self.expected(CONTEXT, start, "chomping or indentation indicators"));
        }
        self.cursor.blanks();
        if self.cursor.byte(0) == b'#' {
            self.cursor.skip_line();
        }
        if !self.cursor.breaks(0) {
            return Err(self.expected(CONTEXT, start, "a comment or a line break"));
        }
        self.cursor.take_line_end();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    /// The indentation of a block scalar's first line that is not empty, or of a longer empty one.
    fn block_indentation(&mut self, ends: &mut String) -> usize {
        let mut most = 0;
        loop {
            self.cursor.blanks();
            most = most.max(self.cursor.column());
            if self.cursor.line_end(0) == 0 {
                return most;
            }
            ends.push_str(self.cursor.take_line_end());
        }
    }

    /// Empty lines, and the indentation of the line behind them.
    fn block_line_ends(&mut self, indent: usize, ends: &mut String) {
        loop {
            while self.cursor.column() < indent && self.cursor.byte(0) == b' ' {
                self.cursor.skip(1);
            }
            if self.cursor.line_end(0) == 0 {
                return;
            }
            ends.push_str(self.cursor.take_line_end());
        }
    }
}

/// One line end is a blank, more are all but the first.
fn fold(first: &str, more: String) -> String {
    match (first, more.is_empty()) {
        ("\n", true) => " ".to_owned(),
        ("\n", false) => more,
        _ => first.to_owned() + &more,
    }
}

fn append<'a>(text: &mut Cow<'a, str>, piece: &'a str) {
    if text.is_empty() {
        *text = Cow::Borrowed(piece);
    } else if !piece.is_empty() {
        text.to_mut().push_str(piece);
    }
}

fn short_escape(byte: u8) -> Option<char> {
    Some(match byte {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
