//! Regular expressions against CPython's `re` (`golden/make_regex.py`).

use squall_model::expr::{Regex, RegexError};
use squall_model::{Value, json};

#[test]
fn patterns_find_what_they_find_in_python() {
    let golden = json::parse(include_str!("golden/regex.json")).unwrap();
    let mut wrong = Vec::new();
    for row in golden.get("rows").unwrap().as_list().unwrap().to_vec() {
        let pattern = row.get("pattern").unwrap();
        let pattern = pattern.as_str().unwrap();
        match (Regex::new(pattern), row.get("found")) {
            (Ok(regex), Some(found)) => {
                let texts =
                    row.get("texts").or_else(|| golden.get("texts")).unwrap().as_list().unwrap().to_vec();
                let found = found.as_str().unwrap();
                assert_eq!(texts.len(), found.len());
                for (text, found) in texts.iter().zip(found.chars()) {
                    let is = regex.search(text.as_str().unwrap());
                    if is != Ok(found == '1') {
                        wrong.push(format!("{pattern:?} in {text:?} is {is:?}"));
                    }
                }
            }
            (Err(RegexError::Syntax { message, position }), None) => {
                let position = position.map(|at| i64::try_from(at).unwrap());
                let (is, at) = (Value::from(message), Value::from(position));
                if (Some(&is), Some(&at)) != (row.get("message").as_ref(), row.get("position").as_ref()) {
                    wrong.push(format!("{row:?}\n   is {is:?} at {at:?}"));
                }
            }
            (Err(RegexError::Unsupported(_)), _) if pattern.contains("\\N{") => {}
            (Err(error), _) => wrong.push(format!("{pattern:?} is refused: {error}")),
            (Ok(_), None) => wrong.push(format!("{pattern:?} is taken, in Python it is: {row:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn searches_in_long_texts_end() {
    let text = "some words and 12 numbers, no match. ".repeat(5_000);
    for pattern in
        [r"error", r"\berror\b", r"(?i)status:\s+5\d\d$", r"^a.*z$", r"(\w+)@\1", r"(?<!x)yes(?=!)"]
    {
        assert_eq!(Regex::new(pattern).unwrap().search(&text), Ok(false), "{pattern}");
    }
    // Without backtracking where none is needed: Python would not come to an end here.
    assert_eq!(Regex::new("(a+)+$").unwrap().search(&format!("{}b", "a".repeat(1000))), Ok(false));
}

#[test]
fn what_the_engine_cannot_do_is_said() {
    for pattern in [r"\N{EM DASH}", "(?:(?:a{1000}){1000}){1000}", &"(".repeat(1000)] {
        let error = Regex::new(pattern).unwrap_err();
        assert!(matches!(error, RegexError::Unsupported(_)), "{error}");
        assert!(error.to_string().starts_with("the pattern is valid but not supported here: "), "{error}");
    }
}
