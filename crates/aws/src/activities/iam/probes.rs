//! What is known of policies.

use squall_model::Value;

use super::SERVICE;
use crate::activities::support::parameters;
use crate::activity::{Activity, Raised};

pub(super) async fn get_policy(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    Ok(client.call("GetPolicy", parameters! { "PolicyArn": activity.argument("arn") }).await?.into())
}
