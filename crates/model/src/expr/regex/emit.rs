//! Writes a parsed pattern in the engine's syntax.

use std::fmt::Write;

use super::RegexError;
use super::ast::{Anchor, Category, Flags, Greed, Item, Node, Sequence, Width};
use super::parse::Pattern;

/// The pattern for the engine.
pub(super) fn emit(pattern: &Pattern) -> Result<String, RegexError> {
    let mut out = Emitter { text: String::new() };
    out.sequence(&pattern.body, pattern.flags, true)?;
    Ok(out.text)
}

struct Emitter {
    text: String,
}

impl Emitter {
    /// `last`: nothing of the pattern follows, so what is matched there may as well be taken.
    fn sequence(&mut self, sequence: &Sequence, flags: Flags, last: bool) -> Result<(), RegexError> {
        let count = sequence.nodes.len();
        for (index, node) in sequence.nodes.iter().enumerate() {
            self.node(node, flags, last && index + 1 == count, count > 1)?;
        }
        Ok(())
    }

    /// `beside`: the node stands beside others, so an alternation needs a group.
    fn node(&mut self, node: &Node, flags: Flags, last: bool, beside: bool) -> Result<(), RegexError> {
        match node {
            Node::Literal(code) => self.class(false, &[Item::Range(*code, *code)], flags),
            Node::Class { negated, items } => self.class(*negated, items, flags),
            Node::Any => self.text.push_str(if flags.has(Flags::DOT_ALL) { "(?s:.)" } else { r"[^\n]" }),
            Node::At(anchor) => self.anchor(*anchor, flags, last),
            Node::Branch(branches) => {
                if beside {
                    self.text.push_str("(?:");
                }
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        self.text.push('|');
                    }
                    self.sequence(branch, flags, last)?;
                }
                if beside {
                    self.text.push(')');
                }
            }
            Node::Group { capture, add, remove, body } => {
                let flags = flags.inside(*add, *remove);
                self.wrap(if *capture { "(" } else { "(?:" }, body, flags, last)?;
            }
            Node::Atomic(body) => self.wrap("(?>", body, flags, false)?,
            Node::Repeat { least, most, greed, body } => self.repeat(*least, *most, *greed, body, flags)?,
            Node::BackReference { group, .. } => {
                let open = if flags.has(Flags::IGNORE_CASE) { "(?i:" } else { "(?:" };
                let _ = write!(self.text, "{open}\\{group})");
            }
            Node::Conditional { group, yes, no } => {
                let _ = write!(self.text, "(?({group})");
                self.wrap("(?:", yes, flags, last)?;
                if let Some(no) = no {
                    self.text.push('|');
                    self.wrap("(?:", no, flags, last)?;
                }
                self.text.push(')');
            }
            Node::Look { ahead, negative, body } => {
                if !ahead && body.width.least != body.width.most {
                    return Err(RegexError::Syntax {
                        message: "look-behind requires fixed-width pattern".to_owned(),
                        position: None,
                    });
                }
                let open = match (ahead, negative) {
                    (true, false) => "(?=",
                    (true, true) => "(?!",
                    (false, false) => "(?<=",
                    (false, true) => "(?<!",
                };
                self.wrap(open, body, flags, false)?;
            }
        }
        Ok(())
    }

    fn wrap(&mut self, open: &str, body: &Sequence, flags: Flags, last: bool) -> Result<(), RegexError> {
        self.text.push_str(open);
        self.sequence(body, flags, last)?;
        self.text.push(')');
        Ok(())
    }

    fn repeat(
        &mut self,
        least: u32,
        most: Option<u32>,
        greed: Greed,
        body: &Sequence,
        flags: Flags,
    ) -> Result<(), RegexError> {
        if most == Some(0) {
            // Still there for the sake of the groups in it, whose numbers count.
            self.text.push_str("(?:|");
            self.sequence(body, flags, false)?;
            self.text.push_str("){0}");
            return Ok(());
        }
        if body.width == Width::ZERO {
            // What takes no character is the same once as many times; the engine refuses to repeat it.
            let (open, close) = match (least, greed) {
                (0, Greed::Greedy) => ("(?:(?:", ")|)"),
                (0, Greed::Lazy) => ("(?:|(?:", "))"),
                (0, Greed::Possessive) => ("(?>(?:", ")|)"),
                (_, Greed::Possessive) => ("(?>", ")"),
                (_, _) => ("(?:", ")"),
            };
            self.text.push_str(open);
            self.sequence(body, flags, false)?;
            self.text.push_str(close);
            return Ok(());
        }
        if greed == Greed::Possessive {
            self.text.push_str("(?>");
        }
        match body.nodes.as_slice() {
            [Node::Literal(_) | Node::Class { .. } | Node::Any] => self.sequence(body, flags, false)?,
            // CPython goes back neither into the repetition nor into one of its rounds.
            _ if greed == Greed::Possessive => self.wrap("(?>", body, flags, false)?,
            [Node::Group { .. } | Node::Atomic(_)] => self.sequence(body, flags, false)?,
            _ => self.wrap("(?:", body, flags, false)?,
        }
        match (least, most) {
            (0, None) => self.text.push('*'),
            (1, None) => self.text.push('+'),
            (0, Some(1)) => self.text.push('?'),
            (least, None) => {
                let _ = write!(self.text, "{{{least},}}");
            }
            (least, Some(most)) => {
                let _ = write!(self.text, "{{{least},{most}}}");
            }
        }
        match greed {
            Greed::Greedy => {}
            Greed::Lazy => self.text.push('?'),
            Greed::Possessive => self.text.push(')'),
        }
        Ok(())
    }

    fn anchor(&mut self, anchor: Anchor, flags: Flags, last: bool) {
        let multi_line = flags.has(Flags::MULTI_LINE);
        let word = if flags.has(Flags::ASCII) { "[0-9A-Za-z_]" } else { r"[\p{L}\p{N}_]" };
        let text = match anchor {
            Anchor::TextStart => r"\A",
            Anchor::TextEnd => r"\z",
            Anchor::LineStart if multi_line => "(?m:^)",
            Anchor::LineStart => r"\A",
            Anchor::LineEnd if multi_line => "(?m:$)",
            // Also before a newline that ends the text. Only the last node may take that newline, and
            // then the engine needs no look-ahead.
            Anchor::LineEnd if last => r"(?:\n?\z)",
            Anchor::LineEnd => r"(?=\n?\z)",
            Anchor::Boundary => {
                let _ = write!(self.text, "(?:(?<={word})(?!{word})|(?<!{word})(?={word}))");
                return;
            }
            Anchor::NoBoundary => {
                // In an empty text Python finds neither a boundary nor its absence.
                let _ = write!(self.text, r"(?:(?!\A\z)(?:(?<={word})(?={word})|(?<!{word})(?!{word})))");
                return;
            }
        };
        self.text.push_str(text);
    }

    fn class(&mut self, negated: bool, items: &[Item], flags: Flags) {
        let ascii = flags.has(Flags::ASCII);
        let ranges: Vec<(u32, u32)> = items
            .iter()
            .filter_map(|item| match item {
                Item::Range(low, high) => Some((*low, *high)),
                Item::Category { .. } => None,
            })
            .flat_map(|range| without_surrogates(range).into_iter().flatten())
            .collect();
        let fold = flags.has(Flags::IGNORE_CASE) && ranges.iter().any(|(_, high)| *high >= u32::from('A'));
        let mut body = String::new();
        for &range in &ranges {
            push_range(&mut body, range);
            if fold && ascii {
                other_case(range).into_iter().flatten().for_each(|range| push_range(&mut body, range));
            }
        }
        for item in items {
            if let Item::Category { category, negated } = item {
                body.push_str(category_text(*category, *negated, ascii));
            }
        }
        let text = match (body.is_empty(), negated) {
            (true, false) => r"[^\s\S]".to_owned(),
            (true, true) => "(?s:.)".to_owned(),
            (false, true) => format!("[^{body}]"),
            (false, false) => match (items, ranges.as_slice()) {
                ([Item::Range(..)], [(low, high)]) if low == high && !(fold && ascii) => body,
                _ => format!("[{body}]"),
            },
        };
        if fold && !ascii {
            let _ = write!(self.text, "(?i:{text})");
        } else {
            self.text.push_str(&text);
        }
    }
}

fn push_range(body: &mut String, (low, high): (u32, u32)) {
    push_char(body, low);
    if low != high {
        body.push('-');
        push_char(body, high);
    }
}

fn push_char(body: &mut String, code: u32) {
    match char::from_u32(code) {
        Some(c) if c.is_ascii_alphanumeric() => body.push(c),
        _ => {
            let _ = write!(body, "\\x{{{code:x}}}");
        }
    }
}

/// The parts of a range that can occur in text: surrogates cannot.
fn without_surrogates((low, high): (u32, u32)) -> [Option<(u32, u32)>; 2] {
    let below = (low < 0xd800).then(|| (low, high.min(0xd7ff)));
    let above = (high > 0xdfff).then(|| (low.max(0xe000), high));
    [below, above]
}

/// The letters of the other case for the ASCII letters of a range.
fn other_case((low, high): (u32, u32)) -> [Option<(u32, u32)>; 2] {
    let cut = |from: char, to: char| (low.max(from.into()), high.min(to.into()));
    let (upper, lower) = (cut('A', 'Z'), cut('a', 'z'));
    [
        (upper.0 <= upper.1).then(|| (upper.0 + 32, upper.1 + 32)),
        (lower.0 <= lower.1).then(|| (lower.0 - 32, lower.1 - 32)),
    ]
}

/// A category inside a class.
fn category_text(category: Category, negated: bool, ascii: bool) -> &'static str {
    match (category, negated, ascii) {
        (Category::Digit, false, false) => r"\p{Nd}",
        (Category::Digit, true, false) => r"\P{Nd}",
        (Category::Digit, false, true) => "0-9",
        (Category::Digit, true, true) => "[^0-9]",
        // Python counts the four separators of ASCII as white space.
        (Category::Space, false, false) => r"\s\x1c-\x1f",
        (Category::Space, true, false) => r"[^\s\x1c-\x1f]",
        (Category::Space, false, true) => r"\x09-\x0d\x20",
        (Category::Space, true, true) => r"[^\x09-\x0d\x20]",
        // Letters and numbers of all sorts, but no combining marks.
        (Category::Word, false, false) => r"\p{L}\p{N}_",
        (Category::Word, true, false) => r"[^\p{L}\p{N}_]",
        (Category::Word, false, true) => "0-9A-Za-z_",
        (Category::Word, true, true) => "[^0-9A-Za-z_]",
    }
}
