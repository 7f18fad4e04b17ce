//! How a request is signed: what the rules say of the endpoint, else what the model says.

use serde_json::{Map as JsonMap, Value as Json};

use super::builtins::is_s3;
use super::error::EndpointError;
use crate::model::{Operation, Service};

/// How a request is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signing {
    /// Not at all.
    Unsigned,
    /// With signature version 4.
    V4(SigV4),
}

/// What goes into a signature of version 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigV4 {
    /// The service that the signature is for.
    pub name: String,
    /// The region that it is for.
    pub region: String,
    /// The path, which is percent-encoded, is encoded once more.
    pub double_encode: bool,
    /// Dot segments and empty ones are taken out of the path.
    pub normalize_path: bool,
    /// The body is left out of the signature.
    pub unsigned_payload: bool,
    /// S3's ways: the body's hash is a header (`x-amz-content-sha256`).
    pub s3: bool,
}

/// What signatures are for where the rules do not say it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Defaults<'a> {
    pub name: &'a str,
    pub region: Option<&'a str>,
}

/// A scheme that a model or a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme<'a> {
    None,
    V4,
    /// One that we do not have, by botocore's name.
    Other(&'a str),
}

/// The services in signatures that S3's ways are for.
const S3_NAMES: [&str; 4] = ["s3", "s3-outposts", "s3-object-lambda", "s3express"];

/// Whether requests of this operation can be signed at all, as far as its model says: bearer tokens and
/// the signatures before version 4 are refused.
///
/// # Errors
///
/// `UnknownSignatureVersionError`, with the reason.
pub fn check(service: &Service, operation: &Operation) -> Result<(), EndpointError> {
    match of_model(service, operation) {
        Scheme::None | Scheme::V4 => Ok(()),
        Scheme::Other(name) => Err(refused(name)),
    }
}

/// How a request is signed, by the properties of its endpoint.
pub(super) fn choose(
    service: &Service,
    operation: &Operation,
    properties: &JsonMap<String, Json>,
    defaults: Defaults<'_>,
) -> Result<Signing, EndpointError> {
    let model = of_model(service, operation);
    if model == Scheme::None {
        return Ok(Signing::Unsigned);
    }
    let schemes = properties.get("authSchemes").and_then(Json::as_array);
    let scheme = match schemes {
        None => match model {
            Scheme::Other(name) => return Err(refused(name)),
            Scheme::None | Scheme::V4 => None,
        },
        Some(schemes) => Some(first(schemes)?),
    };
    let text = |key: &str| scheme.and_then(|scheme| scheme.get(key)).and_then(Json::as_str);
    let name = text("signingName").filter(|name| !name.is_empty()).unwrap_or(defaults.name);
    // botocore wants a region of the client's even where the rules have one.
    let region = defaults.region.ok_or_else(EndpointError::no_region)?;
    let region = text("signingRegion").filter(|region| !region.is_empty()).unwrap_or(region);
    let disabled = scheme.and_then(|scheme| scheme.get("disableDoubleEncoding")).and_then(Json::as_bool);
    // As botocore has it: the name decides only where a scheme is named, so S3 on Outposts' own API is signed
    // as others are.
    let named = scheme.is_some() || operation.authtype.is_some() || !operation.auth.is_empty();
    let s3 = if named { S3_NAMES.contains(&name) } else { is_s3(service) };
    Ok(Signing::V4(SigV4 {
        name: name.to_owned(),
        region: region.to_owned(),
        double_encode: !s3 && disabled != Some(true),
        normalize_path: !s3,
        unsigned_payload: operation.unsigned_payload
            || operation.authtype.as_deref() == Some("v4-unsigned-body"),
        s3,
    }))
}

/// The first scheme of an endpoint that we have; schemes come with the best first.
fn first(schemes: &[Json]) -> Result<&Json, EndpointError> {
    let name = |scheme: &'_ Json| scheme.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
    for scheme in schemes {
        match name(scheme).as_str() {
            "sigv4" => return Ok(scheme),
            // It could be signed, had we sessions: what comes after it is no other way to the same bucket.
            "sigv4-s3express" => return Err(refused("v4-s3express")),
            _ => {}
        }
    }
    let names: Vec<String> =
        schemes.iter().map(|scheme| name(scheme).trim_start_matches("sig").to_owned()).collect();
    Err(refused(&names.join(", ")))
}

fn of_model<'a>(service: &'a Service, operation: &'a Operation) -> Scheme<'a> {
    if !operation.auth.is_empty() {
        return of_traits(&operation.auth);
    }
    match operation.authtype.as_deref() {
        Some("none") => return Scheme::None,
        Some("v4" | "v4-unsigned-body") => return Scheme::V4,
        Some(other) => return Scheme::Other(other),
        None => {}
    }
    if is_s3(service) {
        return Scheme::V4;
    }
    if !service.metadata.auth.is_empty() {
        return of_traits(&service.metadata.auth);
    }
    match service.metadata.signature_version.as_deref() {
        None | Some("v4" | "s3v4") => Scheme::V4,
        // Its model is older than what the service takes.
        Some("v2") if service.name == "importexport" => Scheme::V4,
        Some(other) => Scheme::Other(other),
    }
}

/// The first of a model's schemes that botocore has.
fn of_traits(traits: &[String]) -> Scheme<'_> {
    let known = traits.iter().find_map(|name| match name.as_str() {
        "smithy.api#noAuth" => Some(Scheme::None),
        "aws.auth#sigv4" => Some(Scheme::V4),
        "smithy.api#httpBearerAuth" => Some(Scheme::Other("bearer")),
        _ => None,
    });
    known.unwrap_or(Scheme::Other("v4a"))
}

/// Why requests of that scheme are not made.
fn refused(scheme: &str) -> EndpointError {
    let reason = match scheme {
        "bearer" => "Requests carry a bearer token, which Squall does not obtain.",
        "v4a" => {
            "Requests are signed for several regions at once, which Squall cannot do: name what is in one region."
        }
        "v4-s3express" => {
            "Requests carry the credentials of a session with the bucket, which Squall does not open; with \
             `AWS_S3_DISABLE_EXPRESS_SESSION_AUTH=true` they are signed as others are."
        }
        _ => "Squall signs requests with version 4.",
    };
    EndpointError::new(
        "botocore.exceptions.UnknownSignatureVersionError",
        format!("Unknown Signature Version: {scheme}. {reason}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Defaults, SigV4, Signing, check, choose};
    use crate::model;

    fn signing(service: &str, operation: &str, properties: &serde_json::Value) -> Result<Signing, String> {
        let service = model::load(service).unwrap();
        let operation = service.operation(operation).unwrap();
        let defaults = Defaults { name: service.signing_name(), region: Some("eu-west-1") };
        choose(service, operation, properties.as_object().unwrap(), defaults).map_err(|error| error.message)
    }

    fn v4(service: &str, operation: &str, properties: &serde_json::Value) -> SigV4 {
        match signing(service, operation, properties) {
            Ok(Signing::V4(v4)) => v4,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_schemes_the_model_decides() {
        let ec2 = v4("ec2", "DescribeInstances", &json!({}));
        assert_eq!((ec2.name.as_str(), ec2.region.as_str()), ("ec2", "eu-west-1"));
        assert!(ec2.double_encode && ec2.normalize_path && !ec2.s3 && !ec2.unsigned_payload);
        let s3 = v4("s3", "ListBuckets", &json!({}));
        assert!(!s3.double_encode && !s3.normalize_path && s3.s3);
        assert_eq!(v4("elb", "DescribeLoadBalancers", &json!({})).name, "elasticloadbalancing");
        assert_eq!(signing("cognito-idp", "SignUp", &json!({})), Ok(Signing::Unsigned));
        assert!(v4("glacier", "UploadArchive", &json!({})).normalize_path);
        assert!(v4("mediastore-data", "PutObject", &json!({})).unsigned_payload);
    }

    #[test]
    fn the_first_scheme_that_we_have_is_taken() {
        let schemes = json!({"authSchemes": [
            {"name": "sigv4a", "signingName": "other"},
            {"name": "sigv4", "signingName": "mine", "signingRegion": "us-east-1", "disableDoubleEncoding": true}
        ]});
        let ec2 = v4("ec2", "DescribeInstances", &schemes);
        assert_eq!((ec2.name.as_str(), ec2.region.as_str()), ("mine", "us-east-1"));
        assert!(!ec2.double_encode && ec2.normalize_path);
        let outposts = json!({"authSchemes": [{"name": "sigv4", "signingName": "s3-outposts"}]});
        assert!(v4("s3control", "GetBucket", &outposts).s3);
    }

    #[test]
    fn what_we_cannot_sign_is_refused_with_the_reason() {
        let only = |name: &str| {
            let error = signing("s3", "GetObject", &json!({"authSchemes": [{"name": name}]})).unwrap_err();
            error.split(". ").next().map(str::to_owned)
        };
        assert_eq!(only("sigv4a").as_deref(), Some("Unknown Signature Version: v4a"));
        assert_eq!(only("sigv4-s3express").as_deref(), Some("Unknown Signature Version: v4-s3express"));
        for (service, operation, expected) in [
            (
                "codecatalyst",
                "ListSpaces",
                Some("Unknown Signature Version: bearer. Requests carry a bearer token"),
            ),
            (
                "sdb",
                "ListDomains",
                Some("Unknown Signature Version: v2. Squall signs requests with version 4."),
            ),
            ("importexport", "ListJobs", None),
            ("bedrock-runtime", "Converse", None),
            ("s3", "ListBuckets", None),
            ("sts", "AssumeRoleWithWebIdentity", None),
        ] {
            let service = model::load(service).unwrap();
            let text = check(service, service.operation(operation).unwrap()).err().map(|error| error.message);
            match (expected, text) {
                (Some(expected), Some(text)) => assert!(text.starts_with(expected), "{text}"),
                (expected, text) => assert_eq!(expected, text.as_deref(), "{}", service.name),
            }
        }
    }

    #[test]
    fn signatures_need_a_region() {
        let service = model::load("iam").unwrap();
        let operation = service.operation("ListRoles").unwrap();
        let error =
            choose(service, operation, &serde_json::Map::new(), Defaults { name: "iam", region: None });
        assert_eq!(error.unwrap_err().message, "You must specify a region.");
    }
}
