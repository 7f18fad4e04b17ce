//! What changes buckets and objects.

use squall_model::Value;

use super::{bucket, object, versioning};
use crate::activities::support::parameters;
use crate::activity::{Activity, Raised};

pub(super) async fn delete_object(activity: &Activity) -> Result<Value, Raised> {
    let (client, bucket) = bucket(activity).await?;
    client.call("DeleteObject", object(activity, bucket)).await?;
    Ok(Value::Null)
}

pub(super) async fn toggle_versioning(activity: &Activity) -> Result<Value, Raised> {
    let (client, bucket) = bucket(activity).await?;
    // Asked for even where the new status is given, as in the reference.
    let current = versioning(&client, &bucket).await?;
    let mut status = activity.argument("status");
    if !status.is_truthy() {
        status = Value::from(if current == Value::from("Suspended") { "Enabled" } else { "Suspended" });
    }
    let configuration = parameters! { "Status": status };
    if activity.given("mfa_delete") {
        configuration.insert("MFADelete", activity.argument("mfa_delete"));
    }
    let parameters = parameters! { "Bucket": bucket };
    for (argument, parameter) in [("mfa", "MFA"), ("owner", "ExpectedBucketOwner")] {
        if activity.given(argument) {
            parameters.insert(parameter, activity.argument(argument));
        }
    }
    parameters.insert("VersioningConfiguration", Value::Map(configuration));
    client.call("PutBucketVersioning", parameters).await?;
    Ok(Value::Null)
}
