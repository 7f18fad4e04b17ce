//! Failures of the runtime in botocore's classes and words.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::send::{Refused, Retries};
use crate::error::AwsError;

/// What botocore would raise.
pub(super) fn failure(error: SdkError<Refused, HttpResponse>, url: &str, retries: &Retries) -> AwsError {
    match error {
        SdkError::ServiceError(refused) => {
            let refused = refused.into_err();
            if let Some(message) = refused.unreadable {
                return other("botocore.parsers.ResponseParserError", message);
            }
            let mut error = *refused.error;
            error.retries = retries.count();
            retries.complete(&error.response);
            AwsError::Service(Box::new(error))
        }
        SdkError::ResponseError(_) => closed(url),
        other => of_source(&other, url),
    }
}

fn of_source(error: &(dyn Error + 'static), url: &str) -> AwsError {
    // A role that cannot be assumed, certificates that are missing: told in full already.
    if let Some(cause) = crate::session::cause(error) {
        return cause.clone();
    }
    let chain: Vec<&(dyn Error + 'static)> =
        std::iter::successors(Some(error), |&error| error.source()).collect();
    if let Some(error) = chain.iter().find_map(|error| error.downcast_ref::<CredentialsError>()) {
        return credentials(error);
    }
    let said = |words: &[&str]| {
        chain.iter().any(|error| {
            let text = error.to_string().to_ascii_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    };
    if said(&["connect timeout"]) {
        return other(
            "botocore.exceptions.ConnectTimeoutError",
            format!("Connect timeout on endpoint URL: \"{url}\""),
        );
    }
    if said(&["read timeout"])
        || matches!(error.downcast_ref(), Some(SdkError::<Refused, HttpResponse>::TimeoutError(_)))
    {
        return other(
            "botocore.exceptions.ReadTimeoutError",
            format!("Read timeout on endpoint URL: \"{url}\""),
        );
    }
    let innermost = chain.last().map(ToString::to_string).unwrap_or_default();
    if said(&["certificate", "tls", "handshake"]) {
        return other("botocore.exceptions.SSLError", format!("SSL validation failed for {url} {innermost}"));
    }
    if said(&["proxy"]) {
        return other(
            "botocore.exceptions.ProxyConnectionError",
            format!("Failed to connect to proxy URL: \"{url}\""),
        );
    }
    if said(&[
        "connect error",
        "dns",
        "error trying to connect",
        "connection refused",
        "client error (connect)",
    ]) {
        return other(
            "botocore.exceptions.EndpointConnectionError",
            format!("Could not connect to the endpoint URL: \"{url}\""),
        );
    }
    if chain.iter().any(|error| error.is::<std::io::Error>())
        || said(&["connection closed", "incomplete", "canceled"])
    {
        return closed(url);
    }
    other(
        "botocore.exceptions.HTTPClientError",
        format!("An HTTP Client raised an unhandled exception: {innermost}"),
    )
}

fn closed(url: &str) -> AwsError {
    let message =
        format!("Connection was closed before we received a valid response from endpoint URL: \"{url}\".");
    other("botocore.exceptions.ConnectionClosedError", message)
}

/// Why there are no credentials.
pub(super) fn credentials(error: &CredentialsError) -> AwsError {
    if matches!(error, CredentialsError::CredentialsNotLoaded(_)) {
        return other("botocore.exceptions.NoCredentialsError", "Unable to locate credentials".to_owned());
    }
    let innermost = std::iter::successors(Some(error as &dyn Error), |&error| error.source()).last();
    let said = innermost.map(ToString::to_string).unwrap_or_default();
    other(
        "botocore.exceptions.CredentialRetrievalError",
        format!("Error when retrieving credentials: {said}"),
    )
}

fn other(class: &'static str, message: String) -> AwsError {
    AwsError::Other { class, message }
}
