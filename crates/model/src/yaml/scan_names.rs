//! Anchors, aliases, tags and directives.

use super::Result;
use super::scan::Scanner;
use super::token::{Directive, Kind};

impl<'a> Scanner<'a> {
    /// Letters, digits, `-` and `_`.
    fn name(&mut self) -> &'a str {
        let start = self.cursor.at;
        while matches!(self.cursor.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_') {
            self.cursor.skip(1);
        }
        &self.cursor.text[start..self.cursor.at]
    }

    pub(super) fn anchor(&mut self) -> Result<Kind<'a>> {
        let start = self.cursor.at;
        let alias = self.cursor.byte(0) == b'*';
        let context = if alias { "while scanning an alias" } else { "while scanning an anchor" };
        self.cursor.skip(1);
        let name = self.name();
        let ends = self.cursor.blank(0) || b"?:,]}%@`".contains(&self.cursor.byte(0));
        if name.is_empty() || !ends {
            let problem =
                format!("expected alphabetic or numeric character, but found {}", self.cursor.shown());
            return Err(self.fault(context, start, problem));
        }
        Ok(if alias { Kind::Alias(name) } else { Kind::Anchor(name) })
    }

    pub(super) fn tag(&mut self) -> Result<Kind<'a>> {
        const CONTEXT: &str = "while scanning a tag";
        let start = self.cursor.at;
        let (handle, suffix) = if self.cursor.byte(1) == b'<' {
            self.cursor.skip(2);
            let suffix = self.uri(CONTEXT, start)?;
            if self.cursor.byte(0) != b'>' {
                return Err(self.expected(CONTEXT, start, "'>'"));
            }
            self.cursor.skip(1);
            (None, suffix)
        } else if self.cursor.blank(1) {
            self.cursor.skip(1);
            (None, "!".to_owned())
        } else {
            let handle = if self.has_second_mark() {
                self.handle(CONTEXT, start)?
            } else {
                self.cursor.skip(1);
                "!"
            };
            (Some(handle), self.uri(CONTEXT, start)?)
        };
        if self.cursor.byte(0) != b' ' && !self.cursor.breaks(0) {
            return Err(self.expected(CONTEXT, start, "' '"));
        }
        Ok(Kind::Tag { handle, suffix })
    }

    /// Whether the word that starts with `!` here has another one.
    fn has_second_mark(&self) -> bool {
        let mut ahead = 1;
        while self.cursor.byte(ahead) != b' ' && !self.cursor.breaks(ahead) {
            if self.cursor.byte(ahead) == b'!' {
                return true;
            }
            ahead += 1;
        }
        false
    }

    fn handle(&mut self, context: &'static str, start: usize) -> Result<&'a str> {
        let from = self.cursor.at;
        if self.cursor.byte(0) != b'!' {
            return Err(self.expected(context, start, "'!'"));
        }
        self.cursor.skip(1);
        if self.cursor.byte(0) != b' ' {
            self.name();
            if self.cursor.byte(0) != b'!' {
                return Err(self.expected(context, start, "'!'"));
            }
            self.cursor.skip(1);
        }
        Ok(&self.cursor.text[from..self.cursor.at])
    }

    fn uri(&mut self, context: &'static str, start: usize) -> Result<String> {
        let mut bytes = Vec::new();
        loop {
            match self.cursor.byte(0) {
                b'%' => {
                    let digits =
                        [self.cursor.byte(1), self.cursor.byte(2)].map(|b| char::from(b).to_digit(16));
                    let [Some(high), Some(low)] = digits else {
                        self.cursor.skip(if digits[0].is_some() { 2 } else { 1 });
                        return Err(self.expected(
                            context,
                            start,
                            "URI escape sequence of 2 hexadecimal numbers",
                        ));
                    };
                    // Two hexadecimal digits make a byte.
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    self.cursor.skip(3);
                }
                byte if byte.is_ascii_alphanumeric() || b"-;/?:@&=+$,_.!~*'()[]".contains(&byte) => {
                    bytes.push(byte);
                    self.cursor.skip(1);
                }
                _ => break,
            }
        }
        if bytes.is_empty() {
            let problem = format!("expected URI, but found {}", self.cursor.shown());
            return Err(self.fault(context, start, problem));
        }
        String::from_utf8(bytes).map_err(|error| self.fault(context, start, error.utf8_error().to_string()))
    }

    pub(super) fn scan_directive(&mut self) -> Result<Directive<'a>> {
        const CONTEXT: &str = "while scanning a directive";
        let start = self.cursor.at;
        self.cursor.skip(1);
        let name = self.name();
        if name.is_empty() || !(self.cursor.byte(0) == b' ' || self.cursor.breaks(0)) {
            return Err(self.expected(CONTEXT, start, "alphabetic or numeric character"));
        }
        let directive = match name {
            "YAML" => {
                self.cursor.blanks();
                let major = self.version_number(start)?;
                if self.cursor.byte(0) != b'.' {
                    return Err(self.expected(CONTEXT, start, "a digit or '.'"));
                }
                self.cursor.skip(1);
                self.version_number(start)?;
                if self.cursor.byte(0) != b' ' && !self.cursor.breaks(0) {
                    return Err(self.expected(CONTEXT, start, "a digit or ' '"));
                }
                Directive::Yaml { major }
            }
            "TAG" => {
                self.cursor.blanks();
                let handle = self.handle(CONTEXT, start)?;
                if self.cursor.byte(0) != b' ' {
                    return Err(self.expected(CONTEXT, start, "' '"));
                }
                self.cursor.blanks();
                let prefix = self.uri(CONTEXT, start)?;
                if self.cursor.byte(0) != b' ' && !self.cursor.breaks(0) {
                    return Err(self.expected(CONTEXT, start, "' '"));
                }
                Directive::Tag { handle, prefix }
            }
            _ => {
                self.cursor.skip_line();
                Directive::Unknown
            }
        };
        self.cursor.blanks();
        if self.cursor.byte(0) == b'#' {
            self.cursor.skip_line();
        }
        if !self.cursor.breaks(0) {
            return Err(self.expected(CONTEXT, start, "a comment or a line break"));
        }
        self.cursor.take_line_end();
        Ok(directive)
    }

    fn version_number(&mut self, start: usize) -> Result<u32> {
        let from = self.cursor.at;
        while self.cursor.byte(0).is_ascii_digit() {
            self.cursor.skip(1);
        }
        let digits = &self.cursor.text[from..self.cursor.at];
        if digits.is_empty() {
            return Err(self.expected("while scanning a directive", start, "a digit"));
        }
        // A number this long is no version that we know, whatever it is.
        Ok(digits.parse().unwrap_or(u32::MAX))
    }

    /// The fault of finding something else than `what` here.
    pub(super) fn expected(&self, context: &'static str, start: usize, what: &str) -> Box<super::Fault> {
        self.fault(context, start, format!("expected {what}, but found {}", self.cursor.shown()))
    }
}
