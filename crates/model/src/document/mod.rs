//! Documents: a text in JSON or YAML, and the value it stands for.
//!
//! Parsing keeps no places. Where something is wrong with a document, [`Document::locate`] reads the
//! text once more and remembers where everything stands.

mod build;
mod places;
mod pointer;
mod source;

use std::sync::{Arc, OnceLock};

pub(crate) use build::{Build, Member, Placed, Values};
pub(crate) use places::Place;
pub use pointer::{Part, Pointer, Step};
pub(crate) use source::characters_before;
pub use source::{Position, Span, SyntaxError};

use crate::value::Value;
use crate::{json, yaml};

/// The language of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON as CPython's `json` module reads it.
    Json,
    /// YAML 1.1 as PyYAML's `safe_load` reads it.
    Yaml,
}

impl Format {
    /// The format that a file name's extension stands for: `json`, `yaml`, `yml`; case counts.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension {
            "json" => Some(Format::Json),
            "yaml" | "yml" => Some(Format::Yaml),
            _ => None,
        }
    }
}

/// A parsed document.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is called in messages: a path or a URL.
    pub name: Arc<str>,
    /// Its text.
    pub text: Arc<str>,
    /// The text's language.
    pub format: Format,
    /// What the text stands for.
    pub value: Value,
    places: OnceLock<Option<Arc<Place>>>,
    line_starts: OnceLock<Vec<usize>>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When the bytes are not UTF-8, or the text is not well-formed.
    pub fn parse(name: &str, bytes: &[u8], format: Format) -> Result<Self, SyntaxError> {
        Self::from_text(name, decode(bytes)?, format)
    }

    /// Reads a document that is text already.
    ///
    /// # Errors
    /// When the text is not well-formed.
    pub fn from_text(name: &str, text: &str, format: Format) -> Result<Self, SyntaxError> {
        let value = match format {
            Format::Json => json::parse(text)?,
            Format::Yaml => yaml::load(text, name)?,
        };
        Ok(Document {
            name: name.into(),
            text: text.into(),
            format,
            value,
            places: OnceLock::new(),
            line_starts: OnceLock::new(),
        })
    }

    /// The line and the column of a byte of the text.
    pub fn position(&self, offset: usize) -> Position {
        let starts = self.line_starts.get_or_init(|| source::line_starts(&self.text));
        Position::among(starts, &self.text, offset)
    }

    /// Where a value, or the key that leads to it, stands in the text; `None` when the text has no
    /// such value. The first call reads the text again.
    pub fn locate(&self, pointer: &Pointer, part: Part) -> Option<Span> {
        let places = self.places.get_or_init(|| match self.format {
            Format::Json => json::parse_places(&self.text).ok(),
            Format::Yaml => yaml::load_places(&self.text, &self.name).ok(),
        });
        places.as_ref()?.find(pointer, part)
    }
}

/// The text of UTF-8 bytes.
///
/// # Errors
/// When the bytes are something else; the message is that of CPython's codec.
pub fn decode(bytes: &[u8]) -> Result<&str, SyntaxError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let start = error.valid_up_to();
        let valid = std::str::from_utf8(&bytes[..start]).unwrap_or_default();
        let reason = match (error.error_len(), bytes.get(start)) {
            (None, _) => "unexpected end of data",
            (Some(_), Some(0xC2..=0xF4)) => "invalid continuation byte",
            _ => "invalid start byte",
        };
        let end = error.error_len().map_or(bytes.len(), |length| start + length);
        let which = if end == start + 1 {
            format!("byte {:#04x} in position {start}", bytes.get(start).copied().unwrap_or_default())
        } else {
            format!("bytes in position {start}-{}", end.saturating_sub(1))
        };
        SyntaxError {
            message: format!("'utf-8' codec can't decode {which}: {reason}"),
            problem: "the text is not UTF-8; save it in that encoding".to_owned(),
            at: Position::of(valid, start),
            span: Span::at(start),
        }
    })
}
