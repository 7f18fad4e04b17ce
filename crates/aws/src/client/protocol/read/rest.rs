//! What answers to REST requests have in status and headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use squall_model::{Map, Value, json};

use super::json::{scalar, timestamp};
use super::{Field, ParseError, Response};
use crate::model::ShapeType;

/// How a body is read.
pub(super) trait ReadBody {
    /// The members of a structure that are in the body.
    fn structure(&self, field: Field, body: &[u8]) -> Result<Map, ParseError>;

    /// A member that is the whole body.
    fn payload(&self, field: Field, body: &[u8]) -> Result<Value, ParseError>;
}

pub(super) fn output(
    body: &dyn ReadBody,
    output: Option<Field>,
    response: &Response,
) -> Result<Map, ParseError> {
    let parsed = Map::new();
    // boto3's order: the metadata first.
    parsed.insert("ResponseMetadata", Value::Null);
    let Some(output) = output else {
        return Ok(parsed);
    };
    members(body, output, response, &parsed)?;
    Ok(parsed)
}

/// Everything that a structure says, into `parsed`.
pub(super) fn members(
    body: &dyn ReadBody,
    output: Field,
    response: &Response,
    parsed: &Map,
) -> Result<(), ParseError> {
    for (name, member) in output.members() {
        match member.location() {
            Some("statusCode") => parsed.insert(name, Value::from(i64::from(response.status))),
            Some("headers") => {
                let prefix = member.wire_name().unwrap_or_default().to_ascii_lowercase();
                let found = response.headers.iter().filter_map(|(header, value)| {
                    let rest =
                        header.to_ascii_lowercase().starts_with(&prefix).then(|| &header[prefix.len()..])?;
                    Some((rest.to_owned(), Value::from(value.as_str())))
                });
                parsed.insert(name, Value::Map(found.collect()));
            }
            Some("header") => {
                if let Some(text) = response.header(member.wire_name().unwrap_or(name)) {
                    parsed.insert(name, header(member, text)?);
                }
            }
            _ => {}
        }
    }
    match output.payload() {
        Some((name, payload)) => match payload.kind() {
            ShapeType::Blob => parsed.insert(name, super::bytes(response.body.clone())),
            ShapeType::String => {
                parsed.insert(name, Value::from(String::from_utf8_lossy(&response.body).into_owned()));
            }
            _ => parsed.insert(name, body.payload(payload, &response.body)?),
        },
        None => {
            for (key, value) in body.structure(output, &response.body)?.entries() {
                parsed.insert(key, value);
            }
        }
    }
    Ok(())
}

/// A header by the shape of its member.
fn header(field: Field, text: &str) -> Result<Value, ParseError> {
    if field.json_header() {
        let decoded = BASE64.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let parsed = decoded.and_then(|text| json::parse(&text).ok());
        return parsed.ok_or_else(|| ParseError::new(format!("`{text}` is not JSON in base64")));
    }
    let value = Value::from(text);
    match field.kind() {
        ShapeType::List => {
            let element = field.element();
            let items = text.split(',').map(|item| header(element, item.trim()));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        ShapeType::Timestamp => timestamp(&value),
        ShapeType::Blob => super::blob(text),
        kind => scalar(kind, &value),
    }
}

/// `ResponseMetadata` with what the headers say of the request.
pub(super) fn metadata(response: &Response) -> Map {
    let metadata = Map::new();
    if let Some(id) = response.header("x-amzn-requestid") {
        metadata.insert("RequestId", Value::from(id));
    } else if let Some(id) = response.header("x-amz-request-id") {
        metadata.insert("RequestId", Value::from(id));
        metadata.insert("HostId", Value::from(response.header("x-amz-id-2").unwrap_or_default()));
    }
    metadata
}
