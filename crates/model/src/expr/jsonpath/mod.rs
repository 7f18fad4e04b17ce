//! JSONPath in the dialect of the Python library jsonpath2 0.4.5, which the reference uses.
//!
//! The grammar, spaces between tokens being free:
//!
//! ```text
//! path         = "$" step*                       nested = ("$" | "@") step*
//! step         = ".." (bareword | "[" list "]") | "." bareword | "[" list "]"
//! bareword     = NAME [ arguments ] | "*"        list = subscript { "," subscript }
//! subscript    = STRING | INTEGER | [INTEGER] ":" [INTEGER] [ ":" [INTEGER] ] | "*"
//!              | "?" "(" and ")" | nested | NAME arguments
//! arguments    = "(" [ operand { "," operand } ] ")"
//! and          = or { "and" or }                 or = not { "or" not }
//! not          = "not" not | "(" and ")" | operand [ ("=" | "!=" | "<" | "<=" | ">" | ">=") operand ]
//! operand      = nested | JSON value
//! ```
//!
//! What differs from other dialects: a filter tests the current value itself, not its children; strings
//! stand in double quotes and their escapes are not decoded; equality is a single `=`; `or` binds tighter
//! than `and`; `and`, `or`, `not`, `true`, `false` and `null` are no names.

mod eval;
mod lexer;
mod parser;

use super::Raised;
use crate::value::{Str, Value};

/// A parsed path.
#[derive(Clone, Debug)]
pub struct JsonPath {
    steps: Vec<Step>,
}

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {message}")]
pub struct JsonPathError {
    /// What was found and what was expected.
    pub message: String,
    /// Where, in characters from 0.
    pub position: usize,
}

impl JsonPath {
    /// Parses a path; accepts exactly what `Path.parse_str` accepts, up to some 200 levels of nesting and 400
    /// steps.
    ///
    /// # Errors
    ///
    /// For every other text.
    pub fn parse(path: &str) -> Result<JsonPath, JsonPathError> {
        parser::parse(path)
    }

    /// The values that the path matches in a document, in order.
    ///
    /// # Errors
    ///
    /// `ValueError` for a slice with step 0 that is applied to a list, `RecursionError` for a recursive
    /// descent into a document nested hundreds of levels deep.
    pub fn matches(&self, document: &Value) -> Result<Vec<Value>, Raised> {
        eval::matches(&self.steps, document)
    }
}

/// One step: what it selects, and whether it looks at all descendants.
#[derive(Clone, Debug)]
struct Step {
    recursive: bool,
    subscripts: Vec<Subscript>,
}

/// A path inside a path.
#[derive(Clone, Debug)]
struct Nested {
    /// Whether it starts at the document, else at the current value.
    root: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Subscript {
    Key(Str),
    Index(i128),
    Slice {
        start: Option<i128>,
        end: Option<i128>,
        step: Option<i128>,
    },
    Wildcard,
    Filter(Expression),
    /// The key or index that another path finds.
    Indirect(Nested),
    Call(Function, Vec<Operand>),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    CharAt,
    Entries,
    Keys,
    Length,
    Substring,
    Values,
}

#[derive(Clone, Debug)]
enum Operand {
    Path(Nested),
    Literal(Value),
}

#[derive(Clone, Debug)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare { operator: Operator, left: Operand, right: Operand },
    Some(Operand),
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
