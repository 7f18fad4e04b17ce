//! What is wrong with an experiment: a code, a place, a sentence, and a way out.

mod code;

use std::fmt;

pub use code::{Code, Severity};

use crate::document::{Document, Part, Pointer, Position, Span};
use crate::value::Value;

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind of finding it is; gives the severity too.
    pub code: Code,
    /// The value that it is about. Where something is missing, what should have it.
    pub at: Pointer,
    /// Whether it is about the value or about the key that leads to it.
    pub part: Part,
    /// What is wrong: a fragment that contains the reference's text wherever the reference has one.
    pub message: String,
    /// What was found, or where that belongs to: a short text for the place itself.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// The place of a diagnostic in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The text to point at, on that line only.
    pub span: Span,
}

impl fmt::Display for Diagnostic {
    /// The code, the pointer and the message, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.at, self.message)
    }
}

impl Diagnostic {
    /// A finding about the value at `at`.
    pub fn new(code: Code, at: &Pointer, message: impl Into<String>) -> Self {
        let message = message.into();
        Diagnostic { code, at: at.clone(), part: Part::Value, message, label: None, help: None }
    }

    /// The same about the key that leads to the value.
    #[must_use]
    pub fn on_key(self) -> Self {
        Diagnostic { part: Part::Key, ..self }
    }

    /// With a short text for the place.
    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        Diagnostic { label: Some(label.into()), ..self }
    }

    /// With a way out.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Diagnostic { help: Some(help.into()), ..self }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// Whether it keeps the experiment from running.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }

    /// Where it stands in the document's text. What the text does not have (an entry made by other
    /// means, or a text changed since) gives the nearest place above it; what has several lines, its
    /// first.
    pub fn resolve(&self, document: &Document) -> Placed {
        let mut at = Some(self.at.clone());
        let mut part = self.part;
        let mut span = Span::default();
        while let Some(pointer) = at {
            if let Some(found) = document.locate(&pointer, part) {
                span = found;
                break;
            }
            at = pointer.parent();
            part = Part::Value;
        }
        let text = &document.text;
        let line_end = text[span.start..].find(['\n', '\r']).map_or(text.len(), |end| span.start + end);
        let span = Span::new(span.start, span.end.min(line_end));
        let Position { line, column } = document.position(span.start);
        Placed { line, column, span }
    }

    /// The finding as plain data: `code`, `severity`, `message`, `pointer`, and where a document is
    /// given `line`, `column`, `start` and `end` (bytes); then `label` and `help`, null where there
    /// are none.
    pub fn to_value(&self, document: Option<&Document>) -> Value {
        let number = |number: usize| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
        let mut entries = vec![
            ("code", Value::from(self.code.as_str())),
            ("severity", Value::from(self.severity().as_str())),
            ("message", Value::from(self.message.as_str())),
            ("pointer", Value::from(self.at.to_string())),
        ];
        if let Some(document) = document {
            let Placed { line, column, span } = self.resolve(document);
            entries.extend([
                ("line", number(line)),
                ("column", number(column)),
                ("start", number(span.start)),
                ("end", number(span.end)),
            ]);
        }
        entries.push(("label", Value::from(self.label.clone())));
        entries.push(("help", Value::from(self.help.clone())));
        Value::map(entries)
    }
}
