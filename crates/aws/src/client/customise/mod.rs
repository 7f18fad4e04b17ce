//! What botocore does beyond its models: its built-in handlers, one by one.
//!
//! | handler | here |
//! |---|---|
//! | idempotency tokens | [`before`]: a fresh UUID where one is left out |
//! | names that stand for others (ec2 `Filters`, logs `fromTime`, cloudsearchdomain `returnFields`) | `parameters` |
//! | user data of ec2 `RunInstances` and autoscaling `CreateLaunchConfiguration` | `parameters`: base64 |
//! | Route 53 ids with their prefixes, glacier's `accountId` | `parameters` |
//! | S3 bucket names, ASCII metadata, copy sources, keys for encryption, `encoding-type`, checksum mode | `s3` |
//! | the bucket in S3's paths | `s3`: it is the endpoint's |
//! | S3 errors under status 200, `Expires`, `GetBucketLocation`, decoded listings, other regions' buckets | `s3` |
//! | the account in s3control's host names | `requests`: it is the endpoint's |
//! | checksums of requests and answers, S3's and others' | `checksum` |
//! | glacier's version and tree hashes, apigateway's `Accept`, machinelearning's host, cloudsearchdomain's POST | `requests` |
//! | long bodies compressed (`PutMetricData`) | `requests` |
//! | the API version with the question of endpoint discovery | `requests` |
//! | `PresignedUrl` of ec2 `CopySnapshot`, `PreSignedUrl` of rds, neptune and docdb copies | `presign` |
//! | calls that are not signed (cognito-identity, sts with SAML or a web identity) | [`is_unsigned`] |
//! | IAM policy documents, console output, CloudFormation templates | `answers` |
//! | SSO OIDC's error descriptions, SQS' classes of errors | `answers`, and where errors are read |
//! | invocation id and attempt headers | with the sending |
//!
//! What has no place here: documentation, presigned URLs and database tokens as methods, aliases of
//! methods, warnings on old TLS libraries, and line ends in XML (ours are escaped everywhere). `Expect:
//! 100-continue` is not sent: bodies are in memory, and small. The trace header of Lambda functions is not
//! sent: Squall is none. Operations over HTTP/2 streams are refused as all event streams are.

mod answers;
mod checksum;
mod parameters;
mod presign;
mod requests;
mod s3;

use squall_model::{Map, Value};

pub(super) use s3::{hides_error, other_region};

use super::ClientConfig;
use super::protocol::{Request, Response};
use crate::endpoint::Endpoint;
use crate::error::AwsError;
use crate::model::{Operation, Service};

/// What is done for a call, from its parameters to its answer.
#[derive(Default)]
pub(super) struct Customised {
    /// The parameters as they are sent.
    pub(super) parameters: Map,
    /// Names in a listing come encoded because we asked for it.
    decode_names: bool,
}

/// The parameters of a call as they are sent.
///
/// # Errors
///
/// Parameters that botocore refuses before it looks at the model.
pub(super) fn before(
    service: &'static Service,
    operation: &'static Operation,
    given: &Map,
) -> Result<Customised, AwsError> {
    let mut customised = Customised { parameters: given.shallow_clone(), decode_names: false };
    let parameters = &customised.parameters;
    parameters::rename(service, operation, parameters)?;
    if let Some(input) = operation.input.as_ref().and_then(|input| service.shape(&input.shape)) {
        for (name, member) in &input.members {
            if member.idempotency_token && !parameters.contains_key(name) {
                parameters.insert(name.as_str(), Value::from(uuid::Uuid::new_v4().to_string()));
            }
        }
        parameters::prepare(service, operation, input, parameters);
    }
    if let Some(mode) =
        operation.http_checksum.as_ref().and_then(|it| it.request_validation_mode_member.as_deref())
        && !parameters.contains_key(mode)
    {
        parameters.insert(mode, Value::from("ENABLED"));
    }
    if service.name == "s3" {
        customised.decode_names = s3::prepare(operation, parameters)?;
    }
    Ok(customised)
}

/// The request of a call as it is sent. `sign` is called for URLs that are signed for another region.
///
/// # Errors
///
/// A checksum that cannot be made, credentials that are not there.
pub(super) async fn request(
    config: &ClientConfig,
    operation: &'static Operation,
    parameters: &Map,
    endpoint: &mut Endpoint,
    request: &mut Request,
) -> Result<(), AwsError> {
    let service = config.service;
    if service.name == "s3" {
        s3::path(parameters, request);
    }
    requests::complete(service, operation, parameters, endpoint, request);
    presign::complete(config, operation, parameters, endpoint, request).await?;
    requests::compress(operation, request);
    checksum::of_request(service, operation, parameters, request)
}

/// Whether calls of the operation are not signed, whatever the model says.
pub(super) fn is_unsigned(service: &Service, operation: &Operation) -> bool {
    matches!(
        (service.name, operation.name.as_str()),
        ("cognito-identity", "GetId" | "GetOpenIdToken" | "UnlinkIdentity" | "GetCredentialsForIdentity")
            | ("sts", "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity")
    )
}

/// Looks at an answer before it is read.
///
/// # Errors
///
/// A checksum that is not the body's.
pub(super) fn received(
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    response: &mut Response,
) -> Result<Received, AwsError> {
    let checksum = checksum::of_response(operation, parameters, response)?;
    let expires = (service.name == "s3").then(|| s3::expires(service, operation, response)).flatten();
    Ok(Received { checksum, expires })
}

/// What an answer says besides its members.
pub(super) struct Received {
    checksum: Option<&'static str>,
    expires: Option<String>,
}

/// boto3's answer.
pub(super) fn after(
    service: &'static Service,
    operation: &'static Operation,
    customised: &Customised,
    received: Received,
    response: &Response,
    parsed: &Map,
) {
    if let Some(algorithm) = received.checksum
        && let Some(Value::Map(metadata)) = parsed.get("ResponseMetadata")
    {
        metadata.insert("ChecksumAlgorithm", Value::from(algorithm));
    }
    if let Some(expires) = received.expires {
        parsed.insert("ExpiresString", Value::from(expires));
    }
    if service.name == "s3" {
        s3::complete(operation, customised.decode_names, response, parsed);
    }
    answers::complete(service, operation, parsed);
}

/// Changes the answer of a refusal before it is read.
pub(super) fn refused(service: &Service, response: &mut Response) {
    answers::describe(service, response);
}
