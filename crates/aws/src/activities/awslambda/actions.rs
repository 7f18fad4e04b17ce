//! What changes a function or calls it.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use squall_model::{Map, OtherKind, Value, document, json, python};

use super::{SERVICE, layers_without, update};
use crate::activities::support::{json_text, parameters, refused};
use crate::activity::{Activity, Raised};

pub(super) async fn invoke_function(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let name = activity.argument("function_name");
    let parameters = parameters! {
        "FunctionName": name.clone(),
        "InvocationType": activity.argument("invocation_type"),
        "LogType": "None",
    };
    let arguments = activity.argument("function_arguments");
    if !arguments.is_null() {
        parameters.insert("Payload", Value::from(json_text(&arguments)?));
    }
    let context = activity.argument("client_context");
    if !context.is_null() {
        parameters.insert("ClientContext", Value::from(BASE64_STANDARD.encode(json_text(&context)?)));
    }
    let qualifier = activity.argument("qualifier");
    if !qualifier.is_null() {
        parameters.insert("Qualifier", qualifier);
    }
    let answer = client.call("Invoke", parameters).await.map_err(|error| {
        Raised::failed(format!("failed invoking function '{}': '{error}'", python::str(&name)))
    })?;
    if let Some(payload) = answer.remove("Payload") {
        answer.insert("Payload", read_payload(payload)?);
    }
    Ok(answer.into())
}

/// What a payload says: the value where it is JSON, else the text.
fn read_payload(payload: Value) -> Result<Value, Raised> {
    let text = match &payload {
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => document::decode(bytes)
                .map_err(|error| Raised::of_class("UnicodeDecodeError", error.message))?
                .to_owned(),
            _ => return Ok(payload),
        },
        Value::Str(text) => text.to_string(),
        _ => return Ok(payload),
    };
    Ok(json::parse(&text).unwrap_or_else(|_| Value::from(text)))
}

pub(super) async fn put_function_concurrency(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let name = activity.argument("function_name");
    if !name.is_truthy() {
        return Err(Raised::failed("you must specify the lambda function name"));
    }
    let parameters = parameters! {
        "FunctionName": name.clone(),
        "ReservedConcurrentExecutions": activity.argument("concurrent_executions"),
    };
    let answer = client.call("PutFunctionConcurrency", parameters).await;
    answer.map(Value::from).map_err(|error| {
        Raised::failed(format!("failed throttling lambda function '{}': '{error}'", python::str(&name)))
    })
}

pub(super) async fn delete_function_concurrency(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    Ok(client.call("DeleteFunctionConcurrency", parameters).await?.into())
}

pub(super) async fn put_function_timeout(activity: &Activity) -> Result<Value, Raised> {
    put_setting(activity, "Timeout", activity.argument("timeout")).await
}

pub(super) async fn put_function_memory_size(activity: &Activity) -> Result<Value, Raised> {
    put_setting(activity, "MemorySize", activity.argument("memory_size")).await
}

async fn put_setting(activity: &Activity, setting: &str, value: Value) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let changes = Map::new();
    if !value.is_null() {
        changes.insert(setting, value);
    }
    Ok(update(&client, activity, changes).await?.into())
}

pub(super) async fn delete_event_source_mapping(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! { "UUID": activity.argument("event_uuid") };
    let answer = client.call("DeleteEventSourceMapping", parameters).await;
    Ok(answer.map_err(refused(str::to_owned))?.into())
}

pub(super) async fn toggle_event_source_mapping_state(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! {
        "UUID": activity.argument("event_uuid"),
        "Enabled": activity.argument("enabled"),
    };
    let answer = client.call("UpdateEventSourceMapping", parameters).await;
    Ok(answer.map_err(refused(str::to_owned))?.into())
}

pub(super) async fn add_layer(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let changes = parameters! { "Layers": Value::list([activity.argument("layer")]) };
    Ok(update(&client, activity, changes).await.map_err(refused(str::to_owned))?.into())
}

pub(super) async fn remove_layer(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    let configuration =
        client.call("GetFunctionConfiguration", parameters).await.map_err(refused(str::to_owned))?;
    let changes = parameters! { "Layers": layers_without(&configuration, &activity.argument("layer"))? };
    Ok(update(&client, activity, changes).await.map_err(refused(str::to_owned))?.into())
}
