//! Instances that are stopped, terminated, started and restarted.

use squall_model::{List, Value, python};

use super::select::{self, Groups, Named};
use crate::activities::support::{debug, member, optional_entries, parameters, warn};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// `stop_instance`.
pub(super) async fn stop_instance(activity: &Activity) -> Result<Value, Raised> {
    let az = python::str(&activity.argument("az"));
    demand(
        activity,
        Named::One,
        "To stop an EC2 instance, you must specify either the instance id, an AZ to pick a random instance \
         from, or a set of filters.",
        "stop a random instance",
    )?;
    let client = activity.client("ec2").await?;
    let groups = if Named::One.is_given(activity) {
        select::named(activity, &client, Named::One).await?
    } else {
        let chosen = select::random(activity, &client, &select::filters(activity)?).await?;
        if chosen.is_empty() {
            return Err(Raised::failed(format!("No instances in availability zone: {az}")));
        }
        chosen
    };
    let shown = if Named::One.is_given(activity) { groups.shown_with_default() } else { groups.shown() };
    debug!("Picked EC2 instance '{shown}' from AZ '{az}' to be stopped");
    stop(&client, &groups, &activity.argument("force")).await.map(Value::list)
}

/// `stop_instances`.
pub(super) async fn stop_instances(activity: &Activity) -> Result<Value, Raised> {
    let az = python::str(&activity.argument("az"));
    demand(
        activity,
        Named::Several,
        "To stop EC2 instances, you must specify either the instance ids, an AZ to pick random instances from, \
         or a set of filters.",
        "stop all instances",
    )?;
    let client = activity.client("ec2").await?;
    let groups = if Named::Several.is_given(activity) {
        select::named(activity, &client, Named::Several).await?
    } else {
        let matching = select::by_filters(&client, &select::filters(activity)?).await?;
        if matching.is_empty() {
            return Err(Raised::failed(format!("No instances in availability zone: {az}")));
        }
        matching
    };
    debug!("Picked EC2 instances '{}' from AZ '{az}' to be stopped", groups.shown_with_default());
    stop(&client, &groups, &activity.argument("force")).await.map(Value::list)
}

/// `terminate_instance`.
pub(super) async fn terminate_instance(activity: &Activity) -> Result<Value, Raised> {
    demand(
        activity,
        Named::One,
        "To terminate an EC2, you must specify the instance-id, an Availability Zone, or provide a set of filters",
        "terminate a random instance",
    )?;
    let client = activity.client("ec2").await?;
    let groups = if Named::One.is_given(activity) {
        select::named(activity, &client, Named::One).await?
    } else {
        let filters = logged_filters(activity)?;
        let chosen = select::random(activity, &client, &filters).await?;
        if chosen.is_empty() {
            return Err(no_match(&filters));
        }
        debug!("Instance selected: {}", chosen.shown());
        chosen
    };
    terminate(&client, &groups).await
}

/// `terminate_instances`.
pub(super) async fn terminate_instances(activity: &Activity) -> Result<Value, Raised> {
    demand(
        activity,
        Named::Several,
        "To terminate instances, you must specify the instance-id, an Availability Zone, or provide a set of \
         filters",
        "terminate all instances",
    )?;
    let client = activity.client("ec2").await?;
    terminate(&client, &matching(activity, &client).await?).await
}

/// `start_instances`.
pub(super) async fn start_instances(activity: &Activity) -> Result<Value, Raised> {
    demand(
        activity,
        Named::Several,
        "To start instances, you must specify the instance-id, an Availability Zone, or provide a set of filters",
        "start all instances",
    )?;
    let client = activity.client("ec2").await?;
    let results = List::new();
    for (lifecycle, ids) in matching(activity, &client).await?.iter() {
        debug!("Starting {lifecycle} instance(s): {}", python::repr(&Value::List(ids.clone())));
        let response = client.call("StartInstances", parameters! { "InstanceIds": ids.clone() }).await?;
        for started in optional_entries(&response, "StartingInstances")? {
            results.push(started);
        }
    }
    Ok(Value::List(results))
}

/// `restart_instances`.
pub(super) async fn restart_instances(activity: &Activity) -> Result<Value, Raised> {
    demand(
        activity,
        Named::Several,
        "To restart instances, you must specify the instance-id, an Availability Zone, or provide a set of \
         filters",
        "restart all instances",
    )?;
    let client = activity.client("ec2").await?;
    for (lifecycle, ids) in matching(activity, &client).await?.iter() {
        debug!("Restarting {lifecycle} instance(s): {}", python::repr(&Value::List(ids.clone())));
        client.call("RebootInstances", parameters! { "InstanceIds": ids.clone() }).await?;
    }
    Ok(Value::List(List::new()))
}

/// Refuses an activity that says nothing about its instances, and warns of one that says the zone only.
fn demand(activity: &Activity, named: Named, refusal: &str, plan: &str) -> Result<(), Raised> {
    let (named, zone, filters) = (named.is_given(activity), activity.given("az"), activity.given("filters"));
    if !named && !zone && !filters {
        return Err(Raised::failed(refusal));
    }
    if zone && !named && !filters {
        let az = python::str(&activity.argument("az"));
        warn(&format!("Based on configuration provided I am going to {plan} in AZ {az}!"));
    }
    Ok(())
}

/// The instances that are named, or all that match.
async fn matching(activity: &Activity, client: &Client) -> Result<Groups, Raised> {
    if Named::Several.is_given(activity) {
        return select::named(activity, client, Named::Several).await;
    }
    let filters = logged_filters(activity)?;
    let groups = select::by_filters(client, &filters).await?;
    if groups.is_empty() {
        return Err(no_match(&filters));
    }
    let az = python::str(&activity.argument("az"));
    debug!("Instances in AZ {az} selected: {}}}.", groups.shown_with_default());
    Ok(groups)
}

fn logged_filters(activity: &Activity) -> Result<Value, Raised> {
    let filters = select::filters(activity)?;
    if activity.given("az") {
        debug!("Looking for instances in AZ: {}", python::str(&activity.argument("az")));
    }
    Ok(filters)
}

fn no_match(filters: &Value) -> Raised {
    Raised::failed(format!("No instances found matching filters: {}", python::str(filters)))
}

/// Stops instances, whatever their lifecycle: one answer for each.
pub(super) async fn stop(client: &Client, groups: &Groups, force: &Value) -> Result<Vec<Value>, Raised> {
    let mut responses = Vec::new();
    if let Some(ids) = groups.get("normal") {
        debug!("Stopping instances: {}", python::repr(&Value::List(ids.clone())));
        let stop = parameters! { "InstanceIds": ids.clone(), "Force": force.clone() };
        responses.push(Value::Map(client.call("StopInstances", stop).await?));
    }
    if let Some(ids) = groups.get("spot") {
        // Spot instances are given back: their requests would start them again.
        cancel_spot_requests(client, ids).await?;
        debug!("Terminating spot instances: {}", python::repr(&Value::List(ids.clone())));
        let terminate = parameters! { "InstanceIds": ids.clone() };
        responses.push(Value::Map(client.call("TerminateInstances", terminate).await?));
    }
    if groups.get("scheduled").is_some() {
        return Err(Raised::failed("Scheduled instances support is not implemented"));
    }
    Ok(responses)
}

async fn terminate(client: &Client, groups: &Groups) -> Result<Value, Raised> {
    let responses = List::new();
    for (lifecycle, ids) in groups.iter() {
        debug!("Terminating {lifecycle} instance(s): {}", python::repr(&Value::List(ids.clone())));
        if lifecycle == "spot" {
            // The requests would start them again.
            cancel_spot_requests(client, ids).await?;
        }
        let response = client.call("TerminateInstances", parameters! { "InstanceIds": ids.clone() }).await?;
        responses.push(Value::Map(response));
    }
    Ok(Value::List(responses))
}

async fn cancel_spot_requests(client: &Client, ids: &List) -> Result<(), Raised> {
    let response = client.call("DescribeInstances", parameters! { "InstanceIds": ids.clone() }).await?;
    let requests = List::new();
    for instance in select::instances(&response)? {
        if instance.get("InstanceLifecycle") == Some(Value::from("spot")) {
            requests.push(member(&instance, "SpotInstanceRequestId")?);
        }
    }
    debug!("Canceling spot requests: {}", python::repr(&Value::List(requests.clone())));
    client.call("CancelSpotInstanceRequests", parameters! { "SpotInstanceRequestIds": requests }).await?;
    Ok(())
}
