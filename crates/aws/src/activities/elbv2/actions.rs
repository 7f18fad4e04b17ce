//! What changes something.

use squall_model::{List, Value, python};

use super::balancers::{LoadBalancers, security_groups, subnets};
use super::targets::target_groups;
use crate::activities::support::{debug, items, member, parameters, refused, text_for};
use crate::activity::{Activity, Raised};
use crate::client::Client;

pub(super) async fn deregister_target(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elbv2").await?;
    let name = activity.argument("tg_name");
    let groups = target_groups(&client, &Value::list([name.clone()])).await?;
    let Some(group) = groups.into_iter().find(|group| *group.name.value() == name) else {
        return Err(Raised::of_class("KeyError", python::repr(&name)));
    };
    let Some(chosen) = activity.random.choice(&group.targets) else {
        return Err(Raised::of_class("IndexError", "Cannot choose from an empty sequence"));
    };
    let target = member(chosen, "Target")?;
    let id = member(&target, "Id")?;
    debug!("Deregistering target {} from target group {}", python::str(&id), python::str(&name));

    let leaving = parameters! { "Id": id };
    // A Lambda function as a target has no port.
    if let Some(port) = target.get("Port") {
        leaving.insert("Port", port);
    }
    let parameters =
        parameters! { "TargetGroupArn": group.arn, "Targets": Value::list([Value::Map(leaving)]) };
    let response = client
        .call("DeregisterTargets", parameters)
        .await
        .map_err(refused(|message| format!("Exception detaching {}: {message}", python::str(&name))))?;
    Ok(response.into())
}

pub(super) async fn set_security_groups(activity: &Activity) -> Result<Value, Raised> {
    let ec2 = activity.client("ec2").await?;
    let groups = security_groups(&ec2, &activity.argument("security_group_ids")).await?;
    let client = activity.client("elbv2").await?;
    let balancers = LoadBalancers::named(&client, &activity.argument("load_balancer_names")).await?;
    let arns = balancers.changeable("security groups")?;
    change_each(&client, arns, "SetSecurityGroups", "SecurityGroups", &groups).await
}

pub(super) async fn set_subnets(activity: &Activity) -> Result<Value, Raised> {
    let ec2 = activity.client("ec2").await?;
    let subnets = subnets(&ec2, &activity.argument("subnet_ids")).await?;
    let client = activity.client("elbv2").await?;
    let balancers = LoadBalancers::named(&client, &activity.argument("load_balancer_names")).await?;
    let arns = balancers.changeable("subnets")?;
    change_each(&client, arns, "SetSubnets", "Subnets", &subnets).await
}

/// Sets `parameter` of each of the load balancers to `value`; gives the answers, each with the ARN of
/// its load balancer.
async fn change_each(
    client: &Client,
    arns: Vec<Value>,
    operation: &str,
    parameter: &str,
    value: &Value,
) -> Result<Value, Raised> {
    let results = List::new();
    for arn in arns {
        let parameters = parameters! { "LoadBalancerArn": arn.clone() };
        parameters.insert(parameter, value.clone());
        let response = client.call(operation, parameters).await?;
        response.insert("LoadBalancerArn", arn);
        results.push(response.into());
    }
    Ok(Value::List(results))
}

pub(super) async fn delete_load_balancer(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("elbv2").await?;
    let balancers = LoadBalancers::named(&client, &activity.argument("load_balancer_names")).await?;
    for arn in balancers.deletable()? {
        debug!("Deleting load balancer {}", python::str(&arn));
        client.call("DeleteLoadBalancer", parameters! { "LoadBalancerArn": arn }).await?;
    }
    Ok(Value::Null)
}

pub(super) async fn enable_access_log(activity: &Activity) -> Result<Value, Raised> {
    if !activity.given("load_balancer_arn") {
        return Err(Raised::failed("Load Balancer ARN is required"));
    }
    let enable = activity.given("enable");
    if enable && !activity.given("bucket_name") {
        return Err(Raised::failed("bucket_name required to enable ELB"));
    }
    let client = activity.client("elbv2").await?;
    let arn = activity.argument("load_balancer_arn");
    debug!(
        "Changing ELB Access Enabled Attribute to: {} for ELB: {}",
        python::str(&activity.argument("enable")),
        python::str(&arn)
    );

    let mut attributes = vec![attribute("access_logs.s3.enabled", if enable { "true" } else { "false" })];
    if enable {
        attributes.push(attribute("access_logs.s3.bucket", activity.argument("bucket_name")));
    }
    let parameters = parameters! { "LoadBalancerArn": arn, "Attributes": Value::list(attributes) };
    let response = client.call("ModifyLoadBalancerAttributes", parameters).await?;
    let mut enabled = false;
    for attribute in items(&response.get("Attributes").unwrap_or_default())? {
        if member(&attribute, "Key")?.as_str() == Some("access_logs.s3.enabled") {
            let value = text_for(&member(&attribute, "Value")?, "strip")?;
            enabled = value.trim().eq_ignore_ascii_case("true");
            break;
        }
    }
    debug!("Access Enabled attribute is now: {}", python::str(&Value::Bool(enabled)));
    Ok(Value::Bool(enabled))
}

/// An attribute of a load balancer.
fn attribute(key: &str, value: impl Into<Value>) -> Value {
    Value::Map(parameters! { "Key": key, "Value": value.into() })
}
