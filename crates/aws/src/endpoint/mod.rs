//! Where a call goes and how it is signed: the endpoint rule sets of the services, evaluated, with the
//! settings that botocore gives them.
//!
//! ```text
//! resolve ──▶ place of the client: region, URL that users set, variants ◀── config, legacy (endpoints.json)
//!    │
//!    ├──────▶ values for the rules: the operation's, the call's, the client's, settings ◀── parameters, builtins
//!    │
//!    ├──────▶ rules: conditions, functions, templates, partitions ──▶ URL, headers, properties
//!    │
//!    └──────▶ signing: what the properties say, else the model
//! ```

mod builtins;
mod config;
mod error;
mod functions;
mod legacy;
mod parameters;
mod partitions;
mod read;
mod resolve;
mod rules;
mod s3control;
mod signing;
mod template;
mod url;
mod value;

pub use config::{ConfiguredUrls, EndpointConfig, S3Config, ServicesSection};
pub use error::EndpointError;
pub use parameters::{Parameter, Parameters};
pub use resolve::{Endpoint, evaluate, resolve};
pub use rules::{Resolved, RuleSet};
pub use signing::{SigV4, Signing, check};

/// The names of the hosts that a service's calls go to in a region: of its endpoint alone, not of names in front of it,
/// such as those of buckets.
///
/// # Errors
/// There is no region, and the service has one endpoint for each.
pub fn host_names(service: &str, region: Option<&str>) -> Result<Vec<String>, EndpointError> {
    let found = legacy::resolve(service, region, legacy::Variants::default())?;
    let rest = found.url.split_once("://").map_or(found.url.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    Ok(vec![host.to_owned()])
}
