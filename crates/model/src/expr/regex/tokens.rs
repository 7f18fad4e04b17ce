//! The pattern as tokens: characters, and pairs of a backslash and a character.

use super::RegexError;

/// A character, or a backslash with the character after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Char(char),
    Escape(char),
}

impl Token {
    pub(super) fn len(self) -> usize {
        match self {
            Token::Char(_) => 1,
            Token::Escape(_) => 2,
        }
    }

    /// As it stands in the pattern.
    pub(super) fn text(self) -> String {
        match self {
            Token::Char(c) => c.to_string(),
            Token::Escape(c) => format!("\\{c}"),
        }
    }
}

/// A cursor over a pattern.
#[derive(Debug)]
pub(super) struct Tokens {
    chars: Vec<char>,
    /// Where the next token begins.
    position: usize,
}

impl Tokens {
    pub(super) fn new(pattern: &str) -> Self {
        Tokens { chars: pattern.chars().collect(), position: 0 }
    }

    /// Where the next token begins, in characters.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn seek(&mut self, position: usize) {
        self.position = position;
    }

    /// The next token, without taking it; nothing at the end.
    pub(super) fn peek(&self) -> Result<Option<Token>, RegexError> {
        match self.chars.get(self.position) {
            None => Ok(None),
            Some('\\') => match self.chars.get(self.position + 1) {
                Some(&c) => Ok(Some(Token::Escape(c))),
                None => Err(RegexError::syntax("bad escape (end of pattern)", self.chars.len() - 1)),
            },
            Some(&c) => Ok(Some(Token::Char(c))),
        }
    }

    /// Takes the next token. Python looks one token ahead, and so notices a lone backslash at the end
    /// as soon as the token before it is taken; so does this.
    pub(super) fn next(&mut self) -> Result<Option<Token>, RegexError> {
        let token = self.peek()?;
        if let Some(token) = token {
            self.position += token.len();
            self.peek()?;
        }
        Ok(token)
    }

    /// Takes the next token if it is this character.
    pub(super) fn take(&mut self, c: char) -> Result<bool, RegexError> {
        if self.peek()? == Some(Token::Char(c)) {
            self.next()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes up to `most` characters that fit.
    pub(super) fn take_while(&mut self, most: usize, fits: fn(char) -> bool) -> Result<String, RegexError> {
        let mut taken = String::new();
        while taken.len() < most {
            match self.peek()? {
                Some(Token::Char(c)) if fits(c) => {
                    taken.push(c);
                    self.next()?;
                }
                _ => break,
            }
        }
        Ok(taken)
    }

    /// Takes everything up to `end`, and `end` itself.
    pub(super) fn take_until(&mut self, end: char, what: &str) -> Result<String, RegexError> {
        let mut taken = String::new();
        loop {
            match self.next()? {
                None if taken.is_empty() => return Err(self.error(format!("missing {what}"), 0)),
                None => {
                    let message = format!("missing {end}, unterminated name");
                    return Err(self.error(message, taken.chars().count()));
                }
                Some(Token::Char(c)) if c == end => {
                    if taken.is_empty() {
                        return Err(self.error(format!("missing {what}"), 1));
                    }
                    return Ok(taken);
                }
                Some(token) => taken.push_str(&token.text()),
            }
        }
    }

    /// An error `back` characters before the next token.
    pub(super) fn error(&self, message: impl Into<String>, back: usize) -> RegexError {
        RegexError::syntax(message, self.position.saturating_sub(back))
    }
}
