//! `endpoints.json`: what AWS said of endpoints before there were rule sets. It still decides where a
//! service without a region is, and the region that signatures name where the rules do not say it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::error::EndpointError;
use super::partitions::{Partition as KnownPartition, RegionRegex};
use crate::model;

/// Services (their endpoint prefixes) of which rules and data differ for regions of `partitions.json`: the
/// data are read for these, and for names that are no such regions. A test holds the list.
const DIFFERENT: [&str; 8] =
    ["billingconductor", "chime", "codecatalyst", "health", "importexport", "savingsplans", "shield", "waf"];

static DATA: LazyLock<Data> =
    LazyLock::new(|| serde_json::from_str(model::endpoints()).expect("a test reads the embedded endpoints"));

#[derive(Deserialize)]
struct Data {
    #[serde(borrow)]
    partitions: Vec<Partition<'static>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Partition<'t> {
    partition: &'t str,
    dns_suffix: String,
    region_regex: RegionRegex,
    regions: BTreeMap<String, IgnoredAny>,
    defaults: Details,
    /// Read when one is asked for: it is most of the data.
    #[serde(borrow)]
    services: BTreeMap<&'t str, &'t RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Service {
    defaults: Details,
    endpoints: BTreeMap<String, Details>,
    is_regionalized: Option<bool>,
    partition_endpoint: Option<String>,
}

/// What is said of an endpoint, or of all endpoints of a service or a partition.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    hostname: Option<String>,
    dns_suffix: Option<String>,
    credential_scope: Option<Scope>,
    protocols: Option<Vec<String>>,
    variants: Vec<Variant>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Scope {
    region: Option<String>,
    service: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variant {
    tags: Vec<String>,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(default)]
    dns_suffix: Option<String>,
}

/// An endpoint as the data have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// Its name: the region, or `aws-global`.
    pub region: String,
    /// The region that signatures name.
    pub signing_region: String,
    /// The service that signatures name, where it is not the model's.
    pub signing_name: Option<String>,
    /// Where it is.
    pub url: String,
}

/// The variants of an endpoint that are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variants {
    /// Also reached by IPv6.
    pub dualstack: bool,
    /// With validated cryptography.
    pub fips: bool,
}

impl Variants {
    fn tags(self) -> Vec<&'static str> {
        let tags = [(self.dualstack, "dualstack"), (self.fips, "fips")];
        tags.into_iter().filter_map(|(wanted, tag)| wanted.then_some(tag)).collect()
    }

    fn error(self) -> EndpointError {
        let tags = self.tags().iter().map(|tag| format!("'{tag}'")).collect::<Vec<_>>().join(", ");
        // botocore's text ends so: the reason that it has is not part of it.
        EndpointError::new(
            "botocore.exceptions.EndpointVariantError",
            format!("Unable to construct a modeled endpoint with the following variant(s) [{tags}]: "),
        )
    }
}

/// Whether the data say anything that the rules do not, so that they must be read.
pub fn matters(prefix: &str, region: Option<&str>, variants: Variants) -> bool {
    variants != Variants::default()
        || DIFFERENT.contains(&prefix)
        || !region.is_some_and(KnownPartition::knows)
}

/// The endpoint of a service, by its endpoint prefix.
///
/// # Errors
///
/// Where there is no region, and the service has one endpoint for each; where an endpoint has no such
/// variant.
pub fn resolve(prefix: &str, region: Option<&str>, variants: Variants) -> Result<Legacy, EndpointError> {
    let region =
        if prefix == "s3" && variants.dualstack && region.is_none() { Some("us-east-1") } else { region };
    let partitions = &DATA.partitions;
    for partition in partitions {
        // These have no variants for IPv6 at all, and rules say so better.
        if variants.dualstack && matches!(partition.partition, "aws-iso" | "aws-iso-b") {
            continue;
        }
        if let Some(found) = partition.endpoint(prefix, region, variants, false)? {
            return Ok(found);
        }
    }
    let first = partitions.first().expect("a test reads the embedded endpoints");
    Ok(first.endpoint(prefix, region, variants, true)?.expect("a partition that is forced gives an endpoint"))
}

impl Partition<'_> {
    fn service(&self, prefix: &str) -> Service {
        let raw = self.services.get(prefix);
        raw.map_or_else(Service::default, |raw| {
            serde_json::from_str(raw.get()).expect("a test reads the embedded endpoints")
        })
    }

    /// The endpoint in this partition; `None` where the region is of another, unless this one is forced.
    fn endpoint(
        &self,
        prefix: &str,
        region: Option<&str>,
        variants: Variants,
        forced: bool,
    ) -> Result<Option<Legacy>, EndpointError> {
        let service = self.service(prefix);
        let name = match (region, &service.partition_endpoint) {
            (Some(region), _) => region,
            (None, Some(one)) => one.as_str(),
            (None, None) => return Err(EndpointError::no_region()),
        };
        if service.endpoints.contains_key(name) {
            return self.details(prefix, &service, name, variants).map(Some);
        }
        if !forced && !self.has(name) {
            return Ok(None);
        }
        let name = match &service.partition_endpoint {
            Some(one) if service.is_regionalized == Some(false) => one,
            _ => name,
        };
        self.details(prefix, &service, name, variants).map(Some)
    }

    fn has(&self, region: &str) -> bool {
        self.regions.contains_key(region) || self.region_regex.is_match(region)
    }

    fn details(
        &self,
        prefix: &str,
        service: &Service,
        name: &str,
        variants: Variants,
    ) -> Result<Legacy, EndpointError> {
        let none = Details::default();
        let levels = [service.endpoints.get(name).unwrap_or(&none), &service.defaults, &self.defaults];
        let tags = variants.tags();
        let of_variant: Vec<&Variant> = levels
            .iter()
            .filter(|_| !tags.is_empty())
            .filter_map(|level| level.variants.iter().find(|variant| variant.is(&tags)))
            .collect();
        if !tags.is_empty() && of_variant.is_empty() {
            return Err(variants.error());
        }
        // The variants' words go before the others', and among each the nearer level's.
        let hostname = of_variant.iter().find_map(|variant| variant.hostname.as_deref());
        let hostname = hostname.or_else(|| levels.iter().find_map(|level| level.hostname.as_deref()));
        let suffix = of_variant.iter().find_map(|variant| variant.dns_suffix.as_deref());
        let suffix = suffix.or(levels[0].dns_suffix.as_deref()).unwrap_or(&self.dns_suffix);
        let host = hostname
            .unwrap_or("{service}.{region}.{dnsSuffix}")
            .replace("{service}", prefix)
            .replace("{region}", name)
            .replace("{dnsSuffix}", suffix);
        let protocols = levels.iter().find_map(|level| level.protocols.as_deref()).unwrap_or_default();
        let scheme = if protocols.iter().any(|protocol| protocol == "https") { "https" } else { "http" };
        let scope = levels.iter().find_map(|level| level.credential_scope.clone()).unwrap_or_default();
        Ok(Legacy {
            region: name.to_owned(),
            signing_region: scope.region.unwrap_or_else(|| name.to_owned()),
            signing_name: scope.service,
            url: format!("{scheme}://{host}"),
        })
    }
}

impl Variant {
    fn is(&self, tags: &[&str]) -> bool {
        self.tags.len() == tags.len() && tags.iter().all(|tag| self.tags.iter().any(|own| own == tag))
    }
}

#[cfg(test)]
mod tests {
    use super::{DATA, DIFFERENT, Legacy, Service, Variants, matters, resolve};
    use crate::endpoint::partitions::Partition;
    use crate::model;

    const FIPS: Variants = Variants { fips: true, dualstack: false };
    const DUALSTACK: Variants = Variants { fips: false, dualstack: true };

    fn of(prefix: &str, region: Option<&str>, variants: Variants) -> Result<Legacy, String> {
        resolve(prefix, region, variants).map_err(|error| error.message)
    }

    #[test]
    fn all_data_can_be_read() {
        for partition in &DATA.partitions {
            assert!(partition.region_regex.compiled().is_some(), "{}", partition.partition);
            for (name, raw) in &partition.services {
                let service: Service = serde_json::from_str(raw.get()).unwrap();
                assert!(!service.endpoints.is_empty() || service.partition_endpoint.is_some(), "{name}");
            }
        }
    }

    #[test]
    fn the_data_matter_for_the_services_that_are_listed() {
        // Where the rules name the region of the signature, what the data say of it does not matter.
        let mut different = Vec::new();
        for name in model::names() {
            let service = model::load(name).unwrap();
            let prefix = service.metadata.endpoint_prefix.as_str();
            for region in Partition::regions() {
                let legacy = resolve(prefix, Some(region), Variants::default()).unwrap();
                let same = legacy.signing_region == region
                    && legacy.signing_name.is_none_or(|name| name == service.signing_name());
                if !same
                    && !crate::endpoint::resolve::tests::rules_sign(service, region)
                    && !different.contains(&prefix)
                {
                    different.push(prefix);
                }
            }
        }
        different.sort_unstable();
        different.dedup();
        assert_eq!(different, DIFFERENT);
    }

    #[test]
    fn services_without_regions_have_one_endpoint() {
        let iam = of("iam", None, Variants::default()).unwrap();
        assert_eq!((iam.region.as_str(), iam.signing_region.as_str()), ("aws-global", "us-east-1"));
        assert_eq!(iam.url, "https://iam.amazonaws.com");
        assert_eq!(of("iam", Some("eu-west-1"), Variants::default()).unwrap(), iam);
        assert_eq!(of("ec2", None, Variants::default()), Err("You must specify a region.".into()));
        let importexport = of("importexport", None, Variants::default()).unwrap();
        assert_eq!(importexport.signing_name.as_deref(), Some("IngestionService"));
    }

    #[test]
    fn endpoints_have_variants() {
        let url = |prefix, region, variants| of(prefix, Some(region), variants).map(|legacy| legacy.url);
        assert_eq!(url("ec2", "us-east-1", FIPS), Ok("https://ec2-fips.us-east-1.amazonaws.com".into()));
        assert_eq!(url("ec2", "us-east-1", DUALSTACK), Ok("https://ec2.us-east-1.api.aws".into()));
        assert_eq!(
            url("ec2", "eu-north-9", Variants::default()),
            Ok("https://ec2.eu-north-9.amazonaws.com".into())
        );
        assert_eq!(
            url("ec2", "eu-isoe-west-1", DUALSTACK),
            Err("Unable to construct a modeled endpoint with the following variant(s) ['dualstack']: ".into())
        );
    }

    #[test]
    fn the_data_are_read_only_where_they_matter() {
        assert!(!matters("ec2", Some("us-east-1"), Variants::default()));
        assert!(matters("ec2", Some("eu-north-9"), Variants::default()));
        assert!(matters("ec2", None, Variants::default()));
        assert!(matters("ec2", Some("us-east-1"), FIPS));
        assert!(matters("health", Some("us-east-1"), Variants::default()));
    }
}
