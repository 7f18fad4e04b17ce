//! The rules that let traffic in.

use squall_model::{Map, Value};

use super::{inner, listed, text};
use crate::activities::support::parameters;
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// A rule of a security group that lets traffic in, as `AuthorizeSecurityGroupIngress` takes it.
#[derive(Clone, Debug)]
pub struct IngressRule {
    /// The security group's id.
    pub security_group: String,
    /// An entry of `IpPermissions`, without what is empty.
    pub permission: Map,
}

/// The rules of security groups.
pub(super) async fn ingress(
    session: &Session,
    scope: &Scope,
    security_groups: &[String],
) -> Result<Vec<IngressRule>, AwsError> {
    if security_groups.is_empty() {
        return Ok(Vec::new());
    }
    let client = session.client("ec2", scope).await?;
    let wanted = parameters! { "GroupIds": super::strings(security_groups) };
    let groups = listed(&client, "DescribeSecurityGroups", wanted, "SecurityGroups").await?;
    Ok(groups
        .iter()
        .flat_map(|group| {
            let security_group = text(group, "GroupId");
            inner(group, "IpPermissions").into_iter().map(move |permission| IngressRule {
                security_group: security_group.clone(),
                permission: without_empty(&permission),
            })
        })
        .collect())
}

fn without_empty(permission: &Map) -> Map {
    let kept = permission
        .entries()
        .into_iter()
        .filter(|(_, value)| !value.as_list().is_some_and(squall_model::List::is_empty));
    kept.collect()
}

impl IngressRule {
    /// Whether it concerns a TCP port. A rule for all protocols is not ours to take away: more than the
    /// cache may depend on it.
    pub fn lets_in(&self, port: i64) -> bool {
        let bound = |key: &str| match self.permission.get(key) {
            Some(Value::Int(int)) => int.to_i64(),
            _ => None,
        };
        let (Some(from), Some(to)) = (bound("FromPort"), bound("ToPort")) else { return false };
        text(&self.permission, "IpProtocol") == "tcp" && (from..=to).contains(&port)
    }

    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("security_group", Value::from(self.security_group.as_str())),
            ("permission", Value::Map(self.permission.clone())),
        ])
    }
}
