//! What changes something.

use squall_model::{Value, python};

use crate::activities::support::{debug, parameters};
use crate::activity::{Activity, Raised};

pub(super) async fn create_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("eks").await?;
    let name = activity.argument("name");
    debug!("Creating EKS cluster: {}", python::str(&name));
    let parameters = parameters! {
        "name": name,
        "version": activity.argument("version"),
        "roleArn": activity.argument("role_arn"),
        "resourcesVpcConfig": activity.argument("vpc_config"),
    };
    Ok(client.call("CreateCluster", parameters).await?.into())
}

pub(super) async fn delete_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("eks").await?;
    let name = activity.argument("name");
    debug!("Deleting EKS cluster: {}", python::str(&name));
    Ok(client.call("DeleteCluster", parameters! { "name": name }).await?.into())
}
