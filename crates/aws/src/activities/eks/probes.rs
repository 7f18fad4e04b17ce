//! What looks.

use squall_model::{Value, python};

use crate::activities::support::{debug, parameters};
use crate::activity::{Activity, Raised};

pub(super) async fn describe_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("eks").await?;
    let name = activity.argument("name");
    debug!("Describing EKS cluster: {}", python::str(&name));
    match client.call("DescribeCluster", parameters! { "name": name }).await {
        Ok(response) => Ok(response.into()),
        Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn list_clusters(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("eks").await?;
    debug!("Listing EKS clusters");
    Ok(client.call("ListClusters", parameters! {}).await?.into())
}
