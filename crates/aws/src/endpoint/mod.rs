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
