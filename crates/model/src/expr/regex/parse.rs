//! The parser of Python's pattern syntax.

use std::collections::HashMap;

use super::RegexError;
use super::ast::{Anchor, Flags, Greed, Item, Node, Sequence, Width};
use super::escape::{self, Escape};
use super::tokens::{Token, Tokens};

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

pub(super) struct Parser {
    pub(super) tokens: Tokens,
    pub(super) flags: Flags,
    /// The width of every group by number, once it is closed; the first stands for the whole.
    pub(super) groups: Vec<Option<Width>>,
    pub(super) names: HashMap<String, usize>,
    /// Inside a look-behind: how many groups there were before it.
    pub(super) look_behind_groups: Option<usize>,
    /// Groups that conditions ask for by number, and where.
    pub(super) conditions: Vec<(usize, usize)>,
}

impl Parser {
    /// `a|b|c`, up to a closing parenthesis or the end.
    pub(super) fn alternatives(&mut self, mut verbose: bool, depth: usize) -> Result<Sequence, RegexError> {
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
    pub(super) fn sequence(
        &mut self,
        mut verbose: bool,
        depth: usize,
        first: bool,
    ) -> Result<Sequence, RegexError> {
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
    pub(super) fn reference(&self, group: usize, back: usize) -> Result<Node, RegexError> {
        let Some(width) = self.groups[group] else {
            return Err(self.tokens.error("cannot refer to an open group", back));
        };
        self.check_look_behind(group)?;
        Ok(Node::BackReference { group, width })
    }

    pub(super) fn check_look_behind(&self, group: usize) -> Result<(), RegexError> {
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
}
