//! From text to tokens.
//!
//! YAML finds out late that a scalar was a key: when `:` follows. Until then the place of a possible
//! key is remembered, and the tokens behind it wait.

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::token::{Kind, Token};
use super::{Fault, Result};
use crate::document::Span;

/// How many characters a key without `?` may have.
const MAX_KEY_LENGTH: usize = 1024;

pub(super) struct Scanner<'a> {
    pub cursor: Cursor<'a>,
    tokens: VecDeque<Token<'a>>,
    /// How many tokens were handed out.
    taken: usize,
    done: bool,
    /// The column of the innermost block collection; -1 outside of all.
    pub indent: isize,
    indents: Vec<isize>,
    /// How many flow collections are open.
    pub flow: usize,
    /// Whether a key without `?` may start here.
    pub key_allowed: bool,
    /// At most one a flow level, the outermost first.
    keys: VecDeque<PossibleKey>,
}

struct PossibleKey {
    flow: usize,
    /// The number of the token that would follow the key indicator.
    token: usize,
    /// Whether the text is wrong unless this is a key.
    required: bool,
    at: usize,
    line: usize,
    column: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Self {
        Scanner {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            done: false,
            indent: -1,
            indents: Vec::new(),
            flow: 0,
            key_allowed: true,
            keys: VecDeque::new(),
        }
    }

    /// The next token, which stays.
    pub fn peek(&mut self) -> Result<&Kind<'a>> {
        self.fill()?;
        Ok(self.tokens.front().map_or(&Kind::StreamEnd, |token| &token.kind))
    }

    /// The place of the next token.
    pub fn place(&mut self) -> Result<Span> {
        self.fill()?;
        Ok(self.tokens.front().map_or(Span::at(self.cursor.at), |token| token.span))
    }

    /// The next token.
    pub fn next(&mut self) -> Result<Token<'a>> {
        self.fill()?;
        self.taken += 1;
        let end = Token { kind: Kind::StreamEnd, span: Span::at(self.cursor.at) };
        Ok(self.tokens.pop_front().unwrap_or(end))
    }

    fn fill(&mut self) -> Result<()> {
        while !self.done {
            if !self.tokens.is_empty() {
                self.drop_stale_keys()?;
                if self.keys.front().is_none_or(|key| key.token != self.taken) {
                    break;
                }
            }
            self.fetch()?;
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind<'a>, start: usize) {
        self.tokens.push_back(Token { kind, span: Span::new(start, self.cursor.at) });
    }

    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        let column = self.cursor.column();
        self.unwind(column.cast_signed());
        let start = self.cursor.at;
        if self.cursor.at_end() {
            return self.stream_end();
        }
        if column == 0 {
            if self.cursor.byte(0) == b'%' {
                return self.directive(start);
            }
            if self.cursor.document_mark("---") {
                return self.document_mark(Kind::DocumentStart, start);
            }
            if self.cursor.document_mark("...") {
                return self.document_mark(Kind::DocumentEnd, start);
            }
        }
        let blank_next = self.cursor.blank(1);
        match self.cursor.byte(0) {
            b'[' => self.flow_start(Kind::FlowSequenceStart, start),
            b'{' => self.flow_start(Kind::FlowMappingStart, start),
            b']' => self.flow_end(Kind::FlowSequenceEnd, start),
            b'}' => self.flow_end(Kind::FlowMappingEnd, start),
            b',' => {
                self.key_allowed = true;
                self.forget_key()?;
                self.cursor.skip(1);
                self.push(Kind::FlowEntry, start);
                Ok(())
            }
            b'-' if blank_next => self.block_entry(start),
            b'?' if self.flow > 0 || blank_next => self.explicit_key(start),
            b':' if self.flow > 0 || blank_next => self.value(start),
            b'*' | b'&' => {
                self.remember_key()?;
                self.key_allowed = false;
                let kind = self.anchor()?;
                self.push(kind, start);
                Ok(())
            }
            b'!' => {
                self.remember_key()?;
                self.key_allowed = false;
                let kind = self.tag()?;
                self.push(kind, start);
                Ok(())
            }
            b'|' | b'>' if self.flow == 0 => {
                self.key_allowed = true;
                self.forget_key()?;
                let (text, end) = self.block_scalar()?;
                let kind = Kind::Scalar { text: text.into(), plain: false };
                self.tokens.push_back(Token { kind, span: Span::new(start, end) });
                Ok(())
            }
            quote @ (b'\'' | b'"') => {
                self.remember_key()?;
                self.key_allowed = false;
                let text = self.quoted(quote)?;
                self.push(Kind::Scalar { text, plain: false }, start);
                Ok(())
            }
            first if self.starts_plain(first) => {
                self.remember_key()?;
                self.key_allowed = false;
                let (text, end) = self.plain();
                let kind = Kind::Scalar { text, plain: true };
                self.tokens.push_back(Token { kind, span: Span::new(start, end) });
                Ok(())
            }
            _ => {
                let problem = format!("found character {} that cannot start any token", self.cursor.shown());
                Err(self.fault("while scanning for the next token", start, problem))
            }
        }
    }

    fn starts_plain(&self, first: u8) -> bool {
        match first {
            b'-' => !self.cursor.blank(1),
            b'?' | b':' => self.flow == 0 && !self.cursor.blank(1),
            _ => !self.cursor.blank(0) && !b",[]{}#&*!|>'\"%@`".contains(&first),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            self.cursor.blanks();
            if self.cursor.byte(0) == b'#' {
                self.cursor.skip_line();
            }
            if self.cursor.line_end(0) == 0 {
                return;
            }
            self.cursor.take_line_end();
            if self.flow == 0 {
                self.key_allowed = true;
            }
        }
    }

    /// Ends the block collections that are indented more than `column`.
    fn unwind(&mut self, column: isize) {
        if self.flow > 0 {
            return;
        }
        while self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push(Kind::BlockEnd, self.cursor.at);
        }
    }

    /// Whether a block collection starts at `column`.
    fn indent_to(&mut self, column: usize) -> bool {
        let column = column.cast_signed();
        let deeper = self.indent < column;
        if deeper {
            self.indents.push(self.indent);
            self.indent = column;
        }
        deeper
    }

    fn remember_key(&mut self) -> Result<()> {
        let column = self.cursor.column();
        let required = self.flow == 0 && self.indent == column.cast_signed();
        if self.key_allowed {
            self.forget_key()?;
            self.keys.push_back(PossibleKey {
                flow: self.flow,
                token: self.taken + self.tokens.len(),
                required,
                at: self.cursor.at,
                line: self.cursor.line,
                column,
            });
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<()> {
        match self.keys.pop_back_if(|key| key.flow == self.flow) {
            Some(key) if key.required => Err(self.key_fault(&key)),
            _ => Ok(()),
        }
    }

    /// A key ends on its line, and soon.
    fn drop_stale_keys(&mut self) -> Result<()> {
        while let Some(key) = self.keys.pop_front_if(|key| {
            key.line != self.cursor.line
                || longer_than(&self.cursor.text[key.at..self.cursor.at], MAX_KEY_LENGTH)
        }) {
            if key.required {
                return Err(self.key_fault(&key));
            }
        }
        Ok(())
    }

    fn key_fault(&self, key: &PossibleKey) -> Box<Fault> {
        self.fault("while scanning a simple key", key.at, "could not find expected ':'")
    }

    /// What is wrong at this place, in something that started at `start`.
    pub fn fault(&self, context: &'static str, start: usize, problem: impl Into<String>) -> Box<Fault> {
        Box::new(Fault {
            context: Some((context, start)),
            problem: problem.into(),
            span: Span::at(self.cursor.at),
        })
    }

    fn stream_end(&mut self) -> Result<()> {
        self.unwind(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.keys.clear();
        self.push(Kind::StreamEnd, self.cursor.at);
        self.done = true;
        Ok(())
    }

    fn directive(&mut self, start: usize) -> Result<()> {
        self.unwind(-1);
        self.forget_key()?;
        self.key_allowed = false;
        let directive = self.scan_directive()?;
        self.push(Kind::Directive(directive), start);
        Ok(())
    }

    fn document_mark(&mut self, kind: Kind<'a>, start: usize) -> Result<()> {
        self.unwind(-1);
        self.forget_key()?;
        self.key_allowed = false;
        self.cursor.skip(3);
        self.push(kind, start);
        Ok(())
    }

    fn flow_start(&mut self, kind: Kind<'a>, start: usize) -> Result<()> {
        self.remember_key()?;
        self.flow += 1;
        self.key_allowed = true;
        self.cursor.skip(1);
        self.push(kind, start);
        Ok(())
    }

    fn flow_end(&mut self, kind: Kind<'a>, start: usize) -> Result<()> {
        self.forget_key()?;
        // A bracket too many is the parser's to report.
        self.flow = self.flow.saturating_sub(1);
        self.key_allowed = false;
        self.cursor.skip(1);
        self.push(kind, start);
        Ok(())
    }

    fn block_entry(&mut self, start: usize) -> Result<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.bare_fault("sequence entries are not allowed here"));
            }
            if self.indent_to(self.cursor.column()) {
                self.push(Kind::BlockSequenceStart, start);
            }
        }
        self.key_allowed = true;
        self.forget_key()?;
        self.cursor.skip(1);
        self.push(Kind::BlockEntry, start);
        Ok(())
    }

    fn explicit_key(&mut self, start: usize) -> Result<()> {
        if self.flow == 0 {
            if !self.key_allowed {
                return Err(self.bare_fault("mapping keys are not allowed here"));
            }
            if self.indent_to(self.cursor.column()) {
                self.push(Kind::BlockMappingStart, start);
            }
        }
        self.key_allowed = self.flow == 0;
        self.forget_key()?;
        self.cursor.skip(1);
        self.push(Kind::Key, start);
        Ok(())
    }

    fn value(&mut self, start: usize) -> Result<()> {
        if let Some(key) = self.keys.pop_back_if(|key| key.flow == self.flow) {
            let place = key.token - self.taken;
            let span = Span::at(key.at);
            self.tokens.insert(place, Token { kind: Kind::Key, span });
            if self.flow == 0 && self.indent_to(key.column) {
                self.tokens.insert(place, Token { kind: Kind::BlockMappingStart, span });
            }
            self.key_allowed = false;
        } else {
            if self.flow == 0 {
                if !self.key_allowed {
                    return Err(self.bare_fault("mapping values are not allowed here"));
                }
                if self.indent_to(self.cursor.column()) {
                    self.push(Kind::BlockMappingStart, start);
                }
            }
            self.key_allowed = self.flow == 0;
            self.forget_key()?;
        }
        self.cursor.skip(1);
        self.push(Kind::Value, start);
        Ok(())
    }

    fn bare_fault(&self, problem: &str) -> Box<Fault> {
        Box::new(Fault { context: None, problem: problem.to_owned(), span: Span::at(self.cursor.at) })
    }
}

/// Whether a text has more than `limit` characters.
fn longer_than(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().nth(limit).is_some()
}
