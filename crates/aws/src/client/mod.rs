//! One operation of a service: its parameters checked and serialised, the request signed, sent and
//! repeated where that helps, the answer parsed.

mod config;
mod paginate;
pub mod query;
mod wait;

pub use config::{ClientConfig, Limiter, Permit};
pub use paginate::Pages;
pub use wait::Patience;

use std::sync::Arc;

use squall_model::Map;

use crate::error::AwsError;
use crate::model::Service;

/// A client of one service, for one region and one set of credentials. Cheap to clone; connections
/// are shared by all clients of a session.
#[derive(Clone, Debug)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// A client with these settings. Nothing is looked up, connected or resolved before the first call.
    pub fn new(config: ClientConfig) -> Self {
        Client { config: Arc::new(config) }
    }

    /// The service's model.
    pub fn service(&self) -> &'static Service {
        self.config.service
    }

    /// The region that calls go to.
    pub fn region(&self) -> Option<&str> {
        self.config.region.as_deref()
    }

    /// Calls `operation` (the model's name: `DescribeInstances`) with `parameters` by boto3's names, and
    /// gives boto3's answer, `ResponseMetadata` included.
    ///
    /// Dropping the future gives the call up at once.
    ///
    /// # Errors
    ///
    /// [`AwsError`]: parameters that do not fit (all of them together, before anything is sent), a
    /// connection that fails, a service's refusal.
    pub async fn call(&self, operation: &str, parameters: Map) -> Result<Map, AwsError> {
        let _ = parameters;
        Err(AwsError::Other { class: "NotImplementedError", message: operation.to_owned() })
    }
}
