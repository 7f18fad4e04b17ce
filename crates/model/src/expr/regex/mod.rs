//! Regular expressions in the syntax and with the meaning of Python's `re` (CPython 3.11, text patterns).
//!
//! A pattern is read by a parser of that syntax, which finds the errors that Python finds, and written
//! again for the engine (`fancy-regex`), which is linear for whatever needs no backtracking. What the
//! parser has understood is spelled out: word characters, word boundaries, `$` before a last newline,
//! brackets inside classes, and so on.
//!
//! Known limits: `\N{NAME}` is not supported; Python's Unicode is version 14, the engine's is newer; the
//! engine has bounds on the size of a pattern and on the steps of a search.

mod ast;
mod emit;
mod escape;
mod groups;
mod parse;
mod tokens;

/// How often a search may go back before it is given up: about a second of work.
const BACKTRACK_LIMIT: usize = 10_000_000;

/// How large the compiled form of a pattern may be, in bytes, for each of the engine's parts.
const SIZE_LIMIT: usize = 64 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Regex {
    engine: fancy_regex::Regex,
}

/// Why a pattern, or a search with it, is not possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// The pattern is wrong.
    #[error("{message}{}", .position.map(|at| format!(" at position {at}")).unwrap_or_default())]
    Syntax {
        /// What is wrong, as the `msg` of Python's `re.error`.
        message: String,
        /// Where, in characters from 0.
        position: Option<usize>,
    },
    /// The pattern is right, and the engine cannot carry it out.
    #[error("the pattern is valid but not supported here: {0}")]
    Unsupported(String),
    /// A search took too many steps: the pattern has nested repetitions that multiply on this text.
    #[error(
        "the search was given up after {BACKTRACK_LIMIT} steps back; simplify nested repetitions in the pattern"
    )]
    TooManySteps,
}

impl RegexError {
    fn syntax(message: impl Into<String>, position: usize) -> Self {
        RegexError::Syntax { message: message.into(), position: Some(position) }
    }

    /// What is wrong, without the place: for a wrong pattern the `msg` of Python's `re.error`.
    pub fn message(&self) -> String {
        match self {
            RegexError::Syntax { message, .. } => message.clone(),
            other => other.to_string(),
        }
    }
}

impl Regex {
    /// Compiles a pattern, as `re.compile(pattern)`.
    ///
    /// # Errors
    ///
    /// [`RegexError::Syntax`] for what Python rejects, [`RegexError::Unsupported`] for what only this
    /// engine does.
    pub fn new(pattern: &str) -> Result<Regex, RegexError> {
        Self::with_limit(pattern, BACKTRACK_LIMIT)
    }

    fn with_limit(pattern: &str, backtrack_limit: usize) -> Result<Regex, RegexError> {
        let parsed = parse::parse(pattern)?;
        let translated = emit::emit(&parsed)?;
        let engine = fancy_regex::RegexBuilder::new(&translated)
            .backtrack_limit(backtrack_limit)
            .delegate_size_limit(SIZE_LIMIT)
            .build()
            .map_err(|error| RegexError::Unsupported(error.to_string()))?;
        Ok(Regex { engine })
    }

    /// Whether the pattern matches anywhere in `text`, as `search(text) is not None`.
    ///
    /// # Errors
    ///
    /// [`RegexError::TooManySteps`].
    pub fn search(&self, text: &str) -> Result<bool, RegexError> {
        self.engine.is_match(text).map_err(|_| RegexError::TooManySteps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_without_end_are_given_up() {
        let endless = Regex::with_limit(r"(a|a)*\1{3}(?=b)", 10_000).unwrap();
        assert_eq!(endless.search(&"a".repeat(60)), Err(RegexError::TooManySteps));
        assert_eq!(endless.search("aaaab"), Ok(true));
    }
}
