//! What is known of clusters.

use squall_model::{Map, Value, python};

use super::{SERVICE, call};
use crate::activities::support::{debug, entry, text_for, texts};
use crate::activity::{Activity, Raised};

pub(super) async fn describe_msk_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    debug!("Describing MSK cluster: {}", python::str(&activity.argument("cluster_arn")));
    Ok(call(&client, activity, "DescribeCluster", Map::new()).await?.into())
}

pub(super) async fn get_bootstrap_servers(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    debug!("Getting bootstrap servers for MSK cluster: {}", python::str(&activity.argument("cluster_arn")));
    let answer = call(&client, activity, "GetBootstrapBrokers", Map::new()).await?;
    let servers = text_for(&entry(&answer, "BootstrapBrokerString")?, "split")?;
    Ok(texts(servers.split(',')))
}
