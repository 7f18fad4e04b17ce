//! What environment variables and shared files say beside credentials.

use std::path::PathBuf;

use aws_config::profile::Profile;
use aws_smithy_types::retry::RetryConfig;
use squall_engine::configuration::Environment;

use super::files::SharedFiles;
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

    /// The URL that calls of the service go to: `AWS_ENDPOINT_URL_<SERVICE>`, `AWS_ENDPOINT_URL`, the
    /// service's part of the profile's `services`, the profile's `endpoint_url`.
    pub(super) fn endpoint_url(&self, service: &Service) -> Option<String> {
        if self.flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls") == Some(true) {
            return None;
        }
        let id = &service.metadata.service_id;
        let id = if id.is_empty() { service.name } else { id };
        let variable = |name: &str| self.environment.var(name).filter(|value| !value.is_empty());
        let own = format!("AWS_ENDPOINT_URL_{}", id.replace(' ', "_").to_ascii_uppercase());
        let in_section = || {
            let section = self.profile?.get("services")?;
            let service = id.replace(' ', "_").to_ascii_lowercase();
            self.files.service_setting(section, &service, "endpoint_url").map(ToOwned::to_owned)
        };
        variable(&own)
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .or_else(in_section)
            .or_else(|| self.profile?.get("endpoint_url").map(ToOwned::to_owned))
    }

    /// The certificates that servers are checked against, where they are not the system's.
    pub(super) fn ca_bundle(&self) -> Option<PathBuf> {
        let requests = || self.environment.var("REQUESTS_CA_BUNDLE").filter(|value| !value.is_empty());
        self.value("AWS_CA_BUNDLE", "ca_bundle").or_else(requests).map(PathBuf::from)
    }

    /// Mode and number of attempts.
    ///
    /// # Errors
    ///
    /// Values that botocore refuses, in its words.
    pub(super) fn retry(&self) -> Result<RetryConfig, AwsError> {
        let mode = self.value("AWS_RETRY_MODE", "retry_mode");
        let (config, usual) = match mode.as_deref() {
            None | Some("standard") => (RetryConfig::standard(), 3),
            Some("adaptive") => (RetryConfig::adaptive(), 3),
            // The rules of old, which differ in their number only as far as a run can tell.
            Some("legacy") => (RetryConfig::standard(), 5),
            Some(other) => {
                return Err(AwsError::Other {
                    class: "botocore.exceptions.InvalidRetryModeError",
                    message: format!(
                        "Invalid value provided to \"mode\": \"{other}\" must be one of: legacy, standard, adaptive"
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
