//! What refusals say.

use roxmltree::Node;
use squall_model::{Map, Value, python};

use super::{Field, ParseError, Response, xml};
use crate::error::ServiceError;
use crate::model::{Operation, Protocol, Reference, Service};

/// The refusal of a call that an answer is.
pub fn error(service: &'static Service, operation: &'static Operation, response: &Response) -> ServiceError {
    let parsed = match generic(response) {
        Some(parsed) => parsed,
        None => by_protocol(service, response).unwrap_or_else(|_| by_status(response)),
    };
    let metadata = match parsed.get("ResponseMetadata") {
        Some(Value::Map(metadata)) => metadata,
        _ => Map::new(),
    };
    response.complete(&metadata);
    let said = |name: &str| {
        let value = parsed.get("Error").and_then(|error| error.get(name));
        // An empty element is `None` in Python, and one that is not there is botocore's own word.
        value.map_or_else(|| "Unknown".to_owned(), |value| python::str(&value))
    };
    let (code, message) = (said("Code"), said("Message"));
    let request_id = metadata.get("RequestId").filter(|id| !id.is_null()).map(|id| python::str(&id));
    parsed.insert("ResponseMetadata", Value::Map(metadata));
    // What a service spoke the query protocol with is looked up by the code that it has now.
    let shape_code = match parsed.get("Error").and_then(|error| error.get("QueryErrorCode")) {
        Some(code) if service.name == "sqs" => python::str(&code),
        _ => code.clone(),
    };
    let shape = shape_of(service, operation, &shape_code);
    if let Some(shape) = shape {
        for (key, value) in modelled(service, shape, response).unwrap_or_default().entries() {
            parsed.insert(key, value);
        }
    }
    ServiceError {
        code,
        message,
        operation: operation.name.clone(),
        status: response.status,
        request_id,
        shape: shape.map(|shape| shape.shape.clone()),
        retries: 0,
        response: parsed,
    }
}

/// What botocore says of a refusal that it cannot read: XML was expected, and something else came. Without a
/// body, the status speaks.
pub fn unreadable(service: &Service, response: &Response) -> Option<String> {
    let is_query = matches!(service.metadata.protocol, Protocol::Query | Protocol::Ec2);
    if !is_query
        || response.body.is_empty()
        || generic(response).is_some()
        || query(service, response).is_ok()
    {
        return None;
    }
    // Bodies that are no XML at all, which is what comes in practice: expat stops at their beginning.
    Some(format!(
        "Unable to parse response (syntax error: line 1, column 0), invalid XML received. Further retries may \
         succeed:\n{}",
        python::bytes_repr(&response.body)
    ))
}

/// The shape of an error by its code: one of the operation's, else one of another operation of the service.
fn shape_of(
    service: &'static Service,
    operation: &'static Operation,
    code: &str,
) -> Option<&'static Reference> {
    let is = |reference: &&Reference| {
        service.shape(&reference.shape).is_some_and(|shape| shape.error_code(&reference.shape) == code)
    };
    let others = service.operation_names().filter_map(|name| service.operation(name));
    operation.errors.iter().find(is).or_else(|| others.flat_map(|operation| &operation.errors).find(is))
}

/// The members of the error's shape.
fn modelled(
    service: &'static Service,
    shape: &'static Reference,
    response: &Response,
) -> Result<Map, ParseError> {
    let field = Field::new(service, shape);
    let parsed = Map::new();
    match service.metadata.protocol {
        Protocol::Query | Protocol::Ec2 => {
            let text = xml::text(&response.body)?;
            let document = xml::document(text)?;
            if let Value::Map(map) = xml::structure(field, error_root(document.root_element()))? {
                return Ok(map);
            }
        }
        Protocol::Json => return super::json::output(Some(field), response),
        Protocol::SmithyRpcV2Cbor => return super::cbor::output(Some(field), response),
        Protocol::RestJson => super::rest::members(&super::json::Body, field, response, &parsed)?,
        Protocol::RestXml => super::rest::members(&ErrorBody, field, response, &parsed)?,
    }
    Ok(parsed)
}

/// The XML of errors has the members within one more element.
struct ErrorBody;

impl super::rest::ReadBody for ErrorBody {
    fn structure(&self, field: Field, body: &[u8]) -> Result<Map, ParseError> {
        if body.is_empty() {
            return Ok(Map::new());
        }
        let text = xml::text(body)?;
        let document = xml::document(text)?;
        match xml::structure(field, error_root(document.root_element()))? {
            Value::Map(map) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    fn payload(&self, field: Field, body: &[u8]) -> Result<Value, ParseError> {
        xml::Body.payload(field, body)
    }
}

/// The element with the error's members: `ErrorResponse/Error`, ec2's `Response/Errors/Error`.
fn error_root<'a, 'input>(root: Node<'a, 'input>) -> Node<'a, 'input> {
    let inner = match root.tag_name().name() {
        "ErrorResponse" => xml::child(root, "Error"),
        _ => xml::child(root, "Errors").and_then(|errors| xml::child(errors, "Error")),
    };
    inner.unwrap_or(root)
}

/// The answer of a server that failed before it spoke the protocol, or of something on the way.
fn generic(response: &Response) -> Option<Map> {
    if response.status < 500 {
        return None;
    }
    let body = response.body.trim_ascii();
    (body.is_empty() || body.starts_with(b"<html>")).then(|| error_of(response, Map::new()))
}

/// Status and reason alone.
fn error_of(response: &Response, metadata: Map) -> Map {
    let code = response.status.to_string();
    let error = [("Code", Value::from(code)), ("Message", Value::from(reason(response.status)))];
    Map::from_iter([("Error", Value::map(error)), ("ResponseMetadata", Value::Map(metadata))])
}

/// What the status alone says, with the ids of S3.
fn by_status(response: &Response) -> Map {
    let metadata = Map::new();
    metadata.insert("RequestId", Value::from(response.header("x-amz-request-id").unwrap_or_default()));
    metadata.insert("HostId", Value::from(response.header("x-amz-id-2").unwrap_or_default()));
    error_of(response, metadata)
}

fn by_protocol(service: &Service, response: &Response) -> Result<Map, ParseError> {
    match service.metadata.protocol {
        Protocol::Query | Protocol::Ec2 => query(service, response),
        Protocol::RestXml if response.body.is_empty() => Ok(by_status(response)),
        Protocol::RestXml => rest_xml(response),
        Protocol::Json | Protocol::RestJson => {
            json(service, response, &super::json::document(&response.body)?)
        }
        Protocol::SmithyRpcV2Cbor => json(service, response, &super::cbor::document(&response.body)?),
    }
}

fn json(service: &Service, response: &Response, body: &Value) -> Result<Map, ParseError> {
    let body = body.as_map().ok_or_else(|| ParseError::new("the error is no mapping"))?;
    let message = body.get("message").or_else(|| body.get("Message")).unwrap_or_else(|| Value::from(""));
    let error = Map::from_iter([("Message", message), ("Code", Value::from(""))]);
    let mut code = body.get("__type").map_or_else(|| response.status.to_string(), |code| python::str(&code));
    code = bare(&code);
    if let Some(query) = response.header("x-amzn-query-error")
        && let Some((query_code, kind)) = query.split_once(';')
        && !query_code.is_empty()
        && !kind.contains(';')
    {
        error.insert("QueryErrorCode", Value::from(code));
        error.insert("Type", Value::from(kind));
        code = query_code.to_owned();
    }
    if service.metadata.protocol == Protocol::RestJson {
        let named = response.header("x-amzn-errortype").map(Value::from);
        if let Some(named) = named.or_else(|| body.get("code")).or_else(|| body.get("Code")) {
            code = bare(&python::str(&named));
        }
    }
    error.insert("Code", Value::from(code));
    let metadata = super::request_id(response, &["x-amzn-requestid"]);
    Ok(Map::from_iter([("Error", Value::Map(error)), ("ResponseMetadata", Value::Map(metadata))]))
}

/// `com.amazon.service#Code:http://...` without what is around the code.
fn bare(code: &str) -> String {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    code.rsplit_once('#').map_or(code, |(_, code)| code).to_owned()
}

fn query(service: &Service, response: &Response) -> Result<Map, ParseError> {
    let text = xml::text(&response.body)?;
    let document = xml::document(text)?;
    let parsed = tree(document.root_element());
    if let Some(Value::Map(errors)) = parsed.remove("Errors") {
        errors.entries().into_iter().for_each(|(key, value)| parsed.insert(key, value));
    }
    let id = parsed.remove("RequestId").or_else(|| {
        (service.metadata.protocol == Protocol::Ec2).then(|| parsed.remove("RequestID")).flatten()
    });
    if let Some(id) = id {
        parsed.insert("ResponseMetadata", Value::map([("RequestId", id)]));
    }
    Ok(parsed)
}

fn rest_xml(response: &Response) -> Result<Map, ParseError> {
    let text = xml::text(&response.body)?;
    let document = xml::document(text)?;
    let root = document.root_element();
    let parsed = tree(root);
    if root.tag_name().name() == "Error" {
        parsed.remove("RequestId");
        parsed.remove("HostId");
        let metadata = Value::Map(super::rest::metadata(response));
        return Ok(Map::from_iter([("Error", Value::Map(parsed)), ("ResponseMetadata", metadata)]));
    }
    if let Some(id) = parsed.remove("RequestId") {
        parsed.insert("ResponseMetadata", Value::map([("RequestId", id)]));
    }
    let error = Map::from_iter([("Message", Value::from("")), ("Code", Value::from(""))]);
    if let Some(Value::Map(said)) = parsed.get("Error") {
        said.entries().into_iter().for_each(|(key, value)| error.insert(key, value));
    }
    parsed.insert("Error", Value::Map(error));
    Ok(parsed)
}

/// An element's children by name: text, or a mapping where they have children; the first of several.
fn tree(node: Node<'_, '_>) -> Map {
    let parsed = Map::new();
    for element in xml::elements(node) {
        let name = element.tag_name().name();
        if parsed.contains_key(name) {
            continue;
        }
        let value = if xml::elements(element).next().is_some() {
            Value::Map(tree(element))
        } else {
            match xml::content(element) {
                text if text.is_empty() => Value::Null,
                text => Value::from(text),
            }
        };
        parsed.insert(name, value);
    }
    parsed
}

/// The reason phrases of statuses, as Python's `http.client` has them.
fn reason(status: u16) -> &'static str {
    const REASONS: [(u16, &str); 43] = [
        (300, "Multiple Choices"),
        (301, "Moved Permanently"),
        (302, "Found"),
        (303, "See Other"),
        (304, "Not Modified"),
        (307, "Temporary Redirect"),
        (308, "Permanent Redirect"),
        (400, "Bad Request"),
        (401, "Unauthorized"),
        (402, "Payment Required"),
        (403, "Forbidden"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (406, "Not Acceptable"),
        (407, "Proxy Authentication Required"),
        (408, "Request Timeout"),
        (409, "Conflict"),
        (410, "Gone"),
        (411, "Length Required"),
        (412, "Precondition Failed"),
        (413, "Request Entity Too Large"),
        (414, "Request-URI Too Long"),
        (415, "Unsupported Media Type"),
        (416, "Requested Range Not Satisfiable"),
        (417, "Expectation Failed"),
        (421, "Misdirected Request"),
        (422, "Unprocessable Entity"),
        (423, "Locked"),
        (424, "Failed Dependency"),
        (425, "Too Early"),
        (426, "Upgrade Required"),
        (428, "Precondition Required"),
        (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"),
        (451, "Unavailable For Legal Reasons"),
        (500, "Internal Server Error"),
        (501, "Not Implemented"),
        (502, "Bad Gateway"),
        (503, "Service Unavailable"),
        (504, "Gateway Timeout"),
        (505, "HTTP Version Not Supported"),
        (507, "Insufficient Storage"),
        (511, "Network Authentication Required"),
    ];
    REASONS.iter().find(|(there, _)| *there == status).map_or("", |(_, reason)| reason)
}
