//! XML bodies: of REST requests, and of the query protocols.

use roxmltree::{Document, Node, ParsingOptions};
use squall_model::{Int, Map, Value, python};

use super::rest::ReadBody;
use super::{Field, ParseError, Response};
use crate::client::protocol::Moment;
use crate::model::{Protocol, Service, ShapeType};

/// The document of a body.
pub(super) fn document(body: &str) -> Result<Document<'_>, ParseError> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(body, options).map_err(|error| {
        ParseError::new(format!(
            "Unable to parse response ({error}), invalid XML received. Further retries may succeed:\n{}",
            python::bytes_repr(body.as_bytes())
        ))
    })
}

/// The text of a body.
pub(super) fn text(body: &[u8]) -> Result<&str, ParseError> {
    std::str::from_utf8(body).map_err(|error| ParseError::new(format!("the body is not UTF-8: {error}")))
}

/// A query or ec2 answer, and its metadata.
pub(super) fn query_output(
    service: &Service,
    output: Option<Field>,
    response: &Response,
) -> Result<(Map, Map), ParseError> {
    let text = text(&response.body)?;
    let document = document(text)?;
    let root = document.root_element();
    let mut parsed = Map::new();
    if let Some(output) = output {
        let start = match output.result_wrapper() {
            Some(wrapper) => child(root, wrapper)
                .ok_or_else(|| ParseError::new(format!("the answer has no element `{wrapper}`")))?,
            None => root,
        };
        if let Value::Map(map) = structure(output, start)? {
            parsed = map;
        }
    }
    let metadata = Map::new();
    if service.metadata.protocol == Protocol::Ec2 {
        if let Some(id) = child(root, "requestId") {
            metadata.insert("RequestId", Value::from(content(id)));
        }
    } else if let Some(found) = child(root, "ResponseMetadata") {
        for element in elements(found) {
            metadata.insert(element.tag_name().name(), Value::from(content(element)));
        }
    }
    Ok((parsed, metadata))
}

/// XML within the answer to a REST request.
pub(super) struct Body;

impl ReadBody for Body {
    fn structure(&self, field: Field, body: &[u8]) -> Result<Map, ParseError> {
        if body.is_empty() {
            return Ok(Map::new());
        }
        Ok(match structure(field, document(text(body)?)?.root_element())? {
            Value::Map(map) => map,
            _ => Map::new(),
        })
    }

    fn payload(&self, field: Field, body: &[u8]) -> Result<Value, ParseError> {
        if body.is_empty() {
            return Ok(Value::Map(Map::new()));
        }
        value(field, &[document(text(body)?)?.root_element()])
    }
}

pub(super) fn elements<'a, 'input: 'a>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

pub(super) fn child<'a, 'input: 'a>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    elements(node).find(|element| element.tag_name().name() == name)
}

/// The text before the first element within.
pub(super) fn content(node: Node<'_, '_>) -> String {
    node.children().take_while(|child| !child.is_element()).filter_map(|child| child.text()).collect()
}

/// A structure from its element.
pub(super) fn structure(field: Field, node: Node<'_, '_>) -> Result<Value, ParseError> {
    if let Some(tag) = unknown_tag(field, node)? {
        return Ok(super::unknown_member(&tag));
    }
    let parsed = Map::new();
    for (name, member) in field.members() {
        if matches!(member.location(), Some("header" | "headers" | "statusCode")) {
            continue;
        }
        let wire_name = wire_name(name, member);
        let nodes: Vec<Node<'_, '_>> =
            elements(node).filter(|element| element.tag_name().name() == wire_name).collect();
        if !nodes.is_empty() {
            parsed.insert(name, value(member, &nodes)?);
        } else if member.xml_attribute()
            && let Some(text) = attribute(node, wire_name)
        {
            parsed.insert(name, Value::from(text));
        }
    }
    Ok(Value::Map(parsed))
}

/// The name of a member's elements: those of a flattened list have the name of the list's items.
fn wire_name(name: &str, member: Field) -> &str {
    let item = (member.kind() == ShapeType::List && member.flattened()).then(|| member.element().wire_name());
    item.flatten().or(member.wire_name()).unwrap_or(name)
}

/// An attribute by the name that models have it, `xsi:type`.
fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    let (_, local) = name.split_once(':').unwrap_or(("", name));
    let found = node.attributes().find(|attribute| attribute.name() == local)?;
    Some(found.value().to_owned())
}

fn unknown_tag(field: Field, node: Node<'_, '_>) -> Result<Option<String>, ParseError> {
    if !field.shape.union {
        return Ok(None);
    }
    let mut tags: Vec<&str> = elements(node).map(|element| element.tag_name().name()).collect();
    tags.dedup();
    let [tag] = tags.as_slice() else {
        return Err(ParseError::new(format!(
            "Invalid service response: {} must have one and only one member set.",
            field.shape_name()
        )));
    };
    let known = field.members().any(|(name, member)| member.wire_name().unwrap_or(name) == *tag);
    Ok((!known).then(|| (*tag).to_owned()))
}

/// A value from its elements: several of a flattened list or map, else one.
fn value(field: Field, nodes: &[Node<'_, '_>]) -> Result<Value, ParseError> {
    let first = nodes[0];
    match field.kind() {
        ShapeType::Structure => structure(field, first),
        ShapeType::List => {
            let element = field.element();
            let items: Vec<Node<'_, '_>> =
                if field.flattened() { nodes.to_vec() } else { elements(first).collect() };
            let items = items.into_iter().map(|item| value(element, &[item]));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        ShapeType::Map => {
            let entries: Vec<Node<'_, '_>> =
                if field.flattened() { nodes.to_vec() } else { elements(first).collect() };
            map(field, &entries)
        }
        kind => scalar(kind, &content(first)),
    }
}

fn map(field: Field, entries: &[Node<'_, '_>]) -> Result<Value, ParseError> {
    let (key_field, value_field) = field.entry();
    let key_name = key_field.wire_name().unwrap_or("key");
    let value_name = value_field.wire_name().unwrap_or("value");
    let parsed = Map::new();
    for entry in entries {
        let (mut key, mut item) = (None, None);
        for part in elements(*entry) {
            match part.tag_name().name() {
                name if name == key_name => key = Some(value(key_field, &[part])?),
                name if name == value_name => item = Some(value(value_field, &[part])?),
                other => return Err(ParseError::new(format!("Unknown tag: {other}"))),
            }
        }
        if let (Some(key), Some(item)) = (key, item) {
            parsed.insert(python::str(&key), item);
        }
    }
    Ok(Value::Map(parsed))
}

/// A scalar from its text.
fn scalar(kind: ShapeType, text: &str) -> Result<Value, ParseError> {
    let unfit = || ParseError::new(format!("`{text}` is not of type {kind:?}"));
    match kind {
        ShapeType::Boolean => Ok(Value::Bool(text == "true")),
        ShapeType::Integer | ShapeType::Long => {
            text.trim().parse::<Int>().map(Value::Int).map_err(|_| unfit())
        }
        ShapeType::Float | ShapeType::Double => super::json::float(text).map(Value::Float).ok_or_else(unfit),
        ShapeType::Timestamp => Moment::parse(text)
            .map(Moment::to_value)
            .ok_or_else(|| ParseError::new(format!("Invalid timestamp \"{text}\""))),
        ShapeType::Blob => super::blob(text),
        _ => Ok(Value::from(text)),
    }
}
