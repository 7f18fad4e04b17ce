//! One operation of a service: its parameters checked and serialised, the request signed, sent and
//! repeated where that helps, the answer parsed.

mod paginate;
mod wait;

pub use paginate::Pages;

use squall_model::Map;

use crate::error::AwsError;

/// A client of one service, for one region and one set of credentials. Cheap to clone; connections
/// are shared by all clients of a session.
#[derive(Clone)]
pub struct Client {}

impl Client {
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
