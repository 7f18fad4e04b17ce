//! XML bodies.

use squall_model::Value;

use super::Field;
use super::rest::WriteBody;
use crate::model::ShapeType;

/// XML within a REST request.
pub(super) struct Body;

impl WriteBody for Body {
    fn content_type(&self) -> Option<&'static str> {
        None
    }

    fn write(&self, field: Field, value: &Value) -> Vec<u8> {
        let mut root = Element::new("");
        write(field, value, &mut root, field.wire_name().unwrap_or(field.shape_name()));
        let mut out = String::new();
        root.children.iter().for_each(|child| child.write(&mut out));
        out.into_bytes()
    }

    fn empty(&self) -> &'static [u8] {
        b""
    }
}

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn new(name: &str) -> Self {
        Element { name: name.to_owned(), attributes: Vec::new(), children: Vec::new(), text: String::new() }
    }

    fn child(&mut self, name: &str) -> &mut Element {
        self.children.push(Element::new(name));
        self.children.last_mut().expect("it was just added")
    }

    /// Declares the namespace that the field has.
    fn declare(&mut self, field: Field) {
        if let Some(namespace) = field.xml_namespace() {
            let name = match namespace.prefix.as_deref() {
                Some(prefix) if !prefix.is_empty() => format!("xmlns:{prefix}"),
                _ => "xmlns".to_owned(),
            };
            self.attributes.retain(|(there, _)| *there != name);
            self.attributes.push((name, namespace.uri.clone()));
        }
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\""));
            escape(value, true, out);
            out.push('"');
        }
        if self.children.is_empty() && self.text.is_empty() {
            out.push_str(" />");
            return;
        }
        out.push('>');
        escape(&self.text, false, out);
        self.children.iter().for_each(|child| child.write(out));
        out.push_str(&format!("</{}>", self.name));
    }
}

/// Line ends too: a reader would make them others.
fn escape(text: &str, attribute: bool, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\n' => out.push_str("&#xA;"),
            '\t' if attribute => out.push_str("&#x9;"),
            '\u{85}' => out.push_str("&#x85;"),
            '\u{2028}' => out.push_str("&#x2028;"),
            other => out.push(other),
        }
    }
}

fn write(field: Field, value: &Value, parent: &mut Element, name: &str) {
    match (field.kind(), value) {
        (ShapeType::Structure, Value::Map(map)) => {
            let element = parent.child(name);
            element.declare(field);
            for (key, member, value) in super::known(field, map) {
                let name = member.wire_name().unwrap_or(&key);
                if value.is_null() {
                    continue;
                }
                if member.xml_attribute() {
                    element.attributes.push((name.to_owned(), super::text(&value)));
                } else {
                    write(member, &value, element, name);
                }
            }
        }
        (ShapeType::List, Value::List(list)) => {
            let element = field.element();
            let (around, name) = if field.flattened() {
                (parent, name)
            } else {
                (parent.child(name), element.wire_name().unwrap_or("member"))
            };
            if !field.flattened() {
                around.declare(field);
            }
            list.to_vec().iter().for_each(|item| write(element, item, around, name));
        }
        (ShapeType::Map, Value::Map(map)) => {
            let (key_field, value_field) = field.entry();
            let (around, name) =
                if field.flattened() { (parent, name) } else { (parent.child(name), "entry") };
            if !field.flattened() {
                around.declare(field);
            }
            for (key, value) in map.entries() {
                let entry = around.child(name);
                write(key_field, key.value(), entry, key_field.wire_name().unwrap_or("key"));
                write(value_field, &value, entry, value_field.wire_name().unwrap_or("value"));
            }
        }
        (kind, value) => {
            let element = parent.child(name);
            element.text = match kind {
                ShapeType::Boolean => super::flag(value),
                ShapeType::Blob => super::base64(value),
                ShapeType::Timestamp => super::text(&super::moment(field, value, "iso8601")),
                ShapeType::Float | ShapeType::Double => super::number(value),
                _ => super::text(value),
            };
            element.declare(field);
        }
    }
}
