//! Instances that are stopped a few at a time.

use std::time::Duration;

use squall_model::{List, Value, python};

use super::actions;
use super::select::{self, Groups};
use crate::activities::support::{
    debug, filter, float, int, no_attribute, share, tags_of_text, truncated, value_error,
};
use crate::activity::{Activity, Raised};

/// `stop_instances_by_incremental_steps`.
pub(super) async fn stop_instances_by_incremental_steps(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let az = activity.argument("az");
    let filters = Value::List(tag_filters(&activity.argument("tags"))?);
    select::add_zone(&filters, &az)?;
    let groups = select::by_filters(&client, &filters).await?;
    let az = python::str(&az);
    if groups.is_empty() {
        return Err(Raised::failed(format!("No instances in availability zone: {az}")));
    }
    debug!("Picked EC2 instances '{}' from AZ '{az}' to be stopped", groups.shown_with_default());

    let members = groups.members();
    let number = truncated(share(members.len(), &activity.argument("volume"))?.round_ties_even())?;
    let targets = activity.sample(&members, &Value::Int(number))?;
    let size = step_size(&activity.argument("step_quantity"))?;
    let pause = pause(&activity.argument("step_duration"))?;
    let force = activity.argument("force");

    let responses = List::new();
    for step in targets.chunks(size) {
        let mut now = Groups::default();
        for (lifecycle, id) in step {
            now.push(lifecycle, id.clone());
        }
        for response in actions::stop(&client, &now, &force).await? {
            responses.push(response);
        }
        activity.clock.sleep(pause).await;
    }
    Ok(Value::List(responses))
}

/// Filters for instances that carry all of the tags: a mapping, or a text `key=value,key=value`.
fn tag_filters(tags: &Value) -> Result<List, Raised> {
    let tags = match tags {
        tags if !tags.is_truthy() => return Ok(List::new()),
        Value::Map(tags) => tags.clone(),
        Value::Str(text) => tags_of_text(text)?,
        other => return Err(no_attribute(other, "split")),
    };
    let tags = tags.entries();
    Ok(tags
        .iter()
        .map(|(key, value)| filter(format!("tag:{}", python::str(key.value())), value.clone()))
        .collect())
}

/// A step of none would never come to an end.
fn step_size(quantity: &Value) -> Result<usize, Raised> {
    let size = int(quantity)?.to_i64().and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    size.ok_or_else(|| {
        value_error(format!(
            "`step_quantity` is {}, which stops nothing: expected a number of instances from 1 on",
            python::repr(quantity)
        ))
    })
}

fn pause(duration: &Value) -> Result<Duration, Raised> {
    Duration::try_from_secs_f64(float(duration)?)
        .map_err(|_| value_error("sleep length must be non-negative"))
}
