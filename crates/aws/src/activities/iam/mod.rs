//! IAM: managed policies, and what they are attached to.

mod actions;
mod probes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.iam.actions";
const ANSWER: &str = "Dict[str, Any]";

const ARN: Parameter = Parameter::required("arn", "str");
const ROLE: Parameter = Parameter::required("role_name", "str");

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "attach_role_policy",
        kind: Kind::Action,
        about: "Attaches a managed policy to a role.",
        parameters: &[ARN, ROLE],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::attach_role_policy(activity)),
    },
    Function {
        module: ACTIONS,
        name: "create_policy",
        kind: Kind::Action,
        about: "Makes a managed policy of a policy document.",
        parameters: &[
            Parameter::required("name", "str"),
            Parameter::required("policy", "Dict[str, Any]"),
            Parameter::optional("path", "str", r#""/""#),
            Parameter::optional("description", "str", r#""""#),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::create_policy(activity)),
    },
    Function {
        module: ACTIONS,
        name: "detach_role_policy",
        kind: Kind::Action,
        about: "Detaches a managed policy from a role.",
        parameters: &[ARN, ROLE],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::detach_role_policy(activity)),
    },
    Function {
        module: "chaosaws.iam.probes",
        name: "get_policy",
        kind: Kind::Probe,
        about: "A managed policy, by its ARN.",
        parameters: &[ARN],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::get_policy(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "iam";
