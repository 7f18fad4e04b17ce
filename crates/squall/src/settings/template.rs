//! Environment variables in the text values of the settings.

use squall_model::{Map, Value};

/// A copy of `settings` in which `$NAME` and `${NAME}` in text values are replaced by what `variable`
/// gives. Unknown names stay, and so does every other `$`; `$$NAME` and `$${NAME}` are how `$NAME` and
/// `${NAME}` themselves are written.
pub fn expand_map(settings: &Map, variable: &dyn Fn(&str) -> Option<String>) -> Map {
    settings.entries().into_iter().map(|(key, value)| (key, expand(&value, variable))).collect()
}

fn expand(value: &Value, variable: &dyn Fn(&str) -> Option<String>) -> Value {
    match value {
        Value::Str(text) if text.contains('$') => Value::from(expand_text(text, variable)),
        Value::List(list) => Value::list(list.to_vec().iter().map(|item| expand(item, variable))),
        Value::Map(map) => Value::Map(expand_map(map, variable)),
        other => other.clone(),
    }
}

fn expand_text(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        let escaped = rest[1..].starts_with('$');
        let start = usize::from(escaped);
        let Some((name, length)) = reference(&rest[start..]) else {
            expanded.push('$');
            rest = &rest[1..];
            continue;
        };
        let written = &rest[start..start + length];
        match variable(name) {
            Some(value) if !escaped => expanded.push_str(&value),
            _ => expanded.push_str(written),
        }
        rest = &rest[start + length..];
    }
    expanded.push_str(rest);
    expanded
}

/// The name that `text`, which begins with `$`, refers to, and how long the reference is.
fn reference(text: &str) -> Option<(&str, usize)> {
    let after = &text[1..];
    let (braced, after) = match after.strip_prefix('{') {
        Some(after) => (true, after),
        None => (false, after),
    };
    let is_part = |c: char| c == '_' || c.is_ascii_alphanumeric();
    let name = &after[..after.find(|c| !is_part(c)).unwrap_or(after.len())];
    let named = !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit());
    match braced {
        _ if !named => None,
        true => after[name.len()..].starts_with('}').then_some((name, name.len() + 3)),
        false => Some((name, name.len() + 1)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "NAME" => Some("value".to_owned()),
            "AGAIN" => Some("$NAME".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn known_names_are_replaced_once() {
        for (text, expected) in
            [("$NAME", "value"), ("a${NAME}b$NAME-$NAMES", "avaluebvalue-$NAMES"), ("${AGAIN}", "$NAME")]
        {
            assert_eq!(expand_text(text, &known), expected);
        }
    }

    #[test]
    fn everything_else_stays() {
        for text in [
            "$",
            "$$",
            "${",
            "${}",
            "${NAME",
            "$1",
            "${1a}",
            "${NO_SUCH}",
            "$NO_SUCH",
            "a$ b",
            "${NAME:-x}",
            "é$é",
        ] {
            assert_eq!(expand_text(text, &known), text);
        }
    }

    #[test]
    fn a_doubled_dollar_makes_a_reference_plain_text() {
        assert_eq!(expand_text("$$NAME and $${NAME} cost 5$$", &known), "$NAME and ${NAME} cost 5$$");
    }

    #[test]
    fn values_at_any_depth_are_replaced_and_keys_are_not() {
        let inner = Value::map([("$NAME", Value::list([Value::from("$NAME"), Value::from(1)]))]);
        let settings: Map = [("a", inner)].into_iter().collect();
        let expanded = Value::Map(expand_map(&settings, &known));
        let expected =
            Value::map([("a", Value::map([("$NAME", Value::list([Value::from("value"), Value::from(1)]))]))]);
        assert!(expanded.identical(&expected), "{expanded:?}");
        assert_eq!(
            settings.get("a").unwrap().get("$NAME").unwrap().as_list().unwrap().get(0),
            Some(Value::from("$NAME"))
        );
    }

    proptest! {
        #[test]
        fn text_without_a_dollar_or_known_names_is_untouched(text in "[^$]*", other in r"[a-z${} ]*") {
            prop_assert_eq!(expand_text(&text, &known), text);
            prop_assert!(expand_text(&other, &|_| None).len() <= other.len());
        }
    }
}
