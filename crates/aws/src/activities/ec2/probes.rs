//! What is known of instances.

use std::cmp::Ordering;

use squall_model::{Map, Value};

use super::select;
use crate::activities::support::{count, entry, length, member, order, parameters};
use crate::activity::{Activity, Raised};

/// `describe_instances`.
pub(super) async fn describe_instances(activity: &Activity) -> Result<Value, Raised> {
    described(activity).await.map(Value::Map)
}

/// `count_instances`.
pub(super) async fn count_instances(activity: &Activity) -> Result<Value, Raised> {
    Ok(count(length(&entry(&described(activity).await?, "Reservations")?)?))
}

/// `count_min_instances`.
pub(super) async fn count_min_instances(activity: &Activity) -> Result<Value, Raised> {
    let found = count_instances(activity).await?;
    let order = order(&found, ">=", &activity.argument("min_count"))?;
    Ok(Value::from(order.is_some_and(Ordering::is_ge)))
}

/// `instance_state`.
pub(super) async fn instance_state(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let selection = if activity.given("instance_ids") {
        parameters! { "InstanceIds": activity.argument("instance_ids") }
    } else if activity.given("filters") {
        parameters! { "Filters": activity.argument("filters") }
    } else {
        return Err(Raised::failed(
            "Probe \"instance_state\" missing required parameter \"instance_ids\" or \"filters\"",
        ));
    };
    let wanted = activity.argument("state");
    for instance in select::first_reservation(&client.call("DescribeInstances", selection).await?)? {
        if member(&member(&instance, "State")?, "Name")? != wanted {
            return Ok(Value::from(false));
        }
    }
    Ok(Value::from(true))
}

async fn described(activity: &Activity) -> Result<Map, Raised> {
    let client = activity.client("ec2").await?;
    Ok(client.call("DescribeInstances", parameters! { "Filters": activity.argument("filters") }).await?)
}
