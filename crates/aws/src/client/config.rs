//! What a client is made from.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use aws_smithy_types::retry::RetryConfig;

use super::discovery::{Discovered, Discovery};
use crate::endpoint::EndpointConfig;
use crate::model::Service;

/// Everything that a [`Client`](super::Client) needs; plain data and handles that clients share.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The service's model.
    pub service: &'static Service,
    /// The region; the few services that are the same everywhere do without.
    pub region: Option<Arc<str>>,
    /// Where credentials come from; asked when a call is signed.
    pub credentials: SharedCredentialsProvider,
    /// Keeps credentials until they expire.
    pub identities: SharedIdentityCache,
    /// Makes connections, and keeps them.
    pub http: SharedHttpClient,
    /// What decides where calls go besides their parameters.
    pub endpoint: EndpointConfig,
    /// Which operations are called where the service itself says.
    pub discovery: Discovery,
    /// Where it said so.
    pub discovered: Discovered,
    /// How often, and by which rules, a call is repeated.
    pub retry: RetryConfig,
    /// The time that making a connection may take.
    pub connect_timeout: Duration,
    /// The time that may pass until an answer begins.
    pub read_timeout: Duration,
    /// What all calls of a run wait for before they are sent.
    pub limiter: Option<Arc<dyn Limiter>>,
    /// The `User-Agent` header.
    pub user_agent: Arc<str>,
}

/// Bounds how many requests are sent, and how many at the same time.
///
/// Every attempt of a call asks, so a repeated one asks again.
pub trait Limiter: Send + Sync + fmt::Debug {
    /// Waits until a request may be sent. The permit is dropped when the answer is there, or the call was
    /// given up.
    fn admit(&self) -> Pin<Box<dyn Future<Output = Permit> + Send + '_>>;

    /// Told of every answer, and whether it said that requests come too fast.
    fn answered(&self, throttled: bool);
}

/// Leave to send one request, for as long as it is kept.
pub type Permit = Box<dyn Any + Send>;
