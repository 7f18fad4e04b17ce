//! stub
use squall_model::{Map, Value};

use super::protocol::Response;
use crate::error::AwsError;
use crate::model::{Operation, Service};

/// What is done for a call, from its parameters to its answer.
#[derive(Default)]
pub(super) struct Customised {
    /// The parameters as they are sent.
    pub(super) parameters: Map,
}

/// The parameters of a call as they are sent.
///
/// # Errors
///
/// Parameters that botocore refuses before it looks at the model.
pub(super) fn before(
    service: &'static Service,
    operation: &'static Operation,
    parameters: &Map,
) -> Result<Customised, AwsError> {
    let parameters = parameters.shallow_clone();
    if let Some(input) = operation.input.as_ref().and_then(|input| service.shape(&input.shape)) {
        for (name, member) in &input.members {
            if member.idempotency_token && !parameters.contains_key(name) {
                parameters.insert(name.as_str(), Value::from(uuid::Uuid::new_v4().to_string()));
            }
        }
    }
    Ok(Customised { parameters })
}

/// Whether an answer of success is a failure.
pub(super) fn hides_error(_service: &Service, _operation: &Operation, _response: &Response) -> bool {
    false
}
