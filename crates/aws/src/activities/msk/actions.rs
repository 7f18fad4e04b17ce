//! What changes clusters.

use squall_model::{Map, Value, python};

use super::{SERVICE, call};
use crate::activities::support::{debug, parameters};
use crate::activity::{Activity, Raised};

pub(super) async fn reboot_msk_broker(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let (cluster, brokers) = (activity.argument("cluster_arn"), activity.argument("broker_ids"));
    debug!("Rebooting MSK brokers: {} in cluster {}", python::str(&brokers), python::str(&cluster));
    Ok(call(&client, activity, "RebootBroker", parameters! { "BrokerIds": brokers }).await?.into())
}

pub(super) async fn delete_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    debug!("Deleting MSK cluster: {}", python::str(&activity.argument("cluster_arn")));
    Ok(call(&client, activity, "DeleteCluster", Map::new()).await?.into())
}
