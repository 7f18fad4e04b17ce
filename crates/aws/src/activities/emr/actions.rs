//! What changes something.

use squall_model::{Map, Value};

use super::resources::{instance_fleet, instance_group};
use crate::activities::support::{parameters, refused_and_logged};
use crate::activity::{Activity, Raised};

/// Adds the arguments that are given, each under the name that the API has for it.
fn add_given(parameters: &Map, activity: &Activity, names: &[(&str, &str)]) {
    for (name, argument) in names {
        if activity.given(argument) {
            parameters.insert(*name, activity.argument(argument));
        }
    }
}

pub(super) async fn modify_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    let parameters = parameters! {
        "ClusterId": activity.argument("cluster_id"),
        "StepConcurrencyLevel": activity.argument("concurrency"),
    };
    Ok(client.call("ModifyCluster", parameters).await.map_err(refused_and_logged)?.into())
}

pub(super) async fn modify_instance_fleet(activity: &Activity) -> Result<Value, Raised> {
    if !(activity.given("on_demand_capacity") || activity.given("spot_capacity")) {
        return Err(Raised::failed(
            "Must provide at least one of [\"on_demand_capacity\", \"spot_capacity\"]",
        ));
    }
    let client = activity.client("emr").await?;
    let (cluster, id) = (activity.argument("cluster_id"), activity.argument("fleet_id"));
    let fleet = parameters! { "InstanceFleetId": id.clone() };
    let capacities =
        [("TargetSpotCapacity", "spot_capacity"), ("TargetOnDemandCapacity", "on_demand_capacity")];
    add_given(&fleet, activity, &capacities);
    let parameters = parameters! { "ClusterId": cluster.clone(), "InstanceFleet": fleet };
    client.call("ModifyInstanceFleet", parameters).await.map_err(refused_and_logged)?;
    instance_fleet(&client, &cluster, &id).await
}

pub(super) async fn modify_instance_groups_instance_count(activity: &Activity) -> Result<Value, Raised> {
    let change = parameters! {
        "InstanceGroupId": activity.argument("group_id"),
        "InstanceCount": activity.argument("instance_count"),
    };
    modify_instance_group(activity, change).await
}

pub(super) async fn modify_instance_groups_shrink_policy(activity: &Activity) -> Result<Value, Raised> {
    let choices = ["decommission_timeout", "terminate_instances", "protect_instances"];
    if !choices.iter().any(|name| activity.given(name)) {
        return Err(Raised::failed(
            "Must provide at least one of [\"decommission_timeout\", \"terminate_instances\",\
             \"protect_instances\"]",
        ));
    }
    if activity.given("termination_timeout") && !activity.given("terminate_instances") {
        return Err(Raised::failed(
            "Must provide \"terminate_instances\" when specifying \"termination_timeout\"",
        ));
    }

    let resize = parameters! {};
    let choices = [
        ("InstancesToTerminate", "terminate_instances"),
        ("InstancesToProtect", "protect_instances"),
        ("InstanceTerminationTimeout", "termination_timeout"),
    ];
    add_given(&resize, activity, &choices);
    let shrink = parameters! {};
    add_given(&shrink, activity, &[("DecommissionTimeout", "decommission_timeout")]);
    if !resize.is_empty() {
        shrink.insert("InstanceResizePolicy", resize.into());
    }
    let change = parameters! { "InstanceGroupId": activity.argument("group_id"), "ShrinkPolicy": shrink };
    modify_instance_group(activity, change).await
}

/// Makes the change to the group of the arguments, and looks what has become of it.
async fn modify_instance_group(activity: &Activity, change: Map) -> Result<Value, Raised> {
    let client = activity.client("emr").await?;
    let (cluster, id) = (activity.argument("cluster_id"), activity.argument("group_id"));
    let parameters = parameters! {
        "ClusterId": cluster.clone(),
        "InstanceGroups": Value::list([Value::Map(change)]),
    };
    client.call("ModifyInstanceGroups", parameters).await.map_err(refused_and_logged)?;
    instance_group(&client, &cluster, &id).await
}
