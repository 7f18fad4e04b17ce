//! What is known of a function.

use squall_model::{Map, Value};

use super::SERVICE;
use crate::activities::support::{entry, parameters, refused};
use crate::activity::{Activity, Raised};

pub(super) async fn get_function_concurrency(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    entry(&client.call("GetFunctionConcurrency", parameters).await?, "ReservedConcurrentExecutions")
}

pub(super) async fn get_function_timeout(activity: &Activity) -> Result<Value, Raised> {
    setting(activity, "Timeout").await
}

pub(super) async fn get_function_memory_size(activity: &Activity) -> Result<Value, Raised> {
    setting(activity, "MemorySize").await
}

async fn setting(activity: &Activity, name: &str) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    let qualifier = activity.argument("qualifier");
    if !qualifier.is_null() {
        parameters.insert("Qualifier", qualifier);
    }
    let configuration = client.call("GetFunctionConfiguration", parameters).await?;
    Ok(configuration.get(name).unwrap_or_default())
}

pub(super) async fn list_event_source_mapping(activity: &Activity) -> Result<Value, Raised> {
    let (source, function) = (activity.argument("source_arn"), activity.argument("function_name"));
    if !source.is_truthy() && !function.is_truthy() {
        return Err(Raised::failed(r#"must specify at least one of "source_arn" or "function_name""#));
    }
    let client = activity.client(SERVICE).await?;
    let parameters = Map::new();
    if source.is_truthy() {
        parameters.insert("EventSourceArn", source);
    }
    if function.is_truthy() {
        parameters.insert("FunctionName", function);
    }
    let answer = client.call("ListEventSourceMappings", parameters).await;
    Ok(answer.map_err(refused(str::to_owned))?.into())
}
