//! What looks.

use squall_model::{Map, Value, python};

use crate::activities::support::{count, length, optional_entries, parameters};
use crate::activity::{Activity, Raised};
use crate::error::AwsError;

/// What AWS says of the cache cluster of the argument `cluster_id`, and the cluster in it.
async fn cluster(activity: &Activity) -> Result<(Map, Value), Raised> {
    let id = activity.argument("cluster_id");
    let parameters = parameters! {
        "CacheClusterId": id.clone(),
        "ShowCacheNodeInfo": if activity.given("show_node_info") {
            activity.argument("show_node_info")
        } else {
            Value::Bool(false)
        },
    };
    let client = activity.client("elasticache").await?;
    let response = client.call("DescribeCacheClusters", parameters).await.map_err(|error| match error {
        AwsError::Service(error) => {
            Raised::failed(format!("describe_cache_cluster failed: ({}) {}", error.code, error.message))
        }
        error => error.into(),
    })?;
    match optional_entries(&response, "CacheClusters")?.into_iter().next() {
        Some(cluster) => Ok((response, cluster)),
        None => Err(Raised::failed(format!(
            "describe_cache_cluster failed: unable to find cache cluster with id: {}",
            python::str(&id)
        ))),
    }
}

pub(super) async fn describe_cache_cluster(activity: &Activity) -> Result<Value, Raised> {
    Ok(cluster(activity).await?.0.into())
}

pub(super) async fn get_cache_node_count(activity: &Activity) -> Result<Value, Raised> {
    let (_, cluster) = cluster(activity).await?;
    Ok(cluster.get("NumCacheNodes").unwrap_or_else(|| Value::from(0)))
}

pub(super) async fn get_cache_node_status(activity: &Activity) -> Result<Value, Raised> {
    let (_, cluster) = cluster(activity).await?;
    Ok(cluster.get("CacheClusterStatus").unwrap_or_else(|| Value::from("")))
}

pub(super) async fn count_cache_clusters_from_replication_group(
    activity: &Activity,
) -> Result<Value, Raised> {
    let client = activity.client("elasticache").await?;
    let id = activity.argument("replication_group_id");
    let parameters = parameters! { "ReplicationGroupId": id.clone() };
    let response = client.call("DescribeReplicationGroups", parameters).await?;
    let Some(group) = optional_entries(&response, "ReplicationGroups")?.into_iter().next() else {
        let id = python::str(&id);
        return Err(Raised::failed(format!("Error retrieving ReplicationGroups for {id}")));
    };
    Ok(count(group.get("MemberClusters").map_or(Ok(0), |members| length(&members))?))
}
