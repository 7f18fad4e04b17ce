//! What changes something.

use squall_engine::log::LOG;
use squall_model::{Map, Value, python};

use crate::activities::support::{entries, index_error, items, member, parameters, refused, text_for};
use crate::activity::{Activity, Raised};

pub(super) async fn failover_db_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let cluster = activity.argument("db_cluster_identifier");
    if !cluster.is_truthy() {
        return Err(Raised::failed("you must specify the db cluster identifier"));
    }
    let parameters = parameters! {
        "DBClusterIdentifier": cluster.clone(),
        "TargetDBInstanceIdentifier": activity.argument("target_db_instance_identifier"),
    };
    let response = client.call("FailoverDBCluster", parameters).await.map_err(|error| {
        let cluster = python::str(&cluster);
        Raised::failed(format!("failed issuing a failover for DB cluster '{cluster}': '{error}'"))
    })?;
    Ok(response.into())
}

pub(super) async fn reboot_db_instance(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let instance = activity.argument("db_instance_identifier");
    if !instance.is_truthy() {
        return Err(Raised::failed("you must specify the db instance identifier"));
    }
    let parameters = parameters! {
        "DBInstanceIdentifier": instance.clone(),
        "ForceFailover": activity.argument("force_failover"),
    };
    let response = client.call("RebootDBInstance", parameters).await.map_err(|error| {
        let instance = python::str(&instance);
        Raised::failed(format!("failed issuing a reboot of db instance '{instance}': '{error}'"))
    })?;
    Ok(response.into())
}

pub(super) async fn stop_db_instance(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let instance = activity.argument("db_instance_identifier");
    let parameters = parameters! { "DBInstanceIdentifier": instance.clone() };
    if activity.given("db_snapshot_identifier") {
        parameters.insert("DBSnapshotIdentifier", activity.argument("db_snapshot_identifier"));
    }
    let response = client.call("StopDBInstance", parameters).await.map_err(refused(|message| {
        format!("Failed to stop RDS DB instance {}: {message}", python::str(&instance))
    }))?;
    Ok(response.into())
}

pub(super) async fn stop_db_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let cluster = activity.argument("db_cluster_identifier");
    let parameters = parameters! { "DBClusterIdentifier": cluster.clone() };
    let response = client.call("StopDBCluster", parameters).await.map_err(refused(|message| {
        format!("Failed to stop RDS DB Cluster {}: {message}", python::str(&cluster))
    }))?;
    Ok(response.into())
}

pub(super) async fn delete_db_instance(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let instance = activity.argument("db_instance_identifier");
    let parameters = parameters! {
        "DBInstanceIdentifier": instance.clone(),
        "DeleteAutomatedBackups": activity.argument("delete_automated_backups"),
        "SkipFinalSnapshot": activity.argument("skip_final_snapshot"),
    };
    name_final_snapshot(activity, &parameters)?;
    let response = client.call("DeleteDBInstance", parameters).await.map_err(refused(|message| {
        format!("Failed to delete RDS DB instance {}: {message}", python::str(&instance))
    }))?;
    Ok(response.into())
}

pub(super) async fn delete_db_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let cluster = activity.argument("db_cluster_identifier");
    let parameters = parameters! {
        "DBClusterIdentifier": cluster.clone(),
        "SkipFinalSnapshot": activity.argument("skip_final_snapshot"),
    };
    name_final_snapshot(activity, &parameters)?;
    let response = client.call("DeleteDBCluster", parameters).await.map_err(refused(|message| {
        format!("Failed to delete RDS DB cluster {}: {message}", python::str(&cluster))
    }))?;
    Ok(response.into())
}

/// Adds the name of the last snapshot to the parameters of a deletion, where one is taken.
fn name_final_snapshot(activity: &Activity, parameters: &Map) -> Result<(), Raised> {
    if activity.given("skip_final_snapshot") {
        return Ok(());
    }
    if !activity.given("db_snapshot_identifier") {
        return Err(Raised::failed("You must provide a snapshot identifier if taking a final DB snapshot"));
    }
    parameters.insert("FinalDBSnapshotIdentifier", activity.argument("db_snapshot_identifier"));
    Ok(())
}

pub(super) async fn delete_db_cluster_endpoint(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("rds").await?;
    let id = activity.argument("db_cluster_identifier");
    let parameters = parameters! { "DBClusterIdentifier": id.clone() };
    let response = client
        .call("DescribeDBClusters", parameters)
        .await
        .map_err(refused(|message| format!("unable to identify cluster {}: {message}", python::str(&id))))?;
    let cluster = entries(&response, "DBClusters")?.into_iter().next().ok_or_else(index_error)?;

    let parameters = parameters! { "DBClusterEndpointIdentifier": custom_endpoint(&id, &cluster)? };
    let response = client.call("DeleteDBClusterEndpoint", parameters).await.map_err(refused(|message| {
        format!("unable to delete endpoint for cluster {}: {message}", python::str(&id))
    }))?;
    Ok(response.into())
}

/// The identifier of the cluster's custom endpoint.
///
/// AWS tells of the address only, whose first label is the identifier. Where the cluster has no custom
/// endpoint, this is the address of its writer endpoint, as in the reference: AWS knows no custom
/// endpoint of that name, and says so.
fn custom_endpoint(id: &Value, cluster: &Value) -> Result<Value, Raised> {
    let custom = cluster.get("CustomEndpoints").map_or_else(|| Ok(Vec::new()), |all| items(&all))?;
    match custom.as_slice() {
        [] => member(cluster, "Endpoint"),
        [address] => {
            let address = text_for(address, "split")?;
            let endpoint = address.split('.').next().unwrap_or_default();
            log::info!(target: LOG, "Deleting custom endpoint '{endpoint}' of DB cluster {}", python::str(id));
            Ok(Value::from(endpoint))
        }
        several => Err(Raised::failed(format!(
            "unable to delete endpoint for cluster {}: it has several custom endpoints: {}",
            python::str(id),
            python::repr(&Value::list(several.iter().cloned()))
        ))),
    }
}
