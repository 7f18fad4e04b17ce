//! One operation of a service: its parameters checked and serialised, the request signed, sent and
//! repeated where that helps, the answer parsed.

mod config;
mod customise;
mod failure;
mod paginate;
pub mod query;
pub mod protocol;
mod send;
pub mod validate;
mod wait;

pub use config::{ClientConfig, Limiter, Permit};
pub use paginate::Pages;
pub use wait::Patience;

use std::sync::Arc;

use squall_model::Map;

use crate::endpoint;
use crate::error::AwsError;
use crate::model::{Operation, Service};

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
        let config = &*self.config;
        let service = config.service;
        let operation = operation_of(service, operation)?;
        let customised = customise::before(service, operation, &parameters)?;
        let parameters = &customised.parameters;
        let endpoint = endpoint::resolve(service, operation, parameters, &config.endpoint)?;
        let problems = validate::problems(service, operation, parameters);
        if !problems.is_empty() {
            return Err(AwsError::Parameters(problems));
        }
        let mut request = protocol::request(service, operation, parameters)?;
        for (name, value) in endpoint.headers {
            request.set_header(&name, value);
        }
        request.set_header("User-Agent", &*config.user_agent);
        let destination = send::Destination { url: endpoint.url, signing: endpoint.signing };
        let answer = send::send(config, operation, request, destination).await?;
        let parsed = protocol::output(service, operation, &answer.response).map_err(unreadable)?;
        answer.retries.complete(&parsed);
        Ok(parsed)
    }
}

/// The operation of that name; botocore's exception where there is none.
fn operation_of(service: &'static Service, name: &str) -> Result<&'static Operation, AwsError> {
    service.operation(name).ok_or_else(|| AwsError::Other {
        class: "botocore.model.OperationNotFoundError",
        message: name.to_owned(),
    })
}

fn unreadable(error: protocol::ParseError) -> AwsError {
    AwsError::Other { class: "botocore.parsers.ResponseParserError", message: error.to_string() }
}
