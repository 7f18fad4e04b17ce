//! Laws that hold for any value and any text.

use proptest::prelude::*;
use squall_model::expr::{Decimal, JsonPath, Regex, RegexError, Scope, Verdict, within};
use squall_model::{Value, python};

/// Reads what `repr` wrote of a text.
fn unquote(repr: &str) -> Option<String> {
    let quote = repr.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let body = repr.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut chars = body.chars();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        text.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'x' => hex(&mut chars, 2)?,
                'u' => hex(&mut chars, 4)?,
                'U' => hex(&mut chars, 8)?,
                other => other,
            },
            // The quote stands inside only behind a backslash.
            c if c == quote || c.is_control() => return None,
            c => c,
        });
    }
    Some(text)
}

fn hex(chars: &mut std::str::Chars<'_>, width: usize) -> Option<char> {
    let digits: String = chars.take(width).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    scalars().prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec(("[a-c]{1,2}", inner), 0..4).prop_map(Value::map),
        ]
    })
}

proptest! {
    #[test]
    fn a_quoted_text_can_be_read_back(text in any::<String>()) {
        prop_assert_eq!(unquote(&python::str_repr(&text)), Some(text));
    }

    #[test]
    fn a_float_can_be_read_back(float in any::<f64>()) {
        let read: f64 = python::float_repr(float).parse().unwrap();
        prop_assert!(read == float || (read.is_nan() && float.is_nan()));
    }

    #[test]
    fn a_value_is_within_a_set_that_holds_it(value in values()) {
        // NaN is nowhere, and of a mapping with a status only the status counts.
        let scope = Scope::default();
        let set = Value::list([value.clone(), Value::Null, Value::Null]);
        let is_nan = |value: &Value| value != value;
        if value.get("status").is_none() && !is_nan(&value) {
            prop_assert_eq!(within(&set, &value, &scope), Ok(Verdict::Met(true)));
        }
        if matches!(value, Value::Bool(_) | Value::Int(_)) {
            prop_assert_eq!(within(&value, &value, &scope), Ok(Verdict::Met(true)));
        }
    }

    #[test]
    fn the_root_matches_the_document_and_descent_all_below(value in values()) {
        let root = JsonPath::parse("$").unwrap().matches(&value).unwrap();
        prop_assert_eq!(root.len(), 1);
        prop_assert!(root[0].identical(&value));
        let children = JsonPath::parse("$.*").unwrap().matches(&value).unwrap();
        let below = JsonPath::parse("$..*").unwrap().matches(&value).unwrap();
        let deeper = children.iter().map(|child| JsonPath::parse("$..*").unwrap().matches(child).unwrap().len());
        prop_assert_eq!(below.len(), children.len() + deeper.sum::<usize>());
    }

    #[test]
    fn decimals_order_as_the_integers_they_are(a in any::<i64>(), b in any::<i64>(), shift in 0_u32..40) {
        let plain = Decimal::from_value(&Value::from(a)).unwrap();
        let moved = format!("{b}{}e-{shift}", "0".repeat(shift as usize));
        let moved = Decimal::from_value(&Value::from(moved)).unwrap();
        prop_assert_eq!(plain.compare(&moved).unwrap(), a.cmp(&b));
    }

    #[test]
    fn an_escaped_text_finds_itself(text in any::<String>(), around in any::<String>()) {
        let pattern: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
        let found = Regex::new(&pattern).unwrap().search(&format!("{around}{text}{around}"));
        prop_assert_eq!(found, Ok(true));
    }

    #[test]
    fn any_pattern_is_taken_or_refused(pattern in "[\\[\\](){}*+?|^$\\\\.,:=!<>PaAbdwxi#0-9-]{0,20}", text in "[a-c]{0,8}") {
        match Regex::new(&pattern) {
            Ok(regex) => prop_assert!(regex.search(&text).is_ok()),
            Err(RegexError::Syntax { message, position }) => {
                prop_assert!(!message.is_empty());
                prop_assert!(position.is_none_or(|at| at <= pattern.chars().count()));
            }
            Err(RegexError::Unsupported(reason)) => prop_assert!(!reason.is_empty()),
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
