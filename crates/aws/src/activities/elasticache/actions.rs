//! What changes something.

use squall_model::{List, Value, python};

use crate::activities::support::{debug, entries, entry, items, member, parameters};
use crate::activity::{Activity, Raised};
use crate::client::Client;

pub(super) async fn reboot_cache_clusters(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elasticache").await?;
    let results = List::new();
    for cluster in cache_clusters(&client, &activity.argument("cluster_ids")).await? {
        let nodes = nodes_of(&cluster, activity.argument("node_ids"))?;
        let parameters = parameters! {
            "CacheClusterId": member(&cluster, "CacheClusterId")?,
            "CacheNodeIdsToReboot": nodes,
        };
        results.push(entry(&client.call("RebootCacheCluster", parameters).await?, "CacheCluster")?);
    }
    Ok(Value::List(results))
}

pub(super) async fn delete_cache_clusters(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elasticache").await?;
    let results = List::new();
    for cluster in cache_clusters(&client, &activity.argument("cluster_ids")).await? {
        let id = member(&cluster, "CacheClusterId")?;
        debug!("Deleting Cache Cluster: {}.", python::str(&id));
        let parameters = parameters! { "CacheClusterId": id };
        if activity.given("final_snapshot_id") {
            parameters.insert("FinalSnapshotIdentifier", activity.argument("final_snapshot_id"));
        }
        results.push(entry(&client.call("DeleteCacheCluster", parameters).await?, "CacheCluster")?);
    }
    Ok(Value::List(results))
}

pub(super) async fn delete_replication_groups(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elasticache").await?;
    let results = List::new();
    for group in replication_groups(&client, &activity.argument("group_ids")).await? {
        let id = member(&group, "ReplicationGroupId")?;
        debug!("Deleting Replication Group: {}", python::str(&id));
        if activity.given("retain_primary_cluster") {
            debug!("Deleting only read replicas.");
        }
        let parameters = parameters! {
            "ReplicationGroupId": id,
            "RetainPrimaryCluster": activity.argument("retain_primary_cluster"),
        };
        if activity.given("final_snapshot_id") {
            parameters.insert("FinalSnapshotIdentifier", activity.argument("final_snapshot_id"));
        }
        results.push(entry(&client.call("DeleteReplicationGroup", parameters).await?, "ReplicationGroup")?);
    }
    Ok(Value::List(results))
}

pub(super) async fn test_failover(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elasticache").await?;
    if !(activity.given("replication_group_id") && activity.given("node_group_id")) {
        return Err(Raised::failed("you must specify the replication group id and node group id"));
    }
    let (group, shard) = (activity.argument("replication_group_id"), activity.argument("node_group_id"));
    let parameters = parameters! { "ReplicationGroupId": group.clone(), "NodeGroupId": shard.clone() };
    let response = client.call("TestFailover", parameters).await.map_err(|error| {
        Raised::failed(format!(
            "failed invoking the test failover API for replication group '{}' and node group '{}': '{error}'",
            python::str(&group),
            python::str(&shard)
        ))
    })?;
    Ok(response.into())
}

/// The cache clusters of these ids, with their nodes: all are looked up before anything is done.
async fn cache_clusters(client: &Client, ids: &Value) -> Result<Vec<Value>, Raised> {
    let mut clusters = Vec::new();
    for id in items(ids)? {
        let parameters = parameters! { "CacheClusterId": id.clone(), "ShowCacheNodeInfo": true };
        let found = entries(&client.call("DescribeCacheClusters", parameters).await?, "CacheClusters")?;
        if found.is_empty() {
            return Err(Raised::failed(format!("Cache cluster {} not found.", python::str(&id))));
        }
        clusters.extend(found);
    }
    Ok(clusters)
}

/// The replication groups of these ids: all are looked up before anything is done.
async fn replication_groups(client: &Client, ids: &Value) -> Result<Vec<Value>, Raised> {
    let mut groups = Vec::new();
    for id in items(ids)? {
        let parameters = parameters! { "ReplicationGroupId": id.clone() };
        let found =
            entries(&client.call("DescribeReplicationGroups", parameters).await?, "ReplicationGroups")?;
        if found.is_empty() {
            return Err(Raised::failed(format!("Replication group {} not found.", python::str(&id))));
        }
        groups.extend(found);
    }
    Ok(groups)
}

/// The nodes of `cluster` that are meant: those of `wanted`, which must exist, or all of them.
fn nodes_of(cluster: &Value, wanted: Value) -> Result<Value, Raised> {
    let mut nodes = Vec::new();
    for node in items(&member(cluster, "CacheNodes")?)? {
        nodes.push(member(&node, "CacheNodeId")?);
    }
    if !wanted.is_truthy() {
        return Ok(Value::list(nodes));
    }
    let missing: Vec<Value> = items(&wanted)?.into_iter().filter(|node| !nodes.contains(node)).collect();
    if missing.is_empty() {
        return Ok(wanted);
    }
    Err(Raised::failed(format!(
        "Cache Cluster {} has no node(s) matching: {}",
        python::str(&member(cluster, "CacheClusterId")?),
        python::repr(&Value::list(missing))
    )))
}
