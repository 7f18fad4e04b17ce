//! Form-encoded parameters: the query protocol, and EC2's variant of it.

use squall_model::{Map, Value};

use super::{Field, Request};
use crate::client::protocol::wire::encode;
use crate::model::{Operation, Protocol, Service, ShapeType};

pub(super) fn write(
    service: &'static Service,
    operation: &Operation,
    input: Option<Field>,
    parameters: &Map,
    request: &mut Request,
) {
    let mut form = Form { pairs: Vec::new(), ec2: service.metadata.protocol == Protocol::Ec2 };
    form.push("Action", operation.name.clone());
    form.push("Version", service.metadata.api_version.clone());
    if let Some(input) = input {
        form.write(input, &Value::Map(parameters.clone()), "");
    }
    request.set_header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    request.body = form.encode().into_bytes();
}

struct Form {
    pairs: Vec<(String, String)>,
    ec2: bool,
}

impl Form {
    fn push(&mut self, name: &str, value: String) {
        self.pairs.push((name.to_owned(), value));
    }

    fn write(&mut self, field: Field, value: &Value, at: &str) {
        match (field.kind(), value) {
            (ShapeType::Structure, Value::Map(map)) => {
                for (name, member, value) in super::known(field, map) {
                    let name = self.member_name(member, &name);
                    let at = if at.is_empty() { name } else { format!("{at}.{name}") };
                    self.write(member, &value, &at);
                }
            }
            (ShapeType::List, Value::List(list)) => self.write_list(field, &list.to_vec(), at),
            (ShapeType::Map, Value::Map(map)) => self.write_map(field, map, at),
            (ShapeType::Blob, value) => self.push(at, super::base64(value)),
            (ShapeType::Timestamp, value) => {
                self.push(at, super::text(&super::moment(field, value, "iso8601")))
            }
            (ShapeType::Boolean, value) => self.push(at, super::flag(value)),
            (ShapeType::Float | ShapeType::Double, value) => self.push(at, super::number(value)),
            (_, value) => self.push(at, super::text(value)),
        }
    }

    fn member_name(&self, member: Field, name: &str) -> String {
        if !self.ec2 {
            return member.wire_name().unwrap_or(name).to_owned();
        }
        match (member.query_name(), member.wire_name()) {
            (Some(query), _) => query.to_owned(),
            (None, Some(wire)) => {
                let mut letters = wire.chars();
                let first = letters.next().map(|letter| letter.to_uppercase().to_string());
                first.unwrap_or_default() + letters.as_str()
            }
            (None, None) => name.to_owned(),
        }
    }

    fn write_list(&mut self, field: Field, items: &[Value], at: &str) {
        let element = field.element();
        if items.is_empty() && !self.ec2 {
            self.push(at, String::new());
            return;
        }
        let prefix = match (self.ec2 || field.flattened(), element.wire_name()) {
            (false, name) => format!("{at}.{}", name.unwrap_or("member")),
            // The element's name stands in place of the list's.
            (true, Some(name)) if !self.ec2 => match at.rsplit_once('.') {
                Some((before, _)) => format!("{before}.{name}"),
                None => name.to_owned(),
            },
            (true, _) => at.to_owned(),
        };
        for (index, item) in items.iter().enumerate() {
            self.write(element, item, &format!("{prefix}.{}", index + 1));
        }
    }

    fn write_map(&mut self, field: Field, map: &Map, at: &str) {
        let (key_field, value_field) = field.entry();
        let prefix = if field.flattened() { at.to_owned() } else { format!("{at}.entry") };
        let key_name = self.part_name(key_field, "key");
        let value_name = self.part_name(value_field, "value");
        for (index, (key, value)) in map.entries().into_iter().enumerate() {
            let at = format!("{prefix}.{}", index + 1);
            self.write(key_field, key.value(), &format!("{at}.{key_name}"));
            self.write(value_field, &value, &format!("{at}.{value_name}"));
        }
    }

    fn part_name(&self, field: Field, custom: &str) -> String {
        self.member_name(field, custom)
    }

    fn encode(&self) -> String {
        let pair = |(name, value): &(String, String)| format!("{}={}", plus(name), plus(value));
        self.pairs.iter().map(pair).collect::<Vec<_>>().join("&")
    }
}

/// Form encoding: a blank is a plus.
fn plus(text: &str) -> String {
    encode(text, " ").replace(' ', "+")
}
