//! Regular expressions against CPython's `re` (`golden/make_regex.py`).

use squall_model::expr::{Regex, RegexError};
use squall_model::{Value, json};

#[test]
fn patterns_find_what_they_find_in_python() {
    let rows = json::parse(include_str!("golden/regex.json")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.as_list().unwrap().to_vec() {
        let pattern = row.get("pattern").unwrap();
        let pattern = pattern.as_str().unwrap();
        match (Regex::new(pattern), row.get("found")) {
            (Ok(regex), Some(found)) => {
                let texts = row.get("texts").unwrap();
                for (text, found) in
                    texts.as_list().unwrap().to_vec().iter().zip(found.as_list().unwrap().to_vec())
                {
                    let is = regex.search(text.as_str().unwrap());
                    if is != Ok(found.as_bool().unwrap()) {
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
