//! Places in a text, and what is wrong with it there.

use std::fmt;

/// A part of a text, in bytes from its start; `start <= end`, both on character boundaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The part from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Span { start, end }
    }

    /// The empty part at `offset`.
    pub fn at(offset: usize) -> Self {
        Span { start: offset, end: offset }
    }
}

/// A place as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The place of a byte of `text`. Lines end with LF, CR LF or CR; an offset beyond the end counts
    /// as the end.
    pub fn of(text: &str, offset: usize) -> Self {
        Self::among(&line_starts(before(text, offset)), text, offset)
    }

    /// The same, given where the text's lines start.
    pub(crate) fn among(line_starts: &[usize], text: &str, offset: usize) -> Self {
        let before = before(text, offset);
        let line = line_starts.partition_point(|start| *start <= before.len());
        let start = line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        Position { line, column: before[start..].chars().count() + 1 }
    }
}

/// Where the lines of a text start.
pub(crate) fn line_starts(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect()
}

/// How many characters come before a byte of `text`, CR LF counting as one, as it does for a program
/// that reads the file in text mode.
pub(crate) fn characters_before(text: &str, offset: usize) -> usize {
    let before = before(text, offset);
    before.chars().count() - before.matches("\r\n").count()
}

fn before(text: &str, offset: usize) -> &str {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text that is not what it should be: malformed JSON or YAML, or no text at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// The text of the reference's error, place included; it may have several lines.
    pub message: String,
    /// What is wrong, alone.
    pub problem: String,
    /// The place of `span`'s start.
    pub at: Position,
    /// The part of the text that is wrong.
    pub span: Span,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}
