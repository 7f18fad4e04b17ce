//! Looking at a text byte by byte, with YAML 1.1's idea of blanks and line ends.

/// A place in a text. The byte 0 stands for the end; it cannot occur inside, since the text was
/// checked for control characters.
pub(super) struct Cursor<'a> {
    pub text: &'a str,
    /// The offset in bytes.
    pub at: usize,
    /// The line, from 0.
    pub line: usize,
    /// Where the line starts; columns are counted in bytes, which is the same as in characters
    /// wherever indentation depends on them.
    line_start: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        let start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        Cursor { text, at: start, line: 0, line_start: start }
    }

    /// The byte `ahead` of this place, 0 beyond the end.
    pub fn byte(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub fn at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    /// The character at this place, as Python's `repr` shows it in a message.
    pub fn shown(&self) -> String {
        let character = self.text[self.at..].chars().next().unwrap_or('\0');
        crate::python::str_repr(character.encode_utf8(&mut [0; 4]))
    }

    pub fn column(&self) -> usize {
        self.at - self.line_start
    }

    /// How many bytes the line end has that is `ahead` of this place; 0 when there is none.
    pub fn line_end(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\r' if self.byte(ahead + 1) == b'\n' => 2,
            b'\r' | b'\n' => 1,
            0xC2 if self.byte(ahead + 1) == 0x85 => 2,
            0xE2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    /// Whether a line end or the end of the text is `ahead`.
    pub fn breaks(&self, ahead: usize) -> bool {
        self.byte(ahead) == 0 || self.line_end(ahead) > 0
    }

    /// Whether a blank, a tab, a line end or the end of the text is `ahead`.
    pub fn blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t') || self.breaks(ahead)
    }

    /// Whether `---` or `...` stands here, at the start of a line and alone.
    pub fn document_mark(&self, mark: &str) -> bool {
        self.column() == 0 && self.text[self.at..].starts_with(mark) && self.blank(mark.len())
    }

    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Skips blanks (not tabs) and gives them.
    pub fn blanks(&mut self) -> &'a str {
        let start = self.at;
        while self.byte(0) == b' ' {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// Skips a line end and gives what it stands for: LF for all but the two Unicode separators.
    /// Nothing happens where there is none.
    pub fn take_line_end(&mut self) -> &'static str {
        let length = self.line_end(0);
        if length == 0 {
            return "";
        }
        let end = match (length, self.byte(2)) {
            (3, 0xA8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        self.at += length;
        self.line += 1;
        self.line_start = self.at;
        end
    }

    /// Skips what is left of the line, the line end excluded.
    pub fn skip_line(&mut self) {
        while !self.breaks(0) {
            self.at += 1;
        }
        // A break inside a character cannot be, since all of them start with a lead byte.
        debug_assert!(self.text.is_char_boundary(self.at));
    }
}
