//! Tolerances and outputs in plain words.

use std::fmt::Write;

use super::{decoded, status, target};
use crate::expr::jsonpath::JsonPath;
use crate::json;
use crate::value::{Map, Value};

/// How many characters of a value are shown.
const SHOWN: usize = 80;

/// What a tolerance expects and what was found, in plain words: `expected status 200, found status 503`.
///
/// The tolerance is taken as it is, nothing is substituted. Long values are shortened.
pub fn describe(tolerance: &Value, value: &Value) -> String {
    let (expected, found) = match tolerance {
        Value::Int(_) => match status(value) {
            Some(status) => (format!("status {}", show(tolerance)), format!("status {}", show(&status))),
            None => (show(tolerance), show(value)),
        },
        Value::List(items) => {
            let items = items.to_vec();
            match (status(value), items.as_slice()) {
                (Some(status), items) => {
                    (format!("a status among {}", among(items)), format!("status {}", show(&status)))
                }
                (None, [low, high]) => (format!("a value from {} to {}", show(low), show(high)), show(value)),
                (None, items) => (format!("a value among {}", among(items)), show(value)),
            }
        }
        Value::Map(rule) => by_rule(rule, value),
        Value::Bool(_) | Value::Str(_) => (show(tolerance), show(value)),
        Value::Null | Value::Float(_) | Value::Other(_) => {
            let kind = match tolerance {
                Value::Float(_) => "a tolerance that is a decimal number is never met",
                Value::Null => "a tolerance that is null is never met",
                _ => "a tolerance of this type is never met",
            };
            (format!("{} ({kind})", show(tolerance)), show(value))
        }
    };
    format!("expected {expected}, found {found}")
}

fn by_rule(rule: &Map, value: &Value) -> (String, String) {
    let part = |key: &str| rule.get(key).unwrap_or(Value::Null);
    let place = match rule.get("target").filter(Value::is_truthy) {
        Some(target) => format!(" in {}", plain(&target)),
        None => String::new(),
    };
    let looked_at = target(rule, value).unwrap_or_else(|_| value.clone());
    match part("type").as_str() {
        Some("probe") => (format!("what the probe {} accepts", plain(&part("name"))), show(value)),
        Some("regex") => {
            (format!("text that matches `{}`{place}", plain(&part("pattern"))), show(&looked_at))
        }
        Some("jsonpath") => {
            let mut expected = format!("`{}`{place}", plain(&part("path")));
            let _ = match (rule.get("expect"), part("count")) {
                (Some(expect), _) => write!(expected, " to give {}", show(&expect)),
                (None, Value::Null) => write!(expected, " to match"),
                (None, count) => write!(expected, " to match {} times", show(&count)),
            };
            (expected, found_by(&part("path"), looked_at))
        }
        Some("range") => {
            let bounds = part("range").as_list().map(|list| list.to_vec()).unwrap_or_default();
            let expected = match bounds.as_slice() {
                [low, high] => format!("a number from {} to {}{place}", show(low), show(high)),
                _ => format!("a number in the range {}{place}", show(&part("range"))),
            };
            (expected, show(&looked_at))
        }
        _ => {
            let kind = plain(&part("type"));
            (format!("a match by the rule {kind} (there is no such type of tolerance)"), show(value))
        }
    }
}

/// What a path finds, or where it cannot be followed, the value itself.
fn found_by(path: &Value, value: Value) -> String {
    let matches = path
        .as_str()
        .and_then(|path| JsonPath::parse(path).ok())
        .zip(decoded(value.clone()).ok())
        .and_then(|(path, document)| path.matches(&document).ok());
    match matches.as_deref() {
        Some([]) => format!("no match in {}", show(&value)),
        Some([one]) => show(one),
        Some(several) => format!("{} matches: {}", several.len(), among(several)),
        None => show(&value),
    }
}

fn among(items: &[Value]) -> String {
    match items {
        [] => "nothing (the list is empty)".to_owned(),
        items => short(&items.iter().map(show).collect::<Vec<_>>().join(", ")),
    }
}

/// Text as it is, everything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| show(value), short)
}

fn show(value: &Value) -> String {
    short(&json::write(value, &json::Style::SPACED))
}

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words() {
        for (tolerance, value, expected) in [
            ("200", r#"{"status": 503}"#, "expected status 200, found status 503"),
            ("1", "2", "expected 1, found 2"),
            ("true", r#"{"status": 0}"#, r#"expected true, found {"status": 0}"#),
            ("\"a\"", "null", r#"expected "a", found null"#),
            ("1.5", "1.5", "expected 1.5 (a tolerance that is a decimal number is never met), found 1.5"),
            ("[200, 201]", r#"{"status": 503}"#, "expected a status among 200, 201, found status 503"),
            ("[4, 9]", "12", "expected a value from 4 to 9, found 12"),
            ("[1, 2, 3]", "4", "expected a value among 1, 2, 3, found 4"),
            ("[]", "4", "expected a value among nothing (the list is empty), found 4"),
            (
                r#"{"type": "regex", "pattern": "^hi$", "target": "stdout"}"#,
                r#"{"status": 0, "stdout": "ho\n"}"#,
                r#"expected text that matches `^hi$` in stdout, found "ho\n""#,
            ),
            (
                r#"{"type": "jsonpath", "path": "$.a[*].n", "count": 3}"#,
                r#"{"a": [{"n": 1}, {"n": 2}]}"#,
                "expected `$.a[*].n` to match 3 times, found 2 matches: 1, 2",
            ),
            (
                r#"{"type": "jsonpath", "path": "$.a", "expect": 5, "target": "stdout"}"#,
                r#"{"stdout": "{\"a\": 4}"}"#,
                "expected `$.a` in stdout to give 5, found 4",
            ),
            (
                r#"{"type": "jsonpath", "path": "$.zz"}"#,
                r#"{"a": 1}"#,
                r#"expected `$.zz` to match, found no match in {"a": 1}"#,
            ),
            (
                r#"{"type": "range", "range": [4, 8], "target": "n"}"#,
                r#"{"n": "9"}"#,
                r#"expected a number from 4 to 8 in n, found "9""#,
            ),
            (
                r#"{"type": "probe", "name": "check-it"}"#,
                "3",
                "expected what the probe check-it accepts, found 3",
            ),
            (
                r#"{"type": "zzz"}"#,
                "3",
                "expected a match by the rule zzz (there is no such type of tolerance), found 3",
            ),
        ] {
            let (tolerance, value) = (json::parse(tolerance).unwrap(), json::parse(value).unwrap());
            assert_eq!(describe(&tolerance, &value), expected);
        }
    }

    #[test]
    fn long_values_are_shortened() {
        let text = describe(&Value::from(1_i64), &Value::from("é".repeat(500)));
        assert_eq!(text, format!("expected 1, found \"{}…", "é".repeat(79)));
    }
}
