//! Choosing activities of a discovery and filling in their arguments.

use std::io::{BufRead, Write};

use squall_engine::cast;
use squall_model::{Int, Map, Value, json, python};

use super::prompt::{Look, PromptError, Prompter};
use crate::output::complain;
use crate::values::{parse_float, quoted};

/// What the reference takes for yes and no.
const BOOLEANS: [(&str, bool); 13] = [
    ("", false),
    ("0", false),
    ("1", true),
    ("f", false),
    ("false", false),
    ("n", false),
    ("no", false),
    ("off", false),
    ("on", true),
    ("t", true),
    ("true", true),
    ("y", true),
    ("yes", true),
];

/// Lets activities of `offered` be chosen, as many as are wanted.
///
/// # Errors
/// When the dialogue breaks off.
pub fn choose<R: BufRead, W: Write>(
    prompter: &mut Prompter<R, W>,
    offered: &[Value],
    with_tolerance: bool,
) -> Result<Vec<Value>, PromptError> {
    let mut chosen = Vec::new();
    let text = |activity: &Value, key: &str| activity.get(key).map(|v| python::str(&v)).unwrap_or_default();
    let names =
        offered.iter().enumerate().map(|(at, activity)| format!("{}) {}", at + 1, text(activity, "name")));
    let menu = names.collect::<Vec<_>>().join("\n");
    loop {
        prompter.tell("Add an activity", Some(Look::Green))?;
        prompter.tell(&menu, None)?;
        let number = prompter.ask("Activity (0 to escape)", Look::Green, None, parse_int)?;
        if number.is_zero() {
            return Ok(chosen);
        }
        let index = number.to_i64().and_then(|number| usize::try_from(number - 1).ok());
        let Some(selected) = index.and_then(|index| offered.get(index)) else {
            complain("Please pick up a valid activity");
            continue;
        };
        if selected.get("doc").is_some_and(|doc| doc.is_truthy()) {
            prompter.tell(&format!("\n{}", text(selected, "doc")), Some(Look::Blue))?;
        }
        if prompter.confirm(&format!("Do you want to use this {}?", text(selected, "type")))? {
            chosen.push(fill_in(prompter, selected, with_tolerance)?);
        }
        if !prompter.confirm("Do you want to select another activity?")? {
            return Ok(chosen);
        }
    }
}

/// The activity of an experiment that `selected` describes.
fn fill_in<R: BufRead, W: Write>(
    prompter: &mut Prompter<R, W>,
    selected: &Value,
    with_tolerance: bool,
) -> Result<Value, PromptError> {
    let field = |key: &str| selected.get(key).unwrap_or(Value::Null);
    let arguments = Map::new();
    let provider = Map::from_iter([
        ("type", Value::from("python")),
        ("module", field("mod")),
        ("func", field("name")),
        ("arguments", Value::Map(arguments.clone())),
    ]);
    let activity: Map = [("type", field("type")), ("name", field("name")), ("provider", provider.into())]
        .into_iter()
        .collect();
    if with_tolerance {
        let explanation = "\nA steady-state probe requires a tolerance value, within which\nyour system is in a \
                           recognised `normal` state.\n";
        prompter.tell(explanation, Some(Look::Blue))?;
        // Kept as text, as the reference does.
        activity
            .insert("tolerance", Value::from(prompter.ask_text("What is the tolerance for this probe?")?));
    }
    let explanation = "\nYou now need to fill the arguments for this activity. Default\nvalues will be shown \
                       between brackets. You may simply press return\nto use it or not set any value.";
    prompter.tell(explanation, Some(Look::Blue))?;
    for argument in field("arguments").as_list().map(|list| list.to_vec()).unwrap_or_default() {
        let name = argument.get("name").map(|name| python::str(&name)).unwrap_or_default();
        if matches!(name.as_str(), "secrets" | "configuration") {
            continue;
        }
        let question = format!("Argument's value for '{name}'");
        let default = argument.get("default");
        let shown = match &default {
            None | Some(Value::Null) => String::new(),
            Some(value) => python::str(value),
        };
        let default = default.map(|value| (shown.as_str(), value));
        let type_name = argument.get("type");
        let type_name = type_name.as_ref().and_then(Value::as_str).unwrap_or("object");
        let value = prompter.ask(&question, Look::Yellow, default, |answer| read_as(type_name, answer))?;
        arguments.insert(name, value);
    }
    Ok(activity.into())
}

/// The value that an answer means for an argument of a type, by its name in a discovery.
fn read_as(type_name: &str, answer: &str) -> Result<Value, String> {
    match type_name {
        "integer" => parse_int(answer).map(Value::Int),
        "number" => parse_float(answer).map(Value::Float),
        "boolean" => parse_bool(answer).map(Value::Bool),
        "list" | "tuple" | "set" => Ok(read_list(answer)),
        "mapping" => match json::parse(answer) {
            Ok(mapping @ Value::Map(_)) => Ok(mapping),
            _ => Err(format!("{} is not a mapping in JSON.", quoted(answer))),
        },
        "object" => Ok(json::parse(answer).unwrap_or_else(|_| Value::from(answer))),
        _ => Ok(Value::from(answer)),
    }
}

fn parse_int(answer: &str) -> Result<Int, String> {
    cast::parse_int(answer).ok_or_else(|| format!("{} is not a valid integer.", quoted(answer)))
}

fn parse_bool(answer: &str) -> Result<bool, String> {
    let normal = answer.trim().to_lowercase();
    BOOLEANS.iter().find(|(text, _)| *text == normal).map(|(_, flag)| *flag).ok_or_else(|| {
        let known: Vec<_> = BOOLEANS.iter().map(|(text, _)| *text).collect();
        format!("{} is not a valid boolean. Recognized values: {}", quoted(answer), known.join(", "))
    })
}

/// A list in JSON; else the characters, as the reference takes it.
fn read_list(answer: &str) -> Value {
    match json::parse(answer) {
        Ok(list @ Value::List(_)) => list,
        _ => Value::list(answer.chars().map(|c| Value::from(c.to_string()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_values_of_the_argument_s_type() {
        for (type_name, answer, expected) in [
            ("string", "12", Value::from("12")),
            ("null", "x", Value::from("x")),
            ("integer", " 1_2 ", Value::from(12)),
            ("number", "1.5", Value::from(1.5)),
            ("boolean", " Off", Value::from(false)),
            ("list", "ab", Value::list([Value::from("a"), Value::from("b")])),
            ("list", "[1]", Value::list([Value::from(1)])),
            ("mapping", r#"{"a": 1}"#, Value::map([("a", Value::from(1))])),
            ("object", "true", Value::from(true)),
            ("object", "text", Value::from("text")),
        ] {
            let found = read_as(type_name, answer).unwrap();
            assert!(found.identical(&expected), "{type_name} {answer}: {found:?}");
        }
    }

    #[test]
    fn answers_of_another_type_are_told_as_the_reference_tells_them() {
        let message = |type_name, answer| read_as(type_name, answer).unwrap_err();
        assert_eq!(message("integer", "x"), "'x' is not a valid integer.");
        assert_eq!(message("number", "1.x"), "'1.x' is not a valid float.");
        assert_eq!(
            message("boolean", "val"),
            "'val' is not a valid boolean. Recognized values: , 0, 1, f, false, n, no, off, on, t, true, y, yes"
        );
        assert_eq!(message("mapping", "[1]"), "'[1]' is not a mapping in JSON.");
    }
}
