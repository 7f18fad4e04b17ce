//! The parameters of kinds, and reading what users give for them: from an experiment's mapping, or from a command
//! line.

use std::collections::BTreeMap;
use std::time::Duration;

use squall_model::{Map, Value, python};

use squall_model::quantity;

/// A parameter of a kind.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in experiments, with underscores; on the command line these are hyphens.
    pub name: &'static str,
    /// What may be given.
    pub form: Form,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is not given, as it would be written. `None`: nothing.
    pub default: Option<&'static str>,
    /// What it is for: one line.
    pub help: &'static str,
}

impl Parameter {
    /// A parameter that need not be given.
    pub const fn new(name: &'static str, form: Form, help: &'static str) -> Self {
        Parameter { name, form, required: false, default: None, help }
    }

    /// The same, with a default.
    #[must_use]
    pub const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// The same, but it must be given.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Its name on the command line, without the hyphens in front.
    pub fn option(&self) -> String {
        self.name.replace('_', "-")
    }
}

/// What may be given for a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// Yes or no.
    Flag,
    /// A whole number, from the first to the last.
    Whole(u64, u64),
    /// A number, from the first to the last.
    Number(f64, f64),
    /// A share in percent, above 0 and up to the number given here; a `%` may follow.
    Percent(f64),
    /// A duration: see [`squall_model::quantity::duration`].
    Duration,
    /// A size in bytes: see [`squall_model::quantity::bytes`].
    Bytes,
    /// A rate in bits per second: see [`squall_model::quantity::bits_per_second`].
    Rate,
    /// Any text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Texts: a list, or one text with commas.
    Texts,
}

impl Form {
    /// What it is, for help and documentation.
    pub fn describe(self) -> String {
        match self {
            Form::Flag => "true or false".to_owned(),
            Form::Whole(least, u64::MAX) => format!("whole number, at least {least}"),
            Form::Whole(least, most) => format!("whole number, {least} to {most}"),
            Form::Number(least, most) if most == f64::MAX => format!("number, at least {least}"),
            Form::Number(least, most) => format!("number, {least} to {most}"),
            Form::Percent(most) => format!("percent, above 0, at most {most}"),
            Form::Duration => "duration, such as 250ms or 2m".to_owned(),
            Form::Bytes => "size, such as 512MiB".to_owned(),
            Form::Rate => "rate, such as 10mbit".to_owned(),
            Form::Text => "text".to_owned(),
            Form::Choice(words) => words.join(" or "),
            Form::Texts => "list of texts".to_owned(),
        }
    }
}

/// What is wrong with one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The parameter, where it is about one.
    pub parameter: Option<String>,
    /// What was found.
    pub message: String,
    /// What was expected, or what to do.
    pub help: Option<String>,
}

impl Problem {
    /// Something wrong with this parameter.
    pub fn of(parameter: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { parameter: Some(parameter.into()), message: message.into(), help: None }
    }

    /// Something wrong with the whole.
    pub fn new(message: impl Into<String>) -> Self {
        Problem { parameter: None, message: message.into(), help: None }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(parameter) = &self.parameter {
            write!(f, "`{parameter}`: ")?;
        }
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

/// An argument that was read.
#[derive(Clone, Debug, PartialEq)]
enum Read {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Duration(Duration),
    Text(String),
    Texts(Vec<String>),
}

/// The arguments of a fault, each in its form; where none was given, the default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    values: BTreeMap<&'static str, Read>,
}

impl Arguments {
    /// Reads the arguments of an experiment's activity.
    ///
    /// # Errors
    /// All that is wrong: unknown names, missing ones, values that do not fit.
    pub fn from_map(parameters: &'static [Parameter], given: &Map) -> Result<Self, Vec<Problem>> {
        let given = given.entries();
        let mut problems = Vec::new();
        let mut values = BTreeMap::new();
        for (key, value) in &given {
            let key = python::str(key.value());
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == key) else {
                problems.push(unknown(&key, parameters));
                continue;
            };
            if value.is_null() {
                continue;
            }
            match read_value(parameter.form, value) {
                Ok(read) => drop(values.insert(parameter.name, read)),
                Err(message) => problems.push(unfit(parameter, &message)),
            }
        }
        Self::complete(parameters, values, problems)
    }

    /// Reads arguments that were given as texts.
    ///
    /// # Errors
    /// As [`Self::from_map`].
    pub fn from_texts(
        parameters: &'static [Parameter],
        given: &[(String, String)],
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut values: BTreeMap<&'static str, Read> = BTreeMap::new();
        for (key, text) in given {
            let Some(parameter) = parameters.iter().find(|parameter| parameter.name == key) else {
                problems.push(unknown(key, parameters));
                continue;
            };
            match (read_text(parameter.form, text), values.get_mut(parameter.name)) {
                (Ok(Read::Texts(more)), Some(Read::Texts(texts))) => texts.extend(more),
                (Ok(read), _) => drop(values.insert(parameter.name, read)),
                (Err(message), _) => problems.push(unfit(parameter, &message)),
            }
        }
        Self::complete(parameters, values, problems)
    }

    fn complete(
        parameters: &'static [Parameter],
        mut values: BTreeMap<&'static str, Read>,
        mut problems: Vec<Problem>,
    ) -> Result<Self, Vec<Problem>> {
        for parameter in parameters {
            if values.contains_key(parameter.name) {
                continue;
            }
            if problems.iter().any(|problem| problem.parameter.as_deref() == Some(parameter.name)) {
                continue;
            }
            if parameter.required {
                let help = format!("expected {}: {}", parameter.form.describe(), parameter.help);
                problems.push(Problem::of(parameter.name, "is missing").help(help));
            }
            if let Some(default) = parameter.default {
                match read_text(parameter.form, default) {
                    Ok(read) => drop(values.insert(parameter.name, read)),
                    Err(message) => problems.push(unfit(parameter, &message)),
                }
            }
        }
        if problems.is_empty() { Ok(Arguments { values }) } else { Err(problems) }
    }

    /// Whether it was given or has a default.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A flag; `false` where it is not given.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some(Read::Flag(true)))
    }

    /// A whole number, a size or a rate.
    pub fn whole(&self, name: &str) -> Option<u64> {
        match self.values.get(name) {
            Some(Read::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// A number or a percentage.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.values.get(name) {
            Some(Read::Number(number)) => Some(*number),
            _ => None,
        }
    }

    /// A duration.
    pub fn duration(&self, name: &str) -> Option<Duration> {
        match self.values.get(name) {
            Some(Read::Duration(duration)) => Some(*duration),
            _ => None,
        }
    }

    /// A text or a chosen word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Read::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Texts; none where it is not given.
    pub fn texts(&self, name: &str) -> &[String] {
        match self.values.get(name) {
            Some(Read::Texts(texts)) => texts,
            _ => &[],
        }
    }
}

fn unknown(name: &str, parameters: &[Parameter]) -> Problem {
    let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Problem::of(name, "there is no such argument").help(format!("known are: {known}"))
}

fn unfit(parameter: &Parameter, message: &str) -> Problem {
    Problem::of(parameter.name, message).help(format!("expected {}", parameter.form.describe()))
}

fn read_value(form: Form, value: &Value) -> Result<Read, String> {
    match (form, value) {
        (Form::Flag, Value::Bool(flag)) => Ok(Read::Flag(*flag)),
        (Form::Texts, Value::List(list)) => {
            list.to_vec().iter().map(text_of).collect::<Result<_, _>>().map(Read::Texts)
        }
        (Form::Flag, other) => read_text(form, &text_of(other)?),
        (_, Value::Bool(_)) => Err(format!("found a {}", value.type_name())),
        (_, other) => read_text(form, &text_of(other)?),
    }
}

fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        Value::Int(_) | Value::Float(_) => Ok(python::str(value)),
        other => Err(format!("found a {}", other.type_name())),
    }
}

fn read_text(form: Form, text: &str) -> Result<Read, String> {
    let found = || format!("found `{text}`");
    let within = |number: f64, least: f64, most: f64| (least..=most).contains(&number);
    match form {
        Form::Flag => match text {
            "true" | "yes" | "on" => Ok(Read::Flag(true)),
            "false" | "no" | "off" => Ok(Read::Flag(false)),
            _ => Err(found()),
        },
        Form::Whole(least, most) => {
            let number: u64 = text.trim().parse().map_err(|_| found())?;
            (least..=most).contains(&number).then_some(Read::Whole(number)).ok_or_else(found)
        }
        Form::Number(least, most) => {
            let number: f64 = text.trim().parse().map_err(|_| found())?;
            within(number, least, most).then_some(Read::Number(number)).ok_or_else(found)
        }
        Form::Percent(most) => {
            let number: f64 = text.trim().trim_end_matches('%').trim_end().parse().map_err(|_| found())?;
            (number > 0.0 && number <= most).then_some(Read::Number(number)).ok_or_else(found)
        }
        Form::Duration => quantity::duration(text).map(Read::Duration).map_err(|_| found()),
        Form::Bytes => quantity::bytes(text).map(Read::Whole).map_err(|_| found()),
        Form::Rate => quantity::bits_per_second(text).map(Read::Whole).map_err(|_| found()),
        Form::Text => Ok(Read::Text(text.to_owned())),
        Form::Choice(words) if words.contains(&text) => Ok(Read::Text(text.to_owned())),
        Form::Choice(_) => Err(found()),
        Form::Texts => {
            let texts = text.split(',').map(str::trim).filter(|text| !text.is_empty());
            Ok(Read::Texts(texts.map(str::to_owned).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: &[Parameter] = &[
        Parameter::new("percent", Form::Percent(100.0), "how much").required(),
        Parameter::new("cores", Form::Whole(1, 64), "how many").or("1"),
        Parameter::new("to_port", Form::Texts, "which ports"),
        Parameter::new("mode", Form::Choice(&["r", "w"]), "which way").or("w"),
    ];

    #[test]
    fn experiments_and_command_lines_give_the_same() {
        let given = Map::new();
        given.insert("percent", Value::Float(12.5));
        given.insert("to_port", Value::list([Value::from(80_i64), Value::from("90-95")]));
        let texts = [("percent", "12.5%"), ("to_port", "80"), ("to_port", "90-95")];
        let texts: Vec<_> =
            texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let read = Arguments::from_map(PARAMETERS, &given);
        assert_eq!(read, Arguments::from_texts(PARAMETERS, &texts));
        let Ok(read) = read else { panic!("they fit") };
        assert_eq!(read.number("percent"), Some(12.5));
        assert_eq!(read.whole("cores"), Some(1));
        assert_eq!(read.texts("to_port"), ["80", "90-95"]);
        assert_eq!(read.text("mode"), Some("w"));
    }

    #[test]
    fn all_problems_are_reported() {
        let given = Map::new();
        given.insert("cores", Value::from(65_i64));
        given.insert("colour", Value::from("red"));
        given.insert("mode", Value::Bool(true));
        let Err(problems) = Arguments::from_map(PARAMETERS, &given) else { panic!("they do not fit") };
        let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "`cores`: found `65`; expected whole number, 1 to 64",
                "`colour`: there is no such argument; known are: percent, cores, to_port, mode",
                "`mode`: found a bool; expected r or w",
                "`percent`: is missing; expected percent, above 0, at most 100: how much",
            ]
        );
    }
}
