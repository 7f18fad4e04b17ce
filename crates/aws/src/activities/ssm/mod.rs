//! Systems Manager: documents, commands and parameters.

mod actions;
mod content;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.ssm.actions";

const RESPONSE: &str = "Dict[str, Any]";

const NAME: Parameter = Parameter::required("name", "str");
const VERSION_NAME: Parameter = Parameter::optional("version_name", "str", "null");

/// The functions, in the order that discovery lists them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "create_document",
        kind: Kind::Action,
        about: "Creates a document from the file at the path `path_content`.",
        parameters: &[
            Parameter::required("path_content", "str"),
            NAME,
            VERSION_NAME,
            Parameter::optional("document_type", "str", "null"),
            Parameter::optional("document_format", "str", "null"),
        ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(actions::create_document(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_document",
        kind: Kind::Action,
        about: "Deletes a document, or one version of it.",
        parameters: &[NAME, VERSION_NAME, Parameter::optional("force", "bool", "true")],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(actions::delete_document(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_parameter",
        kind: Kind::Action,
        about: "Adds a parameter to the store, or changes it.",
        parameters: &[
            NAME,
            Parameter::required("value", "str"),
            Parameter::optional("description", "str", "null"),
            Parameter::optional("type", "str", "null"),
            Parameter::optional("key_id", "str", "null"),
            Parameter::optional("overwrite", "bool", "false"),
            Parameter::optional("allowed_pattern", "str", "null"),
            Parameter::optional("tags", "List[Dict[str, str]]", "null"),
            Parameter::optional("tier", "str", "null"),
            Parameter::optional("policies", "str", "null"),
            Parameter::optional("data_type", "str", "null"),
        ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(actions::put_parameter(activity)),
    },
    Function {
        module: ACTIONS,
        name: "send_command",
        kind: Kind::Action,
        about: "Runs a document's commands on managed instances. The `region` is that of the configuration: the \
                argument of that name changes nothing.",
        parameters: &[
            Parameter::required("document_name", "str"),
            Parameter::optional("targets", "List[Dict[str, Any]]", "null"),
            Parameter::optional("document_version", "str", "null"),
            Parameter::optional("parameters", "Dict[str, Any]", "null"),
            Parameter::optional("timeout_seconds", "int", "null"),
            Parameter::optional("max_concurrency", "str", "null"),
            Parameter::optional("max_errors", "str", "null"),
            Parameter::optional("region", "str", "null"),
        ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(actions::send_command(activity)),
    },
];
