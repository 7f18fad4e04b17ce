//! Writing scalars: which style one can have, and how each style breaks lines.

/// A line is broken at the next chance once it is longer than this.
const WIDTH: usize = 80;

/// The styles of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
}

/// What a text's characters allow.
struct Analysis {
    multiline: bool,
    plain: bool,
    single: bool,
}

/// The style of a text. `resolves` says whether it would be read back as what it is without quotes.
pub(super) fn style(text: &str, resolves: bool, key: bool) -> Style {
    let Analysis { multiline, plain, single } = analyse(text);
    if resolves && plain && !(key && text.is_empty()) {
        Style::Plain
    } else if single && !(key && multiline) {
        Style::Single
    } else {
        Style::Double
    }
}

/// Whether a text can be a key without `?`.
pub(super) fn simple_key(text: &str) -> bool {
    // The limit is 128 with the tag, `!!str`, which is counted though it is not written.
    const LONGEST: usize = 122;
    !text.is_empty() && text.chars().count() <= LONGEST && !text.contains(is_break)
}

fn analyse(text: &str) -> Analysis {
    let chars: Vec<char> = text.chars().collect();
    let blank_at = |at: usize| chars.get(at).is_none_or(|c| is_blank(*c));
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    let (mut special, mut multiline) = (false, false);
    let (mut break_space, mut space_break) = (false, false);
    for (at, character) in chars.iter().copied().enumerate() {
        let followed = blank_at(at + 1);
        indicators |= match character {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if at == 0 =>
            {
                true
            }
            '?' | '-' if at == 0 => followed,
            ':' => followed,
            '#' => is_blank(chars[at - 1]),
            _ => false,
        };
        special |= !(character == '\n' || (' '..='~').contains(&character));
        multiline |= is_break(character);
        if at > 0 {
            break_space |= character == ' ' && is_break(chars[at - 1]);
            space_break |= is_break(character) && chars[at - 1] == ' ';
        }
    }
    let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
    let ragged = edge(chars.first()) || edge(chars.last());
    Analysis {
        multiline,
        plain: !(ragged || break_space || space_break || special || multiline || indicators),
        single: !(break_space || space_break || special),
    }
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank(character: char) -> bool {
    matches!(character, '\0' | ' ' | '\t' | '\r') || is_break(character)
}

/// The text that is being made.
#[derive(Default)]
pub(super) struct Output {
    pub text: String,
    /// The column in characters.
    pub column: usize,
    /// Whether the line so far is nothing but blanks and indicators that indent.
    pub indenting: bool,
    /// Whether the last character was a blank.
    pub blank: bool,
}

impl Output {
    pub fn new() -> Self {
        Output { indenting: true, blank: true, ..Self::default() }
    }

    pub fn write(&mut self, piece: &str) {
        self.text.push_str(piece);
        self.column += piece.chars().count();
    }

    /// Writes something that structures the text, after a blank where one is needed.
    pub fn indicator(&mut self, indicator: &str, blank_before: bool, indents: bool) {
        if blank_before && !self.blank {
            self.write(" ");
        }
        self.write(indicator);
        self.blank = false;
        self.indenting &= indents;
    }

    pub fn line_end(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.blank = true;
        self.indenting = true;
    }

    /// Starts a line with so many blanks, unless this one is that line already.
    pub fn indent(&mut self, indent: usize) {
        if !self.indenting || self.column > indent || (self.column == indent && !self.blank) {
            self.line_end();
        }
        if self.column < indent {
            self.text.extend(std::iter::repeat_n(' ', indent - self.column));
            self.column = indent;
            self.blank = true;
        }
    }

    /// Writes a scalar; lines that are broken go on at `indent`. A key is not broken.
    pub fn scalar(&mut self, text: &str, style: Style, indent: usize, key: bool) {
        match style {
            Style::Plain => {
                if !self.blank {
                    self.write(" ");
                }
                self.words(text, indent, !key);
            }
            Style::Single => {
                self.indicator("'", true, false);
                self.single(text, indent, !key);
                self.indicator("'", false, false);
            }
            Style::Double => {
                self.indicator("\"", true, false);
                self.double(text, indent, !key);
                self.indicator("\"", false, false);
            }
        }
        self.blank = false;
        self.indenting = false;
    }

    fn words(&mut self, text: &str, indent: usize, split: bool) {
        for (run, blank) in runs(text) {
            if blank && run.len() == 1 && self.column > WIDTH && split {
                self.indent(indent);
                self.blank = false;
                self.indenting = false;
            } else {
                self.write(run);
                self.indenting = false;
            }
        }
    }

    fn single(&mut self, text: &str, indent: usize, split: bool) {
        let mut start = 0;
        for (run, blank) in runs(text) {
            let end = start + run.len();
            let inside = start != 0 && end != text.len();
            start = end;
            if run.starts_with(is_break) {
                // The first line end of a run folds away, so it is written twice.
                if run.starts_with('\n') {
                    self.line_end();
                }
                run.chars().for_each(|_| self.line_end());
                self.indent(indent);
            } else if blank && run.len() == 1 && self.column > WIDTH && split && inside {
                self.indent(indent);
            } else {
                self.write(&run.replace('\'', "''"));
                self.indenting = false;
            }
        }
    }

    fn double(&mut self, text: &str, indent: usize, split: bool) {
        let chars: Vec<char> = text.chars().collect();
        // What is not written yet starts here.
        let mut start = 0;
        for end in 0..=chars.len() {
            let character = chars.get(end).copied();
            let literal = character.is_some_and(|c| (' '..='~').contains(&c) && c != '"' && c != '\\');
            if !literal {
                let pending: String = chars[start..end].iter().collect();
                self.write(&pending);
                start = end;
                if let Some(character) = character {
                    self.write(&escaped(character));
                    start = end + 1;
                }
            }
            let inside = end > 0 && end + 1 < chars.len();
            let chance = character == Some(' ') || start >= end;
            if split && inside && chance && self.column + end.saturating_sub(start) > WIDTH {
                let pending: String = chars[start.min(end)..end].iter().collect();
                start = start.max(end);
                self.write(&pending);
                self.write("\\");
                self.indenting = false;
                self.indent(indent);
                self.blank = false;
                self.indenting = false;
                if chars.get(start) == Some(&' ') {
                    self.write("\\");
                }
            }
        }
    }
}

/// The runs of blanks, of line ends and of other characters that a text is made of; `true` for blanks.
fn runs(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let kind = |c: char| if c == ' ' { 0 } else { 1 + u8::from(is_break(c)) };
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = kind(rest.chars().next()?);
        let end = rest.find(|c| kind(c) != first).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        Some((run, first == 0))
    })
}

fn escaped(character: char) -> String {
    let short = match character {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            let code = u32::from(character);
            return match code {
                0..=0xFF => format!("\\x{code:02X}"),
                0x100..=0xFFFF => format!("\\u{code:04X}"),
                _ => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
