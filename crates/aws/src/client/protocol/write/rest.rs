//! Parameters in the path, the query and the headers: what the REST protocols have in common.

use base64::Engine as _;
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Map, Value};

use super::{BASE64, Field, Moment, Request};
use crate::client::protocol::wire::encode;
use crate::model::{Operation, ShapeType};

/// How a body is written.
pub(super) trait WriteBody {
    /// The header that goes with bodies of this form.
    fn content_type(&self) -> Option<&'static str>;

    /// A value as a body.
    fn write(&self, field: Field, value: &Value) -> Vec<u8>;

    /// The body where there could be one, and nothing is in it.
    fn empty(&self) -> &'static [u8];
}

pub(super) fn write(
    body: &dyn WriteBody,
    operation: &Operation,
    input: Option<Field>,
    parameters: &Map,
    request: &mut Request,
) {
    let Some(input) = input else {
        request.path.clone_from(&operation.http.request_uri);
        return;
    };
    let mut labels = Vec::new();
    let in_body = Map::new();
    for (name, field, value) in super::known(input, parameters) {
        if value.is_null() {
            continue;
        }
        let wire_name = field.wire_name().unwrap_or(&name);
        match field.location() {
            Some("uri") => labels.push((wire_name.to_owned(), plain(field, &value))),
            Some("querystring") => query(field, wire_name, &value, &mut request.query),
            Some("header") => {
                if !value.is_truthy() && field.kind() == ShapeType::List {
                    continue;
                }
                request.set_header(wire_name, header(field, &value));
            }
            Some("headers") => {
                for (key, value) in value.as_map().map(Map::entries).unwrap_or_default() {
                    request
                        .set_header(&format!("{wire_name}{}", super::text(key.value())), super::text(&value));
                }
            }
            _ => in_body.insert(name, value),
        }
    }
    request.path = path(&operation.http.request_uri, &labels);
    match input.payload() {
        Some((name, payload)) if payload.is_raw() => {
            if let Some(value) = parameters.get(name).filter(|value| !value.is_null()) {
                request.body = super::bytes(&value);
            }
            // Such a body has no type of its own.
            return;
        }
        Some((name, payload)) => match parameters.get(name) {
            Some(value) if !value.is_null() => request.body = body.write(payload, &value),
            _ => request.body = body.empty().to_vec(),
        },
        None if !in_body.is_empty() => request.body = body.write(input, &Value::Map(in_body)),
        None if input.members().any(|(_, field)| field.location().is_none()) => {
            request.body = body.empty().to_vec();
        }
        None => {}
    }
    if let Some(kind) = body.content_type()
        && !request.body.is_empty()
    {
        request.default_header("Content-Type", kind);
    }
}

/// A scalar in the path or the query.
fn plain(field: Field, value: &Value) -> String {
    match field.kind() {
        ShapeType::Boolean => super::text(value).to_lowercase(),
        ShapeType::Timestamp => super::text(&super::moment(field, value, "iso8601")),
        ShapeType::Float | ShapeType::Double => super::number(value),
        _ => super::text(value),
    }
}

fn query(field: Field, name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    let mut set = |name: &str, values: Vec<String>| {
        // What names a parameter takes the place of the same name from a map, and the other way round.
        pairs.retain(|(there, _)| there != name);
        pairs.extend(values.into_iter().map(|value| (name.to_owned(), value)));
    };
    match value {
        Value::Map(map) => {
            for (key, value) in map.entries() {
                let values = match &value {
                    Value::List(list) => list.to_vec().iter().map(super::text).collect(),
                    scalar => vec![super::text(scalar)],
                };
                set(&super::text(key.value()), values);
            }
        }
        Value::List(list) => {
            let element = field.element();
            set(name, list.to_vec().iter().map(|item| plain(element, item)).collect());
        }
        scalar => set(name, vec![plain(field, scalar)]),
    }
}

fn header(field: Field, value: &Value) -> String {
    if field.json_header() {
        let style = Style { layout: Layout::Compact, ascii: true, non_finite: NonFinite::Bare };
        return BASE64.encode(json::write(value, &style));
    }
    match (field.kind(), value) {
        (ShapeType::Timestamp, value) => match Moment::of(value) {
            // Headers have whole seconds, whatever their form.
            Some(moment) => moment.whole_seconds().text(field.timestamp_format().unwrap_or("rfc822")),
            None => super::text(value),
        },
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            let items = list.to_vec();
            let items = items.iter().filter(|item| !item.is_null()).map(|item| match element.kind() {
                ShapeType::String => quoted(&super::text(item)),
                _ => header(element, item),
            });
            items.collect::<Vec<_>>().join(",")
        }
        _ => plain(field, value),
    }
}

/// An item of a list in a header.
fn quoted(item: &str) -> String {
    if item.contains(['"', ',']) { format!("\"{}\"", item.replace('"', "\\\"")) } else { item.to_owned() }
}

/// The path of the model with its labels filled in.
fn path(template: &str, labels: &[(String, String)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{')
        && let Some((label, after)) = after.split_once('}')
    {
        out.push_str(before);
        let (name, safe) = label.strip_suffix('+').map_or((label, ""), |name| (name, "/"));
        if let Some((_, value)) = labels.iter().find(|(there, _)| there == name) {
            out.push_str(&encode(value, safe));
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
