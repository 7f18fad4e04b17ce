//! Dotted paths into the settings: `auths.example\.com.type`, `notifications[0].url`.

use squall_model::{List, Map, Value};

/// A dotted path: names separated by dots, each of which may have an index into a list at its end.
/// A dot after a backslash is part of the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    name: String,
    index: Option<usize>,
}

/// An entry of the settings and where it is.
#[derive(Clone, Debug)]
pub struct Located {
    /// The entry.
    pub value: Value,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Entry(Map, String),
    Item(List, usize),
}

impl KeyPath {
    /// Reads a path. Everything is one: what has no meaning names an entry that does not exist.
    pub fn parse(text: &str) -> KeyPath {
        let mut steps = Vec::new();
        let mut name = String::new();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '\\' => name.extend(characters.next_if_eq(&'.')),
                '.' => steps.push(Step::parse(std::mem::take(&mut name))),
                c => name.push(c),
            }
        }
        steps.push(Step::parse(name));
        KeyPath(steps)
    }

    /// The entry that the path leads to, if it is there.
    pub fn locate(&self, settings: &Map) -> Option<Located> {
        let mut at = Located {
            value: Value::Map(settings.clone()),
            place: Place::Entry(settings.clone(), String::new()),
        };
        for Step { name, index } in &self.0 {
            let map = at.value.as_map()?.clone();
            let value = map.get(name)?;
            at = match index {
                None => Located { value, place: Place::Entry(map, name.clone()) },
                Some(index) => {
                    let list = value.as_list()?.clone();
                    Located { value: list.get(*index)?, place: Place::Item(list, *index) }
                }
            };
        }
        Some(at)
    }
}

impl Step {
    fn parse(text: String) -> Step {
        let indexed = text.strip_suffix(']').and_then(|rest| rest.rsplit_once('['));
        match indexed.map(|(name, index)| (name.to_owned(), index.parse())) {
            Some((name, Ok(index))) => Step { name, index: Some(index) },
            _ => Step { name: text, index: None },
        }
    }
}

impl Located {
    /// Puts `value` in the entry's place.
    pub fn set(&self, value: Value) {
        match &self.place {
            Place::Entry(map, name) => map.insert(name.as_str(), value),
            Place::Item(list, index) => {
                let items = list.to_vec().into_iter().enumerate();
                list.replace(
                    items.map(|(at, item)| if at == *index { value.clone() } else { item }).collect(),
                );
            }
        }
    }

    /// Takes the entry out.
    pub fn remove(&self) {
        match &self.place {
            Place::Entry(map, name) => {
                map.remove(name);
            }
            Place::Item(list, index) => {
                let mut items = list.to_vec();
                items.remove(*index);
                list.replace(items);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Map {
        [
            ("auths", Value::map([("example.com", Value::map([("type", Value::from("bearer"))]))])),
            ("l", Value::list([Value::map([("n", Value::from(1))]), Value::from(2), Value::from(2)])),
            ("", Value::from("nameless")),
        ]
        .into_iter()
        .collect()
    }

    fn get(key: &str) -> Option<Value> {
        KeyPath::parse(key).locate(&settings()).map(|entry| entry.value)
    }

    #[test]
    fn paths_lead_to_entries() {
        assert_eq!(get(r"auths.example\.com.type"), Some(Value::from("bearer")));
        assert_eq!(get("l[1]"), Some(Value::from(2)));
        assert_eq!(get("l[0].n"), Some(Value::from(1)));
        assert_eq!(get(""), Some(Value::from("nameless")));
    }

    #[test]
    fn paths_that_lead_nowhere() {
        for key in [
            "nope",
            "auths.example.com",
            "l.n",
            "l[9]",
            "l[-1]",
            "l[]",
            "l[0][0]",
            "l[0]x",
            "auths[0]",
            "l[1].n",
        ] {
            assert!(get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn entries_are_replaced_and_removed_in_place() {
        let settings = settings();
        let locate = |key| KeyPath::parse(key).locate(&settings).unwrap();
        locate("l[2]").set(Value::from("new"));
        assert_eq!(locate("l").value.as_list().unwrap().to_vec()[1..], [Value::from(2), Value::from("new")]);
        locate("l[1]").remove();
        assert_eq!(locate("l[1]").value, Value::from("new"), "the item itself goes, not one that is equal");
        locate(r"auths.example\.com").remove();
        assert!(locate("auths").value.as_map().unwrap().is_empty());
    }
}
