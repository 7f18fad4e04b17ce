//! The first difference of two recorded values. Types, spelling of numbers and order of keys count.

use crate::json::Json;

/// Where and how `found` differs from `expected`; nothing when they are the same. `"<ANY>"` in the
/// expectation accepts anything.
#[must_use]
pub fn first_difference(expected: &Json, found: &Json) -> Option<String> {
    at("", expected, found)
}

fn at(path: &str, expected: &Json, found: &Json) -> Option<String> {
    let place = if path.is_empty() { "/" } else { path };
    match (expected, found) {
        (Json::String(any), _) if any == "<ANY>" => None,
        (Json::Object(wanted), Json::Object(had)) => {
            for (key, value) in wanted {
                let Some(other) = found.get(key) else {
                    return Some(format!("{place}: `{key}` is missing, expected {}", short(value)));
                };
                if let Some(difference) = at(&format!("{path}/{key}"), value, other) {
                    return Some(difference);
                }
            }
            if let Some((key, value)) = had.iter().find(|(key, _)| expected.get(key).is_none()) {
                return Some(format!("{place}: unexpected `{key}`: {}", short(value)));
            }
            let keys = |members: &[(String, Json)]| {
                members.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ")
            };
            (keys(wanted) != keys(had))
                .then(|| format!("{place}: keys in the order {}, expected {}", keys(had), keys(wanted)))
        }
        (Json::Array(wanted), Json::Array(had)) => {
            for (index, (value, other)) in wanted.iter().zip(had).enumerate() {
                if let Some(difference) = at(&format!("{path}/{index}"), value, other) {
                    return Some(difference);
                }
            }
            if wanted.len() == had.len() {
                return None;
            }
            let next = if had.len() > wanted.len() { &had[wanted.len()] } else { &wanted[had.len()] };
            let kind = if had.len() > wanted.len() { "unexpected" } else { "missing" };
            Some(format!("{place}: {} items, expected {}; {kind} {}", had.len(), wanted.len(), short(next)))
        }
        _ if expected == found => None,
        _ => Some(format!("{place}: {}, expected {}", short(found), short(expected))),
    }
}

/// The value on one line, cut.
fn short(value: &Json) -> String {
    const MOST: usize = 300;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(expected: &str, found: &str) -> Option<String> {
        first_difference(&Json::parse(expected).unwrap(), &Json::parse(found).unwrap())
    }

    #[test]
    fn types_numbers_and_order_count() {
        assert_eq!(difference(r#"{"a": [1, "<ANY>"]}"#, r#"{"a": [1, {"x": 2}]}"#), None);
        assert_eq!(difference(r#"{"a": 1}"#, r#"{"a": 1.0}"#).unwrap(), "/a: 1.0, expected 1");
        assert_eq!(difference("1", "true").unwrap(), "/: true, expected 1");
        assert!(difference(r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#).unwrap().contains("order b, a"));
        assert!(difference("[1]", "[1, 2]").unwrap().contains("unexpected 2"));
        assert!(difference("{}", r#"{"a": 1}"#).unwrap().contains("unexpected `a`"));
    }
}
