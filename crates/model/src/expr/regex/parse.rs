//! The parser of Python's pattern syntax.

use std::collections::HashMap;

use super::RegexError;
use super::ast::{Anchor, Flags, Greed, Item, Node, Sequence, Width};
use super::escape::{self, Escape};
use super::tokens::{Token, Tokens};
use crate::python::str_repr;

/// How deep groups may be nested; Python's own recursion ends not far beyond.
const DEEPEST: usize = 150;

/// Python's bound for repetition counts, exclusive.
const MOST_REPEATS: u32 = u32::MAX;

/// A whole pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) body: Sequence,
    /// The switches at its start, which hold everywhere.
    pub(super) flags: Flags,
}

/// Parses a pattern.
pub(super) fn parse(pattern: &str) -> Result<Pattern, RegexError> {
    let mut parser = Parser {
        tokens: Tokens::new(pattern),
        flags: Flags::NONE,
        groups: vec![None],
        names: HashMap::new(),
        look_behind_groups: None,
        conditions: Vec::new(),
    };
    parser.tokens.peek()?;
    let body = parser.alternatives(false, 0)?;
    if parser.flags.has(Flags::ASCII) && parser.flags.has(Flags::UNICODE) {
        return Err(RegexError::Syntax {
            message: "ASCII and UNICODE flags are incompatible".to_owned(),
            position: None,
        });
    }
    if parser.tokens.peek()?.is_some() {
        return Err(parser.tokens.error("unbalanced parenthesis", 0));
    }
    for (group, position) in parser.conditions {
        if group >= parser.groups.len() {
            return Err(RegexError::syntax(format!("invalid group reference {group}"), position));
        }
    }
    Ok(Pattern { body, flags: parser.flags })
}

struct Parser {
    tokens: Tokens,
    flags: Flags,
    /// The width of every group by number, once it is closed; the first stands for the whole.
    groups: Vec<Option<Width>>,
    names: HashMap<String, usize>,
    /// Inside a look-behind: how many groups there were before it.
    look_behind_groups: Option<usize>,
    /// Groups that conditions ask for by number, and where.
    conditions: Vec<(usize, usize)>,
}

impl Parser {
    /// `a|b|c`, up to a closing parenthesis or the end.
    fn alternatives(&mut self, mut verbose: bool, depth: usize) -> Result<Sequence, RegexError> {
        if depth > DEEPEST {
            return Err(RegexError::Unsupported(format!("groups are nested more than {DEEPEST} deep")));
        }
        let mut branches = vec![self.sequence(verbose, depth, depth == 0)?];
        while self.tokens.take('|')? {
            if depth == 0 {
                verbose = self.flags.has(Flags::VERBOSE);
            }
            branches.push(self.sequence(verbose, depth, false)?);
        }
        if branches.len() == 1 {
            return Ok(branches.remove(0));
        }
        Ok(Sequence::new(vec![Node::Branch(branches)]))
    }

    /// One alternative. Only in the first one of the whole pattern (`first`) may global flags stand, and
    /// nothing may stand before them.
    fn sequence(&mut self, mut verbose: bool, depth: usize, first: bool) -> Result<Sequence, RegexError> {
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.peek()? {
            if matches!(token, Token::Char('|' | ')')) {
                break;
            }
            self.tokens.next()?;
            if verbose {
                match token {
                    Token::Char(' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c') => continue,
                    Token::Char('#') => {
                        while !matches!(self.tokens.next()?, None | Some(Token::Char('\n'))) {}
                        continue;
                    }
                    _ => {}
                }
            }
            match token {
                Token::Escape(c) => nodes.push(self.escape(c)?),
                Token::Char('[') => nodes.push(self.class()?),
                Token::Char(c @ ('*' | '+' | '?' | '{')) => self.repeat(c, &mut nodes)?,
                Token::Char('.') => nodes.push(Node::Any),
                Token::Char('^') => nodes.push(Node::At(Anchor::LineStart)),
                Token::Char('$') => nodes.push(Node::At(Anchor::LineEnd)),
                Token::Char('(') => {
                    if let Some(node) = self.group(verbose, depth, first && nodes.is_empty())? {
                        nodes.push(node);
                    } else if depth == 0 {
                        verbose = self.flags.has(Flags::VERBOSE) || verbose;
                    }
                }
                Token::Char(c) => nodes.push(Node::Literal(c.into())),
            }
        }
        Ok(Sequence::new(nodes))
    }

    fn escape(&mut self, c: char) -> Result<Node, RegexError> {
        if !matches!(c, '1'..='9') {
            return escape::outside(&mut self.tokens, c).map(Escape::into_node);
        }
        // Three octal digits are a character, anything else refers to a group.
        let mut digits = String::from(c);
        if let Some(Token::Char(second @ '0'..='9')) = self.tokens.peek()? {
            self.tokens.next()?;
            digits.push(second);
            if let Some(Token::Char(third)) = self.tokens.peek()?
                && [c, second, third].into_iter().all(escape::is_octal)
            {
                self.tokens.next()?;
                digits.push(third);
                return escape::octal(&self.tokens, &digits).map(Escape::into_node);
            }
        }
        let group: usize = digits.parse().expect("two digits are a number");
        if group >= self.groups.len() {
            return Err(self.tokens.error(format!("invalid group reference {group}"), digits.len()));
        }
        self.reference(group, digits.len() + 1)
    }

    /// A reference to a group that exists; an error is `back` characters before the next token.
    fn reference(&self, group: usize, back: usize) -> Result<Node, RegexError> {
        let Some(width) = self.groups[group] else {
            return Err(self.tokens.error("cannot refer to an open group", back));
        };
        self.check_look_behind(group)?;
        Ok(Node::BackReference { group, width })
    }

    fn check_look_behind(&self, group: usize) -> Result<(), RegexError> {
        if let Some(before) = self.look_behind_groups {
            if self.groups.get(group).is_none_or(Option::is_none) {
                return Err(self.tokens.error("cannot refer to an open group", 0));
            }
            if group >= before {
                let message = "cannot refer to group defined in the same lookbehind subpattern";
                return Err(self.tokens.error(message, 0));
            }
        }
        Ok(())
    }

    /// A class, after its `[`.
    fn class(&mut self) -> Result<Node, RegexError> {
        let start = self.tokens.position() - 1;
        let unterminated = RegexError::syntax("unterminated character set", start);
        let negated = self.tokens.take('^')?;
        let mut items = Vec::new();
        loop {
            let Some(low) = self.tokens.next()? else { return Err(unterminated) };
            if low == Token::Char(']') && !items.is_empty() {
                break;
            }
            let low_item = self.class_item(low)?;
            if !self.tokens.take('-')? {
                items.push(low_item);
                continue;
            }
            let Some(high) = self.tokens.next()? else { return Err(unterminated) };
            if high == Token::Char(']') {
                items.push(low_item);
                items.push(Item::Range('-'.into(), '-'.into()));
                break;
            }
            match (low_item, self.class_item(high)?) {
                (Item::Range(from, _), Item::Range(to, _)) if from <= to => items.push(Item::Range(from, to)),
                _ => {
                    let message = format!("bad character range {}-{}", low.text(), high.text());
                    return Err(self.tokens.error(message, low.len() + 1 + high.len()));
                }
            }
        }
        Ok(Node::Class { negated, items })
    }

    fn class_item(&mut self, token: Token) -> Result<Item, RegexError> {
        Ok(match token {
            Token::Char(c) => Item::Range(c.into(), c.into()),
            Token::Escape(c) => match escape::in_class(&mut self.tokens, c)? {
                Escape::Char(code) => Item::Range(code, code),
                Escape::Category { category, negated } => Item::Category { category, negated },
                Escape::At(_) => unreachable!("no anchors in classes"),
            },
        })
    }

    /// A quantifier, after its first character.
    fn repeat(&mut self, c: char, nodes: &mut Vec<Node>) -> Result<(), RegexError> {
        let after = self.tokens.position();
        let (least, most) = match c {
            '?' => (0, Some(1)),
            '*' => (0, None),
            '+' => (1, None),
            _ => match self.counts(after)? {
                Some(counts) => counts,
                None => {
                    nodes.push(Node::Literal(c.into()));
                    return Ok(());
                }
            },
        };
        let error = |message: &str| Err(RegexError::syntax(message, after - 1));
        match nodes.last() {
            None | Some(Node::At(_)) => return error("nothing to repeat"),
            Some(Node::Repeat { .. }) => return error("multiple repeat"),
            Some(_) => {}
        }
        let greed = if self.tokens.take('?')? {
            Greed::Lazy
        } else if self.tokens.take('+')? {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        let body = Sequence::new(nodes.pop().into_iter().collect());
        nodes.push(Node::Repeat { least, most, greed, body });
        Ok(())
    }

    /// The counts of `{m,n}`, after the `{`; nothing, and nothing taken, if it is only a brace.
    fn counts(&mut self, after: usize) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        if self.tokens.peek()? == Some(Token::Char('}')) {
            return Ok(None);
        }
        let low = self.tokens.take_while(usize::MAX, |c| c.is_ascii_digit())?;
        let high = if self.tokens.take(',')? {
            self.tokens.take_while(usize::MAX, |c| c.is_ascii_digit())?
        } else {
            low.clone()
        };
        if !self.tokens.take('}')? {
            self.tokens.seek(after);
            return Ok(None);
        }
        let count = |digits: &str| match digits.parse::<u32>() {
            Ok(count) if count < MOST_REPEATS => Ok(count),
            _ => Err(RegexError::Syntax {
                message: "the repetition number is too large".to_owned(),
                position: None,
            }),
        };
        let least = if low.is_empty() { 0 } else { count(&low)? };
        let most = if high.is_empty() { None } else { Some(count(&high)?) };
        if most.is_some_and(|most| most < least) {
            return Err(RegexError::syntax("min repeat greater than max repeat", after));
        }
        Ok(Some((least, most)))
    }

    /// A group, after its `(`; nothing for a comment and for global flags.
    fn group(&mut self, verbose: bool, depth: usize, first: bool) -> Result<Option<Node>, RegexError> {
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
                let Some(one) = flag(c) else {
                    return Err(self
                        .tokens
                        .error("bad inline flags: cannot use 'L' flag with a str pattern", 0));
                };
                if c == 'L' {
                    return Err(self
                        .tokens
                        .error("bad inline flags: cannot use 'L' flag with a str pattern", 0));
                }
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
