//! Expressions inside experiments: substitution, JSONPath, regular expressions, numbers, tolerances.
//!
//! Everything here is pure and total. What makes Python raise an exception, and the reference end with
//! a traceback, is an error value here: [`Raised`].

pub mod jsonpath;
pub mod number;
pub mod ordering;
pub mod regex;
pub mod substitute;
pub mod tolerance;

pub use jsonpath::{JsonPath, JsonPathError};
pub use number::Decimal;
pub use regex::{Regex, RegexError};
pub use substitute::{Scope, Used, references, substitute, substitute_masked, substitute_noting};
pub use tolerance::{Verdict, describe, within};

use crate::value::Value;

/// What would be an exception in Python: an operation that a value does not support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {message}")]
pub struct Raised {
    /// The exception class as a traceback names it: `TypeError`, `decimal.InvalidOperation`...
    pub class: &'static str,
    /// What `str()` of the exception is.
    pub message: String,
}

impl Raised {
    /// An exception of `class`.
    pub fn new(class: &'static str, message: impl Into<String>) -> Self {
        Raised { class, message: message.into() }
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new("TypeError", message)
    }

    /// What data nested beyond all measure raises.
    fn too_deep() -> Self {
        Self::new("RecursionError", "maximum recursion depth exceeded")
    }
}

/// How many levels of nesting are followed; Python gives up at about this depth.
const DEEPEST: usize = 900;

/// The name of a value's type where Python's C code shows it, which for some types has the module.
fn c_type_name(value: &Value) -> &str {
    match value.type_name() {
        "date" => "datetime.date",
        "datetime" => "datetime.datetime",
        "Decimal" => "decimal.Decimal",
        name => name,
    }
}

/// A count or an index as a value.
fn count(count: usize) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}
