//! A request on its way: signed, sent, repeated where that can help, its answer read whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_runtime::request_info::RequestInfoInterceptor;
use aws_sigv4::http_request::SignableBody;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::orchestrator::operation::Operation as Orchestration;
use aws_smithy_runtime::client::retries::classifiers::TransientErrorClassifier;
use aws_smithy_runtime_api::client::auth::AuthSchemeOptionResolverParams;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::retry::ErrorKind;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SigningName;
use aws_types::region::{Region, SigningRegion};
use squall_model::{Map, Value};

use super::config::{ClientConfig, Limiter};
use super::failure::failure;
use super::protocol::{self, Request, Response};
use crate::endpoint::{Endpoint, SigV4, Signing};
use crate::error::{AwsError, ServiceError};
use crate::model::{Operation, Service};

/// Sends `request`, and gives the answer of success.
///
/// # Errors
///
/// A refusal, a connection that fails, credentials that are not there.
pub(super) async fn send(
    config: &ClientConfig,
    operation: &'static Operation,
    request: Request,
    endpoint: &Endpoint,
) -> Result<Answer, AwsError> {
    let attempts = Arc::new(AtomicU32::new(0));
    let service = config.service;
    let (origin, target) = request.at(&endpoint.url);
    let url = format!("{origin}{target}");
    let builder = Orchestration::builder()
        .service_name(service.name)
        .operation_name(operation.name.clone())
        .behavior_version(BehaviorVersion::latest())
        .http_client(Metered {
            inner: config.http.clone(),
            limiter: config.limiter.clone(),
            attempts: Arc::clone(&attempts),
        })
        .endpoint_url(&origin)
        .sleep_impl(TokioSleep::new())
        .standard_retry(&config.retry)
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(config.connect_timeout)
                .read_timeout(config.read_timeout)
                .build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .interceptor(InvocationIdInterceptor::new())
        .interceptor(RequestInfoInterceptor::new())
        .retry_classifier(TransientErrorClassifier::<Refused>::new())
        .retry_classifier(RefusalClassifier);
    let builder = match &endpoint.signing {
        Signing::V4(signing) => builder.runtime_plugin(signed(config, signing)),
        Signing::Unsigned => builder.no_auth(),
    };
    let limiter = config.limiter.clone();
    let orchestration = builder
        .serializer(move |(): ()| Ok(http_request(&request, &target)?))
        .deserializer(move |response: &HttpResponse| {
            let response = read_response(response);
            let answer = judge(service, operation, response);
            if let Some(limiter) = &limiter {
                limiter.answered(matches!(&answer, Err(refused) if refused.is_throttle()));
            }
            answer.map_err(OrchestratorError::operation)
        })
        .build();
    let outcome = orchestration.invoke(()).await;
    let attempts = attempts.load(Ordering::Relaxed);
    let retries = Retries { attempts, max: config.retry.max_attempts() };
    match outcome {
        Ok(response) => Ok(Answer { response, retries }),
        Err(error) => Err(failure(error, &url, &retries)),
    }
}

/// An answer of success.
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) retries: Retries,
}

/// How often a call was sent, and how often it may be.
pub(super) struct Retries {
    attempts: u32,
    max: u32,
}

impl Retries {
    /// Repetitions of the first attempt.
    pub(super) fn count(&self) -> u32 {
        self.attempts.saturating_sub(1)
    }

    /// Adds what boto3's `ResponseMetadata` says of it.
    pub(super) fn complete(&self, answer: &Map) {
        let metadata = answer.get("ResponseMetadata");
        let Some(metadata) = metadata.as_ref().and_then(Value::as_map) else {
            return;
        };
        if self.attempts >= self.max {
            metadata.insert("MaxAttemptsReached", Value::Bool(true));
        }
        metadata.insert("RetryAttempts", Value::from(i64::from(self.count())));
    }
}

fn http_request(
    request: &Request,
    target: &str,
) -> Result<HttpRequest, aws_smithy_runtime_api::http::HttpError> {
    let mut http = HttpRequest::new(SdkBody::from(request.body.clone()));
    http.set_method(&request.method)?;
    http.set_uri(target)?;
    for (name, value) in &request.headers {
        http.headers_mut().try_insert(name.clone(), value.clone())?;
    }
    if !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT") {
        http.headers_mut().insert("content-length", request.body.len().to_string());
    }
    Ok(http)
}

fn read_response(response: &HttpResponse) -> Response {
    Response {
        status: response.status().as_u16(),
        headers: response.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        body: response.body().bytes().unwrap_or_default().to_vec(),
    }
}

/// Whether an answer is one of success.
fn judge(
    service: &'static Service,
    operation: &'static Operation,
    mut response: Response,
) -> Result<Response, Refused> {
    if response.status < 300 && super::customise::hides_error(service, operation, &response) {
        response.status = 500;
    }
    if response.status < 300 {
        return Ok(response);
    }
    super::customise::refused(service, &mut response);
    let retry_after = response.header("x-amz-retry-after").and_then(|text| text.parse().ok());
    let unreadable = protocol::unreadable(service, &response);
    let error = Box::new(protocol::error(service, operation, &response));
    Err(Refused { error, unreadable, retry_after: retry_after.map(Duration::from_millis) })
}

fn signed(config: &ClientConfig, signing: &SigV4) -> StaticRuntimePlugin {
    let mut options = SigningOptions::default();
    options.double_uri_encode = signing.double_encode;
    options.normalize_uri_path = signing.normalize_path;
    options.content_sha256_header = signing.s3;
    if signing.unsigned_payload {
        options.payload_override = Some(SignableBody::UnsignedPayload);
        options.content_sha256_header = true;
    }
    let scope = SigV4OperationSigningConfig {
        region: Some(SigningRegion::from(Region::new(signing.region.clone()))),
        name: Some(SigningName::from(signing.name.clone())),
        signing_options: options,
        ..SigV4OperationSigningConfig::default()
    };
    let mut layer = Layer::new("signing");
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(scope);
    let components = RuntimeComponentsBuilder::new("signing")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
        .with_identity_cache(Some(config.identities.clone()))
        .with_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(config.credentials.clone()));
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

/// A service's refusal on its way through the runtime.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", error.message)]
pub(super) struct Refused {
    pub(super) error: Box<ServiceError>,
    /// What botocore says instead, at the first attempt, of an answer that it cannot read.
    pub(super) unreadable: Option<String>,
    retry_after: Option<Duration>,
}

/// Error codes that say that requests come too fast: botocore's list.
const THROTTLES: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

/// Error codes of what may well succeed when it is repeated.
const TRANSIENT: [&str; 4] =
    ["RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError"];

impl Refused {
    fn is_throttle(&self) -> bool {
        // A status that the model has an error for says no more than that error.
        is_throttle(&self.error.code) || (self.error.status == 429 && self.error.shape.is_none())
    }

    fn is_transient(&self) -> bool {
        TRANSIENT.contains(&self.error.code.as_str()) || matches!(self.error.status, 500 | 502 | 503 | 504)
    }
}

/// Whether an error code says that requests come too fast.
pub(crate) fn is_throttle(code: &str) -> bool {
    THROTTLES.contains(&code)
}

/// Which refusals are worth another attempt: those that are for botocore.
#[derive(Debug)]
struct RefusalClassifier;

impl ClassifyRetry for RefusalClassifier {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        let refused = error.as_operation_error().and_then(|error| error.downcast_ref::<Refused>());
        let Some(refused) = refused else {
            return RetryAction::NoActionIndicated;
        };
        let kind = if refused.unreadable.is_some() {
            return RetryAction::NoActionIndicated;
        } else if refused.is_throttle() {
            ErrorKind::ThrottlingError
        } else if refused.is_transient() {
            ErrorKind::TransientError
        } else {
            return RetryAction::NoActionIndicated;
        };
        match refused.retry_after {
            Some(delay) => RetryAction::retryable_error_with_explicit_delay(kind, delay),
            None => RetryAction::retryable_error(kind),
        }
    }

    fn name(&self) -> &'static str {
        "refusals"
    }
}

/// The session's HTTP client, with a count of attempts, and the run's limits before each.
#[derive(Debug)]
struct Metered {
    inner: SharedHttpClient,
    limiter: Option<Arc<dyn Limiter>>,
    attempts: Arc<AtomicU32>,
}

impl HttpClient for Metered {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(MeteredConnector {
            inner: self.inner.http_connector(settings, components),
            limiter: self.limiter.clone(),
            attempts: Arc::clone(&self.attempts),
        })
    }
}

#[derive(Debug)]
struct MeteredConnector {
    inner: SharedHttpConnector,
    limiter: Option<Arc<dyn Limiter>>,
    attempts: Arc<AtomicU32>,
}

impl HttpConnector for MeteredConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.clone();
        let Some(limiter) = self.limiter.clone() else {
            return inner.call(request);
        };
        HttpConnectorFuture::new(async move {
            let _permit = limiter.admit().await;
            inner.call(request).await
        })
    }
}
