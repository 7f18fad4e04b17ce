//! Operations that we do not call, and why.

use super::protocol::Field;
use crate::endpoint;
use crate::error::AwsError;
use crate::model::{Operation, Service};

/// Why an operation cannot be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Parameters or answer are streams of events, which go on while they are read.
    #[error(
        "`{service}` `{operation}` works with a stream of events, which Squall does not read; it calls operations that answer once"
    )]
    Events {
        /// The service.
        service: &'static str,
        /// The operation.
        operation: String,
    },
    /// Its requests are authenticated in a way that we do not have.
    #[error("{0}")]
    Signature(String),
}

impl From<Refusal> for AwsError {
    fn from(refusal: Refusal) -> Self {
        let class = match refusal {
            Refusal::Events { .. } => "NotImplementedError",
            Refusal::Signature(_) => "botocore.exceptions.UnknownSignatureVersionError",
        };
        AwsError::Other { class, message: refusal.to_string() }
    }
}

/// Whether an operation can be called, as far as its model says.
///
/// # Errors
///
/// Why it cannot.
pub fn check(service: &'static Service, operation: &'static Operation) -> Result<(), Refusal> {
    let mut ends = operation.input.iter().chain(&operation.output);
    if ends.any(|end| Field::new(service, end).members().any(|(_, member)| member.event_stream())) {
        return Err(Refusal::Events { service: service.name, operation: operation.name.clone() });
    }
    endpoint::check(service, operation).map_err(|error| Refusal::Signature(error.to_string()))
}
