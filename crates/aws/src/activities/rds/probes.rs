//! What looks.

use squall_engine::log::LOG;
use squall_model::{Map, Value};

use crate::activities::support::{count, entries, index_error, length, member, parameters};
use crate::activity::{Activity, Raised};
use crate::client::Client;

pub(super) async fn instance_status(activity: &Activity) -> Result<Value, Raised> {
    let (id, filters) = (activity.argument("instance_id"), activity.argument("filters"));
    if id.is_truthy() == filters.is_truthy() {
        return Err(Raised::failed("instance_id or filters are required"));
    }
    let client = activity.client("rds").await?;
    statuses(&instances(&client, &id, &filters).await?, "DBInstanceStatus")
}

pub(super) async fn cluster_status(activity: &Activity) -> Result<Value, Raised> {
    let (id, filters) = (activity.argument("cluster_id"), activity.argument("filters"));
    if id.is_truthy() == filters.is_truthy() {
        return Err(Raised::failed("cluster_id or filters are required"));
    }
    let client = activity.client("rds").await?;
    statuses(&clusters(&client, &id, &filters).await?, "Status")
}

pub(super) async fn cluster_membership_count(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let clusters = clusters(&client, &activity.argument("cluster_id"), &Value::Null).await?;
    let cluster = clusters.first().ok_or_else(index_error)?;
    Ok(count(length(&member(cluster, "DBClusterMembers")?)?))
}

/// The instances of that id, or those that the filters match.
async fn instances(client: &Client, id: &Value, filters: &Value) -> Result<Vec<Value>, Raised> {
    let parameters = parameters! {};
    if id.is_truthy() {
        parameters.insert("DBInstanceIdentifier", id.clone());
    }
    let found = all(client, "DescribeDBInstances", parameters, filters, "DBInstances").await?;
    log::info!(target: LOG, "found {} instances", found.len());
    Ok(found)
}

/// The clusters of that id, or those that the filters match.
async fn clusters(client: &Client, id: &Value, filters: &Value) -> Result<Vec<Value>, Raised> {
    let parameters = parameters! {};
    if id.is_truthy() {
        parameters.insert("DBClusterIdentifier", id.clone());
    }
    let found = all(client, "DescribeDBClusters", parameters, filters, "DBClusters").await?;
    log::info!(target: LOG, "found {} clusters", found.len());
    Ok(found)
}

/// What all pages of the operation have under `key`.
async fn all(
    client: &Client,
    operation: &str,
    parameters: Map,
    filters: &Value,
    key: &str,
) -> Result<Vec<Value>, Raised> {
    if filters.is_truthy() {
        parameters.insert("Filters", filters.clone());
    }
    let mut pages = client.pages(operation, parameters);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(entries(&page?, key)?);
    }
    Ok(found)
}

/// The status that all have; where they differ, those that occur, in the order in which AWS names them.
fn statuses(resources: &[Value], status: &str) -> Result<Value, Raised> {
    let mut found: Vec<Value> = Vec::new();
    for resource in resources {
        let status = member(resource, status)?;
        if !found.contains(&status) {
            found.push(status);
        }
    }
    Ok(match found.as_slice() {
        [one] => one.clone(),
        _ => Value::list(found),
    })
}
