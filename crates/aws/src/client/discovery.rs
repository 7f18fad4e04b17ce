//! Services that say themselves where their operations are to be called (Timestream always, DynamoDB where
//! users want it): they are asked, and what they say is kept for as long as they say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use squall_model::{Map, Value};
use tokio::time::Instant;

use super::Client;
use crate::error::AwsError;
use crate::model::Operation;

/// The operation that is asked. All services that have it at all call it so, without parameters.
const ASKED: &str = "DescribeEndpoints";

/// While a service cannot be asked, it is not asked again for so long.
const PAUSE: Duration = Duration::from_secs(60);

/// Which operations are called where the service says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discovery {
    /// Those that cannot be called elsewhere.
    #[default]
    Required,
    /// All that can be.
    Always,
    /// None; those that cannot be called elsewhere are refused.
    Never,
}

impl Discovery {
    /// What a setting says: `auto`, `true`, `false`.
    ///
    /// # Errors
    ///
    /// Another text, in botocore's words.
    pub fn read(setting: &str) -> Result<Self, AwsError> {
        match setting.trim().to_ascii_lowercase().as_str() {
            "auto" => Ok(Discovery::Required),
            "true" => Ok(Discovery::Always),
            "false" => Ok(Discovery::Never),
            _ => Err(AwsError::Other {
                class: "botocore.exceptions.InvalidEndpointDiscoveryConfigurationError",
                message: format!(
                    "Unsupported configuration value for endpoint_discovery_enabled. Expected one of (\"true\", \
                     \"false\", \"auto\") but got {setting}."
                ),
            }),
        }
    }
}

/// Where one service said, in one region and to one account, that it is to be called. Clients share it.
#[derive(Clone, Debug, Default)]
pub struct Discovered(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    address: Option<Address>,
    /// The service could not be asked; until then it is not asked again where that can be helped.
    failing: Option<Instant>,
}

#[derive(Clone, Debug)]
struct Address {
    url: String,
    until: Instant,
}

/// What is kept for all services of a run, by names of the callers' choice.
#[derive(Debug, Default)]
pub struct DiscoveredBy(Mutex<HashMap<String, Discovered>>);

impl DiscoveredBy {
    /// What is kept under `key`.
    pub fn of(&self, key: String) -> Discovered {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone()
    }
}

impl Discovered {
    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Forgets it, after the service said that it is no longer right.
    pub(super) fn forget(&self) {
        self.known(|known| known.address = None);
    }
}

impl Client {
    /// The URL that the service gives for `operation`; `None` where the rules' holds.
    ///
    /// # Errors
    ///
    /// The service's refusal; and where the operation needs an address and none can be had.
    pub(super) async fn discovered(&self, operation: &Operation) -> Result<Option<String>, AwsError> {
        let Some(discovery) = &operation.endpointdiscovery else { return Ok(None) };
        match self.config.discovery {
            Discovery::Never if discovery.required => {
                return Err(AwsError::Other {
                    class: "botocore.discovery.EndpointDiscoveryRequired",
                    message: "Endpoint Discovery is not enabled but this operation requires it.".to_owned(),
                });
            }
            Discovery::Never => return Ok(None),
            Discovery::Required if !discovery.required => return Ok(None),
            Discovery::Required | Discovery::Always => {}
        }
        let discovered = &self.config.discovered;
        let now = Instant::now();
        let (kept, failing) = discovered.known(|known| (known.address.clone(), known.failing));
        if let Some(fresh) = kept.as_ref().filter(|address| now < address.until) {
            return Ok(Some(fresh.url.clone()));
        }
        let is_paused = failing.is_some_and(|until| now < until);
        if (!is_paused || (discovery.required && kept.is_none()))
            && let Some(url) = self.ask().await?
        {
            return Ok(Some(url));
        }
        match kept {
            // Better an old address than none.
            Some(stale) => Ok(Some(stale.url)),
            None if discovery.required => Err(AwsError::Other {
                class: "botocore.discovery.EndpointDiscoveryRefreshFailed",
                message: "Endpoint Discovery failed to refresh the required endpoints.".to_owned(),
            }),
            None => Ok(None),
        }
    }

    /// Asks the service, and keeps the answer; `None` where it cannot be reached.
    async fn ask(&self) -> Result<Option<String>, AwsError> {
        // It is called where the rules say, so this goes no deeper.
        let answer = match Box::pin(self.call(ASKED, Map::new())).await {
            Ok(answer) => answer,
            Err(error) if is_connection(&error) => {
                log::debug!("`{}` `{ASKED}`: {error}", self.config.service.name);
                self.config.discovered.known(|known| known.failing = Some(Instant::now() + PAUSE));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let Some((address, minutes)) = first(&answer) else { return Ok(None) };
        let url = if address.starts_with("http") { address } else { format!("https://{address}") };
        log::debug!("`{}` is called at {url} for {minutes} minutes", self.config.service.name);
        let until = Instant::now() + Duration::try_from_secs_f64(minutes * 60.0).unwrap_or_default();
        self.config.discovered.known(|known| {
            *known = Known { address: Some(Address { url: url.clone(), until }), failing: None };
        });
        Ok(Some(url))
    }
}

/// The first address of an answer, and the minutes for which it holds.
fn first(answer: &Map) -> Option<(String, f64)> {
    let Some(Value::List(endpoints)) = answer.get("Endpoints") else { return None };
    let endpoint = endpoints.to_vec().into_iter().next()?;
    let minutes = endpoint.get("CachePeriodInMinutes").and_then(|minutes| minutes.as_f64())?;
    Some((endpoint.get("Address")?.as_str()?.to_owned(), minutes))
}

/// Whether the service was not reached at all.
fn is_connection(error: &AwsError) -> bool {
    let AwsError::Other { class, .. } = error else { return false };
    [
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
        "SSLError",
    ]
    .iter()
    .chain(&["ProxyConnectionError", "HTTPClientError"])
    .any(|name| class.ends_with(name))
}

/// Whether a refusal says that the address is not right any more.
pub(super) fn is_elsewhere(error: &AwsError) -> bool {
    matches!(error, AwsError::Service(error) if error.status == 421 || error.code == "InvalidEndpointException")
}
