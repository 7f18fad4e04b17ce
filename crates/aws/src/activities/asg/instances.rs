//! Instances of groups that are terminated, stopped and detached.

use std::cmp::Ordering;

use squall_model::{List, Map, Value, python};

use super::select;
use crate::activities::support::{count, entry, float, items, member, order, parameters, refused, truncated};
use crate::activity::{Activity, Raised};

/// `terminate_random_instances`.
pub(super) async fn terminate_random_instances(activity: &Activity) -> Result<Value, Raised> {
    take(activity, "TerminateInstances", "TerminatingInstances", "termination", Map::new()).await
}

/// `stop_random_instances`.
pub(super) async fn stop_random_instances(activity: &Activity) -> Result<Value, Raised> {
    let force = parameters! { "Force": activity.argument("force") };
    take(activity, "StopInstances", "StoppingInstances", "stop", force).await
}

/// Takes instances out of each group with an `operation` of EC2, whose answer lists them as `taken`.
async fn take(
    activity: &Activity,
    operation: &str,
    taken: &str,
    what: &str,
    options: Map,
) -> Result<Value, Raised> {
    select::demand(activity)?;
    let given = ["instance_count", "instance_percent", "az"].map(|name| activity.given(name));
    if given == [false; 3] || given == [true; 3] {
        return Err(Raised::failed("Must specify one of \"instance_count\", \"instance_percent\", \"az\""));
    }
    let client = activity.client("autoscaling").await?;
    let response = select::actions::find(activity, &client).await?;
    let results = List::new();
    for group in select::groups(&response)? {
        let mut instances = in_service(&group)?;
        let az = activity.argument("az");
        if az.is_truthy() {
            let mut there = Vec::new();
            for instance in instances {
                if member(&instance, "AvailabilityZone")? == az {
                    there.push(instance);
                }
            }
            if there.is_empty() {
                let az = python::str(&az);
                return Err(Raised::failed(format!("No instances found in Availability Zone: {az}")));
            }
            instances = there;
        } else {
            let number = number(activity, instances.len())?;
            let healthy = count(instances.len());
            if order(&healthy, "<", &number)? == Some(Ordering::Less) {
                return Err(Raised::failed(format!(
                    "Not enough healthy instances in {} to satisfy {what} count {} ({})",
                    python::str(&select::name(&group)?),
                    python::str(&number),
                    instances.len()
                )));
            }
            instances = activity.sample(&instances, &number)?;
        }
        let call = parameters! { "InstanceIds": sorted_ids(&instances)? };
        for (name, value) in options.entries() {
            call.insert(name, value);
        }
        let client = activity.client("ec2").await?;
        let response = client.call(operation, call).await.map_err(refused(str::to_owned))?;
        let result = parameters! { "AutoScalingGroupName": select::name(&group)? };
        result.insert(taken, entry(&response, taken)?);
        results.push(Value::Map(result));
    }
    Ok(Value::List(results))
}

/// `detach_random_instances`.
pub(super) async fn detach_random_instances(activity: &Activity) -> Result<Value, Raised> {
    select::demand(activity)?;
    if !activity.given("instance_count") && !activity.given("instance_percent") {
        return Err(Raised::failed("You must specify either \"instance_count\" or \"instance_percent\""));
    }
    let client = activity.client("autoscaling").await?;
    let response = select::actions::find(activity, &client).await?;
    let (activities, detaching) = (List::new(), List::new());
    for group in select::groups(&response)? {
        let instances = in_service(&group)?;
        let number = number(activity, instances.len())?;
        if order(&number, ">", &count(instances.len()))? == Some(Ordering::Greater) {
            return Err(Raised::failed(format!(
                "You are attempting to detach more instances than exist on asg {}",
                python::str(&select::name(&group)?)
            )));
        }
        let ids = sorted_ids(&activity.sample(&instances, &number)?)?;
        let detach = parameters! {
            "AutoScalingGroupName": select::name(&group)?,
            "InstanceIds": ids.clone(),
            "ShouldDecrementDesiredCapacity": activity.argument("decrement_capacity"),
        };
        let response = client.call("DetachInstances", detach).await?;
        for started in items(&entry(&response, "Activities")?)? {
            activities.push(started);
        }
        detaching.push(Value::Map(parameters! {
            "AutoScalingGroupName": select::name(&group)?,
            "InstanceIds": ids,
        }));
    }
    Ok(Value::Map(parameters! { "Activities": activities, "DetachingInstances": detaching }))
}

fn in_service(group: &Value) -> Result<Vec<Value>, Raised> {
    let mut instances = Vec::new();
    for instance in items(&member(group, "Instances")?)? {
        if member(&instance, "LifecycleState")?.as_str() == Some("InService") {
            instances.push(instance);
        }
    }
    Ok(instances)
}

/// How many of `total` instances the arguments mean: a share goes before a number.
fn number(activity: &Activity, total: usize) -> Result<Value, Raised> {
    if !activity.given("instance_percent") {
        return Ok(activity.argument("instance_count"));
    }
    let percent = float(&activity.argument("instance_percent"))?;
    truncated(total as f64 * percent / 100.0).map(Value::Int)
}

fn sorted_ids(instances: &[Value]) -> Result<Value, Raised> {
    let mut ids = instances
        .iter()
        .map(|instance| member(instance, "InstanceId").map(|id| python::str(&id)))
        .collect::<Result<Vec<_>, _>>()?;
    ids.sort_unstable();
    Ok(Value::list(ids.into_iter().map(Value::from)))
}
