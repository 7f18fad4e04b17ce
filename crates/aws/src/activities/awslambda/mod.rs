//! Lambda: invocations, concurrency, configuration, layers, and faults by the Chaos Lambda Extension.

mod actions;
mod extension;
mod probes;

use crate::activities::support::{member, optional_entries, parameters};
use crate::activity::{Activity, Function, Kind, Parameter, Raised};
use crate::client::Client;
use crate::error::AwsError;
use squall_model::{Map, Value};

const ACTIONS: &str = "chaosaws.awslambda.actions";
const PROBES: &str = "chaosaws.awslambda.probes";
const ANSWER: &str = "Dict[str, Any]";

/// The function that an activity is about.
const NAME: Parameter = Parameter::required("function_name", "str");
/// A version or an alias of it.
const QUALIFIER: Parameter = Parameter::optional("qualifier", "str", "null");
/// The layer that holds the extension.
const EXTENSION: Parameter = Parameter::optional(
    "layer",
    "str",
    r#""arn:aws:lambda:us-east-1:871265522301:layer:chaos-lambda-extension-x86_64-unknown-linux-gnu-release:12""#,
);

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "add_error",
        kind: Kind::Action,
        about: "Makes a function answer with an error now and then, by way of the Chaos Lambda Extension. \
                `body` is the answer as JSON text, `probability` the share of calls that get it.",
        parameters: &[
            NAME,
            Parameter::optional(
                "body",
                "str",
                r#""{\"statusCode\": 500, \"body\": \"Greeting from Chaos Toolkit\"}""#,
            ),
            Parameter::optional("probability", "float", "0.9"),
            EXTENSION,
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(extension::add_error(activity)),
    },
    Function {
        module: ACTIONS,
        name: "add_latency",
        kind: Kind::Action,
        about: "Delays a function's answers now and then, by way of the Chaos Lambda Extension. `latency` is \
                in seconds (1 to 900), `probability` the share of calls that are delayed.",
        parameters: &[
            NAME,
            Parameter::optional("latency", "int", "1"),
            Parameter::optional("probability", "float", "0.9"),
            EXTENSION,
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(extension::add_latency(activity)),
    },
    Function {
        module: ACTIONS,
        name: "add_layer",
        kind: Kind::Action,
        about: "Gives a function this layer, in place of all that it has.",
        parameters: &[NAME, Parameter::required("layer", "str")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::add_layer(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_event_source_mapping",
        kind: Kind::Action,
        about: "Deletes the mapping of an event source to a function.",
        parameters: &[Parameter::required("event_uuid", "str")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::delete_event_source_mapping(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_function_concurrency",
        kind: Kind::Action,
        about: "Takes the limit of concurrent executions away from a function.",
        parameters: &[NAME],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::delete_function_concurrency(activity)),
    },
    Function {
        module: ACTIONS,
        name: "invoke_function",
        kind: Kind::Action,
        about: "Calls a function; the answer's `Payload` is read as JSON where it is JSON.",
        parameters: &[
            NAME,
            Parameter::optional("function_arguments", "Dict[str, Any]", "null"),
            Parameter::optional("invocation_type", "str", r#""RequestResponse""#),
            Parameter::optional("client_context", "Dict[str, Any]", "null"),
            QUALIFIER,
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::invoke_function(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_function_concurrency",
        kind: Kind::Action,
        about: "Throttles a function: reserves this number of concurrent executions for it.",
        parameters: &[NAME, Parameter::required("concurrent_executions", "int")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::put_function_concurrency(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_function_memory_size",
        kind: Kind::Action,
        about: "Sets how much memory a function has, in megabytes.",
        parameters: &[NAME, Parameter::required("memory_size", "int")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::put_function_memory_size(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_function_timeout",
        kind: Kind::Action,
        about: "Sets how long a function may take, in seconds.",
        parameters: &[NAME, Parameter::required("timeout", "int")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::put_function_timeout(activity)),
    },
    Function {
        module: ACTIONS,
        name: "remove_error",
        kind: Kind::Action,
        about: "Undoes `add_error`: takes the layer and the extension's variables away.",
        parameters: &[NAME, EXTENSION],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(extension::remove_error(activity)),
    },
    Function {
        module: ACTIONS,
        name: "remove_latency",
        kind: Kind::Action,
        about: "Undoes `add_latency`: takes the layer and the extension's variables away.",
        parameters: &[NAME, EXTENSION],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(extension::remove_latency(activity)),
    },
    Function {
        module: ACTIONS,
        name: "remove_layer",
        kind: Kind::Action,
        about: "Takes one layer away from a function; the others stay.",
        parameters: &[NAME, Parameter::required("layer", "str")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::remove_layer(activity)),
    },
    Function {
        module: ACTIONS,
        name: "toggle_event_source_mapping_state",
        kind: Kind::Action,
        about: "Enables or disables the mapping of an event source to a function.",
        parameters: &[Parameter::required("event_uuid", "str"), Parameter::required("enabled", "bool")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::toggle_event_source_mapping_state(activity)),
    },
    Function {
        module: PROBES,
        name: "get_function_concurrency",
        kind: Kind::Probe,
        about: "How many concurrent executions are reserved for a function.",
        parameters: &[NAME],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::get_function_concurrency(activity)),
    },
    Function {
        module: PROBES,
        name: "get_function_memory_size",
        kind: Kind::Probe,
        about: "How much memory a function has, in megabytes.",
        parameters: &[NAME, QUALIFIER],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::get_function_memory_size(activity)),
    },
    Function {
        module: PROBES,
        name: "get_function_timeout",
        kind: Kind::Probe,
        about: "How long a function may take, in seconds.",
        parameters: &[NAME, QUALIFIER],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::get_function_timeout(activity)),
    },
    Function {
        module: PROBES,
        name: "list_event_source_mapping",
        kind: Kind::Probe,
        about: "The mappings of event sources to functions, of one source, one function or both.",
        parameters: &[
            Parameter::optional("source_arn", "str", "null"),
            Parameter::optional("function_name", "str", "null"),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::list_event_source_mapping(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "lambda";

/// Gives the function that the activity is about another configuration.
async fn update(client: &Client, activity: &Activity, changes: Map) -> Result<Map, AwsError> {
    let parameters = parameters! { "FunctionName": activity.argument("function_name") };
    for (name, value) in changes.entries() {
        parameters.insert(name, value);
    }
    client.call("UpdateFunctionConfiguration", parameters).await
}

/// The ARNs of a configuration's layers, without one of that ARN.
///
/// The reference sends the layers as they were described where ARNs are wanted, so that a function with
/// a second layer could not be changed.
fn layers_without(configuration: &Map, layer: &Value) -> Result<Value, Raised> {
    let mut arns = Vec::new();
    let mut found = false;
    for described in optional_entries(configuration, "Layers")? {
        let arn = member(&described, "Arn")?;
        if !found && arn == *layer {
            found = true;
        } else {
            arns.push(arn);
        }
    }
    Ok(Value::list(arns))
}
