//! Requests from parameters. The parameters fit the operation: that was checked before.

mod cbor;
mod json;
mod query;
mod rest;
mod xml;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use squall_model::{Map, OtherKind, Value, python};

use super::{Field, Moment, Request};
use crate::error::AwsError;
use crate::model::{Operation, Protocol, Service};

/// The request of an operation, in the service's protocol.
///
/// # Errors
///
/// Where a parameter that becomes a part of the host's name cannot be one.
pub fn request(
    service: &'static Service,
    operation: &'static Operation,
    parameters: &Map,
) -> Result<Request, AwsError> {
    let input = operation.input.as_ref().map(|reference| Field::new(service, reference));
    let mut request =
        Request { method: operation.http.method.clone(), path: "/".to_owned(), ..Request::default() };
    if request.method.is_empty() {
        request.method = "POST".to_owned();
    }
    request.host_prefix = host_prefix(operation, input, parameters)?;
    match service.metadata.protocol {
        Protocol::Query | Protocol::Ec2 => query::write(service, operation, input, parameters, &mut request),
        Protocol::Json => json::write(service, operation, input, parameters, &mut request),
        Protocol::RestJson => rest::write(&json::Body, operation, input, parameters, &mut request),
        Protocol::RestXml => rest::write(&xml::Body, operation, input, parameters, &mut request),
        Protocol::SmithyRpcV2Cbor => cbor::write(service, operation, input, parameters, &mut request),
    }
    if service.metadata.aws_query_compatible
        && matches!(service.metadata.protocol, Protocol::Json | Protocol::SmithyRpcV2Cbor)
    {
        request.set_header("x-amzn-query-mode", "true");
    }
    Ok(request)
}

/// What goes before the host's name, its labels filled in.
fn host_prefix(
    operation: &Operation,
    input: Option<Field>,
    parameters: &Map,
) -> Result<Option<String>, AwsError> {
    let Some(endpoint) = &operation.endpoint else {
        return Ok(None);
    };
    let mut prefix = endpoint.host_prefix.clone();
    let mut unfit = Vec::new();
    for (name, field) in input.iter().flat_map(Field::members) {
        if !field.host_label() {
            continue;
        }
        let value = text(&parameters.get(name).unwrap_or_default());
        if value.is_empty()
            || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
        {
            unfit.push(name);
        }
        prefix = prefix.replace(&format!("{{{name}}}"), &value);
    }
    if unfit.is_empty() {
        return Ok(Some(prefix));
    }
    let unfit = unfit.join(", ");
    Err(AwsError::Parameters(vec![format!(
        "Invalid value for parameter(s): {unfit}. Must contain only alphanumeric characters, hyphen, or period."
    )]))
}

/// The entries of a structure that the model knows, with their members.
fn known(field: Field, value: &Map) -> impl Iterator<Item = (String, Field, Value)> {
    value.entries().into_iter().filter_map(move |(key, value)| {
        let name = key.as_str()?;
        Some((name.to_owned(), field.member(name)?, value))
    })
}

/// A scalar as Python's `str()` gives it.
fn text(value: &Value) -> String {
    python::str(value)
}

/// `true` for what Python takes as true.
fn flag(value: &Value) -> String {
    if value.is_truthy() { "true".to_owned() } else { "false".to_owned() }
}

/// A number as text, with the wire's words for what is no number.
fn number(value: &Value) -> String {
    match value {
        Value::Float(float) if float.is_nan() => "NaN".to_owned(),
        Value::Float(float) if float.is_infinite() => {
            if *float > 0.0 {
                "Infinity".to_owned()
            } else {
                "-Infinity".to_owned()
            }
        }
        other => text(other),
    }
}

/// The bytes of a blob: bytes as they are, text in UTF-8.
fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => bytes.to_vec(),
            _ => other.text.as_bytes().to_vec(),
        },
        other => text(other).into_bytes(),
    }
}

/// A blob within text.
fn base64(value: &Value) -> String {
    BASE64.encode(bytes(value))
}

/// A point in time as text; a value that is none was refused before.
fn moment(field: Field, value: &Value, custom: &str) -> Value {
    match Moment::of(value) {
        Some(moment) => moment.write(field.timestamp_format().unwrap_or(custom)),
        None => value.clone(),
    }
}
