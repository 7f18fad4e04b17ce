//! Checksums that S3 and some others want with requests, and that are compared with answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use squall_model::{Map, python};

use crate::client::protocol::{Request, Response};
use crate::error::AwsError;
use crate::model::{Operation, Service};

/// The algorithms that we have, in botocore's order of preference.
const ALGORITHMS: [&str; 4] = ["crc32", "sha1", "sha256", "sha512"];

/// The algorithm where nobody chose one.
const CUSTOM: &str = "crc32";

fn digest(algorithm: &str, body: &[u8]) -> Option<String> {
    Some(match algorithm {
        "crc32" => BASE64.encode(crc32fast::hash(body).to_be_bytes()),
        "sha1" => BASE64.encode(Sha1::digest(body)),
        "sha256" => BASE64.encode(Sha256::digest(body)),
        "sha512" => BASE64.encode(Sha512::digest(body)),
        _ => return None,
    })
}

/// Adds the checksum that the operation wants, unless there is one.
pub(super) fn of_request(
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    request: &mut Request,
) -> Result<(), AwsError> {
    let there = |(name, _): &(String, String)| {
        let name = name.to_ascii_lowercase();
        name.strip_prefix("x-amz-checksum-")
            .is_some_and(|rest| !matches!(rest, "mode" | "type" | "algorithm"))
    };
    if request.headers.iter().any(there) {
        return Ok(());
    }
    let model = operation.http_checksum.as_ref();
    let member = model.and_then(|model| model.request_algorithm_member.as_deref());
    let required =
        operation.http_checksum_required || model.is_some_and(|model| model.request_checksum_required);
    let chosen = member.and_then(|member| parameters.get(member));
    let algorithm = match &chosen {
        Some(chosen) => python::str(chosen).to_lowercase(),
        None if required || member.is_some() => CUSTOM.to_owned(),
        None => return Ok(()),
    };
    let Some(digest) = digest(&algorithm, &request.body) else {
        return Err(AwsError::Other {
            class: "botocore.exceptions.FlexibleChecksumError",
            message: format!("Unsupported checksum algorithm: {algorithm}"),
        });
    };
    request.set_header(&format!("x-amz-checksum-{algorithm}"), digest);
    if chosen.is_none()
        && let Some(header) = member.and_then(|member| header_of(service, operation, member))
    {
        request.set_header(header, CUSTOM.to_uppercase());
    }
    Ok(())
}

/// The header that says which algorithm it is.
fn header_of(service: &Service, operation: &Operation, member: &str) -> Option<&'static str> {
    let input = service.shape(&operation.input.as_ref()?.shape)?;
    // Two names are all that models have.
    match input.members.get(member)?.location_name.as_deref()? {
        "x-amz-sdk-checksum-algorithm" => Some("x-amz-sdk-checksum-algorithm"),
        "x-amz-checksum-algorithm" => Some("x-amz-checksum-algorithm"),
        _ => None,
    }
}

/// Compares an answer with the checksum that came with it, and names the algorithm.
pub(super) fn of_response(
    operation: &Operation,
    parameters: &Map,
    response: &Response,
) -> Result<Option<&'static str>, AwsError> {
    let Some(model) = &operation.http_checksum else {
        return Ok(None);
    };
    let asked = model.request_validation_mode_member.as_deref();
    if !asked.is_some_and(|member| parameters.contains_key(member)) {
        return Ok(None);
    }
    for algorithm in ALGORITHMS {
        if !model.response_algorithms.iter().any(|there| there.eq_ignore_ascii_case(algorithm)) {
            continue;
        }
        // A dash: it is the checksum of checksums of parts.
        let expected = response.header(&format!("x-amz-checksum-{algorithm}"));
        let Some(expected) = expected.filter(|expected| !expected.contains('-')) else {
            continue;
        };
        let actual = digest(algorithm, &response.body).unwrap_or_default();
        if actual != expected {
            return Err(AwsError::Other {
                class: "botocore.exceptions.FlexibleChecksumError",
                message: format!("Expected checksum {expected} did not match calculated checksum: {actual}"),
            });
        }
        return Ok(Some(algorithm));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::{ALGORITHMS, digest};

    #[test]
    fn digests_are_botocores() {
        let expected = [
            "DUoRhQ==",
            "Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
            "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=",
            "MJ7MSJwS1utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw==",
        ];
        for (algorithm, expected) in ALGORITHMS.into_iter().zip(expected) {
            assert_eq!(digest(algorithm, b"hello world").as_deref(), Some(expected), "{algorithm}");
        }
        assert_eq!(digest("crc64nvme", b""), None);
    }
}
