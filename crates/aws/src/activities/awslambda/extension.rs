//! Faults inside a function, by way of the
//! [Chaos Lambda Extension](https://github.com/aws-cli-tools/chaos-lambda-extension): a layer, and
//! environment variables that say what it is to do.

use squall_model::{Map, Value, python};

use super::{SERVICE, layers_without, update};
use crate::activities::support::{parameters, refused};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// Starts the function through the extension.
const WRAPPER: &str = "AWS_LAMBDA_EXEC_WRAPPER";
/// Marks a function that an experiment has changed.
const MARK: &str = "CHAOSTOOLKIT_EXPERIMENT";

const LATENCY: &str = "CHAOS_EXTENSION__LAMBDA__ENABLE_LATENCY";
const LATENCY_VALUE: &str = "CHAOS_EXTENSION__LAMBDA__LATENCY_VALUE";
const LATENCY_PROBABILITY: &str = "CHAOS_EXTENSION__LAMBDA__LATENCY_PROBABILITY";

const RESPONSE: &str = "CHAOS_EXTENSION__RESPONSE__ENABLE_CHANGE_RESPONSE_BODY";
const RESPONSE_BODY: &str = "CHAOS_EXTENSION__RESPONSE__DEFAULT_RESPONSE";
const RESPONSE_PROBABILITY: &str = "CHAOS_EXTENSION__RESPONSE__CHANGE_RESPONSE_PROBABILITY";

pub(super) async fn add_latency(activity: &Activity) -> Result<Value, Raised> {
    let settings = [
        (LATENCY, "true".to_owned()),
        (LATENCY_VALUE, python::str(&activity.argument("latency"))),
        (LATENCY_PROBABILITY, python::str(&activity.argument("probability"))),
    ];
    add(activity, settings).await
}

pub(super) async fn remove_latency(activity: &Activity) -> Result<Value, Raised> {
    // The value stays behind, as in the reference: it means nothing without the rest.
    remove(activity, &[WRAPPER, LATENCY, LATENCY_PROBABILITY, MARK]).await
}

pub(super) async fn add_error(activity: &Activity) -> Result<Value, Raised> {
    let settings = [
        (RESPONSE, "true".to_owned()),
        (RESPONSE_BODY, python::str(&activity.argument("body"))),
        (RESPONSE_PROBABILITY, python::str(&activity.argument("probability"))),
    ];
    add(activity, settings).await
}

pub(super) async fn remove_error(activity: &Activity) -> Result<Value, Raised> {
    remove(activity, &[WRAPPER, RESPONSE, RESPONSE_BODY, RESPONSE_PROBABILITY, MARK]).await
}

/// Puts the extension into the function, with these settings of it; the function's own variables stay.
async fn add(activity: &Activity, settings: [(&str, String); 3]) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let variables = variables(&configuration(&client, activity).await?);
    variables.insert(WRAPPER, Value::from("/opt/bootstrap"));
    variables.insert(MARK, Value::from("true"));
    for (name, value) in settings {
        variables.insert(name, Value::from(value));
    }
    let changes = parameters! {
        "Layers": Value::list([activity.argument("layer")]),
        "Environment": parameters! { "Variables": variables },
    };
    Ok(update(&client, activity, changes).await.map_err(refused(str::to_owned))?.into())
}

/// Takes the extension's layer and these variables out of the function.
async fn remove(activity: &Activity, names: &[&str]) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let configuration = configuration(&client, activity).await?;
    let layers = layers_without(&configuration, &activity.argument("layer"))?;
    let variables = variables(&configuration);
    for name in names {
        variables.remove(name);
    }
    let changes = parameters! { "Layers": layers, "Environment": parameters! { "Variables": variables } };
    Ok(update(&client, activity, changes).await.map_err(refused(str::to_owned))?.into())
}

async fn configuration(client: &Client, activity: &Activity) -> Result<Map, Raised> {
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    client.call("GetFunctionConfiguration", parameters).await.map_err(refused(str::to_owned))
}

/// A function's environment variables; a mapping of their own.
fn variables(configuration: &Map) -> Map {
    let variables = configuration.get("Environment").and_then(|environment| environment.get("Variables"));
    variables.as_ref().and_then(Value::as_map).map(Map::shallow_clone).unwrap_or_default()
}
