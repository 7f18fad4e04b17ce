//! What follows a backslash, in a class and outside.

use super::RegexError;
use super::ast::{Anchor, Category, Item, Node};
use super::tokens::Tokens;

/// The meaning of an escape that is not a reference to a group.
pub(super) enum Escape {
    Char(u32),
    Category { category: Category, negated: bool },
    At(Anchor),
}

impl Escape {
    pub(super) fn into_node(self) -> Node {
        match self {
            Escape::Char(code) => Node::Literal(code),
            Escape::Category { category, negated } => {
                Node::Class { negated: false, items: vec![Item::Category { category, negated }] }
            }
            Escape::At(anchor) => Node::At(anchor),
        }
    }
}

/// Reads the rest of the escape that began with `\c`, inside a class.
pub(super) fn in_class(tokens: &mut Tokens, c: char) -> Result<Escape, RegexError> {
    match c {
        'A' | 'B' | 'Z' => Err(bad(tokens, c)),
        'b' => Ok(Escape::Char(8)),
        '0'..='7' => {
            let digits = format!("{c}{}", tokens.take_while(2, is_octal)?);
            octal(tokens, &digits)
        }
        c => common(tokens, c),
    }
}

/// Reads the rest of the escape that began with `\c`, outside classes; `c` is not `1` to `9`.
pub(super) fn outside(tokens: &mut Tokens, c: char) -> Result<Escape, RegexError> {
    Ok(match c {
        'A' => Escape::At(Anchor::TextStart),
        'Z' => Escape::At(Anchor::TextEnd),
        'b' => Escape::At(Anchor::Boundary),
        'B' => Escape::At(Anchor::NoBoundary),
        '0' => {
            let digits = format!("0{}", tokens.take_while(2, is_octal)?);
            octal(tokens, &digits)?
        }
        c => common(tokens, c)?,
    })
}

/// The character that octal digits stand for.
pub(super) fn octal(tokens: &Tokens, digits: &str) -> Result<Escape, RegexError> {
    match u32::from_str_radix(digits, 8) {
        Ok(code) if code <= 0o377 => Ok(Escape::Char(code)),
        _ => {
            let message = format!("octal escape value \\{digits} outside of range 0-0o377");
            Err(tokens.error(message, digits.len() + 1))
        }
    }
}

pub(super) fn is_octal(c: char) -> bool {
    c.is_digit(8)
}

fn common(tokens: &mut Tokens, c: char) -> Result<Escape, RegexError> {
    let category = |category, negated| Ok(Escape::Category { category, negated });
    match c {
        'a' => Ok(Escape::Char(7)),
        't' => Ok(Escape::Char(9)),
        'n' => Ok(Escape::Char(10)),
        'v' => Ok(Escape::Char(11)),
        'f' => Ok(Escape::Char(12)),
        'r' => Ok(Escape::Char(13)),
        'd' | 'D' => category(Category::Digit, c == 'D'),
        's' | 'S' => category(Category::Space, c == 'S'),
        'w' | 'W' => category(Category::Word, c == 'W'),
        'x' => hex(tokens, c, 2),
        'u' => hex(tokens, c, 4),
        'U' => hex(tokens, c, 8),
        'N' => {
            if !tokens.take('{')? {
                return Err(tokens.error("missing {", 0));
            }
            let name = tokens.take_until('}', "character name")?;
            Err(RegexError::Unsupported(format!(
                "`\\N{{{name}}}` names a character; write the character itself, or its number as `\\uXXXX`"
            )))
        }
        c if c.is_ascii_alphanumeric() => Err(bad(tokens, c)),
        c => Ok(Escape::Char(c.into())),
    }
}

fn hex(tokens: &mut Tokens, c: char, width: usize) -> Result<Escape, RegexError> {
    let digits = tokens.take_while(width, |c| c.is_ascii_hexdigit())?;
    if digits.len() < width {
        return Err(tokens.error(format!("incomplete escape \\{c}{digits}"), digits.len() + 2));
    }
    match u32::from_str_radix(&digits, 16) {
        Ok(code) if code <= u32::from(char::MAX) => Ok(Escape::Char(code)),
        _ => Err(tokens.error(format!("bad escape \\{c}{digits}"), digits.len() + 2)),
    }
}

fn bad(tokens: &Tokens, c: char) -> RegexError {
    tokens.error(format!("bad escape \\{c}"), 2)
}
