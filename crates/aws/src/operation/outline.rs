//! What services, operations and waiters look like, for people who write experiments.

use squall_model::{List, Map, Value};

use super::names::snake_case;
use crate::model::{Operation, Reference, Service, Shape, ShapeType};

/// A parameter, or a part of one; or a part of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// boto3's name; `[]` for the items of a list, `{}` for the values of a map.
    pub name: String,
    /// Its type in boto3's words: `string`, `list of string`, `structure`.
    pub kind: String,
    /// Whether a call must have it.
    pub required: bool,
    /// What it is made of; nothing where it contains itself.
    pub parts: Vec<Part>,
}

/// The parameters of an operation.
pub fn parameters(service: &'static Service, operation: &Operation) -> Vec<Part> {
    members(service, operation.input.as_ref())
}

/// The parts of an operation's answer, `ResponseMetadata` aside.
pub fn answer(service: &'static Service, operation: &Operation) -> Vec<Part> {
    members(service, operation.output.as_ref())
}

fn members(service: &'static Service, reference: Option<&Reference>) -> Vec<Part> {
    let shape = reference.and_then(|reference| Some((&*reference.shape, service.shape(&reference.shape)?)));
    shape.map(|(name, shape)| parts_of(service, name, shape, &mut Vec::new())).unwrap_or_default()
}

fn parts_of(service: &'static Service, name: &str, shape: &Shape, above: &mut Vec<String>) -> Vec<Part> {
    if above.iter().any(|known| known == name) {
        return Vec::new();
    }
    above.push(name.to_owned());
    let part = |name: &str, reference: &Reference, required: bool, above: &mut Vec<String>| {
        let shape = service.shape(&reference.shape)?;
        Some(Part {
            name: name.to_owned(),
            kind: kind_of(service, reference),
            required,
            parts: parts_of(service, &reference.shape, shape, above),
        })
    };
    let parts = match shape.kind {
        ShapeType::Structure => {
            let members = shape.members.iter();
            members.filter_map(|(name, member)| part(name, member, shape.requires(name), above)).collect()
        }
        // What lists and maps hold is shown where it is a structure; its type says the rest.
        ShapeType::List => {
            let items = shape.member.as_ref().and_then(|item| part("[]", item, false, above));
            items.filter(|items| !items.parts.is_empty()).map_or_else(Vec::new, |items| items.parts)
        }
        ShapeType::Map => {
            let values = shape.value.as_ref().and_then(|value| part("{}", value, false, above));
            values.filter(|values| !values.parts.is_empty()).map_or_else(Vec::new, |values| values.parts)
        }
        _ => Vec::new(),
    };
    above.pop();
    parts
}

fn kind_of(service: &'static Service, reference: &Reference) -> String {
    let Some(shape) = service.shape(&reference.shape) else { return "unknown".to_owned() };
    let inner = |reference: &Option<Reference>| {
        reference.as_ref().map_or_else(String::new, |reference| kind_of(service, reference))
    };
    match shape.kind {
        ShapeType::Structure if shape.document => "any".to_owned(),
        ShapeType::Structure => "structure".to_owned(),
        ShapeType::List => format!("list of {}", inner(&shape.member)),
        ShapeType::Map => format!("map of {} to {}", inner(&shape.key), inner(&shape.value)),
        ShapeType::String | ShapeType::Character => "string".to_owned(),
        ShapeType::Integer | ShapeType::Long | ShapeType::BigInteger => "integer".to_owned(),
        ShapeType::Double | ShapeType::Float | ShapeType::BigDecimal => "number".to_owned(),
        ShapeType::Boolean => "boolean".to_owned(),
        ShapeType::Timestamp => "timestamp".to_owned(),
        ShapeType::Blob => "bytes".to_owned(),
    }
}

impl Part {
    /// The part for programs.
    pub fn to_value(&self) -> Value {
        let map: Map = [
            ("name", Value::from(&*self.name)),
            ("type", self.kind.as_str().into()),
            ("required", self.required.into()),
        ]
        .into_iter()
        .collect();
        if !self.parts.is_empty() {
            map.insert("parts", to_values(&self.parts));
        }
        map.into()
    }
}

fn to_values(parts: &[Part]) -> Value {
    parts.iter().map(Part::to_value).collect::<List>().into()
}

/// A service for programs: its operations and waiters.
pub fn service_value(service: &'static Service, shows: impl Fn(&str) -> bool) -> Value {
    let operations = service.operation_names().filter(|name| shows(name)).map(|name| {
        Value::map([
            ("name", Value::from(snake_case(name))),
            ("operation", name.into()),
            ("paginated", service.paginators().contains_key(name).into()),
        ])
    });
    let waiters = service.waiters().iter().filter(|(name, _)| shows(name)).map(|(name, waiter)| {
        Value::map([
            ("name", Value::from(snake_case(name))),
            ("waiter", name.as_str().into()),
            ("operation", snake_case(&waiter.operation).into()),
            ("interval", i64::try_from(waiter.delay).unwrap_or(i64::MAX).into()),
            ("attempts", i64::from(waiter.max_attempts).into()),
        ])
    });
    Value::map([
        ("service", Value::from(service.name)),
        ("title", service.metadata.service_full_name.as_str().into()),
        ("api_version", service.metadata.api_version.as_str().into()),
        ("protocol", service.metadata.protocol.name().into()),
        ("operations", Value::list(operations)),
        ("waiters", Value::list(waiters)),
    ])
}

/// An operation for programs: its parameters and its answer.
pub fn operation_value(service: &'static Service, operation: &Operation) -> Value {
    Value::map([
        ("service", Value::from(service.name)),
        ("name", snake_case(&operation.name).into()),
        ("operation", operation.name.as_str().into()),
        ("paginated", service.paginators().contains_key(&operation.name).into()),
        ("parameters", to_values(&parameters(service, operation))),
        ("answer", to_values(&answer(service, operation))),
    ])
}

#[cfg(test)]
mod tests {
    use super::{answer, parameters};
    use crate::model;

    #[test]
    fn parameters_are_told_with_their_types() {
        let ecs = model::load("ecs").unwrap();
        let parameters = parameters(ecs, ecs.operation("UpdateService").unwrap());
        let service = parameters.iter().find(|part| part.name == "service").unwrap();
        assert!(service.required && service.parts.is_empty());
        assert_eq!(service.kind, "string");
        let strategy = parameters.iter().find(|part| part.name == "capacityProviderStrategy").unwrap();
        assert_eq!(strategy.kind, "list of structure");
        assert!(strategy.parts.iter().any(|part| part.name == "capacityProvider" && part.required));
    }

    #[test]
    fn shapes_that_contain_themselves_end() {
        let dynamodb = model::load("dynamodb").unwrap();
        let answer = answer(dynamodb, dynamodb.operation("GetItem").unwrap());
        assert_eq!(answer[0].kind, "map of string to structure");
    }
}
