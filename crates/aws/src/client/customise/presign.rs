//! Copies from another region: the service is given a URL that is signed for that region.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4;
use squall_model::{Map, Value};

use crate::client::ClientConfig;
use crate::client::failure::credentials;
use crate::client::protocol::Request;
use crate::client::protocol::wire::encode;
use crate::endpoint::{Endpoint, Signing};
use crate::error::AwsError;
use crate::model::Operation;

/// How long such a URL holds: botocore's hour.
const VALID: Duration = Duration::from_secs(3600);

pub(super) async fn complete(
    config: &ClientConfig,
    operation: &'static Operation,
    parameters: &Map,
    endpoint: &Endpoint,
    request: &mut Request,
) -> Result<(), AwsError> {
    let member = match (config.service.name, operation.name.as_str()) {
        ("ec2", "CopySnapshot") => "PresignedUrl",
        ("rds" | "neptune" | "docdb", "CopyDBClusterSnapshot" | "CreateDBCluster")
        | (
            "rds",
            "CopyDBSnapshot" | "CreateDBInstanceReadReplica" | "StartDBInstanceAutomatedBackupsReplication",
        ) => "PreSignedUrl",
        _ => return Ok(()),
    };
    let Some(Value::Str(source)) = parameters.get("SourceRegion") else {
        return Ok(());
    };
    let Signing::V4(signing) = &endpoint.signing else {
        return Ok(());
    };
    let ec2 = config.service.name == "ec2";
    let form = String::from_utf8_lossy(&request.body).into_owned();
    let keep = |pair: &&str| ec2 || !pair.starts_with("SourceRegion=");
    let mut form = form.split('&').filter(keep).collect::<Vec<_>>().join("&");
    if !parameters.contains_key(member) {
        let destination = &signing.region;
        let url = endpoint.url.replace(destination.as_str(), &source);
        let query = format!("{}&DestinationRegion={}", form.replace('+', "%20"), encode(destination, ""));
        let signed = signed_url(config, &format!("{}/?{query}", url.trim_end_matches('/')), &source).await?;
        form.push_str(&format!("&{member}={}", encode(&signed, "")));
        if ec2 {
            form.push_str(&format!("&DestinationRegion={}", encode(destination, "")));
        }
    }
    request.body = form.into_bytes();
    Ok(())
}

async fn signed_url(config: &ClientConfig, url: &str, region: &str) -> Result<String, AwsError> {
    let identity =
        config.credentials.provide_credentials().await.map_err(|error| credentials(&error))?.into();
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(VALID);
    let unsigned =
        |error: String| AwsError::Other { class: "botocore.exceptions.BotoCoreError", message: error };
    let scope = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(config.service.signing_name())
        .time(SystemTime::now())
        .settings(settings)
        .build()
        .map_err(|error| unsigned(error.to_string()))?
        .into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(&[]))
        .map_err(|error| unsigned(error.to_string()))?;
    let (instructions, _) = sign(request, &scope).map_err(|error| unsigned(error.to_string()))?.into_parts();
    let mut signed = url.to_owned();
    for (name, value) in instructions.params() {
        signed.push_str(&format!("&{name}={}", encode(value, "")));
    }
    Ok(signed)
}
