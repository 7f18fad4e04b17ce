//! Which account, region and role a call is made with, and what all calls of a run share.

use squall_model::Map;

use crate::activity::Raised;
use crate::client::Client;
use crate::error::AwsError;

/// The region, profile, role and credentials of one activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {}

impl Scope {
    /// What the configuration and the secrets of an activity name, by the rules of `chaosaws`.
    ///
    /// # Errors
    ///
    /// Where no region is set: `InterruptExecution`, with the reference's text.
    pub fn of(configuration: &Map, secrets: &Map) -> Result<Self, Raised> {
        let _ = (configuration, secrets);
        Ok(Scope {})
    }
}

/// Where clients come from; one for a run.
#[derive(Default)]
pub struct Session {}

impl Session {
    /// A client of `service` (boto3's name) for `scope`.
    ///
    /// # Errors
    ///
    /// Where there is no such service, or the role cannot be assumed.
    pub async fn client(&self, service: &str, scope: &Scope) -> Result<Client, AwsError> {
        let _ = scope;
        Err(AwsError::Other { class: "botocore.exceptions.UnknownServiceError", message: service.to_owned() })
    }
}
