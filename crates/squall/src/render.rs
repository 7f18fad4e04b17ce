//! Findings for people, with an excerpt of the source, and for tools, as JSON.

use std::io;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use squall_model::Value;
use squall_model::diagnostic::{Diagnostic, Severity};
use squall_model::document::{Document, Position, Span, SyntaxError};

use crate::logging::has_colours;
use crate::values::indented_json;

/// Lines of the source shown before the one that a finding is about.
const LINES_BEFORE: usize = 1;

/// Most bytes of a line that are shown on either side of the place.
const LINE_HALF: usize = 100;

/// Most findings that are shown to people at once.
const MOST: usize = 100;

/// Stands for the place while a finding is laid out.
const PLACE: &str = "\u{e000}";

/// All findings in a document as text for stderr: the message, the place, a way out; at last how many
/// there are. Without a line end.
pub fn diagnostics(document: &Document, diagnostics: &[Diagnostic]) -> String {
    let colours = has_colours(&io::stderr());
    let mut shown = String::new();
    for diagnostic in diagnostics.iter().take(MOST) {
        let finding = Finding {
            severity: diagnostic.severity(),
            code: Some(diagnostic.code.as_str()),
            message: &diagnostic.message,
            label: diagnostic.label.as_deref(),
            help: diagnostic.help.as_deref(),
            span: diagnostic.resolve(document).span,
        };
        shown += &finding.text(&document.name, &document.text, colours);
        shown.push_str("\n\n");
    }
    if diagnostics.len() > MOST {
        shown += &format!(
            "{} more are not shown; `validate --format json` gives all of them\n\n",
            diagnostics.len() - MOST
        );
    }
    shown + &summary(&document.name, diagnostics)
}

/// What is wrong with a text that is not JSON or YAML, as text for stderr. Without a line end.
pub fn syntax_error(name: &str, text: &str, error: &SyntaxError) -> String {
    let finding = Finding {
        severity: Severity::Error,
        code: None,
        message: &error.problem,
        label: None,
        help: None,
        span: error.span,
    };
    finding.text(name, text, has_colours(&io::stderr()))
}

/// All findings in a document as a JSON array of objects, and a line end.
pub fn to_json(document: &Document, diagnostics: &[Diagnostic]) -> String {
    let findings = diagnostics.iter().map(|diagnostic| diagnostic.to_value(Some(document)));
    indented_json(&Value::list(findings), 2) + "\n"
}

/// How many findings there are: `2 errors and 1 hint in e.json`.
fn summary(name: &str, diagnostics: &[Diagnostic]) -> String {
    let counts = [Severity::Error, Severity::Warning, Severity::Hint].into_iter().filter_map(|severity| {
        let count = diagnostics.iter().filter(|diagnostic| diagnostic.severity() == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| format!("{count} {severity}{plural}"))
    });
    format!("{} in {}", counts.collect::<Vec<_>>().join(" and "), printable(name))
}

/// Something found in a source.
#[derive(Clone, Copy, Debug)]
struct Finding<'a> {
    severity: Severity,
    code: Option<&'a str>,
    message: &'a str,
    /// What stands at the place.
    label: Option<&'a str>,
    /// What to do about it.
    help: Option<&'a str>,
    span: Span,
}

impl Finding<'_> {
    /// The finding with its place in the source of that name and text, in colours if `colours`.
    fn text(&self, name: &str, source: &str, colours: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Hint => Level::INFO.with_name("hint"),
        };
        let mut title = level.primary_title(self.message);
        if let Some(code) = self.code {
            title = title.id(code);
        }
        let at = Position::of(source, self.span.start);
        let excerpt = Excerpt::around(source, self.span, at);
        let annotation = AnnotationKind::Primary.span(excerpt.span.start..excerpt.span.end);
        let snippet = Snippet::source(excerpt.text).line_start(excerpt.first_line).path(PLACE).fold(false);
        let mut group = Group::with_title(title).element(snippet.annotation(annotation.label(self.label)));
        if let Some(help) = self.help {
            group = group.element(Level::HELP.message(help));
        }
        let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
        let shown = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
        put_place(&shown, &format!("{}:{}:{}", printable(name), at.line, at.column))
    }
}

/// Puts the place where [`PLACE`] stands, and in place of the line and column that follow it: they are
/// counted in the excerpt.
fn put_place(shown: &str, place: &str) -> String {
    let Some((before, after)) = shown.split_once(PLACE) else { return shown.to_owned() };
    let after = after.trim_start_matches(|c: char| c == ':' || c.is_ascii_digit());
    format!("{before}{place}{after}")
}

/// A name without what would steer a terminal.
fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A few lines of a text around a place, long ones cut.
#[derive(Debug, PartialEq, Eq)]
struct Excerpt {
    text: String,
    /// The number of the first line in the whole text.
    first_line: usize,
    /// The place in `text`; on one line.
    span: Span,
}

impl Excerpt {
    /// The excerpt around `span`, which starts at `at`.
    fn around(text: &str, span: Span, at: Position) -> Excerpt {
        let start = floor(text, span.start);
        let line_start = text[..start].rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |length| start + length);
        let end = floor(text, span.end).clamp(start, line_end);

        let mut excerpt = String::new();
        let mut first_line = at.line;
        let mut before = line_start;
        for _ in 0..LINES_BEFORE {
            let Some(rest) = text[..before].strip_suffix('\n') else { break };
            let rest = rest.strip_suffix('\r').unwrap_or(rest);
            let previous = rest.rfind(['\n', '\r']).map_or(0, |end| end + 1);
            excerpt.insert_str(0, &format!("{}\n", cut(rest, previous, rest.len(), previous).0));
            before = previous;
            first_line -= 1;
        }
        let offset = excerpt.len();
        let (line, shown_start) = cut(text, line_start, line_end, start);
        excerpt.push_str(&line);
        let start_in = offset + shown_start;
        let length = (end - start).min(excerpt.len() - start_in);
        Excerpt { text: excerpt, first_line, span: Span::new(start_in, start_in + length) }
    }
}

/// The part of the line `start..end` near `place`, marked where it was cut, and where `place` is in it.
fn cut(text: &str, start: usize, end: usize, place: usize) -> (String, usize) {
    let from = if place - start > LINE_HALF { floor(text, place - LINE_HALF) } else { start };
    let to = if end - place > LINE_HALF { floor(text, place + LINE_HALF) } else { end };
    let mut line = String::new();
    if from > start {
        line.push_str("...");
    }
    let place = line.len() + place - from;
    line.push_str(&text[from..to]);
    if to < end {
        line.push_str("...");
    }
    (line, place)
}

/// The nearest character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    text.floor_char_boundary(offset)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FINDING: Finding<'static> = Finding {
        severity: Severity::Error,
        code: Some("E0102"),
        message: "hypothesis requires a title",
        label: Some("found nothing"),
        help: Some("add a `title`"),
        span: Span { start: 23, end: 25 },
    };

    fn shown(source: &str, start: usize, end: usize) -> String {
        Finding { span: Span::new(start, end), ..FINDING }.text("e.json", source, false)
    }

    #[test]
    fn shows_the_place_with_its_line() {
        let expected = "error[E0102]: hypothesis requires a title
 --> e.json:3:12
  |
2 |   \"a\": 1,
3 |   \"title\": \"\"
  |            ^^ found nothing
  |
  = help: add a `title`";
        assert_eq!(shown("{\n  \"a\": 1,\n  \"title\": \"\"\n}\n", 23, 25), expected);
    }

    #[test]
    fn colours_only_on_demand_and_never_from_the_source() {
        assert!(!shown("\u{1b}[31mred", 0, 1).contains('\u{1b}'));
        assert!(FINDING.text("e", "text", true).contains("\u{1b}["));
        assert!(!FINDING.text("\u{1b}[31me", "text", false).contains('\u{1b}'));
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let shown = shown(&"x".repeat(100_000), 50_000, 90_000);
        assert!(shown.contains("--> e.json:1:50001\n"), "{shown}");
        assert!(shown.len() < 2_000, "{} bytes", shown.len());
        assert!(shown.contains("...xxx") && shown.contains("xxx..."), "{shown}");
    }

    #[test]
    fn a_malformed_text_is_shown_where_it_is_wrong() {
        let text = "{\n  \"a\": nope\n}";
        let error = squall_model::json::parse(text).unwrap_err();
        let shown = syntax_error("e.json", text, &error);
        assert!(shown.contains("--> e.json:2:8\n") && shown.contains("2 |   \"a\": nope"), "{shown}");
    }

    proptest! {
        #[test]
        fn any_place_in_any_text_can_be_shown(
            text in "[a-z\u{e4}\u{1f600}\u{301}\t\r\n\u{1b}]{0,60}", start in 0usize..70, length in 0usize..70,
        ) {
            let shown = shown(&text, start, start + length);
            prop_assert!(shown.starts_with("error[E0102]: hypothesis requires a title\n"));
            let position = Position::of(&text, start);
            let place = format!("--> e.json:{}:{}\n", position.line, position.column);
            prop_assert!(shown.contains(&place), "{}", shown);
        }
    }
}
