//! Parameters that botocore changes before it checks them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use squall_model::{Map, OtherKind, Value};

use crate::error::AwsError;
use crate::model::{Operation, Service, Shape};

/// Puts a parameter's value under the name that the model has for it.
pub(super) fn rename(service: &Service, operation: &Operation, parameters: &Map) -> Result<(), AwsError> {
    let (original, alias) = match (service.name, operation.name.as_str()) {
        ("ec2", _) => ("Filter", "Filters"),
        ("logs", "CreateExportTask") => ("from", "fromTime"),
        ("cloudsearchdomain", "Search") => ("return", "returnFields"),
        _ => return Ok(()),
    };
    let input = operation.input.as_ref().and_then(|input| service.shape(&input.shape));
    if !input.is_some_and(|input| input.members.contains_key(original)) || !parameters.contains_key(alias) {
        return Ok(());
    }
    if parameters.contains_key(original) {
        return Err(AwsError::Other {
            class: "botocore.exceptions.AliasConflictParameterError",
            message: format!(
                "Parameter '{original}' and its alias '{alias}' were provided for operation {}.  Only one of them \
                 may be used.",
                operation.name
            ),
        });
    }
    parameters.insert(original, parameters.remove(alias).unwrap_or_default());
    Ok(())
}

/// Gives parameters the form that the service wants.
pub(super) fn prepare(service: &Service, operation: &Operation, input: &Shape, parameters: &Map) {
    match (service.name, operation.name.as_str()) {
        ("ec2", "RunInstances") | ("autoscaling", "CreateLaunchConfiguration") => user_data(parameters),
        ("route53", _) => {
            for (name, member) in &input.members {
                if matches!(member.shape.as_str(), "ResourceId" | "DelegationSetId" | "ChangeId")
                    && let Some(Value::Str(id)) = parameters.get(name)
                {
                    // `/hostedzone/Z1` is `Z1`.
                    let bare = id.rsplit_once('/').map_or(&*id, |(_, bare)| bare);
                    parameters.insert(name.as_str(), Value::from(bare));
                }
            }
        }
        ("glacier", _) if parameters.get("accountId").unwrap_or_default().is_null() => {
            parameters.insert("accountId", Value::from("-"));
        }
        _ => {}
    }
}

fn user_data(parameters: &Map) {
    let encoded = match parameters.get("UserData") {
        Some(Value::Str(text)) => BASE64.encode(text.as_bytes()),
        Some(Value::Other(other)) => match &other.kind {
            OtherKind::Bytes(bytes) => BASE64.encode(bytes),
            _ => return,
        },
        _ => return,
    };
    parameters.insert("UserData", Value::from(encoded));
}
