//! What is known of groups.

use squall_model::{Map, Value};

use super::select;
use crate::activities::support::{count, debug, items, member, text_for};
use crate::activity::{Activity, Raised};

/// `describe_auto_scaling_groups`.
pub(super) async fn describe_auto_scaling_groups(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("autoscaling").await?;
    if !activity.given("asg_names") && !activity.given("tags") {
        return Err(Raised::failed("Must specify either \"asg_names\" or \"tags\""));
    }
    select::probes::find(activity, &client).await.map(Value::Map)
}

/// `desired_equals_healthy`.
pub(super) async fn desired_equals_healthy(activity: &Activity) -> Result<Value, Raised> {
    demand_names(activity)?;
    let client = activity.client("autoscaling").await?;
    let response = select::describe(&client, activity.argument("asg_names")).await?;
    is_desired_healthy(&response).map(Value::from)
}

/// `desired_equals_healthy_tags`.
pub(super) async fn desired_equals_healthy_tags(activity: &Activity) -> Result<Value, Raised> {
    demand_tags(activity)?;
    let client = activity.client("autoscaling").await?;
    let response = select::probes::by_tags(&client, &activity.argument("tags")).await?;
    is_desired_healthy(&response).map(Value::from)
}

/// `is_scaling_in_progress`.
pub(super) async fn is_scaling_in_progress(activity: &Activity) -> Result<Value, Raised> {
    demand_tags(activity)?;
    let client = activity.client("autoscaling").await?;
    let response = select::probes::by_tags(&client, &activity.argument("tags")).await?;
    for group in select::groups(&response)? {
        for instance in items(&member(&group, "Instances")?)? {
            if !is_in_service(&instance)? || !has_health(&instance, "Healthy")? {
                debug!("Scaling activities in progress: True");
                return Ok(Value::from(true));
            }
        }
    }
    debug!("Scaling activities in progress: False");
    Ok(Value::from(false))
}

/// `process_is_suspended`.
pub(super) async fn process_is_suspended(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("autoscaling").await?;
    select::demand(activity)?;
    for group in select::groups(&select::probes::find(activity, &client).await?)? {
        let suspended: Vec<Value> = items(&member(&group, "SuspendedProcesses")?)?
            .iter()
            .map(|process| process.get("ProcessName").unwrap_or(Value::Null))
            .collect();
        let wanted = items(&activity.argument("process_names"))?;
        if !wanted.iter().all(|process| suspended.contains(process)) {
            return Ok(Value::from(false));
        }
    }
    Ok(Value::from(true))
}

/// `has_subnets`.
pub(super) async fn has_subnets(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("autoscaling").await?;
    select::demand(activity)?;
    for group in select::groups(&select::probes::find(activity, &client).await?)? {
        let zones = text_for(&member(&group, "VPCZoneIdentifier")?, "split")?;
        let mut has: Vec<&str> = zones.split(',').collect();
        has.sort_unstable();
        let wanted = items(&activity.argument("subnets"))?;
        let mut wanted: Vec<Option<&str>> = wanted.iter().map(Value::as_str).collect();
        wanted.sort_unstable();
        if !has.into_iter().map(Some).eq(wanted) {
            return Ok(Value::from(false));
        }
    }
    Ok(Value::from(true))
}

/// `instance_count_by_health`.
pub(super) async fn instance_count_by_health(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("autoscaling").await?;
    let health = if activity.given("count_healthy") { "Healthy" } else { "Unhealthy" };
    let mut number = 0;
    for group in select::probes::named_and_tagged(activity, &client).await? {
        for instance in items(&member(&group, "Instances")?)? {
            number += usize::from(has_health(&instance, health)?);
        }
    }
    Ok(count(number))
}

/// Refuses an empty list of names.
pub(super) fn demand_names(activity: &Activity) -> Result<(), Raised> {
    if activity.given("asg_names") {
        return Ok(());
    }
    Err(Raised::failed("Non-empty list of auto scaling groups is required"))
}

/// Refuses an empty list of tags.
pub(super) fn demand_tags(activity: &Activity) -> Result<(), Raised> {
    if activity.given("tags") { Ok(()) } else { Err(Raised::failed("Non-empty tags is required")) }
}

/// Whether there are groups, and each has as many healthy instances in service as it should have, at
/// least one.
pub(super) fn is_desired_healthy(response: &Map) -> Result<bool, Raised> {
    let groups = select::groups(response)?;
    for group in &groups {
        let mut healthy = 0;
        for instance in items(&member(group, "Instances")?)? {
            healthy += usize::from(is_in_service(&instance)? && has_health(&instance, "Healthy")?);
        }
        if healthy == 0 || member(group, "DesiredCapacity")? != count(healthy) {
            return Ok(false);
        }
    }
    Ok(!groups.is_empty())
}

fn is_in_service(instance: &Value) -> Result<bool, Raised> {
    Ok(member(instance, "LifecycleState")?.as_str() == Some("InService"))
}

fn has_health(instance: &Value, health: &str) -> Result<bool, Raised> {
    Ok(member(instance, "HealthStatus")?.as_str() == Some(health))
}
