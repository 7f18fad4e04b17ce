//! Documents, commands and parameters.

use squall_model::{Map, Value, python};

use super::content;
use crate::activities::support::{items, parameters, refused};
use crate::activity::{Activity, Raised};

/// `create_document`.
pub(super) async fn create_document(activity: &Activity) -> Result<Value, Raised> {
    if !activity.given("path_content") && !activity.given("name") {
        return Err(Raised::failed("To create a document,you must specify the  content and name"));
    }
    let content = content::read(&activity.argument("path_content"))?;
    let name = activity.argument("name");
    let kind = content::kind(&content);
    let document = parameters! { "Content": content, "Name": name.clone() };
    add_given(
        activity,
        &document,
        &[
            ("version_name", "VersionName"),
            ("document_type", "DocumentType"),
            ("document_format", "DocumentFormat"),
        ],
    );
    // A document without a type may be refused, or taken for one of another type.
    if let (false, Some(kind)) = (document.contains_key("DocumentType"), kind) {
        document.insert("DocumentType", Value::from(kind));
    }
    call(activity, "CreateDocument", document, |message| {
        format!("Failed to create document '{}': '{message}'", python::str(&name))
    })
    .await
}

/// `send_command`.
pub(super) async fn send_command(activity: &Activity) -> Result<Value, Raised> {
    let name = activity.argument("document_name");
    if !name.is_truthy() {
        return Err(Raised::failed("To run commands,you must specify the document_name"));
    }
    let command = parameters! { "DocumentName": name.clone() };
    add_given(
        activity,
        &command,
        &[
            ("document_version", "DocumentVersion"),
            ("targets", "Targets"),
            ("timeout_seconds", "TimeoutSeconds"),
            ("parameters", "Parameters"),
            ("max_concurrency", "MaxConcurrency"),
            ("max_errors", "MaxErrors"),
        ],
    );
    call(activity, "SendCommand", command, |message| {
        format!("Failed to send command for document  '{}': '{message}'", python::str(&name))
    })
    .await
}

/// `delete_document`.
pub(super) async fn delete_document(activity: &Activity) -> Result<Value, Raised> {
    let name = activity.argument("name");
    // The reference asks for any true item of the name: for any character.
    if !items(&name)?.iter().any(Value::is_truthy) {
        return Err(Raised::failed("To create a document,you must specify the  name"));
    }
    let document = parameters! { "Name": name.clone(), "Force": activity.argument("force") };
    if activity.given("version_name") {
        document.insert("VersionName", activity.argument("version_name"));
    }
    call(activity, "DeleteDocument", document, |message| {
        format!("Failed to delete  document '{}': '{message}'", python::str(&name))
    })
    .await
}

/// `put_parameter`.
pub(super) async fn put_parameter(activity: &Activity) -> Result<Value, Raised> {
    let name = activity.argument("name");
    if !name.is_truthy() {
        return Err(Raised::failed("To create a parameter, you must specify the name"));
    }
    if !activity.given("value") {
        return Err(Raised::failed("To create a parameter, you must specify the value"));
    }
    let parameter = parameters! { "Name": name.clone() };
    add_given(
        activity,
        &parameter,
        &[
            ("description", "Description"),
            ("value", "Value"),
            ("type", "Type"),
            ("key_id", "KeyId"),
            ("overwrite", "Overwrite"),
            ("allowed_pattern", "AllowedPattern"),
            ("tags", "Tags"),
            ("tier", "Tier"),
            ("policies", "Policies"),
            ("data_type", "DataType"),
        ],
    );
    call(activity, "PutParameter", parameter, |message| {
        format!("Failed to put  parameter '{}': '{message}'", python::str(&name))
    })
    .await
}

/// Adds the arguments that are not null: the service takes no nulls.
fn add_given(activity: &Activity, parameters: &Map, names: &[(&str, &str)]) {
    for (argument, name) in names {
        let value = activity.argument(argument);
        if !value.is_null() {
            parameters.insert(*name, value);
        }
    }
}

async fn call(
    activity: &Activity,
    operation: &str,
    parameters: Map,
    refusal: impl FnOnce(&str) -> String,
) -> Result<Value, Raised> {
    let client = activity.client("ssm").await?;
    client.call(operation, parameters).await.map(Value::Map).map_err(refused(refusal))
}
