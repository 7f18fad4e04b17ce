//! Probes that wait for groups.

use std::cmp::Ordering;
use std::time::Duration;

use squall_model::{Map, Value, python};

use super::probes::{demand_names, demand_tags, is_desired_healthy};
use super::select;
use crate::activities::support::{debug, order};
use crate::activity::{Activity, Raised};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// What is given when the time is over: Python's `sys.maxsize`.
const TIMED_OUT: i64 = i64::MAX;

/// `wait_desired_equals_healthy`.
pub(super) async fn wait_desired_equals_healthy(activity: &Activity) -> Result<Value, Raised> {
    demand_names(activity)?;
    let client = activity.client("autoscaling").await?;
    wait(activity, true, async || select::describe(&client, activity.argument("asg_names")).await).await
}

/// `wait_desired_equals_healthy_tags`.
pub(super) async fn wait_desired_equals_healthy_tags(activity: &Activity) -> Result<Value, Raised> {
    wait_tags(activity, true).await
}

/// `wait_desired_not_equals_healthy_tags`.
pub(super) async fn wait_desired_not_equals_healthy_tags(activity: &Activity) -> Result<Value, Raised> {
    wait_tags(activity, false).await
}

async fn wait_tags(activity: &Activity, wanted: bool) -> Result<Value, Raised> {
    demand_tags(activity)?;
    let client = activity.client("autoscaling").await?;
    let tags = activity.argument("tags");
    wait(activity, wanted, async || {
        let response = select::probes::by_tags(&client, &tags).await?;
        debug!("{}", python::str(&Value::Map(response.clone())));
        Ok(response)
    })
    .await
}

/// Looks at the groups until they are as `wanted`; gives the whole seconds that it took. Whether the time
/// is over is asked before what was seen counts.
async fn wait(
    activity: &Activity,
    wanted: bool,
    look: impl AsyncFn() -> Result<Map, Raised>,
) -> Result<Value, Raised> {
    let timeout = activity.argument("timeout");
    let start = activity.clock.elapsed();
    loop {
        let seen = is_desired_healthy(&look().await?)?;
        let waited = activity.clock.elapsed().saturating_sub(start);
        let seconds = Value::from(waited.as_secs_f64());
        if order(&seconds, ">", &timeout)? == Some(Ordering::Greater) {
            debug!("Timed out");
            return Ok(Value::from(TIMED_OUT));
        }
        if seen == wanted {
            let seconds = i64::try_from(waited.as_secs()).unwrap_or(TIMED_OUT);
            debug!("Waiting time was: {seconds}");
            return Ok(Value::from(seconds));
        }
        activity.clock.sleep(PAUSE).await;
    }
}
