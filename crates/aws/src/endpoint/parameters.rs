//! The values that endpoint rules are given: of the operation, of the call, of the client.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value as Json;
use squall_model::{Map, Value, python};

use super::rules::{Definition, ParameterKind, RuleSet};
use crate::model::{Operation, Service};

/// A value that a rule set takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// Text.
    Text(String),
    /// A flag.
    Flag(bool),
    /// Texts.
    Texts(Vec<String>),
}

/// Values by name, in order: by the names that a rule set has for its parameters, or by those of
/// settings (`AWS::Region`).
pub type Parameters = IndexMap<String, Parameter>;

/// Parameters of S3's rules that no rule looks at; one of them need not even be text.
const UNUSED: [&str; 3] = ["Key", "Prefix", "CopySource"];

/// The values for a rule set, of the first that has one: what the operation fixes, the call's own
/// parameters, what callers set for the client (`context`), settings (`builtins`).
///
/// # Errors
///
/// In botocore's words, where a value of the call is not of the type that the rules take.
pub fn collect(
    rules: &RuleSet<'_>,
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    builtins: &Parameters,
    context: &Parameters,
) -> Result<Parameters, String> {
    let input = operation.input.as_ref().and_then(|input| service.shape(&input.shape));
    let members: HashMap<&str, &str> = input
        .into_iter()
        .flat_map(|shape| &shape.members)
        .filter_map(|(member, reference)| {
            Some((reference.context_param.as_ref()?.name.as_str(), member.as_str()))
        })
        .collect();
    let mut collected = Parameters::with_capacity(16);
    for (name, definition) in rules.parameters() {
        if service.name == "s3" && UNUSED.contains(&name) {
            continue;
        }
        let fixed = operation.static_context_params.get(name).and_then(|fixed| from_json(&fixed.value));
        let value = match fixed {
            Some(fixed) => Some(fixed),
            None => match from_call(definition, name, operation, &members, parameters)? {
                Some(own) => Some(own),
                None => service
                    .client_context
                    .contains_key(name)
                    .then(|| context.get(name))
                    .flatten()
                    .or_else(|| builtins.get(definition.built_in.as_deref()?))
                    .cloned(),
            },
        };
        if let Some(value) = value {
            collected.insert(name.to_owned(), value);
        }
    }
    Ok(collected)
}

/// The value that the call's own parameters give: a member's, or what a path finds.
fn from_call(
    definition: &Definition,
    name: &str,
    operation: &Operation,
    members: &HashMap<&str, &str>,
    parameters: &Map,
) -> Result<Option<Parameter>, String> {
    let value = match (members.get(name), operation.operation_context_params.get(name)) {
        (Some(member), _) => parameters.get(member).filter(|value| !value.is_null()),
        (None, Some(path)) => search(&path.path, parameters),
        (None, None) => None,
    };
    value
        .map(|value| from_value(definition.kind, &value).ok_or_else(|| definition.wrong_type(name)))
        .transpose()
}

fn from_json(value: &Json) -> Option<Parameter> {
    match value {
        Json::String(text) => Some(Parameter::Text(text.clone())),
        Json::Bool(flag) => Some(Parameter::Flag(*flag)),
        Json::Array(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().map(Parameter::Texts)
        }
        _ => None,
    }
}

fn from_value(kind: ParameterKind, value: &Value) -> Option<Parameter> {
    match kind {
        ParameterKind::Text => value.as_str().map(|text| Parameter::Text(text.to_owned())),
        ParameterKind::Flag => value.as_bool().map(Parameter::Flag),
        ParameterKind::Texts => {
            let items = value.as_list()?.to_vec();
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Parameter::Texts)
        }
    }
}

/// What a JMESPath expression of a model finds; nothing where it finds null, or does not fit the
/// parameters, which validation then says better.
fn search(path: &str, parameters: &Map) -> Option<Value> {
    let found = jmespath::compile(path).ok()?.search(skeleton(&Value::Map(parameters.clone()))).ok()?;
    match found.as_ref() {
        jmespath::Variable::Null => None,
        jmespath::Variable::String(text) => Some(Value::str(text.as_str())),
        jmespath::Variable::Array(items) => Some(Value::list(
            items.iter().map(|item| item.as_string().map_or(Value::Null, |text| Value::str(text.as_str()))),
        )),
        // No rule set takes anything else; it is told of as what it is not.
        _ => Some(Value::Bool(true)),
    }
}

/// The containers and texts of a value: all that paths in models lead through.
fn skeleton(value: &Value) -> Json {
    match value {
        Value::Map(map) => map
            .entries()
            .iter()
            .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), skeleton(value))))
            .collect(),
        Value::List(list) => Json::Array(list.to_vec().iter().map(skeleton).collect()),
        other => other.as_str().map_or(Json::Null, Json::from),
    }
}

impl Parameter {
    /// The value as Python's `str()` shows it.
    pub(super) fn python(&self) -> String {
        match self {
            Parameter::Text(text) => text.clone(),
            Parameter::Flag(flag) => if *flag { "True" } else { "False" }.to_owned(),
            Parameter::Texts(texts) => {
                let shown: Vec<String> = texts.iter().map(|text| python::str_repr(text)).collect();
                match shown.as_slice() {
                    [one] => format!("({one},)"),
                    several => format!("({})", several.join(", ")),
                }
            }
        }
    }
}
