//! Where things stand in a text, and texts that are none.

use squall_model::document::{self, Document, Format, Part, Pointer, Position};
use squall_model::{Value, json, yaml};

fn found<'a>(document: &'a Document, pointer: &Pointer, part: Part) -> Option<&'a str> {
    document.locate(pointer, part).map(|span| &document.text[span.start..span.end])
}

#[test]
fn keys_and_values_are_found_in_json() {
    let text = r#"{"a": [1, {"b/c": "é"}], "a": [2, {"b/c": [3, 4]}]}"#;
    let document = Document::from_text("e.json", text, Format::Json).unwrap();
    let at = Pointer::root().then("a").then(1).then("b/c");
    // Of equal keys the last one counts.
    assert_eq!(found(&document, &at, Part::Value), Some("[3, 4]"));
    assert_eq!(found(&document, &at, Part::Key), Some(r#""b/c""#));
    assert_eq!(at.to_string(), "/a/1/b~1c");
    assert_eq!(at.follow(&document.value).map(|value| value.as_list().unwrap().len()), Some(2));
    assert_eq!(found(&document, &Pointer::root(), Part::Value), Some(text));
    assert_eq!(found(&document, &at.then("nothing"), Part::Value), None);
    assert_eq!(found(&document, &at.then(9), Part::Value), None);
}

#[test]
fn keys_and_values_are_found_in_yaml() {
    let text = "a: &x\n  - 1\n  - b: |\n      text\n    yes: 'q'\nc: *x\nd: {<<: {m: 1}, n: two words}\n";
    let document = Document::from_text("e.yaml", text, Format::Yaml).unwrap();
    let item = Pointer::root().then("a").then(1);
    assert_eq!(found(&document, &item.then("b"), Part::Value), Some("|\n      text\n"));
    let yes = squall_model::Key::new(Value::Bool(true)).unwrap();
    assert_eq!(found(&document, &item.then(yes.clone()), Part::Value), Some("'q'"));
    assert_eq!(found(&document, &item.then(yes), Part::Key), Some("yes"));
    // Behind an alias stands what the anchor has.
    assert_eq!(found(&document, &Pointer::root().then("c").then(0), Part::Value), Some("1"));
    let merged = Pointer::root().then("d");
    assert_eq!(found(&document, &merged.then("m"), Part::Value), Some("1"));
    assert_eq!(found(&document, &merged.then("n"), Part::Value), Some("two words"));
    assert_eq!(found(&document, &merged.then("n"), Part::Key), Some("n"));
}

#[test]
fn what_is_not_utf_8_is_told_as_the_codec_tells_it() {
    for (bytes, message) in [
        (&b"a\xff"[..], "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"),
        (b"\xe9x", "'utf-8' codec can't decode byte 0xe9 in position 0: invalid continuation byte"),
        (b"ab\xe2\x82", "'utf-8' codec can't decode bytes in position 2-3: unexpected end of data"),
        (b"\xe2\x82x", "'utf-8' codec can't decode bytes in position 0-1: invalid continuation byte"),
        (b"\x80", "'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte"),
    ] {
        let error = document::decode(bytes).unwrap_err();
        assert_eq!(error.message, message);
        assert!(Document::parse("e.json", bytes, Format::Json).is_err());
    }
    let error = Document::parse("e.yaml", b"a: 1\nb: \xff", Format::Yaml).unwrap_err();
    assert_eq!((error.at.line, error.at.column), (2, 4));
}

#[test]
fn yaml_nesting_has_a_limit_and_no_overflow() {
    let flow = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let lines = |depth: usize| format!("{}x", "- ".repeat(depth));
    assert!(yaml::load(&flow(yaml::MAX_DEPTH), "deep").is_ok());
    assert!(yaml::load(&lines(yaml::MAX_DEPTH), "deep").is_ok());
    for text in [
        flow(yaml::MAX_DEPTH + 1),
        flow(100_000),
        lines(100_000),
        "{a: ".repeat(100_000),
        "? ".repeat(100_000),
    ] {
        let error = yaml::load(&text, "deep").unwrap_err();
        assert!(error.message.contains("maximum recursion depth exceeded"), "{}", error.message);
    }
}

#[test]
fn aliases_share_and_cannot_explode() {
    let value = yaml::load("a: &x {n: 1}\nb: *x\nc: [*x]\n", "shared").unwrap();
    let map = |value: Option<Value>| value.unwrap().as_map().unwrap().clone();
    assert!(map(value.get("a")).same(&map(value.get("b"))));
    assert!(map(value.get("a")).same(&map(value.get("c").unwrap().as_list().unwrap().get(0))));

    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![format!("*a{below}"); 10].join(", ")));
    }
    let error = yaml::load(&bomb, "bomb").unwrap_err();
    assert!(error.message.contains("aliases stand for more than"), "{}", error.message);

    let mut chain = "a0: &a0 []\n".to_owned();
    for level in 1..2000 {
        chain.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
    }
    let error = yaml::load(&chain, "chain").unwrap_err();
    assert!(error.message.contains("maximum recursion depth exceeded"), "{}", error.message);
}

#[test]
fn dumped_containers_stay_shared_and_finite() {
    let shared = Value::map([("n", Value::from(1))]);
    let twice = Value::map([("a", shared.clone()), ("b", shared)]);
    assert_eq!(yaml::dump(&twice, true), "a: &id001\n  n: 1\nb: *id001\n");
    let list = squall_model::List::new();
    list.push(Value::List(list.clone()));
    assert_eq!(yaml::dump(&Value::List(list), true), "&id001\n- *id001\n");
}

#[test]
fn dates_and_bytes_survive_yaml() {
    let text = "a: 2020-01-02\nb: 2020-01-02 03:04:05.600000+01:00\nc: !!binary \"aGVsbG8=\"\n";
    let value = yaml::load(text, "dates").unwrap();
    assert_eq!(yaml::dump(&value, false), text);
    assert_eq!(
        json::write(&value, &json::Style::COMPACT),
        r#"{"a":"2020-01-02","b":"2020-01-02T03:04:05.600000+01:00","c":"b'hello'"}"#
    );
}

#[test]
fn lines_end_in_three_ways() {
    let text = "a\r\né b\rc\n\nd";
    let document = Document::from_text("e.yaml", "x", Format::Yaml).unwrap();
    assert_eq!(document.position(0), Position { line: 1, column: 1 });
    for (offset, line, column) in
        [(0, 1, 1), (1, 1, 2), (3, 2, 1), (5, 2, 2), (7, 2, 4), (8, 3, 1), (10, 4, 1), (11, 5, 1), (99, 5, 2)]
    {
        assert_eq!(Position::of(text, offset), Position { line, column }, "{offset}");
    }
}
