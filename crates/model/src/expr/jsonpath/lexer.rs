//! The tokens of a path.

use super::JsonPathError;

/// A token; texts without their quotes, numbers as they are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `@ .. $ . * and = >= > <= < != not or true false null { } [ ] : , ( ) ?`
    Fixed(&'static str),
    Name(String),
    Text(String),
    Number(String),
}

/// Punctuation, longer ones first.
const PUNCTUATION: [&str; 20] =
    ["..", ">=", "<=", "!=", "@", "$", ".", "*", "=", ">", "<", "{", "}", "[", "]", ":", ",", "(", ")", "?"];

const WORDS: [&str; 6] = ["and", "not", "or", "true", "false", "null"];

/// The tokens and where each begins, in characters; where the text ends comes last.
pub(super) fn tokens(path: &str) -> Result<(Vec<(Token, usize)>, usize), JsonPathError> {
    let mut tokens = Vec::new();
    let mut rest = path;
    let mut position = 0;
    loop {
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        position += rest.len() - trimmed.len();
        rest = trimmed;
        let Some(first) = rest.chars().next() else { return Ok((tokens, position)) };
        let (token, length) = if let Some(fixed) = PUNCTUATION.iter().find(|fixed| rest.starts_with(**fixed))
        {
            (Token::Fixed(fixed), fixed.len())
        } else if first == '_' || first.is_ascii_alphabetic() {
            let length =
                rest.bytes().position(|b| b != b'_' && !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let name = &rest[..length];
            match WORDS.iter().find(|word| **word == name) {
                Some(word) => (Token::Fixed(word), length),
                None => (Token::Name(name.to_owned()), length),
            }
        } else if first == '"' {
            let length = text_length(rest).ok_or_else(|| {
                error(position, "a text in double quotes has no end, or holds a wrong escape")
            })?;
            (Token::Text(rest[1..length - 1].to_owned()), length)
        } else if let Some(length) = number_length(rest) {
            (Token::Number(rest[..length].to_owned()), length)
        } else {
            return Err(error(position, &format!("`{first}` is not part of a path")));
        };
        tokens.push((token, position));
        position += rest[..length].chars().count();
        rest = &rest[length..];
    }
}

pub(super) fn error(position: usize, message: &str) -> JsonPathError {
    JsonPathError { message: message.to_owned(), position }
}

/// The length in bytes of the text that begins with a quote, quotes included.
fn text_length(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some(at + 1),
            '\\' => match chars.next()?.1 {
                '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => {}
                'u' => {
                    for _ in 0..4 {
                        chars.next().filter(|(_, digit)| digit.is_ascii_hexdigit())?;
                    }
                }
                _ => return None,
            },
            '\0'..='\x1f' => return None,
            _ => {}
        }
    }
    None
}

/// The length of a JSON number; its exponent has no leading zeros here.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = usize::from(text.starts_with('-'));
    end = integer_end(bytes, end)?;
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end += 1;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let digits = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = integer_end(bytes, digits).unwrap_or(end);
    }
    Some(end)
}

/// Where the integer at `start` ends: `0`, or digits that do not begin with it.
fn integer_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'0' => Some(start + 1),
        b'1'..=b'9' => {
            let digits = bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
            Some(start + digits)
        }
        _ => None,
    }
}
