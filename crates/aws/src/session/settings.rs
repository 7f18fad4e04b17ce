//! What environment variables and shared files say beside credentials.

use std::path::PathBuf;
use std::sync::Arc;

use aws_config::profile::Profile;
use aws_smithy_types::retry::RetryConfig;
use squall_engine::configuration::Environment;

use super::files::{self, SharedFiles};
use crate::endpoint::{ConfiguredUrls, EndpointConfig, S3Config, ServicesSection};
use crate::error::AwsError;
use crate::model::Service;

/// The places where settings are looked for.
#[derive(Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) environment: &'a dyn Environment,
    pub(super) files: &'a SharedFiles,
    pub(super) profile: Option<&'a Profile>,
}

impl Settings<'_> {
    /// A setting by its names in the environment and in a profile; the environment's goes first.
    fn value(&self, variable: &str, key: &str) -> Option<String> {
        let variable = self.environment.var(variable).filter(|value| !value.is_empty());
        variable.or_else(|| self.profile?.get(key).map(ToOwned::to_owned))
    }

    /// Whether a setting says `true`; any other text says no, as for botocore.
    pub(super) fn flag(&self, variable: &str, key: &str) -> Option<bool> {
        self.value(variable, key).map(|value| value.eq_ignore_ascii_case("true"))
    }

    /// What decides where the calls of a service go.
    pub(super) fn endpoint(&self, service: &Service, region: &Arc<str>) -> EndpointConfig {
        let flag = |variable, key| self.flag(variable, key).unwrap_or(false);
        EndpointConfig {
            region: Some(Arc::clone(region)),
            urls: self.urls(service),
            use_fips: flag("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"),
            use_dualstack: flag("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"),
            account_id_endpoint_mode: self.value("AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode"),
            sts_regional_endpoints: self.value("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints"),
            s3: self.s3(),
            ..EndpointConfig::default()
        }
    }

    /// The URLs that environment and files set for a service.
    fn urls(&self, service: &Service) -> ConfiguredUrls {
        let key = service.metadata.service_id.to_lowercase().replace([' ', '-'], "_");
        let variables = ["AWS_ENDPOINT_URL".to_owned(), format!("AWS_ENDPOINT_URL_{}", key.to_uppercase())];
        let environment =
            variables.into_iter().filter_map(|name| self.environment.var(&name).map(|url| (name, url)));
        let services = self.profile.and_then(|profile| profile.get("services")).map(|section| {
            let url = self.files.service_setting(section, &key, "endpoint_url");
            let urls = || url.map(|url| (key.clone(), url.to_owned())).into_iter().collect();
            ServicesSection { name: section.to_owned(), urls: self.files.has_services(section).then(urls) }
        });
        ConfiguredUrls {
            explicit: None,
            ignore: self
                .flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")
                .unwrap_or(false),
            environment: environment.collect(),
            services,
            profile: self.profile.and_then(|profile| profile.get("endpoint_url")).map(ToOwned::to_owned),
        }
    }

    fn s3(&self) -> S3Config {
        let nested = |key: &'static str| self.profile.and_then(|profile| files::nested(profile, "s3", key));
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        let either = |variable, key, part: &'static str| {
            self.value(variable, key).or_else(|| nested(part).map(ToOwned::to_owned))
        };
        S3Config {
            addressing_style: nested("addressing_style").map(ToOwned::to_owned),
            use_accelerate: nested("use_accelerate_endpoint").is_some_and(is_true),
            use_dualstack: nested("use_dualstack_endpoint").is_some_and(is_true),
            use_arn_region: either("AWS_S3_USE_ARN_REGION", "s3_use_arn_region", "use_arn_region")
                .map(|value| is_true(&value)),
            disable_multi_region_access_points: either(
                "AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS",
                "s3_disable_multiregion_access_points",
                "s3_disable_multiregion_access_points",
            )
            .is_some_and(|value| is_true(&value)),
            us_east_1_regional_endpoint: either(
                "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
                "s3_us_east_1_regional_endpoint",
                "us_east_1_regional_endpoint",
            ),
            disable_express_session_auth: self
                .flag("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth")
                .unwrap_or(false),
        }
    }

    /// The certificates that servers are checked against, where they are not the system's.
    pub(super) fn ca_bundle(&self) -> Option<PathBuf> {
        let requests = || self.environment.var("REQUESTS_CA_BUNDLE").filter(|value| !value.is_empty());
        self.value("AWS_CA_BUNDLE", "ca_bundle").or_else(requests).map(PathBuf::from)
    }

    /// Mode and number of attempts for a service (boto3's name). DynamoDB is asked more often, as botocore does.
    ///
    /// # Errors
    ///
    /// Values that botocore refuses, in its words.
    pub(super) fn retry(&self, service: &str) -> Result<RetryConfig, AwsError> {
        let mode = self.value("AWS_RETRY_MODE", "retry_mode");
        let today = if matches!(service, "dynamodb" | "dynamodbstreams") { 4 } else { 3 };
        let (config, usual) = match mode.as_deref() {
            None | Some("standard") => (RetryConfig::standard(), today),
            Some("adaptive") => (RetryConfig::adaptive(), today),
            // The rules of old, which differ in their number only as far as a run can tell.
            Some("legacy") => (RetryConfig::standard(), if service == "dynamodb" { 10 } else { 5 }),
            Some(other) => {
                return Err(AwsError::Other {
                    class: "botocore.exceptions.InvalidRetryModeError",
                    message: format!(
                        "Invalid value provided to \"mode\": \"{other}\" must be one of: ('legacy', 'standard', 'adaptive')"
                    ),
                });
            }
        };
        let attempts = match self.value("AWS_MAX_ATTEMPTS", "max_attempts") {
            None => usual,
            Some(text) => {
                let number = text.trim().parse::<i64>().map_err(|_| AwsError::Other {
                    class: "ValueError",
                    message: format!("invalid literal for int() with base 10: '{text}'"),
                })?;
                u32::try_from(number).ok().filter(|number| *number > 0).ok_or_else(|| AwsError::Other {
                    class: "botocore.exceptions.InvalidMaxRetryAttemptsError",
                    message: format!(
                        "Value provided to \"max_attempts\": {number} must be an integer greater than or equal to 1."
                    ),
                })?
            }
        };
        Ok(config.with_max_attempts(attempts))
    }
}

/// Whether requests may have to go through a proxy.
pub(super) fn has_proxy(environment: &dyn Environment) -> bool {
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .any(|name| environment.var(name).is_some_and(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use squall_engine::configuration::Environment;

    use super::Settings;
    use crate::model;
    use crate::session::files::SharedFiles;

    #[derive(Default)]
    struct Variables(BTreeMap<&'static str, String>);

    impl Environment for Variables {
        fn var(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }
    }

    const CONFIG: &str = "[default]\nretry_mode = adaptive\nmax_attempts = 7\n\
        [profile lab]\nservices = local\nuse_fips_endpoint = TRUE\nendpoint_url = http://all\n\
        ca_bundle = /etc/lab.pem\ns3 =\n    addressing_style = path\n    use_arn_region = false\n\
        [profile lost]\nservices = nowhere\n\
        [services local]\nelastic_load_balancing_v2 =\n    endpoint_url = http://lb\n";

    /// What `look` finds with these variables and the profile of the files above.
    fn look<T>(profile: &str, variables: &[(&'static str, &str)], look: impl FnOnce(Settings) -> T) -> T {
        let folder = std::env::temp_dir().join(format!("squall-aws-settings-{}", uuid::Uuid::new_v4()));
        std::fs::write(&folder, CONFIG).unwrap();
        let mut environment = Variables::default();
        environment.0.insert("AWS_CONFIG_FILE", folder.display().to_string());
        environment.0.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let files = runtime.block_on(SharedFiles::read(&environment)).unwrap();
        std::fs::remove_file(folder).unwrap();
        look(Settings { environment: &environment, files: &files, profile: files.profile(profile) })
    }

    fn url(
        profile: &str,
        variables: &[(&'static str, &str)],
        service: &str,
    ) -> Result<Option<String>, String> {
        let service = model::load(service).unwrap();
        look(profile, variables, |settings| {
            let config = settings.endpoint(service, &"eu-west-3".into());
            config.urls.of(service).map(|url| url.map(ToOwned::to_owned)).map_err(|error| error.to_string())
        })
    }

    #[test]
    fn endpoints_come_from_the_environment_then_from_the_profile() {
        let found = |profile, variables: &[_], service| url(profile, variables, service).unwrap();
        assert_eq!(found("default", &[], "ec2"), None);
        assert_eq!(found("lab", &[], "ec2").as_deref(), Some("http://all"));
        assert_eq!(found("lab", &[], "elbv2").as_deref(), Some("http://lb"));
        let all = ("AWS_ENDPOINT_URL", "http://env");
        assert_eq!(found("lab", &[all], "elbv2").as_deref(), Some("http://env"));
        let own = ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://env-lb");
        assert_eq!(found("lab", &[all, own], "elbv2").as_deref(), Some("http://env-lb"));
        assert_eq!(found("lab", &[all, ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")], "elbv2"), None);
        assert!(
            url("lost", &[], "ec2")
                .unwrap_err()
                .contains("\"nowhere\" services configuration does not exist")
        );
    }

    #[test]
    fn profiles_set_what_variables_do_not() {
        look("lab", &[], |settings| {
            let config = settings.endpoint(model::load("s3").unwrap(), &"eu-west-3".into());
            assert!(config.use_fips && !config.use_dualstack);
            assert_eq!(config.s3.addressing_style.as_deref(), Some("path"));
            assert_eq!(config.s3.use_arn_region, Some(false));
            assert_eq!(settings.ca_bundle().unwrap(), std::path::Path::new("/etc/lab.pem"));
        });
        look("lab", &[("AWS_USE_FIPS_ENDPOINT", "false"), ("AWS_CA_BUNDLE", "/ca.pem")], |settings| {
            assert!(!settings.endpoint(model::load("s3").unwrap(), &"eu-west-3".into()).use_fips);
            assert_eq!(settings.ca_bundle().unwrap(), std::path::Path::new("/ca.pem"));
        });
    }

    #[test]
    fn retries_are_chosen_as_for_botocore() {
        let attempts = |profile, variables: &[_]| {
            look(profile, variables, |settings| settings.retry("ec2").map(|retry| retry.max_attempts()))
        };
        for (mode, service, expected) in [
            ("standard", "dynamodb", 4),
            ("adaptive", "dynamodbstreams", 4),
            ("legacy", "dynamodb", 10),
            ("legacy", "dynamodbstreams", 5),
        ] {
            look("lab", &[("AWS_RETRY_MODE", mode)], |settings| {
                assert_eq!(settings.retry(service).unwrap().max_attempts(), expected, "{mode} {service}");
            });
        }
        assert_eq!(attempts("lab", &[]).unwrap(), 3);
        assert_eq!(attempts("default", &[]).unwrap(), 7);
        assert_eq!(attempts("default", &[("AWS_MAX_ATTEMPTS", "2")]).unwrap(), 2);
        assert_eq!(attempts("lab", &[("AWS_RETRY_MODE", "legacy")]).unwrap(), 5);
        assert_eq!(
            attempts("lab", &[("AWS_RETRY_MODE", "eager")]).unwrap_err().to_string(),
            "Invalid value provided to \"mode\": \"eager\" must be one of: ('legacy', 'standard', 'adaptive')"
        );
        assert_eq!(
            attempts("lab", &[("AWS_MAX_ATTEMPTS", "0")]).unwrap_err().class(),
            "botocore.exceptions.InvalidMaxRetryAttemptsError"
        );
    }
}
