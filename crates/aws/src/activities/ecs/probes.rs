//! What looks.

use squall_model::{Value, python};

use crate::activities::support::{length, member, optional_entries, parameters};
use crate::activity::{Activity, Raised};

/// How many tasks one DescribeTasks takes (ECS API reference).
const TASKS_OF_A_CALL: usize = 100;

/// The service of the arguments `cluster` and `service`.
async fn service(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let parameters = parameters! {
        "cluster": activity.argument("cluster"),
        "services": Value::list([activity.argument("service")]),
    };
    let response = client.call("DescribeServices", parameters).await?;
    let service = optional_entries(&response, "services")?.into_iter().next();
    service.ok_or_else(|| Raised::failed("Error retrieving service data from AWS"))
}

pub(super) async fn service_is_deploying(activity: &Activity) -> Result<Value, Raised> {
    let deployments = service(activity).await?.get("deployments").unwrap_or_default();
    Ok(Value::Bool(length(&deployments)? > 1))
}

pub(super) async fn are_all_desired_tasks_running(activity: &Activity) -> Result<Value, Raised> {
    let service = service(activity).await?;
    Ok(Value::Bool(member(&service, "desiredCount")? == member(&service, "runningCount")?))
}

pub(super) async fn describe_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let cluster = activity.argument("cluster");
    let parameters = parameters! { "clusters": Value::list([cluster.clone()]) };
    let response = client.call("DescribeClusters", parameters).await?;
    if optional_entries(&response, "clusters")?.is_empty() {
        let cluster = python::str(&cluster);
        return Err(Raised::failed(format!("Error retrieving information for cluster {cluster}")));
    }
    Ok(response.into())
}

pub(super) async fn describe_service(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    let parameters = parameters! { "cluster": cluster.clone(), "services": Value::list([service.clone()]) };
    let response = client.call("DescribeServices", parameters).await?;
    if optional_entries(&response, "services")?.is_empty() {
        // The reference has the two names the wrong way round, and its text is what journals hold.
        let (first, second) = (python::str(&cluster), python::str(&service));
        return Err(Raised::failed(format!("Unable to collect service {first} on cluster {second}")));
    }
    Ok(response.into())
}

pub(super) async fn describe_tasks(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let cluster = activity.argument("cluster");
    let mut pages = client.pages("ListTasks", parameters! { "cluster": cluster.clone() });
    let mut tasks = Vec::new();
    while let Some(page) = pages.next().await {
        tasks.extend(optional_entries(&page?, "taskArns")?);
    }
    let mut batches = tasks.chunks(TASKS_OF_A_CALL);
    let Some(first) = batches.next() else {
        let cluster = python::str(&cluster);
        return Err(Raised::failed(format!("Unable to find any tasks for cluster {cluster}")));
    };

    let of = |batch: &[Value]| {
        parameters! { "cluster": cluster.clone(), "tasks": Value::list(batch.iter().cloned()) }
    };
    let response = client.call("DescribeTasks", of(first)).await?;
    for batch in batches {
        let more = client.call("DescribeTasks", of(batch)).await?;
        for name in ["tasks", "failures"] {
            let mut described = optional_entries(&response, name)?;
            described.extend(optional_entries(&more, name)?);
            response.insert(name, Value::list(described));
        }
    }
    Ok(response.into())
}
