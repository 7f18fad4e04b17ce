//! Everything that begins with a parenthesis: groups, look-around, conditionals, flags.

use super::RegexError;
use super::ast::{Flags, Node};
use super::parse::Parser;
use super::tokens::Token;
use crate::python::str_repr;

impl Parser {
    /// A group, after its `(`; nothing for a comment and for global flags.
    pub(super) fn group(
        &mut self,
        verbose: bool,
        depth: usize,
        first: bool,
    ) -> Result<Option<Node>, RegexError> {
        let start = self.tokens.position() - 1;
        let mut name = None;
        let (mut capture, mut atomic) = (true, false);
        let (mut add, mut remove) = (Flags::NONE, Flags::NONE);
        if self.tokens.take('?')? {
            let c = self.option_char()?;
            match c {
                Token::Char('P') => match self.option_char()? {
                    Token::Char('<') => {
                        let text = self.tokens.take_until('>', "group name")?;
                        self.check_name(&text)?;
                        name = Some(text);
                    }
                    Token::Char('=') => {
                        let text = self.tokens.take_until(')', "group name")?;
                        self.check_name(&text)?;
                        let group = self.named(&text)?;
                        return self.reference(group, text.chars().count() + 1).map(Some);
                    }
                    other => {
                        let message = format!("unknown extension ?P{}", other.text());
                        return Err(self.tokens.error(message, other.len() + 2));
                    }
                },
                Token::Char(':') => capture = false,
                Token::Char('>') => (capture, atomic) = (false, true),
                Token::Char('#') => loop {
                    match self.tokens.next()? {
                        None => return Err(RegexError::syntax("missing ), unterminated comment", start)),
                        Some(Token::Char(')')) => return Ok(None),
                        Some(_) => {}
                    }
                },
                Token::Char('=' | '!' | '<') => return self.look(c, start, verbose, depth).map(Some),
                Token::Char('(') => return self.conditional(start, verbose, depth).map(Some),
                Token::Char(c) if c == '-' || flag(c).is_some() => match self.flags(c)? {
                    Some(scoped) => {
                        (add, remove) = scoped;
                        capture = false;
                    }
                    None if first => return Ok(None),
                    None => {
                        return Err(RegexError::syntax(
                            "global flags not at the start of the expression",
                            start,
                        ));
                    }
                },
                other => {
                    let message = format!("unknown extension ?{}", other.text());
                    return Err(self.tokens.error(message, other.len() + 1));
                }
            }
        }
        let number = capture.then(|| self.open_group(name)).transpose()?;
        let verbose = (verbose || add.has(Flags::VERBOSE)) && !remove.has(Flags::VERBOSE);
        let body = self.alternatives(verbose, depth + 1)?;
        self.close(start)?;
        if let Some(number) = number {
            self.groups[number] = Some(body.width);
        }
        Ok(Some(if atomic { Node::Atomic(body) } else { Node::Group { capture, add, remove, body } }))
    }

    fn option_char(&mut self) -> Result<Token, RegexError> {
        match self.tokens.next()? {
            Some(token) => Ok(token),
            None => Err(self.tokens.error("unexpected end of pattern", 0)),
        }
    }

    fn close(&mut self, start: usize) -> Result<(), RegexError> {
        if self.tokens.take(')')? {
            Ok(())
        } else {
            Err(RegexError::syntax("missing ), unterminated subpattern", start))
        }
    }

    fn open_group(&mut self, name: Option<String>) -> Result<usize, RegexError> {
        let number = self.groups.len();
        self.groups.push(None);
        if let Some(name) = name {
            if let Some(old) = self.names.get(&name) {
                let message = format!(
                    "redefinition of group name {} as group {number}; was group {old}",
                    str_repr(&name)
                );
                return Err(self.tokens.error(message, name.chars().count() + 1));
            }
            self.names.insert(name, number);
        }
        Ok(number)
    }

    fn check_name(&self, name: &str) -> Result<(), RegexError> {
        if is_identifier(name) {
            return Ok(());
        }
        let message = format!("bad character in group name {}", str_repr(name));
        Err(self.tokens.error(message, name.chars().count() + 1))
    }

    fn named(&self, name: &str) -> Result<usize, RegexError> {
        self.names.get(name).copied().ok_or_else(|| {
            self.tokens.error(format!("unknown group name {}", str_repr(name)), name.chars().count() + 1)
        })
    }

    /// A look-around, after `(?` and its first character.
    fn look(&mut self, first: Token, start: usize, verbose: bool, depth: usize) -> Result<Node, RegexError> {
        let ahead = first != Token::Char('<');
        let kind = if ahead { first } else { self.option_char()? };
        if !matches!(kind, Token::Char('=' | '!')) {
            let message = format!("unknown extension ?<{}", kind.text());
            return Err(self.tokens.error(message, kind.len() + 2));
        }
        let outer = self.look_behind_groups;
        if !ahead && outer.is_none() {
            self.look_behind_groups = Some(self.groups.len());
        }
        let body = self.alternatives(verbose, depth + 1)?;
        if !ahead {
            self.look_behind_groups = outer;
        }
        self.close(start)?;
        Ok(Node::Look { ahead, negative: kind == Token::Char('!'), body })
    }

    /// A conditional, after `(?(`.
    fn conditional(&mut self, start: usize, verbose: bool, depth: usize) -> Result<Node, RegexError> {
        let name = self.tokens.take_until(')', "group name")?;
        let length = name.chars().count();
        let group = if is_identifier(&name) {
            self.named(&name)?
        } else {
            // Python's `int()` allows blanks, signs and underscores here; all but digits is deprecated.
            let Ok(group) = name.trim().parse::<usize>() else {
                let message = format!("bad character in group name {}", str_repr(&name));
                return Err(self.tokens.error(message, length + 1));
            };
            if group == 0 {
                return Err(self.tokens.error("bad group number", length + 1));
            }
            self.conditions.push((group, self.tokens.position() - length - 1));
            group
        };
        self.check_look_behind(group)?;
        let yes = self.sequence(verbose, depth + 1, false)?;
        let mut no = None;
        if self.tokens.take('|')? {
            no = Some(self.sequence(verbose, depth + 1, false)?);
            if self.tokens.peek()? == Some(Token::Char('|')) {
                return Err(self.tokens.error("conditional backref with more than two branches", 0));
            }
        }
        self.close(start)?;
        Ok(Node::Conditional { group, yes, no })
    }

    /// Inline flags, after their first character: those that a group adds and removes, or nothing when
    /// they are global.
    fn flags(&mut self, first: char) -> Result<Option<(Flags, Flags)>, RegexError> {
        let (mut add, mut remove) = (Flags::NONE, Flags::NONE);
        let mut c = first;
        if c != '-' {
            loop {
                if c == 'L' {
                    let message = "bad inline flags: cannot use 'L' flag with a str pattern";
                    return Err(self.tokens.error(message, 0));
                }
                let one = flag(c).unwrap_or(Flags::TYPE);
                add = add.with(one);
                if one.has(Flags::TYPE) && add.has(Flags::ASCII) && add.has(Flags::UNICODE) {
                    let message = "bad inline flags: flags 'a', 'u' and 'L' are incompatible";
                    return Err(self.tokens.error(message, 0));
                }
                c = self.flag_char("missing -, : or )", &[')', '-', ':'])?;
                if matches!(c, ')' | '-' | ':') {
                    break;
                }
            }
        }
        if c == ')' {
            self.flags = self.flags.with(add);
            return Ok(None);
        }
        if add.has(Flags::TEMPLATE) {
            return Err(self.tokens.error("bad inline flags: cannot turn on global flag", 1));
        }
        if c == '-' {
            c = self.flag_char("missing flag", &[])?;
            loop {
                let one = flag(c).unwrap_or(Flags::TYPE);
                if one.has(Flags::TYPE) {
                    let message = "bad inline flags: cannot turn off flags 'a', 'u' and 'L'";
                    return Err(self.tokens.error(message, 0));
                }
                remove = remove.with(one);
                c = self.flag_char("missing :", &[':'])?;
                if c == ':' {
                    break;
                }
            }
        }
        if remove.has(Flags::TEMPLATE) {
            return Err(self.tokens.error("bad inline flags: cannot turn off global flag", 1));
        }
        if add.has(remove) {
            return Err(self.tokens.error("bad inline flags: flag turned on and off", 1));
        }
        Ok(Some((add, remove)))
    }

    /// The next flag, or one of the characters that may end the flags.
    fn flag_char(&mut self, missing: &str, ends: &[char]) -> Result<char, RegexError> {
        match self.tokens.next()? {
            None => Err(self.tokens.error(missing, 0)),
            Some(Token::Char(c)) if ends.contains(&c) || flag(c).is_some() => Ok(c),
            Some(Token::Char(c)) if c.is_alphabetic() => Err(self.tokens.error("unknown flag", 1)),
            Some(token) => Err(self.tokens.error(missing, token.len())),
        }
    }
}

/// The flag of a letter; `L` counts as one of the alphabets here, and is refused by its name.
fn flag(c: char) -> Option<Flags> {
    Some(match c {
        'i' => Flags::IGNORE_CASE,
        'm' => Flags::MULTI_LINE,
        's' => Flags::DOT_ALL,
        'x' => Flags::VERBOSE,
        'a' => Flags::ASCII,
        'u' => Flags::UNICODE,
        'L' => Flags::TYPE,
        't' => Flags::TEMPLATE,
        _ => return None,
    })
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}
