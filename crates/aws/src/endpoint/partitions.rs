//! AWS' partitions: which one a region is in, and the names that its hosts have.

use std::sync::{LazyLock, OnceLock};

use indexmap::IndexMap;
use regex_lite::Regex;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::value::Value;
use crate::model;

static PARTITIONS: LazyLock<Partitions> = LazyLock::new(|| {
    serde_json::from_str(model::partitions()).expect("a test reads the embedded partitions")
});

/// The partitions of `partitions.json`.
#[derive(Debug, Deserialize)]
struct Partitions {
    partitions: Vec<Partition>,
}

/// A partition.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Partition {
    /// Its name: `aws-cn`.
    id: String,
    /// What the names of regions look like that are not known yet.
    region_regex: RegionRegex,
    regions: IndexMap<String, IgnoredAny>,
    outputs: Outputs,
}

/// What the names of a partition's regions look like: compiled when a name is met that no partition lists.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct RegionRegex {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for RegionRegex {
    fn from(text: String) -> Self {
        RegionRegex { text, compiled: OnceLock::new() }
    }
}

impl RegionRegex {
    /// Whether a name looks so.
    pub fn is_match(&self, region: &str) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(region))
    }

    /// `None` for one that the crate cannot read, which matches nothing; tests hold that it reads them all.
    pub fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outputs {
    dns_suffix: String,
    dual_stack_dns_suffix: String,
    #[serde(default)]
    implicit_global_region: Option<String>,
    supports_dual_stack: bool,
    #[serde(rename = "supportsFIPS")]
    supports_fips: bool,
}

impl PartialEq for Partition {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Partition {
    /// The partition of a region; the first one for a region that no partition knows.
    pub fn of(region: Option<&str>) -> &'static Self {
        let partitions = &PARTITIONS.partitions;
        let first = partitions.first().expect("a test reads the embedded partitions");
        let Some(region) = region else { return first };
        // Names that are known go first, so that expressions are compiled for new regions only.
        let known = partitions.iter().find(|partition| partition.regions.contains_key(region));
        known.or_else(|| partitions.iter().find(|partition| partition.looks_like(region))).unwrap_or(first)
    }

    /// Whether any partition lists this region.
    pub fn knows(region: &str) -> bool {
        PARTITIONS.partitions.iter().any(|partition| partition.regions.contains_key(region))
    }

    /// The names of all known regions.
    #[cfg(test)]
    pub fn regions() -> impl Iterator<Item = &'static str> {
        PARTITIONS.partitions.iter().flat_map(|partition| partition.regions.keys()).map(String::as_str)
    }

    fn looks_like(&self, region: &str) -> bool {
        self.region_regex.is_match(region)
    }

    /// The attribute that rules name.
    pub(super) fn attribute(&self, name: &str) -> Value<'_> {
        match name {
            "name" => Value::text(self.id.as_str()),
            "dnsSuffix" => Value::text(self.outputs.dns_suffix.as_str()),
            "dualStackDnsSuffix" => Value::text(self.outputs.dual_stack_dns_suffix.as_str()),
            "implicitGlobalRegion" => {
                self.outputs.implicit_global_region.as_deref().map_or(Value::None, Value::text)
            }
            "supportsDualStack" => Value::Flag(self.outputs.supports_dual_stack),
            "supportsFIPS" => Value::Flag(self.outputs.supports_fips),
            _ => Value::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTITIONS, Partition};
    use crate::endpoint::value::Value;

    #[test]
    fn a_region_is_in_the_partition_that_lists_it() {
        assert_eq!(Partition::of(Some("cn-north-1")).id, "aws-cn");
        assert_eq!(Partition::of(Some("us-gov-west-1")).attribute("dnsSuffix"), Value::text("amazonaws.com"));
        assert_eq!(Partition::of(Some("aws-global")).attribute("name"), Value::text("aws"));
        assert_eq!(Partition::of(Some("eu-west-1")).attribute("supportsFIPS"), Value::Flag(true));
        assert_eq!(Partition::of(Some("eu-west-1")).attribute("colour"), Value::None);
    }

    #[test]
    fn new_regions_are_known_by_how_they_look() {
        assert_eq!(Partition::of(Some("eu-north-9")).id, "aws");
        assert_eq!(Partition::of(Some("cn-south-7")).id, "aws-cn");
        assert_eq!(Partition::of(Some("us-iso-south-2")).id, "aws-iso");
        assert_eq!(Partition::of(Some("moon")).id, "aws");
        assert_eq!(Partition::of(None).id, "aws");
        assert!(Partition::knows("us-east-1") && !Partition::knows("eu-north-9"));
    }

    #[test]
    fn no_known_region_looks_like_one_of_a_partition_before_its_own() {
        // Else looking for known names first would differ from going partition by partition.
        let partitions = &PARTITIONS.partitions;
        for (at, partition) in partitions.iter().enumerate() {
            for before in &partitions[..at] {
                for region in partition.regions.keys() {
                    assert!(
                        !before.looks_like(region),
                        "{region} of {} looks like {}",
                        partition.id,
                        before.id
                    );
                }
            }
        }
        assert!(partitions.iter().all(|partition| partition.region_regex.compiled().is_some()));
    }
}
