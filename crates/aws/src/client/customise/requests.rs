//! Requests that botocore changes before they are sent.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use squall_model::{Map, Value};

use crate::client::protocol::Request;
use crate::endpoint::Endpoint;
use crate::model::{Operation, Service};

/// Bodies from this length on are compressed where the service takes it.
const WORTH_COMPRESSING: usize = 10240;

/// The parts of glacier's tree hashes.
const LEAF: usize = 1 << 20;

pub(super) fn complete(
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    endpoint: &mut Endpoint,
    request: &mut Request,
) {
    match (service.name, operation.name.as_str()) {
        ("apigateway", _) => request.default_header("Accept", "application/json"),
        ("glacier", name) => {
            request.set_header("x-amz-glacier-version", &*service.metadata.api_version);
            if matches!(name, "UploadArchive" | "UploadMultipartPart") {
                let plain = hex(&Sha256::digest(&request.body));
                request.default_header("x-amz-content-sha256", plain);
                let tree = hex(&tree_hash(&request.body));
                request.default_header("x-amz-sha256-tree-hash", tree);
            }
        }
        ("dynamodb" | "timestream-query" | "timestream-write", "DescribeEndpoints") => {
            request.set_header("x-amz-api-version", &*service.metadata.api_version);
        }
        ("machinelearning", "Predict") => {
            if let Some(Value::Str(url)) = parameters.get("PredictEndpoint") {
                endpoint.url = url.to_string();
            }
        }
        ("cloudsearchdomain", "Search") if request.method == "GET" => {
            let target = request.target();
            if let Some((path, query)) = target.split_once('?') {
                request.body = query.as_bytes().to_vec();
                request.path = path.to_owned();
                request.query.clear();
                "POST".clone_into(&mut request.method);
                request.set_header("Content-Type", "application/x-www-form-urlencoded");
            }
        }
        // The endpoint's rules put the account into the host's name already.
        ("s3control", _) => {
            let account = operation.static_context_params.get("RequiresAccountId");
            let prefix = operation.endpoint.as_ref().map(|endpoint| endpoint.host_prefix.as_str());
            if prefix == Some("{AccountId}.") && account.is_some_and(|it| it.value.as_bool() == Some(true)) {
                request.host_prefix = None;
            }
        }
        _ => {}
    }
}

/// Compresses a long body where the service takes it.
pub(super) fn compress(operation: &Operation, request: &mut Request) {
    let encodings =
        operation.requestcompression.as_ref().map(|it| it.encodings.as_slice()).unwrap_or_default();
    if request.body.len() < WORTH_COMPRESSING || !encodings.iter().any(|encoding| encoding == "gzip") {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    if encoder.write_all(&request.body).is_ok()
        && let Ok(compressed) = encoder.finish()
    {
        request.body = compressed;
        let before = request.header("Content-Encoding").map(|before| format!("{before},gzip"));
        request.set_header("Content-Encoding", before.unwrap_or_else(|| "gzip".to_owned()));
    }
}

/// The hash of hashes of the body's parts, two by two.
fn tree_hash(body: &[u8]) -> [u8; 32] {
    let mut level: Vec<[u8; 32]> = body.chunks(LEAF).map(|part| Sha256::digest(part).into()).collect();
    if level.is_empty() {
        level.push(Sha256::digest(b"").into());
    }
    while level.len() > 1 {
        let join =
            |pair: &[[u8; 32]]| if pair.len() == 2 { Sha256::digest(pair.concat()).into() } else { pair[0] };
        level = level.chunks(2).map(join).collect();
    }
    level[0]
}

/// Bytes in lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("text can be written to");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{LEAF, hex, tree_hash};

    #[test]
    fn hashes_of_parts_are_hashed_again() {
        // Computed by botocore's `calculate_tree_hash`.
        for (body, hash) in [
            (Vec::new(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (vec![b'a'; LEAF * 5 / 2], "dd02e6cd3b8cf26ca37630cf686b0f0a620499d8707218bacb9479cd80af9af6"),
        ] {
            assert_eq!(hex(&tree_hash(&body)), hash);
        }
    }
}
