//! What changes something.

use std::cmp::Ordering;

use squall_model::{List, Value, python};

use super::resources::{
    Tasks, has_cluster, has_service, locate, matching, no_cluster, service_arns, short_name, task_arns,
};
use crate::activities::support::{
    self, debug, entry, float, member, order, parameters, refused_and_logged, truncated,
};
use crate::activity::{Activity, Raised};

pub(super) async fn stop_random_tasks(activity: &Activity) -> Result<Value, Raised> {
    if activity.given("task_count") == activity.given("task_percent") {
        return Err(Raised::failed("Must specify one of \"task_count\", \"task_percent\""));
    }
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    let client = activity.client("ecs").await?;
    locate(&client, &cluster, &service).await?;

    let tasks = task_arns(&client, &cluster, &service, Tasks::Running).await?;
    let count = if activity.given("task_percent") {
        Value::Int(truncated(tasks.len() as f64 * float(&activity.argument("task_percent"))? / 100.0)?)
    } else {
        activity.argument("task_count")
    };
    if order(&support::count(tasks.len()), "<", &count)?.is_some_and(Ordering::is_lt) {
        return Err(Raised::failed(format!(
            "Not enough running tasks in {} to satisfy stop count {} ({})",
            python::str(&cluster),
            python::str(&count),
            tasks.len()
        )));
    }

    let results = List::new();
    for task in activity.sample(&tasks, &count)? {
        debug!("Stopping ECS task: {}", python::str(&task));
        let parameters =
            parameters! { "cluster": cluster.clone(), "task": task, "reason": activity.argument("reason") };
        let stopped = entry(&client.call("StopTask", parameters).await?, "task")?;
        results.push(Value::Map(parameters! {
            "Task_Id": member(&stopped, "taskArn")?,
            "Desired_Status": member(&stopped, "desiredStatus")?,
        }));
    }
    Ok(Value::List(results))
}

pub(super) async fn stop_task(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    let mut task = activity.argument("task_id");
    if !task.is_truthy() && service.is_truthy() {
        let tasks = task_arns(&client, &cluster, &service, Tasks::Any).await?;
        let Some(chosen) = activity.random.choice(&tasks) else {
            return Err(Raised::failed(format!("No ECS tasks found for service: {}", python::str(&service))));
        };
        task = short_name(chosen)?;
    }
    debug!("Stopping ECS task: {}", python::str(&task));
    let parameters = parameters! { "cluster": cluster, "task": task, "reason": activity.argument("reason") };
    Ok(client.call("StopTask", parameters).await?.into())
}

pub(super) async fn delete_service(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let cluster = activity.argument("cluster");
    let mut service = activity.argument("service");
    if !service.is_truthy() {
        let mut services = service_arns(&client, &cluster).await?;
        if services.is_empty() {
            let cluster = python::str(&cluster);
            return Err(Raised::failed(format!("No ECS services found in cluster: {cluster}")));
        }
        let pattern = activity.argument("service_pattern");
        if pattern.is_truthy() {
            services = matching(services, &pattern)?;
        }
        let Some(chosen) = activity.random.choice(&services) else {
            let pattern = python::str(&pattern);
            return Err(Raised::failed(format!("No ECS services matching pattern: {pattern}")));
        };
        service = short_name(chosen)?;
    }

    debug!("Updating ECS service: {}", python::str(&service));
    let nothing = parameters! { "maximumPercent": 100, "minimumHealthyPercent": 0 };
    let parameters = parameters! {
        "cluster": cluster.clone(),
        "service": service.clone(),
        "desiredCount": 0,
        "deploymentConfiguration": nothing,
    };
    client.call("UpdateService", parameters).await?;

    debug!("Deleting ECS service: {}", python::str(&service));
    let parameters = parameters! { "cluster": cluster, "service": service };
    Ok(client.call("DeleteService", parameters).await?.into())
}

pub(super) async fn delete_cluster(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let cluster = activity.argument("cluster");
    debug!("Deleting ECS cluster: {}", python::str(&cluster));
    Ok(client.call("DeleteCluster", parameters! { "cluster": cluster }).await?.into())
}

pub(super) async fn deregister_container_instance(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let (cluster, instance) = (activity.argument("cluster"), activity.argument("instance_id"));
    debug!(
        "Deregistering container instance '{}' from ECS cluster: {}",
        python::str(&instance),
        python::str(&cluster)
    );
    let parameters = parameters! {
        "cluster": cluster,
        "containerInstance": instance,
        "force": activity.argument("force"),
    };
    Ok(client.call("DeregisterContainerInstance", parameters).await?.into())
}

pub(super) async fn update_desired_count(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    locate(&client, &cluster, &service).await?;
    let parameters = parameters! {
        "cluster": cluster,
        "service": service,
        "desiredCount": activity.argument("desired_count"),
    };
    Ok(client.call("UpdateService", parameters).await?.into())
}

pub(super) async fn set_service_deployment_configuration(activity: &Activity) -> Result<Value, Raised> {
    let (minimum, maximum) =
        (activity.argument("minimum_healthy_percent"), activity.argument("maximum_percent"));
    if is_greater(&minimum, &maximum)? {
        return Err(Raised::failed("minimum_healthy_percent cannot be larger than maximum_percent"));
    }
    let client = activity.client("ecs").await?;
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    if !has_cluster(&client, &cluster).await? {
        return Err(no_cluster(&cluster));
    }
    if !has_service(&client, &cluster, &service).await? {
        let (service, cluster) = (python::str(&service), python::str(&cluster));
        return Err(Raised::failed(format!("unable to locate service: {service} on {cluster}")));
    }
    let bounds = parameters! { "maximumPercent": maximum, "minimumHealthyPercent": minimum };
    let parameters =
        parameters! { "cluster": cluster, "service": service, "deploymentConfiguration": bounds };
    Ok(client.call("UpdateService", parameters).await?.into())
}

/// Python's `a > b`.
fn is_greater(a: &Value, b: &Value) -> Result<bool, Raised> {
    if let (Value::Str(a), Value::Str(b)) = (a, b) {
        return Ok(a > b);
    }
    Ok(order(a, ">", b)?.is_some_and(Ordering::is_gt))
}

pub(super) async fn set_service_placement_strategy(activity: &Activity) -> Result<Value, Raised> {
    let (kind, field) = (activity.argument("placement_type"), activity.argument("placement_field"));
    if matches!(kind.as_str(), Some("spread" | "binpack")) && !field.is_truthy() {
        return Err(Raised::failed("\"placement_field\" is required when using \"spread\" or \"binpack\""));
    }
    let client = activity.client("ecs").await?;
    let (cluster, service) = (activity.argument("cluster"), activity.argument("service"));
    locate(&client, &cluster, &service).await?;

    let strategy = parameters! { "type": kind.clone() };
    if kind.as_str() != Some("random") && field.is_truthy() {
        strategy.insert("field", field);
    }
    let parameters = parameters! {
        "cluster": cluster,
        "service": service,
        "placementStrategy": Value::list([Value::Map(strategy)]),
    };
    Ok(client.call("UpdateService", parameters).await.map_err(refused_and_logged)?.into())
}

pub(super) async fn tag_resource(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let parameters = parameters! {
        "resourceArn": activity.argument("resource_arn"),
        "tags": activity.argument("tags"),
    };
    client.call("TagResource", parameters).await.map_err(refused_and_logged)?;
    Ok(Value::Null)
}

pub(super) async fn untag_resource(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let parameters = parameters! {
        "resourceArn": activity.argument("resource_arn"),
        "tagKeys": activity.argument("tag_keys"),
    };
    client.call("UntagResource", parameters).await.map_err(refused_and_logged)?;
    Ok(Value::Null)
}

pub(super) async fn update_container_instances_state(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ecs").await?;
    let cluster = activity.argument("cluster");
    locate(&client, &cluster, &Value::Null).await?;
    let parameters = parameters! {
        "cluster": cluster,
        "containerInstances": activity.argument("container_instances"),
        "status": activity.argument("status"),
    };
    Ok(client.call("UpdateContainerInstancesState", parameters).await.map_err(refused_and_logged)?.into())
}
