//! Bodies compared by what they mean.

use aws_smithy_cbor::Decoder;
use aws_smithy_cbor::data::Type;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use roxmltree::{Document, Node};
use squall_aws::model::Protocol;
use squall_model::json;

pub fn compare(protocol: Protocol, ours: &[u8], theirs: &str) -> Result<(), String> {
    if protocol == Protocol::SmithyRpcV2Cbor {
        let theirs = BASE64.decode(theirs).unwrap();
        return same(&cbor(ours), &cbor(&theirs));
    }
    let ours = std::str::from_utf8(ours).map_err(|error| error.to_string())?;
    match protocol {
        Protocol::Query | Protocol::Ec2 => same(&form(ours), &form(theirs)),
        Protocol::Json | Protocol::RestJson => match (json::parse(ours), json::parse(theirs)) {
            (Ok(one), Ok(other)) if one == other => Ok(()),
            _ => same(ours, theirs),
        },
        _ => match (Document::parse(ours), Document::parse(theirs)) {
            (Ok(one), Ok(other)) => same(&canonical(one.root_element()), &canonical(other.root_element())),
            _ => same(ours, theirs),
        },
    }
}

fn same(ours: &str, theirs: &str) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("the body is `{ours}`, not `{theirs}`")) }
}

/// A form with one way to write each letter.
fn form(text: &str) -> String {
    text.replace('+', "%20")
}

/// An element without the blanks around its texts, attributes in order.
fn canonical(node: Node<'_, '_>) -> String {
    let mut out = format!("<{:?}", node.tag_name());
    let mut attributes: Vec<String> =
        node.attributes().map(|it| format!(" {:?}:{}={:?}", it.namespace(), it.name(), it.value())).collect();
    attributes.sort();
    out.extend(attributes);
    out.push('>');
    for child in node.children() {
        if child.is_element() {
            out.push_str(&canonical(child));
        } else if let Some(text) = child.text() {
            out.push_str(text.trim());
        }
    }
    out.push_str("</>");
    out
}

/// An item as text; numbers by value, mappings in the order of their keys.
fn cbor(bytes: &[u8]) -> String {
    if bytes.is_empty() { String::new() } else { item(&mut Decoder::new(bytes), bytes) }
}

fn item(decoder: &mut Decoder<'_>, bytes: &[u8]) -> String {
    let ended = |decoder: &Decoder<'_>| bytes[decoder.position()] == 0xff;
    match decoder.datatype().unwrap() {
        Type::Map | Type::MapIndef => {
            let mut left = decoder.map().unwrap();
            let mut entries = Vec::new();
            while left.map_or_else(|| !ended(decoder), |left| left > 0) {
                entries.push(format!("{}: {}", item(decoder, bytes), item(decoder, bytes)));
                left = left.map(|left| left - 1);
            }
            if left.is_none() {
                decoder.skip().unwrap();
            }
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
        Type::Array | Type::ArrayIndef => {
            let mut left = decoder.list().unwrap();
            let mut items = Vec::new();
            while left.map_or_else(|| !ended(decoder), |left| left > 0) {
                items.push(item(decoder, bytes));
                left = left.map(|left| left - 1);
            }
            if left.is_none() {
                decoder.skip().unwrap();
            }
            format!("[{}]", items.join(", "))
        }
        Type::Tag => {
            decoder.set_position(decoder.position() + 1);
            format!("time {}", item(decoder, bytes))
        }
        Type::F16 | Type::F32 | Type::F64 => format!("{}", decoder.double().unwrap()),
        Type::String | Type::StringIndef => format!("{:?}", decoder.string().unwrap()),
        Type::Bytes | Type::BytesIndef => format!("{:?}", decoder.blob().unwrap()),
        Type::Bool => decoder.boolean().unwrap().to_string(),
        Type::Null | Type::Undefined => {
            decoder.skip().unwrap();
            "null".to_owned()
        }
        _ => format!("{}", decoder.long().unwrap() as f64),
    }
}
