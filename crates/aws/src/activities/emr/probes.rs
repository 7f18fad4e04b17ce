//! What looks.

use squall_model::Value;

use super::resources::{instance_fleet, instance_group, instances};
use crate::activities::support::{parameters, refused_and_logged};
use crate::activity::{Activity, Raised};

pub(super) async fn describe_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    let parameters = parameters! { "ClusterId": activity.argument("cluster_id") };
    Ok(client.call("DescribeCluster", parameters).await.map_err(refused_and_logged)?.into())
}

pub(super) async fn describe_instance_fleet(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    instance_fleet(&client, &activity.argument("cluster_id"), &activity.argument("fleet_id")).await
}

pub(super) async fn describe_instance_group(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    instance_group(&client, &activity.argument("cluster_id"), &activity.argument("group_id")).await
}

pub(super) async fn list_cluster_group_instances(activity: &Activity) -> Result<Value, Raised> {
    // The API knows `InstanceGroupTypes` and no `InstanceGroupType`: a group type is refused with the
    // text of the reference, which names the accepted parameters.
    let choices = [("InstanceGroupId", "group_id"), ("InstanceGroupType", "group_type")];
    list_instances(activity, &choices).await
}

pub(super) async fn list_cluster_fleet_instances(activity: &Activity) -> Result<Value, Raised> {
    let choices = [("InstanceFleetId", "fleet_id"), ("InstanceFleetType", "fleet_type")];
    list_instances(activity, &choices).await
}

/// The instances of the cluster that the given ones of `choices` and the states choose.
async fn list_instances(activity: &Activity, choices: &[(&str, &str)]) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    let parameters = parameters! { "ClusterId": activity.argument("cluster_id") };
    for (name, argument) in choices.iter().chain(&[("InstanceStates", "instance_states")]) {
        if activity.given(argument) {
            parameters.insert(*name, activity.argument(argument));
        }
    }
    instances(&client, parameters).await
}

pub(super) async fn list_emr_clusters(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    Ok(client.call("ListClusters", parameters! {}).await?.into())
}
