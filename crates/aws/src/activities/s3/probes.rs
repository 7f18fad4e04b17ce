//! What is known of buckets and objects.

use squall_model::Value;

use super::{SERVICE, bucket, is_there, object, versioning};
use crate::activities::support::text_for;
use crate::activity::{Activity, Raised};

pub(super) async fn bucket_exists(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    Ok(is_there(&client, &activity.argument("bucket_name")).await?.into())
}

pub(super) async fn object_exists(activity: &Activity) -> Result<Value, Raised> {
    let (client, bucket) = bucket(activity).await?;
    // Asked for as the reference does it, but for the object itself.
    match client.unread().call("GetObject", object(activity, bucket)).await {
        Ok(_) => Ok(true.into()),
        // Whatever S3 refuses, a denied permission too, counts as missing.
        Err(error) if error.is_client_error() => Ok(false.into()),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn versioning_status(activity: &Activity) -> Result<Value, Raised> {
    let wanted = activity.argument("status");
    if !matches!(wanted.as_str(), Some("Enabled" | "Suspended")) {
        return Err(Raised::failed(r#"Parameter "status" not one of "Enabled" or "Suspended""#));
    }
    let (client, bucket) = bucket(activity).await?;
    let found = text_for(&versioning(&client, &bucket).await?, "lower")?;
    Ok(wanted.as_str().is_some_and(|wanted| found.eq_ignore_ascii_case(wanted)).into())
}
