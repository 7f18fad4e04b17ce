//! YAML against what PyYAML made of the same texts (`golden/make_yaml.py`).

use squall_model::{Value, json, python, yaml};

/// Where this reader takes another way on purpose.
const DIFFERENT: [(&str, &str); 12] = [
    ("&a [*a]", "containers inside themselves end in endless loops sooner or later"),
    ("&a {b: *a}", "the same"),
    ("!!omap [a: 1, b: 2]", "there are no tuples; both become lists in JSON"),
    ("!!omap\n- a: 1\n- b: 2", "the same"),
    ("!!pairs [a: 1, a: 2]", "the same"),
    ("\"\\ud83d\\ude00\"", "the halves of a pair are joined, since they are no text apart"),
    ("!!seq a: 1", "another fault first"),
    ("{!!seq a: 1}", "the same"),
    ("!!map a: 1", "the same"),
    ("{!!map a: 1}", "the same"),
    ("[!!str,a]", "an unknown tag is found, the missing bracket is not looked for"),
    ("? <<: \\b|\n\n   #", "another fault first"),
];

#[test]
fn texts_mean_what_they_mean_to_pyyaml() {
    let rows = json::parse(include_str!("golden/yaml.json")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.as_list().unwrap().to_vec() {
        let text = row.get("text").unwrap();
        let text = text.as_str().unwrap();
        if DIFFERENT.iter().any(|(different, _)| *different == text) {
            continue;
        }
        let found = yaml::load(text, "<golden>");
        let fits = match (&found, row.get("repr")) {
            (Ok(value), Some(repr)) => python::repr(value) == repr.as_str().unwrap(),
            (Err(error), None) => match row.get("error").unwrap() {
                Value::Str(problem) => error.message.contains(&*problem),
                _ => true,
            },
            _ => false,
        };
        if !fits {
            let found = found.map(|value| python::repr(&value)).map_err(|error| error.message);
            wrong.push(format!("{text:?}\n   is     {found:?}\n   wanted {row:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} texts differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn values_are_written_as_pyyaml_writes_them() {
    let rows = json::parse(include_str!("golden/yaml_dump.json")).unwrap();
    let mut wrong = Vec::new();
    for row in rows.as_list().unwrap().to_vec() {
        let value = row.get("value").unwrap();
        for (sorted, wanted) in [(true, "sorted"), (false, "plain")] {
            let found = yaml::dump(&value, sorted);
            let wanted = row.get(wanted).unwrap();
            if Some(found.as_str()) != wanted.as_str() {
                wrong.push(format!("{value:?}\n   is     {found:?}\n   wanted {wanted:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} values differ:\n{}", wrong.len(), wrong.join("\n"));
}
