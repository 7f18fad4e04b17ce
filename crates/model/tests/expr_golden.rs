//! Tolerances, substitution and Python's texts against the reference (`golden/make_tolerance.py`,
//! `golden/make_python.py`).

use squall_model::expr::{Decimal, Scope, Verdict, substitute, within};
use squall_model::{Value, json, python};

fn rows(text: &str) -> Vec<Value> {
    let golden = json::parse(text).expect("the golden file is JSON");
    golden.as_list().expect("the golden file is a list").to_vec()
}

/// Checks every row; `check` gives what is wrong with it.
fn check_all(rows: impl IntoIterator<Item = Value>, check: impl Fn(&Value) -> Option<String>) {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows {
        checked += 1;
        if let Some(is) = check(&row) {
            wrong.push(format!("{row:?}\n   is {is}"));
        }
    }
    assert!(checked > 0, "no rows of this kind");
    assert!(wrong.is_empty(), "{} of {checked} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn of_kind(key: &'static str) -> impl Iterator<Item = Value> {
    rows(include_str!("golden/python.json")).into_iter().filter(move |row| row.get(key).is_some())
}

#[test]
fn tolerances_say_what_they_say_in_the_reference() {
    let configuration =
        json::parse(r#"{"q": 5, "d": {"type": "range", "range": [1, 9]}, "p": "hel+o", "l": [1, 2, 3]}"#)
            .unwrap();
    let scope = Scope::new(configuration.as_map(), None);
    check_all(rows(include_str!("golden/tolerance.json")), |row| {
        let verdict = within(&row.get("tolerance").unwrap(), &row.get("value").unwrap(), &scope);
        let fits = match (&verdict, row.get("met"), row.get("raises")) {
            (Ok(Verdict::Met(met)), Some(expected), _) => Some(*met) == expected.as_bool(),
            (Err(raised), _, Some(expected)) => {
                let expected = expected.as_str().unwrap();
                // Messages of the parser of paths and of regular expressions are worded otherwise.
                raised.to_string() == expected
                    || expected.starts_with("ValueError: line 1:") && raised.class == "ValueError"
            }
            _ => false,
        };
        (!fits).then(|| format!("{verdict:?}"))
    });
}

#[test]
fn substitution_is_the_references() {
    check_all(of_kind("data"), |row| {
        let part = |key| row.get(key).unwrap();
        let scope = Scope::new(part("configuration").as_map(), part("secrets").as_map());
        let result = substitute(&part("data"), &scope);
        let fits = match (&result, row.get("result"), row.get("raises")) {
            (Ok(result), Some(expected), _) => result.identical(&expected),
            (Err(raised), _, Some(expected)) => expected == Value::from(raised.to_string()),
            _ => false,
        };
        (!fits).then(|| format!("{result:?}"))
    });
}

#[test]
fn values_are_shown_as_in_python() {
    check_all(of_kind("repr"), |row| {
        let value = row.get("value").unwrap();
        let shown = (Value::from(python::str(&value)), Value::from(python::repr(&value)));
        let fits = (Some(&shown.0), Some(&shown.1)) == (row.get("str").as_ref(), row.get("repr").as_ref());
        (!fits).then(|| format!("{shown:?}"))
    });
    check_all(of_kind("title"), |row| {
        let title = python::title(row.get("text").unwrap().as_str().unwrap());
        (row.get("title") != Some(Value::from(title.as_str()))).then_some(title)
    });
}

#[test]
fn decimals_are_compared_exactly() {
    check_all(of_kind("below"), |row| {
        let number = |key| Decimal::from_value(&row.get(key).unwrap()).unwrap();
        let below = number("number").compare(&number("decimal")).unwrap().is_le();
        (row.get("below") != Some(Value::from(below))).then(|| below.to_string())
    });
}
