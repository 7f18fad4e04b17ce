//! JSONPath against what the library of the reference made of the same paths (`golden/make_jsonpath.py`).

use squall_model::expr::JsonPath;
use squall_model::{Value, json};

#[test]
fn paths_match_what_they_match_in_the_reference() {
    let rows = json::parse(include_str!("golden/jsonpath.json")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.as_list().unwrap().to_vec() {
        let path = row.get("path").unwrap();
        let parsed = JsonPath::parse(path.as_str().unwrap());
        let Ok(parsed) = parsed else {
            if row.get("error").is_none() {
                wrong.push(format!("{row:?}\n   is refused: {}", parsed.unwrap_err()));
            }
            continue;
        };
        let document = row.get("document").unwrap_or(Value::Null);
        let fits = match (parsed.matches(&document), row.get("matches"), row.get("raises")) {
            (Ok(found), Some(expected), _) => Value::list(found).identical(&expected),
            (Err(raised), _, Some(expected)) => expected == Value::from(raised.to_string()),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{row:?}\n   is {:?}", parsed.matches(&document)));
        }
    }
    assert!(wrong.is_empty(), "{} paths differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn errors_say_what_was_found_where() {
    for (path, expected) in [
        ("", "at character 0: found the end, expected `$`"),
        ("a.b", "at character 0: found `a`, expected `$`"),
        ("$.a b", "at character 4: found `b`, expected `.`, `..`, `[` or the end of the path"),
        ("$.a[?(@.b == 1)]", "at character 11: found `=`, expected a path or a JSON value"),
        ("$.é['x']", "at character 2: `é` is not part of a path"),
        ("$.and", "at character 2: found `and`, expected a name or `*`"),
        (
            "$.first()",
            "at character 2: found the function `first`, expected `charAt`, `entries`, `keys`, `length`, \
             `substring` or `values`",
        ),
    ] {
        assert_eq!(JsonPath::parse(path).unwrap_err().to_string(), expected);
    }
}

#[test]
fn nesting_has_bounds() {
    for (path, fine) in [
        (format!("${}", ".a".repeat(400)), true),
        (format!("${}", ".a".repeat(401)), false),
        (format!("$[?({}@{})]", "(".repeat(190), ")".repeat(190)), true),
        (format!("$[?({}@{})]", "(".repeat(100_000), ")".repeat(100_000)), false),
        (format!("$[?(@={}{})]", "[".repeat(190), "]".repeat(190)), true),
        (format!("$[?(@={}{})]", "[".repeat(100_000), "]".repeat(100_000)), false),
        (format!("{}{}", "$[".repeat(100_000), "]".repeat(100_000)), false),
        (format!("$[?({}@)]", "not ".repeat(100_000)), true),
    ] {
        let parsed = JsonPath::parse(&path);
        assert_eq!(parsed.is_ok(), fine, "{}", &path[..20]);
    }
}

#[test]
fn deep_and_cyclic_documents_end() {
    let mut deep = Value::from(1_i64);
    for _ in 0..800 {
        deep = Value::list([deep]);
    }
    let all = JsonPath::parse("$..*").unwrap();
    assert_eq!(all.matches(&deep).unwrap().len(), 800);
    let path = JsonPath::parse(&format!("${}", "[0]".repeat(400))).unwrap();
    assert_eq!(path.matches(&deep).unwrap().len(), 1);
    let cycle = squall_model::List::new();
    cycle.push(Value::List(cycle.clone()));
    assert_eq!(all.matches(&Value::List(cycle.clone())).unwrap_err().class, "RecursionError");
    cycle.replace(Vec::new());
}
