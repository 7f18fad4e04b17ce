//! The YAML of the case files, turned into [`Json`].
//!
//! Case files keep to plain YAML: one document, text keys, no tags. Anchors and aliases work, so does the
//! merge key (`<<: *name`); a key that stands twice in a mapping is an error. Unquoted scalars are `null`, `true`, `false`, a
//! JSON number, or text.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::json::{Json, Members};

/// Why a case file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct YamlError {
    line: usize,
    what: String,
}

enum Open {
    List(Vec<Json>),
    Mapping { members: Members, key: Option<String> },
}

/// Parses a case file.
pub fn parse(text: &str) -> Result<Json, YamlError> {
    let mut anchors: HashMap<usize, Json> = HashMap::new();
    let mut open: Vec<(Open, usize)> = Vec::new();
    let mut whole = None;
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| YamlError { line: error.marker().line(), what: error.to_string() })?;
        let fail = |what: String| YamlError { line: span.start.line(), what };
        let (value, anchor) = match event {
            Event::SequenceStart(anchor, _) => {
                open.push((Open::List(Vec::new()), anchor));
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push((Open::Mapping { members: Members::new(), key: None }, anchor));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some((Open::List(items), anchor)) => (Json::Array(items), anchor),
                Some((Open::Mapping { members, .. }, anchor)) => (Json::Object(merged(members)), anchor),
                None => return Err(fail("an end without a start".to_owned())),
            },
            Event::Scalar(text, style, anchor, _) => (scalar(&text, style), anchor),
            Event::Alias(anchor) => {
                let value = anchors.get(&anchor).cloned();
                (value.ok_or_else(|| fail("an alias inside of its own anchor".to_owned()))?, 0)
            }
            _ => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, value.clone());
        }
        match open.last_mut() {
            None => whole = Some(value),
            Some((Open::List(items), _)) => items.push(value),
            Some((Open::Mapping { members, key }, _)) => match key.take() {
                Some(key) => members.push((key, value)),
                None => {
                    let name = match value {
                        Json::String(name) => name,
                        other => other.to_string(),
                    };
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(fail(format!("`{name}` stands twice in one mapping")));
                    }
                    *key = Some(name);
                }
            },
        }
    }
    Ok(whole.unwrap_or(Json::Null))
}

/// The members with those of the mapping under `<<`, less those that the mapping has itself.
fn merged(mut members: Members) -> Members {
    let Some(at) = members.iter().position(|(key, value)| key == "<<" && value.as_object().is_some()) else {
        return members;
    };
    let Json::Object(others) = members.remove(at).1 else { return members };
    for (key, value) in others {
        if !members.iter().any(|(known, _)| *known == key) {
            members.push((key, value));
        }
    }
    members
}

fn scalar(text: &str, style: ScalarStyle) -> Json {
    if !matches!(style, ScalarStyle::Plain) {
        return Json::text(text);
    }
    match text {
        "" | "~" | "null" => Json::Null,
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => match Json::parse(text) {
            Ok(number @ Json::Number(_)) => number,
            _ => Json::text(text),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_lists_mappings_and_anchors() {
        let value =
            parse("a: &x [1, 1.0, '1', yes, true, ~]\nb: *x\nc:\n  d: |\n    two\n    lines\n").unwrap();
        assert_eq!(
            value.to_string(),
            r#"{"a": [1, 1.0, "1", "yes", true, null], "b": [1, 1.0, "1", "yes", true, null], "c": {"d": "two\nlines\n"}}"#
        );
    }

    #[test]
    fn merge_keys_give_way() {
        let value = parse("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\n").unwrap();
        assert_eq!(value.to_string(), r#"{"a": {"b": 1, "c": 2}, "d": {"c": 3, "b": 1}}"#);
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        assert!(parse("a: 1\nb: 2\na: 3\n").unwrap_err().to_string().contains("`a` stands twice"));
    }
}
