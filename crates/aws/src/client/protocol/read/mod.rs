//! Answers to boto3's mappings.

mod cbor;
mod error;
mod json;
mod rest;
mod xml;

pub use error::{error, unreadable};

use squall_model::{Map, Value};

use super::{Field, Response};
use crate::model::{Operation, Protocol, Service};

/// An answer that is not what the protocol says.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub(crate) String);

impl ParseError {
    fn new(message: impl Into<String>) -> Self {
        ParseError(message.into())
    }
}

/// What a successful answer says, with its `ResponseMetadata`.
///
/// # Errors
///
/// Where the body is not in the protocol's form.
pub fn output(
    service: &'static Service,
    operation: &'static Operation,
    response: &Response,
) -> Result<Map, ParseError> {
    let output = operation.output.as_ref().map(|reference| Field::new(service, reference));
    let (parsed, metadata) = match service.metadata.protocol {
        Protocol::Query | Protocol::Ec2 => xml::query_output(service, output, response)?,
        Protocol::Json => (json::output(output, response)?, request_id(response, &["x-amzn-requestid"])),
        Protocol::SmithyRpcV2Cbor => {
            (cbor::output(output, response)?, request_id(response, &["x-amzn-requestid"]))
        }
        Protocol::RestJson => (rest::output(&json::Body, output, response)?, rest::metadata(response)),
        Protocol::RestXml => (rest::output(&xml::Body, output, response)?, rest::metadata(response)),
    };
    response.complete(&metadata);
    parsed.insert("ResponseMetadata", Value::Map(metadata));
    Ok(parsed)
}

/// `ResponseMetadata` with the request's id, from the first of the headers that is there.
fn request_id(response: &Response, headers: &[&str]) -> Map {
    let metadata = Map::new();
    if let Some(id) = headers.iter().find_map(|name| response.header(name)) {
        metadata.insert("RequestId", Value::from(id));
    }
    metadata
}

/// A blob from its text.
fn blob(text: &str) -> Result<Value, ParseError> {
    use base64::Engine as _;
    // As Python's decoder: what is not of the alphabet is passed over.
    let clean: String =
        text.chars().filter(|letter| letter.is_ascii_alphanumeric() || "+/".contains(*letter)).collect();
    let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
    let decoded =
        engine.decode(clean).map_err(|error| ParseError::new(format!("a blob is not base64: {error}")))?;
    Ok(bytes(decoded))
}

/// Bytes as a value.
pub(crate) fn bytes(bytes: Vec<u8>) -> Value {
    use std::sync::Arc;

    use squall_model::{Other, OtherKind, python};
    let text = python::bytes_repr(&bytes).into();
    Value::Other(Arc::new(Other { kind: OtherKind::Bytes(bytes.into()), text, display: None }))
}

/// A union's member that the model does not know, as botocore shows it.
fn unknown_member(tag: &str) -> Value {
    Value::map([("SDK_UNKNOWN_MEMBER", Value::map([("name", Value::from(tag))]))])
}
