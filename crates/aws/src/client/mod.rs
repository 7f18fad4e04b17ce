//! One operation of a service: its parameters checked and serialised, the request signed, sent and
//! repeated where that helps, the answer parsed.

mod config;
mod customise;
mod discovery;
mod failure;
mod paginate;
pub mod protocol;
pub mod query;
mod refusal;
mod send;
mod unread;
pub mod validate;
mod wait;

pub use config::{ClientConfig, Limiter, Permit};
pub use discovery::{Discovered, DiscoveredBy, Discovery};
pub use paginate::Pages;
pub use refusal::{Refusal, check as refusal};
pub(crate) use send::is_throttle;
pub use wait::Patience;

use std::sync::Arc;

use squall_model::{Map, Value};

use self::customise::Customised;
use crate::endpoint::{self, EndpointConfig, Signing};
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
        let operation = operation_of(config.service, operation)?;
        refusal::check(config.service, operation)?;
        let customised = customise::before(config.service, operation, &parameters)?;
        match self.attempt(operation, &customised, &config.endpoint).await {
            // The service has moved what it told us of; it is asked again, once.
            Err(error) if operation.endpointdiscovery.is_some() && discovery::is_elsewhere(&error) => {
                config.discovered.forget();
                self.attempt(operation, &customised, &config.endpoint).await
            }
            // A bucket that is in another region says so; it is called there, once.
            Err(AwsError::Service(error)) if config.service.name == "s3" => {
                let Some(region) = customise::other_region(operation, &error) else {
                    return Err(AwsError::Service(error));
                };
                log::debug!("the bucket is in {region}, and is called there");
                let endpoint = EndpointConfig { region: Some(region.into()), ..config.endpoint.clone() };
                self.attempt(operation, &customised, &endpoint).await
            }
            outcome => outcome,
        }
    }

    async fn attempt(
        &self,
        operation: &'static Operation,
        customised: &Customised,
        endpoint: &EndpointConfig,
    ) -> Result<Map, AwsError> {
        let config = &*self.config;
        let service = config.service;
        let parameters = &customised.parameters;
        let mut endpoint = endpoint::resolve(service, operation, parameters, endpoint)?;
        if let Some(account) = &endpoint.account_id {
            parameters.insert("AccountId", Value::from(account.as_str()));
        }
        let problems = validate::problems(service, operation, parameters);
        if !problems.is_empty() {
            return Err(AwsError::Parameters(problems));
        }
        if let Some(url) = self.discovered(operation).await? {
            endpoint.url = url;
        }
        let mut request = protocol::request(service, operation, parameters)?;
        for (name, value) in &endpoint.headers {
            request.set_header(name, value.as_str());
        }
        customise::request(config, operation, parameters, &mut endpoint, &mut request).await?;
        request.set_header("User-Agent", &*config.user_agent);
        if customise::is_unsigned(service, operation) {
            endpoint.signing = Signing::Unsigned;
        }
        let mut answer = send::send(config, operation, request, &endpoint).await?;
        let received = customise::received(service, operation, parameters, &mut answer.response)?;
        let parsed = protocol::output(service, operation, &answer.response).map_err(unreadable)?;
        customise::after(service, operation, customised, received, &answer.response, &parsed);
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
