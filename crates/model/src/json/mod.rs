//! JSON as CPython's `json` module reads and writes it.

mod parse;
mod write;

use std::sync::Arc;

pub use write::{Layout, NonFinite, Style, write, write_to};

use crate::document::{Place, Placed, SyntaxError, Values};
use crate::value::Value;

/// How many lists and mappings may stand inside one another: what CPython 3.11 takes.
pub const MAX_DEPTH: usize = 994;

/// How many digits an integer may have: CPython's limit, which keeps conversion times bounded.
pub const MAX_DIGITS: usize = 4300;

/// Reads one JSON text, as `json.loads` does: NaN and the infinities are numbers, integers have any
/// size up to [`MAX_DIGITS`], of equal keys the last one wins. Half a surrogate pair becomes U+FFFD.
///
/// # Errors
/// When the text is malformed, holds something after its value, starts with a byte order mark, or is
/// nested deeper than [`MAX_DEPTH`]. The message is CPython's.
pub fn parse(text: &str) -> Result<Value, SyntaxError> {
    parse::parse::<Values>(text)
}

/// Where everything stands in a JSON text.
pub(crate) fn parse_places(text: &str) -> Result<Arc<Place>, SyntaxError> {
    parse::parse::<Placed>(text).map(|(_, place)| place)
}
