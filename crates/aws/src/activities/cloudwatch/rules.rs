//! Rules of events, and their targets.

use squall_model::{List, Map, Value, python};

use crate::activities::support::{debug, entries, length, member, parameters};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// `put_rule`.
pub(super) async fn put_rule(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("events").await?;
    let rule = named(activity);
    for (argument, parameter) in [
        ("schedule_expression", "ScheduleExpression"),
        ("event_pattern", "EventPattern"),
        ("state", "State"),
        ("description", "Description"),
        ("role_arn", "RoleArn"),
    ] {
        if activity.given(argument) {
            rule.insert(parameter, activity.argument(argument));
        }
    }
    call(&client, "PutRule", rule).await
}

/// `put_rule_targets`.
pub(super) async fn put_rule_targets(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("events").await?;
    let targets = parameters! {
        "Rule": activity.argument("rule_name"),
        "Targets": activity.argument("targets"),
    };
    call(&client, "PutTargets", targets).await
}

/// `disable_rule`.
pub(super) async fn disable_rule(activity: &Activity) -> Result<Value, Raised> {
    call(&activity.client("events").await?, "DisableRule", named(activity)).await
}

/// `enable_rule`.
pub(super) async fn enable_rule(activity: &Activity) -> Result<Value, Raised> {
    call(&activity.client("events").await?, "EnableRule", named(activity)).await
}

/// `delete_rule`.
pub(super) async fn delete_rule(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("events").await?;
    if activity.given("force") {
        let rule = activity.argument("rule_name");
        let targets = target_ids(&client, &rule).await?;
        remove_targets(&client, rule, targets).await?;
    }
    call(&client, "DeleteRule", named(activity)).await
}

/// `remove_rule_targets`.
pub(super) async fn remove_rule_targets(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("events").await?;
    let rule = activity.argument("rule_name");
    let targets = match activity.argument("target_ids") {
        Value::Null => target_ids(&client, &rule).await?,
        given => given,
    };
    remove_targets(&client, rule, targets).await
}

async fn call(client: &Client, operation: &str, parameters: Map) -> Result<Value, Raised> {
    Ok(Value::Map(client.call(operation, parameters).await?))
}

fn named(activity: &Activity) -> Map {
    parameters! { "Name": activity.argument("rule_name") }
}

async fn remove_targets(client: &Client, rule: Value, ids: Value) -> Result<Value, Raised> {
    let (number, name) = (length(&ids)?, python::str(&rule));
    debug!("Removing {number} targets from rule {name}: {}", python::str(&ids));
    call(client, "RemoveTargets", parameters! { "Rule": rule, "Ids": ids }).await
}

/// The ids of all targets of a rule.
async fn target_ids(client: &Client, rule: &Value) -> Result<Value, Raised> {
    let ids = List::new();
    let mut token = None;
    loop {
        let page = parameters! { "Rule": rule.clone() };
        if let Some(token) = token {
            page.insert("NextToken", token);
        }
        let response = client.call("ListTargetsByRule", page).await?;
        for target in entries(&response, "Targets")? {
            ids.push(member(&target, "Id")?);
        }
        token = response.get("NextToken");
        if token.is_none() {
            return Ok(Value::List(ids));
        }
    }
}
