//! The settings that endpoint rules ask for by names of their own: `AWS::Region`, `SDK::Endpoint`.

use squall_model::{Map, Value};

use super::config::EndpointConfig;
use super::error::EndpointError;
use super::legacy::Variants;
use super::parameters::{Parameter, Parameters};
use crate::model::{Operation, Service};

/// Regions for which STS has its one global endpoint where `legacy` is asked for.
const STS_GLOBAL: [&str; 16] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "aws-global",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// What a configuration says to the rules: `region` is the one that calls go to, `url` the
/// one that users set.
///
/// # Errors
///
/// Settings with values that there are not.
pub fn builtins(
    config: &EndpointConfig,
    region: Option<&str>,
    url: Option<&str>,
    variants: Variants,
) -> Result<Parameters, EndpointError> {
    let s3 = &config.s3;
    let addressing = s3.addressing_style.as_deref();
    let force_path_style = if s3.use_accelerate {
        false
    } else if url.is_some_and(|url| !is_accelerate(url)) {
        addressing != Some("virtual")
    } else {
        addressing == Some("path")
    };
    let flags = [
        // A URL of the user's is taken as it is.
        ("AWS::UseFIPS", url.is_none() && variants.fips),
        ("AWS::UseDualStack", url.is_none() && variants.dualstack),
        ("AWS::STS::UseGlobalEndpoint", sts_is_global(config, region)?),
        ("AWS::S3::UseGlobalEndpoint", s3_is_global(config, region)?),
        ("AWS::S3::Accelerate", s3.use_accelerate),
        ("AWS::S3::ForcePathStyle", force_path_style),
        ("AWS::S3::UseArnRegion", s3.use_arn_region.unwrap_or(true)),
        ("AWS::S3Control::UseArnRegion", s3.use_arn_region.unwrap_or(false)),
        ("AWS::S3::DisableMultiRegionAccessPoints", s3.disable_multi_region_access_points),
        ("AWS::S3::DisableS3ExpressSessionAuth", s3.disable_express_session_auth),
    ];
    let texts = [
        ("AWS::Region", region.map(str::to_owned)),
        ("SDK::Endpoint", url.map(str::to_owned)),
        ("AWS::Auth::AccountId", config.account_id.as_deref().map(str::to_owned)),
        ("AWS::Auth::AccountIdEndpointMode", Some(account_mode(config)?)),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Parameter::Text(text?))));
    Ok(texts.chain(flags.map(|(name, flag)| (name.to_owned(), Parameter::Flag(flag)))).collect())
}

/// What callers set for all calls of a client. S3's settings are known by these names too.
pub fn client_context(service: &Service, config: &EndpointConfig) -> Parameters {
    let mut context = config.client_context.clone();
    if is_s3(service) {
        let express = Parameter::Flag(config.s3.disable_express_session_auth);
        context.insert("DisableS3ExpressSessionAuth".to_owned(), express);
        if let Some(flag) = config.s3.use_arn_region {
            context.insert("UseArnRegion".to_owned(), Parameter::Flag(flag));
        }
    }
    context
}

/// What S3's operations change in the settings.
pub fn customise(service: &Service, operation: &Operation, parameters: &Map, builtins: &mut Parameters) {
    if service.name != "s3" {
        return;
    }
    let bucket = parameters.get("Bucket");
    let is_arn = bucket.as_ref().and_then(Value::as_str).is_some_and(is_arn);
    let forced = if operation.name == "GetBucketLocation" {
        // A bucket's host wants the signature of the bucket's region, which is asked for here.
        true
    } else if is_arn {
        // An ARN leads to a host of its own.
        false
    } else {
        return;
    };
    builtins.insert("AWS::S3::ForcePathStyle".to_owned(), Parameter::Flag(forced));
}

/// Whether the service is S3 or S3 Control.
pub(super) fn is_s3(service: &Service) -> bool {
    matches!(service.metadata.endpoint_prefix.as_str(), "s3" | "s3-control")
}

/// Whether text has the form of an ARN.
pub(super) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

/// Whether a URL is that of S3's transfer acceleration: `s3-accelerate.amazonaws.com`, with `dualstack`
/// between or not.
fn is_accelerate(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    matches!(scheme, "http" | "https")
        && matches!(host, "s3-accelerate.amazonaws.com" | "s3-accelerate.dualstack.amazonaws.com")
}

/// Whether STS is asked at its one global host.
pub(super) fn sts_is_global(config: &EndpointConfig, region: Option<&str>) -> Result<bool, EndpointError> {
    let mode = config.sts_regional_endpoints.as_deref().filter(|mode| !mode.is_empty()).unwrap_or("regional");
    if !matches!(mode, "legacy" | "regional") {
        return Err(EndpointError::new(
            "botocore.exceptions.InvalidSTSRegionalEndpointsConfigError",
            format!(
                "STS regional endpoints option {mode} is invalid. Valid options are: \"legacy\", \"regional\""
            ),
        ));
    }
    Ok(mode == "legacy" && region.is_some_and(|region| STS_GLOBAL.contains(&region)))
}

/// Whether S3 is asked at its one global host.
pub(super) fn s3_is_global(config: &EndpointConfig, region: Option<&str>) -> Result<bool, EndpointError> {
    let mode = config.s3.us_east_1_regional_endpoint.as_deref().unwrap_or("legacy");
    if !matches!(mode, "legacy" | "regional") {
        return Err(EndpointError::new(
            "botocore.exceptions.InvalidS3UsEast1RegionalEndpointConfigError",
            format!(
                "S3 us-east-1 regional endpoint option {mode} is invalid. Valid options are: \"legacy\", \"regional\""
            ),
        ));
    }
    Ok(mode == "legacy" && matches!(region, None | Some("us-east-1")))
}

fn account_mode(config: &EndpointConfig) -> Result<String, EndpointError> {
    let mode = config.account_id_endpoint_mode.as_deref().unwrap_or("preferred").to_lowercase();
    if matches!(mode.as_str(), "preferred" | "disabled" | "required") {
        return Ok(mode);
    }
    Err(EndpointError::new(
        "botocore.exceptions.InvalidConfigError",
        format!(
            "The configured value '{mode}' for 'account_id_endpoint_mode' is invalid. Valid values are: ('preferred', \
             'disabled', 'required')."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::{builtins, is_accelerate, is_arn, s3_is_global, sts_is_global};
    use crate::endpoint::legacy::Variants;
    use crate::endpoint::{EndpointConfig, Parameter};

    fn flag(config: &EndpointConfig, url: Option<&str>, name: &str) -> bool {
        let variants = Variants { fips: config.use_fips, dualstack: config.use_dualstack };
        match builtins(config, Some("us-east-1"), url, variants).unwrap()[name] {
            Parameter::Flag(flag) => flag,
            ref other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_url_of_the_users_is_taken_as_it_is() {
        let config = EndpointConfig { use_fips: true, use_dualstack: true, ..EndpointConfig::default() };
        assert!(flag(&config, None, "AWS::UseFIPS") && flag(&config, None, "AWS::UseDualStack"));
        let url = Some("http://localhost:5000");
        assert!(!flag(&config, url, "AWS::UseFIPS") && !flag(&config, url, "AWS::UseDualStack"));
    }

    #[test]
    fn buckets_are_paths_where_a_url_is_set() {
        let mut config = EndpointConfig::default();
        let (url, style) = (Some("http://localhost:5000"), "AWS::S3::ForcePathStyle");
        assert!(!flag(&config, None, style) && flag(&config, url, style));
        assert!(!flag(&config, Some("https://s3-accelerate.amazonaws.com"), style));
        config.s3.addressing_style = Some("path".into());
        assert!(flag(&config, None, style));
        config.s3.addressing_style = Some("virtual".into());
        assert!(!flag(&config, url, style));
        config.s3.addressing_style = Some("path".into());
        config.s3.use_accelerate = true;
        assert!(!flag(&config, url, style));
    }

    #[test]
    fn global_hosts_are_for_those_who_ask_for_them() {
        let mut config = EndpointConfig::default();
        assert_eq!(s3_is_global(&config, Some("us-east-1")), Ok(true));
        assert_eq!(s3_is_global(&config, None), Ok(true));
        assert_eq!(s3_is_global(&config, Some("us-west-2")), Ok(false));
        assert_eq!(sts_is_global(&config, Some("us-east-1")), Ok(false));
        config.s3.us_east_1_regional_endpoint = Some("regional".into());
        config.sts_regional_endpoints = Some("legacy".into());
        assert_eq!(s3_is_global(&config, Some("us-east-1")), Ok(false));
        assert_eq!(sts_is_global(&config, Some("eu-west-1")), Ok(true));
        assert_eq!(sts_is_global(&config, Some("af-south-1")), Ok(false));
        config.s3.us_east_1_regional_endpoint = Some("often".into());
        config.sts_regional_endpoints = Some("often".into());
        let error = s3_is_global(&config, None).unwrap_err();
        assert_eq!(error.class, "botocore.exceptions.InvalidS3UsEast1RegionalEndpointConfigError");
        assert!(
            error.message.starts_with("S3 us-east-1 regional endpoint option often is invalid."),
            "{error}"
        );
        let error = sts_is_global(&config, None).unwrap_err();
        assert_eq!(
            error.message,
            "STS regional endpoints option often is invalid. Valid options are: \"legacy\", \"regional\""
        );
    }

    #[test]
    fn hosts_of_acceleration_and_arns() {
        for (url, expected) in [
            ("https://s3-accelerate.amazonaws.com", true),
            ("http://s3-accelerate.dualstack.amazonaws.com/path", true),
            ("https://s3.amazonaws.com", false),
            ("https://b.s3-accelerate.amazonaws.com", false),
            ("ftp://s3-accelerate.amazonaws.com", false),
        ] {
            assert_eq!(is_accelerate(url), expected, "{url}");
        }
        assert!(is_arn("arn:a:b:c:d:e:f") && is_arn("arn:::::"));
        assert!(!is_arn("arn:a:b:c:d") && !is_arn("a:b:c:d:e:f"));
    }
}
