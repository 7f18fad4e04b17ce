//! YAML 1.1 as PyYAML's `safe_load` reads it and as its `dump` writes it.
//!
//! Experiments were written for PyYAML, and YAML 1.2 is another language in many details: what is a
//! number, where a scalar ends, which indentation is allowed. So the scanner and the grammar here
//! follow YAML 1.1 the way PyYAML takes it, down to what it refuses.

mod collect;
mod construct;
mod cursor;
mod dump;
mod emit;
mod load;
mod mapping;
mod scalar;
mod scan;
mod scan_names;
mod scan_scalars;
mod timestamp;
mod token;

use std::sync::Arc;

pub use dump::dump;

use crate::document::{Place, Placed, Position, Span, SyntaxError, Values, characters_before};
use crate::value::Value;

/// How many lists and mappings may stand inside one another: what PyYAML takes on CPython's default
/// stack.
pub const MAX_DEPTH: usize = 494;

/// How many values aliases may stand for in one document. PyYAML has no limit; whoever walks through
/// such a document then runs out of time or memory.
pub const MAX_ALIASED: usize = 10_000_000;

/// Reads a text with one YAML document; an empty one is `null`. An alias gives the same container as
/// its anchor. `name` is what error messages call the text.
///
/// # Errors
/// When the text is malformed, holds several documents, unknown or unsafe tags, an alias inside its
/// own anchor, a list or a mapping as a key, or is nested deeper than [`MAX_DEPTH`]. The message is
/// PyYAML's wherever PyYAML has one.
pub fn load(text: &str, name: &str) -> std::result::Result<Value, SyntaxError> {
    check_characters(text, name)?;
    load::load::<Values>(text).map_err(|fault| fault.into_error(text, name))
}

/// Where everything stands in a YAML text.
pub(crate) fn load_places(text: &str, name: &str) -> std::result::Result<Arc<Place>, SyntaxError> {
    check_characters(text, name)?;
    load::load::<Placed>(text).map(|(_, place)| place).map_err(|fault| fault.into_error(text, name))
}

type Result<T> = std::result::Result<T, Box<Fault>>;

/// What is wrong, before it is put into words.
#[derive(Debug)]
struct Fault {
    /// What was being read, and where that started.
    context: Option<(&'static str, usize)>,
    problem: String,
    span: Span,
}

impl Fault {
    fn new(problem: impl Into<String>, span: Span) -> Box<Self> {
        Box::new(Fault { context: None, problem: problem.into(), span })
    }

    fn within(mut self: Box<Self>, context: &'static str, start: usize) -> Box<Self> {
        self.context = Some((context, start));
        self
    }

    fn into_error(self, text: &str, name: &str) -> SyntaxError {
        let mark = |offset| format!("  in \"{name}\", {}", Position::of(text, offset));
        let at = Position::of(text, self.span.start);
        let mut lines = Vec::new();
        if let Some((context, start)) = self.context {
            lines.push(context.to_owned());
            if start != self.span.start {
                lines.push(mark(start));
            }
        }
        lines.push(self.problem.clone());
        lines.push(mark(self.span.start));
        let problem = match self.context {
            Some((context, _)) => format!("{context}, {}", self.problem),
            None => self.problem,
        };
        SyntaxError { message: lines.join("\n"), problem, at, span: self.span }
    }
}

/// Control characters have no place in YAML.
fn check_characters(text: &str, name: &str) -> std::result::Result<(), SyntaxError> {
    let forbidden = |c: char| {
        matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}')
            || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    let Some((offset, character)) = text.char_indices().find(|(_, c)| forbidden(*c)) else { return Ok(()) };
    let problem =
        format!("unacceptable character #x{:04x}: special characters are not allowed", u32::from(character));
    Err(SyntaxError {
        message: format!("{problem}\n  in \"{name}\", position {}", characters_before(text, offset)),
        problem,
        at: Position::of(text, offset),
        span: Span::new(offset, offset + character.len_utf8()),
    })
}
