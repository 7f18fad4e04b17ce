//! Target groups and the health of their targets.

use squall_model::{Key, Map, Value, python};

use crate::activities::support::{debug, entries, entry, member, parameters};
use crate::activity::Raised;
use crate::client::Client;

/// A target group with its targets.
pub(super) struct TargetGroup {
    /// Its name.
    pub(super) name: Key,
    /// Its ARN.
    pub(super) arn: Value,
    /// The descriptions of its targets' health.
    pub(super) targets: Vec<Value>,
}

/// The target groups of these names, in the order in which AWS names them.
pub(super) async fn target_groups(client: &Client, names: &Value) -> Result<Vec<TargetGroup>, Raised> {
    debug!("Target group name(s): {} Looking for ARN", python::str(names));
    let response = client.call("DescribeTargetGroups", parameters! { "Names": names.clone() }).await?;
    let arns = Map::new();
    for group in entries(&response, "TargetGroups")? {
        let name = python::str(&member(&group, "TargetGroupName")?);
        arns.insert(name, member(&group, "TargetGroupArn")?);
    }
    let shown = python::str(&Value::Map(arns.clone()));
    debug!("Target groups ARN: {shown}");

    debug!("Target group ARN: {shown} Getting health descriptions");
    let (mut groups, described) = (Vec::new(), Map::new());
    for (name, arn) in arns.entries() {
        let response =
            client.call("DescribeTargetHealth", parameters! { "TargetGroupArn": arn.clone() }).await?;
        let descriptions = entry(&response, "TargetHealthDescriptions")?;
        let group = parameters! { "TargetGroupArn": arn.clone(), "TargetHealthDescriptions": descriptions };
        let targets = entries(&group, "TargetHealthDescriptions")?;
        described.insert(name.clone(), Value::Map(group));
        groups.push(TargetGroup { name, arn, targets });
    }
    debug!("Health descriptions for target group(s) are: {}", python::str(&Value::Map(described)));
    Ok(groups)
}

/// The state of a target: `healthy`, `unhealthy`, `draining`...
pub(super) fn state(target: &Value) -> Result<Value, Raised> {
    member(&member(target, "TargetHealth")?, "State")
}
