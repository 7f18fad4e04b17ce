//! What looks.

use squall_model::{Map, Value, python};

use super::targets::{TargetGroup, state, target_groups};
use crate::activities::support::{debug, items, member, parameters, type_error};
use crate::activity::{Activity, Raised};

/// The names of target groups in the argument `tg_names`.
fn names(activity: &Activity) -> Result<Value, Raised> {
    if !activity.given("tg_names") {
        return Err(Raised::failed("Non-empty list of target groups is required"));
    }
    Ok(activity.argument("tg_names"))
}

pub(super) async fn targets_health_count(activity: &Activity) -> Result<Value, Raised> {
    let names = names(activity)?;
    let client = activity.client("elbv2").await?;
    debug!("Looking for number of health targets for targetgroups: {}", python::str(&names));
    let counts = Map::new();
    for TargetGroup { name, targets, .. } in target_groups(&client, &names).await? {
        let mut states: Vec<(Value, i64)> = Vec::new();
        for target in &targets {
            let state = state(target)?;
            match states.iter_mut().find(|(counted, _)| *counted == state) {
                Some((_, count)) => *count += 1,
                None => states.push((state, 1)),
            }
        }
        let of_group: Map =
            states.into_iter().map(|(state, count)| (python::str(&state), Value::from(count))).collect();
        counts.insert(name, Value::Map(of_group));
    }
    let counts = Value::Map(counts);
    debug!("Healthy targets by targetgroup: {}", python::str(&counts));
    Ok(counts)
}

pub(super) async fn all_targets_healthy(activity: &Activity) -> Result<Value, Raised> {
    let names = names(activity)?;
    let client = activity.client("elbv2").await?;
    debug!("Checking if all targets are healthy for targets: {}", python::str(&names));
    for group in target_groups(&client, &names).await? {
        for target in &group.targets {
            if state(target)?.as_str() != Some("healthy") {
                return Ok(Value::Bool(false));
            }
        }
    }
    Ok(Value::Bool(true))
}

pub(super) async fn is_access_log_enabled(activity: &Activity) -> Result<Value, Raised> {
    if !activity.given("load_balancer_arn") {
        return Err(Raised::failed("Load Balancer ARN is required"));
    }
    let client = activity.client("elbv2").await?;
    let Value::Str(arn) = activity.argument("load_balancer_arn") else {
        let arn = activity.argument("load_balancer_arn");
        return Err(type_error(format!("can only concatenate str (not \"{}\") to str", arn.type_name())));
    };
    debug!("Checking whether access log is enabled on ELB: {arn}");
    let parameters = parameters! { "LoadBalancerArn": arn };
    let response = client.call("DescribeLoadBalancerAttributes", parameters).await?;
    let mut enabled = false;
    for attribute in items(&response.get("Attributes").unwrap_or_default())? {
        if member(&attribute, "Key")?.as_str() == Some("access_logs.s3.enabled") {
            enabled = member(&attribute, "Value")?.as_str() == Some("true");
            break;
        }
    }
    debug!("Access Enabled attribute is: {}", python::str(&Value::Bool(enabled)));
    Ok(Value::Bool(enabled))
}
