//! JSON against what CPython made of the same texts (`golden/make_json.py`).

use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{List, Map, Value, python};

#[test]
fn texts_mean_what_they_mean_to_cpython() {
    let rows = json::parse(include_str!("golden/json.json")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.as_list().unwrap().to_vec() {
        let text = row.get("text").unwrap();
        let text = text.as_str().unwrap();
        let found = json::parse(text);
        let fits = match (&found, row.get("repr")) {
            (Ok(value), Some(repr)) => python::repr(value) == repr.as_str().unwrap(),
            (Err(error), None) => Some(error.message.as_str()) == row.get("error").unwrap().as_str(),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{text:?}\n   is     {found:?}\n   wanted {row:?}"));
            continue;
        }
        let Ok(value) = found else { continue };
        let bare = NonFinite::Bare;
        let styles = [
            Style { layout: Layout::Indented(2), ascii: false, non_finite: bare },
            Style { non_finite: bare, ..Style::SPACED },
            Style { non_finite: bare, ..Style::COMPACT },
            Style { non_finite: bare, ascii: true, ..Style::SPACED },
        ];
        let wanted = row.get("dumps").unwrap();
        for (style, wanted) in styles.iter().zip(wanted.as_list().unwrap().to_vec()) {
            let written = json::write(&value, style);
            if Some(written.as_str()) != wanted.as_str() {
                wrong
                    .push(format!("{text:?} written {style:?}\n   is     {written:?}\n   wanted {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} texts differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn half_a_surrogate_pair_is_replaced() {
    for (text, found) in [
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ude00\ud83d""#, "\u{fffd}\u{fffd}"),
        (r#""\ud83dx""#, "\u{fffd}x"),
    ] {
        assert_eq!(json::parse(text).unwrap(), Value::from(found));
    }
}

#[test]
fn nesting_has_a_limit_and_no_overflow() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(json::parse(&nested(json::MAX_DEPTH)).is_ok());
    for depth in [json::MAX_DEPTH + 1, 100_000] {
        let error = json::parse(&nested(depth)).unwrap_err();
        assert!(error.message.starts_with("maximum recursion depth exceeded"), "{}", error.message);
        assert_eq!(error.span.start, json::MAX_DEPTH);
    }
    assert!(json::parse(&"{\"a\":".repeat(100_000)).is_err());
}

#[test]
fn numbers_without_a_json_form_are_texts_unless_asked_for() {
    let value = Value::list([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e22].map(Value::from));
    assert_eq!(json::write(&value, &Style::SPACED), r#"["NaN", "Infinity", "-Infinity", 1e+22]"#);
}

#[test]
fn keys_become_texts() {
    let keys = [Value::Null, Value::from(true), Value::from(7), Value::from(1.5), Value::from(f64::NAN)];
    let map = Map::new();
    for key in keys {
        map.insert(squall_model::Key::new(key).unwrap(), Value::Null);
    }
    let wanted = r#"{"null":null,"true":null,"7":null,"1.5":null,"NaN":null}"#;
    assert_eq!(json::write(&Value::Map(map), &Style::COMPACT), wanted);
}

#[test]
fn a_container_inside_itself_is_shown() {
    let list = List::new();
    let map = Map::new();
    map.insert("list", Value::List(list.clone()));
    list.push(Value::Map(map.clone()));
    list.push(Value::from(1));
    assert_eq!(json::write(&Value::Map(map), &Style::COMPACT), r#"{"list":["<circular reference>",1]}"#);
    // What merely occurs twice is written twice.
    let twice = Value::list([Value::list([Value::Null]); 1].into_iter().flat_map(|v| [v.clone(), v]));
    assert_eq!(json::write(&twice, &Style::COMPACT), "[[null],[null]]");
}

#[test]
fn pieces_make_the_same_text() {
    let value = Value::list((0..20_000).map(|number| Value::map([("number", Value::from(number))])));
    let mut pieces = Vec::new();
    json::write_to(&value, &Style::default(), &mut pieces).unwrap();
    assert_eq!(String::from_utf8(pieces).unwrap(), json::write(&value, &Style::default()));
}
