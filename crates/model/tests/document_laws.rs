//! What holds for all documents.

use proptest::prelude::*;
use squall_model::document::{self, Document, Format, Part, Pointer, Step};
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Int, Key, Value, check, yaml};

/// Texts with what gives readers and writers trouble.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z ]{0,100}",
        r#"[-a:#'"\\, \n\[\]{}&*!|>%@`?~=<.0-9_e+é\t]{0,24}"#,
        "(yes|no|null|~|0x1f|1_000|1:30|2020-01-01|\\.inf|<<|=|1e3|010)",
    ]
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "-?[1-9][0-9]{18,60}".prop_map(|digits| Value::Int(digits.parse::<Int>().expect("digits"))),
        any::<f64>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ]
}

fn values(keys: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    scalars().prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::list),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|entries| Value::map(
                entries.into_iter().map(|(key, value)| (Key::new(key).expect("a scalar"), value))
            )),
        ]
    })
}

fn text_keyed() -> impl Strategy<Value = Value> {
    values(texts().prop_map(Value::from).boxed())
}

/// Keys of all types but NaN, which equals nothing.
fn any_keyed() -> impl Strategy<Value = Value> {
    values(scalars().prop_filter("no NaN", |key| key.as_f64().is_none_or(|number| !number.is_nan())).boxed())
}

/// All places of a value with the values that stand there.
fn places(value: &Value, at: &Pointer, all: &mut Vec<(Pointer, Value)>) {
    all.push((at.clone(), value.clone()));
    match value {
        Value::List(list) => {
            for (index, item) in list.to_vec().iter().enumerate() {
                places(item, &at.then(index), all);
            }
        }
        Value::Map(map) => {
            for (key, item) in map.entries() {
                places(&item, &at.then(Step::Key(key)), all);
            }
        }
        _ => {}
    }
}

struct Nothing;

impl check::World for Nothing {
    fn env(&self, _: &str) -> Option<String> {
        None
    }

    fn which(&self, _: &str) -> check::Lookup {
        check::Lookup::NotFound
    }

    fn cast(&self, _: &str, _: &Value) -> Result<(), String> {
        Err("no".to_owned())
    }
}

proptest! {
    #[test]
    fn what_json_writes_it_reads(value in text_keyed(), layout in 0..3_usize, ascii: bool) {
        let layout = [Layout::Indented(2), Layout::Spaced, Layout::Compact][layout];
        let text = json::write(&value, &Style { layout, ascii, non_finite: NonFinite::Bare });
        let read = json::parse(&text).unwrap();
        prop_assert!(read.identical(&value), "{text}\n{read:?}");
    }

    #[test]
    fn what_yaml_writes_it_reads(value in any_keyed(), sorted: bool) {
        let text = yaml::dump(&value, sorted);
        let read = yaml::load(&text, "text").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert!(read.identical(&value), "{text}\n{read:?}");
    }

    #[test]
    fn yaml_reads_json(value in text_keyed()) {
        // YAML 1.1 has other rules for exponents, and for keys of more than 1024 characters.
        let text = json::write(&value, &Style { ascii: true, ..Style::default() });
        let json = json::parse(&text).unwrap();
        prop_assume!(!text.contains(['e', 'E']) || !text.contains(|c: char| c.is_ascii_digit()));
        prop_assert!(yaml::load(&text, "text").unwrap().identical(&json), "{text}");
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        for format in [Format::Json, Format::Yaml] {
            if let Err(error) = Document::from_text("text", &text, format) {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
            }
        }
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(text in r#"([-a:#'"\\, \n\[\]{}&*!|>%@`?~=<.0-9é\t\r]|---\n|\n  ?|<<: |: ){0,40}"#) {
        if let Err(error) = yaml::load(&text, "text") {
            prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
            prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        match (document::decode(&bytes), std::str::from_utf8(&bytes)) {
            (Ok(text), Ok(same)) => prop_assert_eq!(text, same),
            (Err(error), Err(_)) => prop_assert!(error.message.starts_with("'utf-8' codec can't decode byte")),
            _ => prop_assert!(false),
        }
        for format in [Format::Json, Format::Yaml] {
            let _ = Document::parse("bytes", &bytes, format);
        }
    }

    #[test]
    fn any_value_can_be_checked(value in any_keyed(), section in 0..10_usize) {
        let sections = ["method", "steady-state-hypothesis", "rollbacks", "configuration", "secrets", "controls", "tags",
            "extensions", "title", "contributions"];
        let experiment = Value::map([("title", Value::from("t")), (sections[section], value)]);
        let report = check::check(&experiment, &Default::default(), &Nothing);
        for found in report.finish([]) {
            // What is missing is reported where it should be, so the place itself is always there.
            prop_assert!(found.at.follow(&experiment).is_some(), "{} {}", found.at, found.message);
        }
    }

    #[test]
    fn every_value_of_a_json_text_is_found_in_it(value in text_keyed()) {
        let text = json::write(&value, &Style { non_finite: NonFinite::Bare, ..Style::default() });
        let document = Document::from_text("text", &text, Format::Json).unwrap();
        let mut all = Vec::new();
        places(&value, &Pointer::root(), &mut all);
        for (at, value) in all {
            let span = document.locate(&at, Part::Value).unwrap();
            prop_assert!(json::parse(&text[span.start..span.end]).unwrap().identical(&value), "{at}");
        }
    }

    #[test]
    fn every_scalar_of_a_yaml_text_is_found_in_it(value in any_keyed()) {
        let text = yaml::dump(&value, false);
        let document = Document::from_text("text", &text, Format::Yaml).unwrap();
        let mut all = Vec::new();
        places(&value, &Pointer::root(), &mut all);
        for (at, value) in all {
            let span = document.locate(&at, Part::Value).unwrap();
            if !matches!(value, Value::List(_) | Value::Map(_)) {
                let found = yaml::load(&text[span.start..span.end], "text").unwrap();
                prop_assert!(found.identical(&value), "{at} {value:?} {:?}", &text[span.start..span.end]);
            }
        }
    }
}
