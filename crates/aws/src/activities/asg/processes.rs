//! What groups do by themselves: their processes, and where they start instances.

use squall_model::{List, Map, Value, python};

use super::select;
use crate::activities::support::{debug, items, joined, parameters};
use crate::activity::{Activity, Raised};

/// The processes that may be named.
const PROCESSES: [&str; 8] = [
    "Launch",
    "Terminate",
    "HealthCheck",
    "AZRebalance",
    "AlarmNotification",
    "ScheduledActions",
    "AddToLoadBalancer",
    "ReplaceUnhealthy",
];

/// `suspend_processes`.
pub(super) async fn suspend_processes(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "SuspendProcesses", |_, group| debug!("Suspending process(es) on {group}")).await
}

/// `resume_processes`.
pub(super) async fn resume_processes(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "ResumeProcesses", |processes, group| {
        debug!("Resuming process(es) {} on {group}", python::str(processes));
    })
    .await
}

async fn change(activity: &Activity, operation: &str, tell: impl Fn(&Value, &str)) -> Result<Value, Raised> {
    select::demand(activity)?;
    let processes = activity.argument("process_names");
    if processes.is_truthy() {
        check(&processes)?;
    }
    let client = activity.client("autoscaling").await?;
    let response = select::actions::find(activity, &client).await?;
    for group in select::groups(&response)? {
        let name = select::name(&group)?;
        tell(&processes, &python::str(&name));
        let change = parameters! { "AutoScalingGroupName": name };
        if processes.is_truthy() {
            change.insert("ScalingProcesses", processes.clone());
        }
        client.call(operation, change).await?;
    }
    select::actions::by_name(&client, Value::List(select::names(&response)?)).await.map(Value::Map)
}

fn check(processes: &Value) -> Result<(), Raised> {
    let unknown: List = items(processes)?
        .into_iter()
        .filter(|process| !process.as_str().is_some_and(|process| PROCESSES.contains(&process)))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let known = Value::list(PROCESSES.map(Value::from));
    Err(Raised::failed(format!(
        "invalid process(es): {} not in {}.",
        python::repr(&Value::List(unknown)),
        python::repr(&known)
    )))
}

/// `change_subnets`.
pub(super) async fn change_subnets(activity: &Activity) -> Result<Value, Raised> {
    select::demand(activity)?;
    let client = activity.client("autoscaling").await?;
    for group in select::groups(&select::actions::find(activity, &client).await?)? {
        let change: Map = parameters! {
            "AutoScalingGroupName": select::name(&group)?,
            "VPCZoneIdentifier": joined(",", &activity.argument("subnets"))?,
        };
        client.call("UpdateAutoScalingGroup", change).await?;
    }
    Ok(Value::Null)
}
