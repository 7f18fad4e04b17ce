//! Clusters, services and tasks, found for the actions.

use squall_model::expr::{Regex, RegexError};
use squall_model::{Value, python};

use crate::activities::support::{entries, index_error, parameters, text_for, type_error};
use crate::activity::Raised;
use crate::client::Client;

/// Which tasks are listed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tasks {
    /// Whatever the service lists on its own.
    Any,
    /// Those that shall run.
    Running,
}

/// Makes sure that the cluster and the service exist, as far as they are given.
pub(super) async fn locate(client: &Client, cluster: &Value, service: &Value) -> Result<(), Raised> {
    if cluster.is_truthy() && !has_cluster(client, cluster).await? {
        return Err(no_cluster(cluster));
    }
    if service.is_truthy() && !has_service(client, cluster, service).await? {
        let (service, cluster) = (python::str(service), python::str(cluster));
        return Err(Raised::failed(format!("unable to locate service: {service} on cluster: {cluster}")));
    }
    Ok(())
}

/// The failure where a cluster is not there.
pub(super) fn no_cluster(cluster: &Value) -> Raised {
    Raised::failed(format!("unable to locate cluster: {}", python::str(cluster)))
}

/// Whether the cluster exists.
pub(super) async fn has_cluster(client: &Client, cluster: &Value) -> Result<bool, Raised> {
    let parameters = parameters! { "clusters": Value::list([cluster.clone()]) };
    let response = client.call("DescribeClusters", parameters).await?;
    Ok(!entries(&response, "clusters")?.is_empty())
}

/// Whether the cluster has the service.
pub(super) async fn has_service(client: &Client, cluster: &Value, service: &Value) -> Result<bool, Raised> {
    let parameters = parameters! { "cluster": cluster.clone(), "services": Value::list([service.clone()]) };
    let response = client.call("DescribeServices", parameters).await?;
    Ok(!entries(&response, "services")?.is_empty())
}

/// The ARNs of the cluster's services.
pub(super) async fn service_arns(client: &Client, cluster: &Value) -> Result<Vec<Value>, Raised> {
    let mut arns = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters = parameters! { "cluster": cluster.clone() };
        if token.is_truthy() {
            parameters.insert("nextToken", token);
        }
        let response = client.call("ListServices", parameters).await?;
        arns.extend(entries(&response, "serviceArns")?);
        token = response.get("nextToken").unwrap_or_default();
        if !token.is_truthy() {
            return Ok(arns);
        }
    }
}

/// The ARNs of the tasks of the cluster, or of the service where one is given.
pub(super) async fn task_arns(
    client: &Client,
    cluster: &Value,
    service: &Value,
    which: Tasks,
) -> Result<Vec<Value>, Raised> {
    let mut arns = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters = parameters! { "cluster": cluster.clone(), "maxResults": 100 };
        if which == Tasks::Running {
            parameters.insert("desiredStatus", "RUNNING".into());
        }
        if service.is_truthy() {
            parameters.insert("serviceName", service.clone());
        }
        if token.is_truthy() {
            parameters.insert("nextToken", token);
        }
        let response = client.call("ListTasks", parameters).await?;
        arns.extend(entries(&response, "taskArns")?);
        token = response.get("nextToken").unwrap_or_default();
        if !token.is_truthy() {
            return Ok(arns);
        }
    }
}

/// Those of `arns` in which the pattern, a regular expression as Python has them, is found.
pub(super) fn matching(arns: Vec<Value>, pattern: &Value) -> Result<Vec<Value>, Raised> {
    let Value::Str(pattern) = pattern else {
        return Err(type_error("first argument must be string or compiled pattern"));
    };
    let wrong = |error: RegexError| Raised::of_class("re.error", error.to_string());
    let pattern = Regex::new(pattern).map_err(wrong)?;
    let mut found = Vec::new();
    for arn in arns {
        if pattern.search(&text_for(&arn, "search")?).map_err(wrong)? {
            found.push(arn);
        }
    }
    Ok(found)
}

/// What is behind the last `/` of an ARN.
pub(super) fn short_name(arn: &Value) -> Result<Value, Raised> {
    let arn = text_for(arn, "rsplit")?;
    let (_, name) = arn.rsplit_once('/').ok_or_else(index_error)?;
    Ok(Value::from(name))
}
