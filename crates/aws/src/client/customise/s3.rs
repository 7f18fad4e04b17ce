//! What botocore does for S3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::{Digest as _, Md5};
use regex_lite::Regex;
use squall_model::{Map, OtherKind, Value, python};

use crate::client::protocol::wire::encode;
use crate::client::protocol::{Moment, Request, Response};
use crate::error::{AwsError, ServiceError};
use crate::model::{Operation, Service, ShapeType};

/// Names that buckets may have.
const BUCKET: &str = r"^[a-zA-Z0-9.\-_]{1,255}$";

/// Names of access points.
const ARN: &str = concat!(
    r"^arn:(aws).*:(s3|s3-object-lambda):[a-z\-0-9]*:[0-9]{12}:accesspoint[/:][a-zA-Z0-9\-.]{1,63}$|",
    r"^arn:(aws).*:s3-outposts:[a-z\-0-9]+:[0-9]{12}:outpost[/:][a-zA-Z0-9\-]{1,63}[/:]accesspoint[/:][a-zA-Z0-9\-]{1,63}$"
);

fn is_arn(name: &str) -> bool {
    name.starts_with("arn:") && Regex::new(ARN).expect("it is a regular expression").is_match(name)
}

/// Checks and completes parameters; whether names in the answer are encoded because we ask for it.
pub(super) fn prepare(operation: &Operation, parameters: &Map) -> Result<bool, AwsError> {
    bucket(parameters)?;
    let name = operation.name.as_str();
    if matches!(name, "CopyObject" | "UploadPartCopy") {
        copy_source(parameters)?;
        customer_key(parameters, "CopySourceSSECustomer");
    }
    if matches!(name, "CopyObject" | "PutObject" | "CreateMultipartUpload") {
        ascii_metadata(parameters)?;
    }
    customer_key(parameters, "SSECustomer");
    let listing = matches!(name, "ListObjects" | "ListObjectsV2" | "ListObjectVersions");
    let ask = listing && !parameters.contains_key("EncodingType");
    if ask {
        parameters.insert("EncodingType", Value::from("url"));
    }
    Ok(ask)
}

fn refuse<T>(problem: String) -> Result<T, AwsError> {
    Err(AwsError::Parameters(vec![problem]))
}

fn bucket(parameters: &Map) -> Result<(), AwsError> {
    let Some(Value::Str(bucket)) = parameters.get("Bucket") else {
        return Ok(());
    };
    let fits = (1..=255).contains(&bucket.len())
        && bucket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if fits || is_arn(&bucket) {
        return Ok(());
    }
    refuse(format!(
        "Invalid bucket name \"{bucket}\": Bucket name must match the regex \"{BUCKET}\" or be an ARN matching the \
         regex \"{ARN}\""
    ))
}

fn copy_source(parameters: &Map) -> Result<(), AwsError> {
    let quoted = match parameters.get("CopySource") {
        Some(Value::Str(source)) => match source.rfind("?versionId=") {
            Some(at)
                if !source[at..].contains(char::is_whitespace) && source.len() > at + "?versionId=".len() =>
            {
                format!("{}{}", encode(&source[..at], "/"), &source[at..])
            }
            _ => encode(&source, "/"),
        },
        Some(Value::Map(source)) => {
            let part = |name: &str| match source.get(name) {
                Some(value) => Ok(python::str(&value)),
                None => refuse(format!("Missing required parameter: '{name}'")),
            };
            let (bucket, key) = (part("Bucket")?, part("Key")?);
            let between = if is_arn(&bucket) { "/object/" } else { "/" };
            let source_name = encode(&format!("{bucket}{between}{key}"), "/");
            match source.get("VersionId").filter(|version| !version.is_null()) {
                Some(version) => format!("{source_name}?versionId={}", python::str(&version)),
                None => source_name,
            }
        }
        _ => return Ok(()),
    };
    parameters.insert("CopySource", Value::from(quoted));
    Ok(())
}

fn ascii_metadata(parameters: &Map) -> Result<(), AwsError> {
    let Some(Value::Map(metadata)) = parameters.get("Metadata") else {
        return Ok(());
    };
    for (key, value) in metadata.entries() {
        let (key, value) = (python::str(key.value()), python::str(&value));
        if !key.is_ascii() || !value.is_ascii() {
            return refuse(format!(
                "Non ascii characters found in S3 metadata for key \"{key}\", value: \"{value}\".  \nS3 metadata can \
                 only contain ASCII characters. "
            ));
        }
    }
    Ok(())
}

/// Keys of customers go in base64, with their MD5.
fn customer_key(parameters: &Map, prefix: &str) {
    let (key, sum) = (format!("{prefix}Key"), format!("{prefix}KeyMD5"));
    if parameters.contains_key(&sum) {
        return;
    }
    let bytes = match parameters.get(&key) {
        Some(Value::Str(text)) => text.as_bytes().to_vec(),
        Some(Value::Other(other)) => match &other.kind {
            OtherKind::Bytes(bytes) => bytes.to_vec(),
            _ => return,
        },
        _ => return,
    };
    parameters.insert(key, Value::from(BASE64.encode(&bytes)));
    parameters.insert(sum, Value::from(BASE64.encode(Md5::digest(&bytes))));
}

/// Takes the bucket out of the path: the endpoint has it, in its host's name or in its path.
pub(super) fn path(parameters: &Map, request: &mut Request) {
    if let Some(bucket) = parameters.get("Bucket")
        && let Some(rest) = request.path.strip_prefix(&format!("/{}", encode(&python::str(&bucket), "")))
    {
        request.path = rest.to_owned();
    }
}

/// Whether an answer of success is a failure: S3 begins some answers before it knows how they end.
pub(crate) fn hides_error(service: &Service, operation: &Operation, response: &Response) -> bool {
    if service.name != "s3" || response.status != 200 || response.body.is_empty() {
        return false;
    }
    let Some(output) = operation.output.as_ref().and_then(|output| service.shape(&output.shape)) else {
        return false;
    };
    let payload = output.payload.as_ref().and_then(|name| output.members.get(name));
    let payload = payload.and_then(|member| service.shape(&member.shape));
    if payload.is_some_and(|shape| matches!(shape.kind, ShapeType::Blob | ShapeType::String)) {
        return false;
    }
    let document = std::str::from_utf8(&response.body).ok().map(roxmltree::Document::parse);
    match document {
        Some(Ok(document)) => {
            let root = document.root_element().tag_name();
            root.name() == "Error" && root.namespace().is_none()
        }
        // It was cut short.
        _ => true,
    }
}

/// The `Expires` header as it is; one that is no time is taken out of the answer.
pub(super) fn expires(service: &Service, operation: &Operation, response: &mut Response) -> Option<String> {
    let output = service.shape(&operation.output.as_ref()?.shape)?;
    let has = output
        .members
        .values()
        .any(|it| it.shape == "Expires" && it.location_name.as_deref() == Some("Expires"));
    let expires = response.header("Expires").filter(|_| has)?.to_owned();
    if Moment::parse(&expires).is_none() {
        log::warn!(
            "Failed to parse the \"Expires\" member as a timestamp: {expires}. The unparsed value is available in \
             the response under \"ExpiresString\"."
        );
        response.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("expires"));
    }
    Some(expires)
}

/// What the model does not say of answers.
pub(super) fn complete(operation: &Operation, decode: bool, response: &Response, parsed: &Map) {
    let (top, nested): (&[&str], &[(&str, &str)]) = match operation.name.as_str() {
        "GetBucketLocation" => {
            parsed.insert("LocationConstraint", location(&response.body));
            return;
        }
        "ListObjects" => {
            (&["Delimiter", "Marker", "NextMarker"], &[("Contents", "Key"), ("CommonPrefixes", "Prefix")])
        }
        "ListObjectsV2" => {
            (&["Delimiter", "Prefix", "StartAfter"], &[("Contents", "Key"), ("CommonPrefixes", "Prefix")])
        }
        "ListObjectVersions" => (
            &["KeyMarker", "NextKeyMarker", "Prefix", "Delimiter"],
            &[("Versions", "Key"), ("DeleteMarkers", "Key"), ("CommonPrefixes", "Prefix")],
        ),
        _ => return,
    };
    if !decode || parsed.get("EncodingType").as_ref().and_then(Value::as_str) != Some("url") {
        return;
    }
    top.iter().for_each(|name| decode_member(parsed, name));
    for (list, name) in nested {
        if let Some(Value::List(items)) = parsed.get(list) {
            items.to_vec().iter().filter_map(Value::as_map).for_each(|item| decode_member(item, name));
        }
    }
}

fn decode_member(map: &Map, name: &str) {
    if let Some(Value::Str(text)) = map.get(name) {
        map.insert(name, Value::from(unquote(&text.replace('+', " "))));
    }
}

/// The region of a bucket; nothing for us-east-1.
fn location(body: &[u8]) -> Value {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let document = roxmltree::Document::parse(text).ok();
    let region = document.as_ref().and_then(|document| document.root_element().text());
    region.map_or(Value::Null, Value::from)
}

/// Text without its percent-encoding.
pub(super) fn unquote(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The region that a bucket is in, where a refusal says that it is in another one.
pub(crate) fn other_region(operation: &Operation, error: &ServiceError) -> Option<String> {
    let code = error.code.as_str();
    let said = |name: &str| error.response.get("Error").and_then(|error| error.get(name));
    let header = |name: &str| {
        let headers =
            error.response.get("ResponseMetadata").and_then(|metadata| metadata.get("HTTPHeaders"))?;
        headers.get(name)
    };
    let head =
        matches!(operation.name.as_str(), "HeadObject" | "HeadBucket") && matches!(code, "301" | "400");
    let elsewhere = head
        || matches!(code, "PermanentRedirect")
        || (code == "AuthorizationHeaderMalformed" && said("Region").is_some())
        || (code == "IllegalLocationConstraintException" && operation.name != "CreateBucket")
        || matches!(error.status, 301 | 302 | 307);
    if !elsewhere {
        return None;
    }
    let region = header("x-amz-bucket-region").or_else(|| said("Region"))?;
    let region = region.as_str()?;
    let fits = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| region.to_owned())
}

#[cfg(test)]
mod tests {
    use squall_model::{Map, Value};

    use super::{bucket, copy_source, unquote};

    #[test]
    fn bucket_names_are_checked() {
        let check = |name: &str| bucket(&Map::from_iter([("Bucket", Value::from(name))]));
        for name in ["a.b-c_D", "arn:aws:s3:eu-west-1:123456789012:accesspoint/mine"] {
            check(name).unwrap();
        }
        for name in ["", "a b", "a/b", "arn:aws:s3:::mine"] {
            let error = check(name).unwrap_err().to_string();
            assert!(
                error.contains(&format!("Invalid bucket name \"{name}\": Bucket name must match")),
                "{error}"
            );
        }
    }

    #[test]
    fn copy_sources_are_quoted() {
        let map = Value::map([
            ("Bucket", Value::from("b")),
            ("Key", Value::from("k l")),
            ("VersionId", Value::from("1")),
        ]);
        for (source, quoted) in [
            (Value::from("b/k l?versionId=1"), "b/k%20l?versionId=1"),
            (Value::from("b/k?l"), "b/k%3Fl"),
            (map, "b/k%20l?versionId=1"),
        ] {
            let parameters = Map::from_iter([("CopySource", source)]);
            copy_source(&parameters).unwrap();
            assert_eq!(parameters.get("CopySource").unwrap().as_str(), Some(quoted));
        }
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(unquote("a%20b%C3%A9%zz%"), "a bé%zz%");
    }
}
