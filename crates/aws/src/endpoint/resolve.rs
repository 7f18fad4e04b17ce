//! Where a call goes and how it is signed, from all that has a say in it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Map as JsonMap;
use squall_model::{Map, Value};

use super::builtins::{builtins, client_context, customise, is_s3, s3_is_global, sts_is_global};
use super::config::EndpointConfig;
use super::error::EndpointError;
use super::legacy::{self, Legacy, Variants};
use super::parameters::{Parameter, Parameters, collect};
use super::rules::{Resolved, RuleSet};
use super::s3control;
use super::signing::{self, Defaults, Signing};
use super::url::is_endpoint;
use crate::model::{Operation, Service};

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL that the operation's path is appended to, without the operation's host prefix. For S3 the
    /// bucket is in it, as host or as path: it is then no longer part of the operation's path.
    pub url: String,
    /// Headers that the endpoint asks for.
    pub headers: Vec<(String, String)>,
    /// How requests are signed.
    pub signing: Signing,
    /// The account that an ARN among the parameters gives (S3 Control): the request's `AccountId`.
    pub account_id: Option<String>,
}

/// Where a client is, before the parameters of a call are known.
struct Place {
    /// The region that the rules are given.
    region: Option<String>,
    /// The region for signatures where the rules do not say one.
    signing_region: Option<String>,
    /// The service for signatures where the rules do not say one.
    signing_name: Option<String>,
    /// The URL that users set.
    url: Option<String>,
    variants: Variants,
}

/// Where a call of `operation` with `parameters` goes, and how it is signed. The parameters need not be
/// valid; botocore too looks for the endpoint first.
///
/// # Errors
///
/// In botocore's classes and words: no region, one that is none, a URL that is none, what the rules
/// refuse, and signatures that we cannot make.
pub fn resolve(
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    config: &EndpointConfig,
) -> Result<Endpoint, EndpointError> {
    let place = Place::of(service, config)?;
    let account_id = match service.name {
        "s3control" => s3control::account(operation, parameters, config)?,
        _ => None,
    };
    let resolved = if service.endpoint_rules().is_empty() {
        place.without_rules(service)?
    } else {
        let mut builtins = builtins(config, place.region.as_deref(), place.url.as_deref(), place.variants)?;
        customise(service, operation, parameters, &mut builtins);
        let context = client_context(service, config);
        match &account_id {
            Some(account) => {
                let parameters = parameters.shallow_clone();
                parameters.insert("AccountId", Value::str(account.as_str()));
                evaluate(service, operation, &parameters, &builtins, &context)?
            }
            None => evaluate(service, operation, parameters, &builtins, &context)?,
        }
    };
    let defaults = Defaults {
        name: place.signing_name.as_deref().unwrap_or_else(|| service.signing_name()),
        region: place.signing_region.as_deref(),
    };
    let signing = signing::choose(service, operation, &resolved.properties, defaults)?;
    // A header with several values is sent with the first, as botocore does.
    let headers =
        resolved.headers.into_iter().filter_map(|(name, values)| Some((name, values.into_iter().next()?)));
    Ok(Endpoint { url: resolved.url, headers: headers.collect(), signing, account_id })
}

/// What the service's rules give for a call, settings by their own names (`AWS::Region`) and what callers
/// set for the client.
///
/// # Errors
///
/// What the rules refuse, in the class that botocore makes of it.
pub fn evaluate(
    service: &Service,
    operation: &Operation,
    parameters: &Map,
    builtins: &Parameters,
    context: &Parameters,
) -> Result<Resolved, EndpointError> {
    let rules = rules(service);
    let collected = collect(rules, service, operation, parameters, builtins, context)
        .map_err(EndpointError::resolution)?;
    rules.evaluate(&collected).map_err(|message| classed(service, message, &collected))
}

/// The rule set of a service, read once.
fn rules(service: &Service) -> &'static RuleSet<'static> {
    static READ: LazyLock<Mutex<HashMap<&'static str, &'static RuleSet<'static>>>> =
        LazyLock::new(Mutex::default);
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    read.entry(service.name).or_insert_with(|| {
        let rules = RuleSet::parse(service.endpoint_rules());
        Box::leak(Box::new(rules.expect("a test reads every embedded rule set")))
    })
}

impl Place {
    fn of(service: &Service, config: &EndpointConfig) -> Result<Self, EndpointError> {
        let prefix = service.metadata.endpoint_prefix.as_str();
        let given = config.region.as_deref().filter(|region| !region.is_empty());
        let region = given
            .map(check_region)
            .transpose()?
            .map(|region| region.replace("fips-", "").replace("-fips", ""));
        let variants = Variants {
            fips: config.use_fips || region.as_deref() != given,
            dualstack: config.use_dualstack || (is_s3(service) && config.s3.use_dualstack),
        };
        let url = config.urls.of(service)?.map(str::to_owned);
        if let Some(url) = url.as_deref().filter(|url| !is_endpoint(url)) {
            return Err(EndpointError::new("ValueError", format!("Invalid endpoint: {url}")));
        }
        if prefix == "s3" && s3_is_global(config, region.as_deref())? {
            let region = Some("us-east-1".to_owned());
            return Ok(Place { signing_region: region.clone(), region, signing_name: None, url, variants });
        }
        let legacy = match legacy::matters(prefix, region.as_deref(), variants) {
            true => Some(legacy::resolve(prefix, region.as_deref(), variants)?),
            false => None,
        };
        let mut place =
            Place { region: region.clone(), signing_region: region, signing_name: None, url, variants };
        if let Some(Legacy { region, signing_region, signing_name, .. }) = legacy {
            place.signing_name = signing_name;
            // What users set is taken as it is, but for S3, which has a region for all.
            if place.url.is_none() || (prefix == "s3" && place.region.is_none()) {
                if place.region.is_none() || prefix == "s3" || prefix == "sts" {
                    place.region = Some(region);
                }
                place.signing_region = Some(signing_region);
            }
        }
        let plain = place.url.is_none() && variants == Variants::default();
        if prefix == "sts" && plain && sts_is_global(config, place.region.as_deref())? {
            place.signing_region = Some("us-east-1".to_owned());
        }
        Ok(place)
    }

    /// The endpoint of a service without rules.
    fn without_rules(&self, service: &Service) -> Result<Resolved, EndpointError> {
        let url = match &self.url {
            Some(url) => url.clone(),
            None => {
                legacy::resolve(&service.metadata.endpoint_prefix, self.region.as_deref(), self.variants)?.url
            }
        };
        Ok(Resolved { url, headers: Vec::new(), properties: JsonMap::new() })
    }
}

/// A region must be a label of a host name, and not only digits.
fn check_region(region: &str) -> Result<&str, EndpointError> {
    let label = super::functions::is_label(region);
    if label && !region.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(region);
    }
    Err(EndpointError::new(
        "botocore.exceptions.InvalidRegionError",
        format!("Provided region_name '{region}' doesn't match a supported format."),
    ))
}

/// The class that botocore has for what a rule says, and its text with the message.
fn classed(service: &Service, message: String, parameters: &Parameters) -> EndpointError {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| message.starts_with(prefix));
    let (class, text) = if begins(&["Invalid region in ARN: "]) {
        let label = message.split('`').nth(1).unwrap_or(&message);
        let text = format!("Invalid host label to be bound to the hostname of the endpoint: \"{label}\".");
        ("botocore.exceptions.InvalidHostLabelError", text)
    } else {
        match service.name {
            "s3" if matches!(
                message.as_str(),
                "S3 Object Lambda does not support S3 Accelerate" | "Accelerate cannot be used with FIPS"
            ) =>
            {
                let text = format!("Unsupported configuration when using S3: {message}");
                ("botocore.exceptions.UnsupportedS3ConfigurationError", text)
            }
            "s3" if begins(&[
                "S3 Outposts does not support",
                "S3 MRAP does not support",
                "S3 Object Lambda does not support",
                "Access Points do not support",
                "Invalid configuration:",
                "Client was configured for partition",
            ]) =>
            {
                let text = format!("Unsupported configuration when using S3 access-points: {message}");
                ("botocore.exceptions.UnsupportedS3AccesspointConfigurationError", text)
            }
            "s3" if message.to_lowercase().starts_with("invalid arn:") => invalid_parameters(&message),
            "s3control" if begins(&["Invalid ARN:"]) => {
                let arn = parameters.get("Bucket").map_or_else(|| "None".to_owned(), Parameter::python);
                let text = format!("S3 ARN \"{arn}\" provided is invalid for this operation. {message}");
                ("botocore.exceptions.UnsupportedS3ControlArnError", text)
            }
            "s3control" if begins(&["Invalid configuration:", "Client was configured for partition"]) => {
                let text = format!("Unsupported configuration when using S3 Control: {message}");
                ("botocore.exceptions.UnsupportedS3ControlConfigurationError", text)
            }
            "s3control" if message == "AccountId is required but not set" => invalid_parameters(&message),
            "events"
                if begins(&[
                    "Invalid Configuration: FIPS is not supported with EventBridge multi-region endpoints.",
                ]) || message == "EndpointId must be a valid host label." =>
            {
                let text = format!("Invalid endpoint configuration: {message}");
                ("botocore.exceptions.InvalidEndpointConfigurationError", text)
            }
            _ => return EndpointError::resolution(message),
        }
    };
    EndpointError::new(class, text)
}

fn invalid_parameters(message: &str) -> (&'static str, String) {
    ("botocore.exceptions.ParamValidationError", format!("Parameter validation failed:\n{message}"))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value as Json;
    use squall_model::Map;

    use super::{Endpoint, Signing, evaluate, resolve};
    use crate::endpoint::parameters::{Parameter, Parameters};
    use crate::endpoint::{EndpointConfig, EndpointError};
    use crate::model::{self, Service};

    /// Whether the rules of a service name the region of signatures, in every operation alike.
    pub fn rules_sign(service: &Service, region: &str) -> bool {
        let builtins = Parameters::from([("AWS::Region".to_owned(), Parameter::Text(region.to_owned()))]);
        let operation = service.operation(service.operation_names().next().unwrap()).unwrap();
        let resolved = evaluate(service, operation, &Map::new(), &builtins, &Parameters::new());
        let schemes = resolved.ok().and_then(|resolved| resolved.properties.get("authSchemes").cloned());
        let schemes = schemes.as_ref().and_then(Json::as_array).cloned().unwrap_or_default();
        schemes.iter().any(|scheme| scheme["name"] == "sigv4" && scheme.get("signingRegion").is_some())
    }

    fn of(service: &str, operation: &str, config: &EndpointConfig) -> Result<Endpoint, EndpointError> {
        let service = model::load(service).unwrap();
        resolve(service, service.operation(operation).unwrap(), &Map::new(), config)
    }

    fn at(region: &str) -> EndpointConfig {
        EndpointConfig { region: Some(region.into()), ..EndpointConfig::default() }
    }

    #[test]
    fn a_service_without_regions_is_signed_for_its_own() {
        let iam = of("iam", "ListRoles", &at("eu-west-1")).unwrap();
        assert_eq!(iam.url, "https://iam.amazonaws.com");
        let Signing::V4(v4) = iam.signing else { panic!("{iam:?}") };
        assert_eq!((v4.name.as_str(), v4.region.as_str()), ("iam", "us-east-1"));
    }

    #[test]
    fn a_url_of_the_users_goes_with_the_users_region() {
        let mut config = at("eu-west-1");
        config.urls.explicit = Some("http://localhost:5000".into());
        let iam = of("iam", "ListRoles", &config).unwrap();
        assert_eq!(iam.url, "http://localhost:5000");
        let Signing::V4(v4) = iam.signing else { panic!("{iam:?}") };
        assert_eq!(v4.region, "eu-west-1");
        config.urls.explicit = Some("localhost:5000".into());
        let error = of("iam", "ListRoles", &config).unwrap_err();
        assert_eq!((error.class, error.message.as_str()), ("ValueError", "Invalid endpoint: localhost:5000"));
    }

    #[test]
    fn regions_are_checked() {
        let error = of("ec2", "DescribeInstances", &at("no region")).unwrap_err();
        assert_eq!(error.class, "botocore.exceptions.InvalidRegionError");
        assert_eq!(error.message, "Provided region_name 'no region' doesn't match a supported format.");
        let error = of("ec2", "DescribeInstances", &EndpointConfig::default()).unwrap_err();
        assert_eq!(error, of("ec2", "DescribeInstances", &at("")).unwrap_err());
        assert_eq!(error.message, "You must specify a region.");
        let fips = of("ec2", "DescribeInstances", &at("us-east-1-fips")).unwrap();
        assert_eq!(fips.url, "https://ec2-fips.us-east-1.amazonaws.com");
    }

    #[test]
    fn a_model_without_rules_has_the_endpoint_of_the_data() {
        let model = r#"{"metadata": {"endpointPrefix": "ec2", "serviceId": "EC2"}, "operations": {"Look": {"name": "Look"}}, "shapes": {}}"#;
        let service = Service::from_botocore("plain", model).unwrap();
        let operation = service.operation("Look").unwrap();
        let mut config = at("us-west-2");
        let url = |config: &EndpointConfig| resolve(service, operation, &Map::new(), config).unwrap().url;
        assert_eq!(url(&config), "https://ec2.us-west-2.amazonaws.com");
        config.urls.explicit = Some("http://localhost:5000".into());
        assert_eq!(url(&config), "http://localhost:5000");
    }
}
