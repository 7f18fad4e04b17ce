//! Inbound rules of security groups.

use squall_model::{Map, Value};

use crate::activities::support::{parameters, refused};
use crate::activity::{Activity, Raised};

/// `authorize_security_group_ingress`.
pub(super) async fn authorize(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "AuthorizeSecurityGroupIngress", "Failed to add ingress rule").await
}

/// `revoke_security_group_ingress`.
pub(super) async fn revoke(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "RevokeSecurityGroupIngress", "Failed to remove ingress rule").await
}

async fn change(activity: &Activity, operation: &str, failure: &str) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let response = client.call(operation, rule(activity)).await;
    response.map(Value::Map).map_err(refused(|message| format!("{failure}: {message}")))
}

/// The rule that the arguments describe. The source that is not given leaves an empty entry, which EC2
/// passes over.
fn rule(activity: &Activity) -> Map {
    let source = |argument: &str, name: &str| {
        let source = Map::new();
        let value = activity.argument(argument);
        if !value.is_null() {
            source.insert(name, value);
        }
        Value::list([Value::Map(source)])
    };
    let permission = parameters! {
        "IpProtocol": activity.argument("ip_protocol"),
        "IpRanges": source("cidr_ip", "CidrIp"),
        "FromPort": activity.argument("from_port"),
        "ToPort": activity.argument("to_port"),
        "UserIdGroupPairs": source("ingress_security_group_id", "GroupId"),
    };
    parameters! {
        "GroupId": activity.argument("requested_security_group_id"),
        "IpPermissions": Value::list([Value::Map(permission)]),
    }
}
