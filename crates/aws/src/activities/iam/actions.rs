//! What changes policies.

use squall_model::{Value, python};

use super::SERVICE;
use crate::activities::support::{json_text, parameters};
use crate::activity::{Activity, Raised};

pub(super) async fn create_policy(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let failed = |reason: &str| Raised::failed(format!("failed creating a policy: {reason}"));
    let document = json_text(&activity.argument("policy")).map_err(|error| failed(error.text()))?;
    let description = activity.argument("description");
    let parameters = parameters! {
        "PolicyName": activity.argument("name"),
        "Path": activity.argument("path"),
        "PolicyDocument": document,
        "Description": if description.is_truthy() { description } else { Value::from("") },
    };
    let answer = client.call("CreatePolicy", parameters).await;
    answer.map(Value::from).map_err(|error| failed(&error.to_string()))
}

pub(super) async fn attach_role_policy(activity: &Activity) -> Result<Value, Raised> {
    bind(activity, "AttachRolePolicy", "attaching", "to").await
}

pub(super) async fn detach_role_policy(activity: &Activity) -> Result<Value, Raised> {
    bind(activity, "DetachRolePolicy", "detaching", "from").await
}

async fn bind(activity: &Activity, operation: &str, doing: &str, preposition: &str) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let (arn, role) = (activity.argument("arn"), activity.argument("role_name"));
    let parameters = parameters! { "PolicyArn": arn.clone(), "RoleName": role.clone() };
    client.call(operation, parameters).await.map(Value::from).map_err(|error| {
        let (arn, role) = (python::str(&arn), python::str(&role));
        Raised::failed(format!("failed {doing} role '{role}' {preposition} policy '{arn}': {error}"))
    })
}
