//! What environment, configuration files and callers say about endpoints.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::EndpointError;
use super::parameters::Parameters;
use crate::model::Service;

/// Everything besides a call's own parameters that decides where it goes. Plain data: it is filled from
/// the environment and the shared configuration file, with botocore's defaults for what is not set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EndpointConfig {
    /// The region; services that are the same everywhere do without. A pseudo region such as
    /// `fips-us-east-1` stands for the region and `use_fips`.
    pub region: Option<Arc<str>>,
    /// URLs that take the place of the service's own.
    pub urls: ConfiguredUrls,
    /// `AWS_USE_FIPS_ENDPOINT`, `use_fips_endpoint`.
    pub use_fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`, `use_dualstack_endpoint`.
    pub use_dualstack: bool,
    /// The account of the credentials, where they say it.
    pub account_id: Option<Arc<str>>,
    /// `AWS_ACCOUNT_ID_ENDPOINT_MODE`, `account_id_endpoint_mode`: `preferred`, which is the default,
    /// `disabled`, `required`; in any case.
    pub account_id_endpoint_mode: Option<String>,
    /// `AWS_STS_REGIONAL_ENDPOINTS`, `sts_regional_endpoints`: `regional`, which is the default, or `legacy`.
    pub sts_regional_endpoints: Option<String>,
    /// What only S3 and S3 Control know.
    pub s3: S3Config,
    /// Endpoint parameters that callers may set for a service (its `client_context`), by their names in
    /// snake case.
    pub client_context: Parameters,
}

/// Settings of S3: the `s3` section of a profile, and its environment variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Config {
    /// `addressing_style`: `auto`, which is the default, `path`, `virtual`.
    pub addressing_style: Option<String>,
    /// `use_accelerate_endpoint`.
    pub use_accelerate: bool,
    /// `use_dualstack_endpoint`; beside the setting for all services.
    pub use_dualstack: bool,
    /// `AWS_S3_USE_ARN_REGION`, `use_arn_region`: whether the region of an ARN is used where it is another
    /// than the client's. Without it S3 does so, and S3 Control does not.
    pub use_arn_region: Option<bool>,
    /// `AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS`.
    pub disable_multi_region_access_points: bool,
    /// `AWS_S3_US_EAST_1_REGIONAL_ENDPOINT`: `legacy`, which is the default, or `regional`.
    pub us_east_1_regional_endpoint: Option<String>,
    /// `AWS_S3_DISABLE_EXPRESS_SESSION_AUTH`.
    pub disable_express_session_auth: bool,
}

/// The URLs that users set in place of the services' own, from all their sources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfiguredUrls {
    /// One that the caller gives: it always holds.
    pub explicit: Option<String>,
    /// `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`, `ignore_configured_endpoint_urls`: only `explicit` counts.
    pub ignore: bool,
    /// The environment variables whose names begin with `AWS_ENDPOINT_URL`.
    pub environment: BTreeMap<String, String>,
    /// The `services` section that the profile names.
    pub services: Option<ServicesSection>,
    /// The profile's `endpoint_url`.
    pub profile: Option<String>,
}

/// A `services` section of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServicesSection {
    /// The name that the profile has for it.
    pub name: String,
    /// `endpoint_url` by service (`elastic_beanstalk`); `None` where the file has no such section.
    pub urls: Option<BTreeMap<String, String>>,
}

impl ConfiguredUrls {
    /// The URL for a service; the environment goes before the file, the service's own before that for all.
    /// Empty ones do not count.
    ///
    /// # Errors
    ///
    /// `InvalidConfigError` where the profile names a `services` section that is not there.
    pub fn of(&self, service: &Service) -> Result<Option<&str>, EndpointError> {
        if self.explicit.is_some() || self.ignore {
            return Ok(self.explicit.as_deref());
        }
        let key = service.metadata.service_id.to_lowercase().replace([' ', '-'], "_");
        let variable =
            |name: &str| self.environment.get(name).map(String::as_str).filter(|url| !url.is_empty());
        let in_environment = variable(&format!("AWS_ENDPOINT_URL_{}", key.to_uppercase()))
            .or_else(|| variable("AWS_ENDPOINT_URL"));
        if in_environment.is_some() {
            return Ok(in_environment);
        }
        let own = match &self.services {
            None => None,
            Some(section) => section.of(&key)?,
        };
        Ok(own.or(self.profile.as_deref()).filter(|url| !url.is_empty()))
    }
}

impl ServicesSection {
    fn of(&self, key: &str) -> Result<Option<&str>, EndpointError> {
        // botocore takes a section without entries for one that is not there.
        let urls = self.urls.as_ref().ok_or_else(|| {
            EndpointError::new(
                "botocore.exceptions.InvalidConfigError",
                format!(
                    "The profile is configured to use the services section but the \"{}\" services configuration \
                     does not exist.",
                    self.name
                ),
            )
        })?;
        Ok(urls.get(key).map(String::as_str).filter(|url| !url.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::{ConfiguredUrls, ServicesSection};
    use crate::model;

    fn urls(environment: &[(&str, &str)]) -> ConfiguredUrls {
        let environment =
            environment.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect();
        ConfiguredUrls { environment, ..ConfiguredUrls::default() }
    }

    fn of(urls: &ConfiguredUrls, service: &str) -> Result<Option<String>, String> {
        let url = urls.of(model::load(service).unwrap());
        url.map(|url| url.map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn names_of_services_are_made_from_their_ids() {
        let urls = urls(&[
            ("AWS_ENDPOINT_URL_AUTO_SCALING", "http://a"),
            ("AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2", "http://b"),
            ("AWS_ENDPOINT_URL_CLOUDWATCH", ""),
            ("AWS_ENDPOINT_URL", "http://c"),
        ]);
        assert_eq!(of(&urls, "autoscaling"), Ok(Some("http://a".into())));
        assert_eq!(of(&urls, "elbv2"), Ok(Some("http://b".into())));
        assert_eq!(of(&urls, "cloudwatch"), Ok(Some("http://c".into())));
        assert_eq!(of(&urls, "ec2"), Ok(Some("http://c".into())));
    }

    #[test]
    fn the_nearest_source_counts() {
        let section = |urls: &[(&str, &str)]| {
            let urls = urls.iter().map(|(name, url)| ((*name).to_owned(), (*url).to_owned())).collect();
            Some(ServicesSection { name: "mine".into(), urls: Some(urls) })
        };
        let mut urls = urls(&[]);
        assert_eq!(of(&urls, "s3"), Ok(None));
        urls.profile = Some("http://profile".into());
        assert_eq!(of(&urls, "s3"), Ok(Some("http://profile".into())));
        urls.services = section(&[("s3", "http://own")]);
        assert_eq!(of(&urls, "s3"), Ok(Some("http://own".into())));
        assert_eq!(of(&urls, "ec2"), Ok(Some("http://profile".into())));
        urls.environment.insert("AWS_ENDPOINT_URL".into(), "http://environment".into());
        assert_eq!(of(&urls, "s3"), Ok(Some("http://environment".into())));
        urls.ignore = true;
        assert_eq!(of(&urls, "s3"), Ok(None));
        urls.explicit = Some("http://explicit".into());
        assert_eq!(of(&urls, "s3"), Ok(Some("http://explicit".into())));
    }

    #[test]
    fn a_section_that_is_not_there_is_told_when_it_is_needed() {
        let mut urls = urls(&[]);
        urls.services = Some(ServicesSection { name: "mine".into(), urls: None });
        let text = "The profile is configured to use the services section but the \"mine\" services configuration \
                    does not exist.";
        assert_eq!(of(&urls, "s3"), Err(text.into()));
        urls.environment.insert("AWS_ENDPOINT_URL_S3".into(), "http://own".into());
        assert_eq!(of(&urls, "s3"), Ok(Some("http://own".into())));
    }
}
