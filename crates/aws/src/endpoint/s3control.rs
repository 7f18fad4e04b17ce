//! ARNs in the parameters of S3 Control: the account that they name is the request's.

use squall_model::{Map, Value};

use super::config::EndpointConfig;
use super::error::EndpointError;
use crate::model::Operation;

/// The account that an ARN in the parameter `Name` or `Bucket` gives; `None` where there is no ARN.
///
/// # Errors
///
/// An ARN of another sort than the parameter takes, or of another account than `AccountId`.
pub fn account(
    operation: &Operation,
    parameters: &Map,
    config: &EndpointConfig,
) -> Result<Option<String>, EndpointError> {
    if matches!(operation.name.as_str(), "CreateBucket" | "ListRegionalBuckets") {
        return Ok(None);
    }
    let mut account = match operation.name.as_str() {
        "CreateAccessPoint" => None,
        _ => of_parameter("Name", "accesspoint", parameters, config, None)?,
    };
    if let Some(found) = of_parameter("Bucket", "bucket", parameters, config, account.as_deref())? {
        account = Some(found);
    }
    Ok(account)
}

fn of_parameter(
    name: &str,
    kind: &str,
    parameters: &Map,
    config: &EndpointConfig,
    known: Option<&str>,
) -> Result<Option<String>, EndpointError> {
    let Some(arn) = parameters.get(name).as_ref().and_then(Value::as_str).map(str::to_owned) else {
        return Ok(None);
    };
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, _, service, region, account, resource] = parts[..] else { return Ok(None) };
    let invalid = |message: &str| {
        EndpointError::new(
            "botocore.exceptions.UnsupportedS3ControlArnError",
            format!("S3 ARN \"{arn}\" provided is invalid for this operation. {message}"),
        )
    };
    if region.starts_with("fips-") || region.ends_with("fips-") {
        return Err(invalid("Invalid ARN, FIPS region not allowed in ARN."));
    }
    if config.s3.use_accelerate {
        return Err(EndpointError::new(
            "botocore.exceptions.UnsupportedS3ControlConfigurationError",
            "Unsupported configuration when using S3 Control: S3 control client does not support accelerate endpoints",
        ));
    }
    let resources: Vec<&str> = resource.split(['/', ':']).collect();
    if service != "s3-outposts" || !matches!(resources[..], ["outpost", _, found, _] if found == kind) {
        return Err(invalid(&format!("The {name} parameter does not support the provided ARN")));
    }
    let given = parameters.get("AccountId").as_ref().and_then(Value::as_str).map(str::to_owned);
    match known.map(str::to_owned).or(given) {
        Some(other) if other != account => Err(invalid(&format!(
            "Account ID in arn does not match the AccountId parameter provided: \"{other}\""
        ))),
        _ => Ok(Some(account.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use squall_model::{Map, Value};

    use super::account;
    use crate::endpoint::EndpointConfig;
    use crate::model;

    const OUTPOST: &str = "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-1";

    fn of(operation: &str, parameters: &[(&str, &str)]) -> Result<Option<String>, String> {
        let service = model::load("s3control").unwrap();
        let map = Map::new();
        for (name, text) in parameters {
            map.insert(*name, Value::str(*text));
        }
        let account = account(service.operation(operation).unwrap(), &map, &EndpointConfig::default());
        account.map_err(|error| error.message)
    }

    #[test]
    fn the_account_of_an_arn_is_the_requests() {
        let bucket = format!("{OUTPOST}:bucket:mine");
        assert_eq!(of("GetBucket", &[("Bucket", &bucket)]), Ok(Some("123456789012".into())));
        assert_eq!(
            of("GetAccessPoint", &[("Name", &format!("{OUTPOST}/accesspoint/a"))]),
            Ok(Some("123456789012".into()))
        );
        assert_eq!(of("GetBucket", &[("Bucket", "mine")]), Ok(None));
        assert_eq!(of("CreateBucket", &[("Bucket", &bucket)]), Ok(None));
        assert_eq!(
            of("GetBucket", &[("Bucket", &bucket), ("AccountId", "1")]),
            Err(format!(
                "S3 ARN \"{bucket}\" provided is invalid for this operation. Account ID in arn does not match the \
                 AccountId parameter provided: \"1\""
            ))
        );
    }

    #[test]
    fn an_arn_of_something_else_is_refused() {
        let point = format!("{OUTPOST}:accesspoint:a");
        assert_eq!(
            of("GetBucket", &[("Bucket", &point)]),
            Err(format!(
                "S3 ARN \"{point}\" provided is invalid for this operation. The Bucket parameter does not support the \
                 provided ARN"
            ))
        );
    }
}
