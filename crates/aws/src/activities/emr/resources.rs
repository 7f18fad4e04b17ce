//! Instance groups, fleets and instances, page by page.

use squall_model::{Map, Value};

use crate::activities::support::{entries, member, parameters, refused_and_logged};
use crate::activity::Raised;
use crate::client::Client;

/// The instance fleet of that id as `{"InstanceFleets": ...}`; null where the cluster has none such.
pub(super) async fn instance_fleet(client: &Client, cluster: &Value, id: &Value) -> Result<Value, Raised> {
    let fleet = of_cluster(client, "ListInstanceFleets", "InstanceFleets", cluster, id).await?;
    Ok(Value::Map(parameters! { "InstanceFleets": fleet }))
}

/// The instance group of that id as `{"InstanceGroups": ...}`; null where the cluster has none such.
pub(super) async fn instance_group(client: &Client, cluster: &Value, id: &Value) -> Result<Value, Raised> {
    let group = of_cluster(client, "ListInstanceGroups", "InstanceGroups", cluster, id).await?;
    Ok(Value::Map(parameters! { "InstanceGroups": group }))
}

/// The one of that id of those that `operation` lists under `key`; no page is asked for after it is
/// found.
async fn of_cluster(
    client: &Client,
    operation: &str,
    key: &str,
    cluster: &Value,
    id: &Value,
) -> Result<Value, Raised> {
    let mut marker = Value::Null;
    loop {
        let parameters = parameters! { "ClusterId": cluster.clone() };
        if marker.is_truthy() {
            parameters.insert("Marker", marker);
        }
        let response = client.call(operation, parameters).await.map_err(refused_and_logged)?;
        for item in entries(&response, key)? {
            if member(&item, "Id")? == *id {
                return Ok(item);
            }
        }
        marker = response.get("Marker").unwrap_or_default();
        if !marker.is_truthy() {
            return Ok(Value::Null);
        }
    }
}

/// The instances that `parameters` choose, as `{"Instances": [...]}`.
pub(super) async fn instances(client: &Client, parameters: Map) -> Result<Value, Raised> {
    let mut instances = Vec::new();
    loop {
        let response =
            client.call("ListInstances", parameters.shallow_clone()).await.map_err(refused_and_logged)?;
        instances.extend(entries(&response, "Instances")?);
        let marker = response.get("Marker").unwrap_or_default();
        if !marker.is_truthy() {
            return Ok(Value::Map(parameters! { "Instances": Value::list(instances) }));
        }
        parameters.insert("Marker", marker);
    }
}
