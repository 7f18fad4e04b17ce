//! EKS: clusters.

mod actions;
mod probes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.eks.actions";
const PROBES: &str = "chaosaws.eks.probes";

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "create_cluster",
        kind: Kind::Action,
        about: "Creates a cluster.",
        parameters: &[
            Parameter::required("name", "str"),
            Parameter::required("role_arn", "str"),
            Parameter::required("vpc_config", "Dict[str, Any]"),
            Parameter::optional("version", "str", "null"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::create_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_cluster",
        kind: Kind::Action,
        about: "Deletes a cluster.",
        parameters: &[Parameter::optional("name", "str", "null")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_cluster",
        kind: Kind::Probe,
        about: "What AWS says of a cluster; null where there is none of that name.",
        parameters: &[Parameter::required("name", "str")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "list_clusters",
        kind: Kind::Probe,
        about: "The names of the account's clusters.",
        parameters: &[],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::list_clusters(activity)),
    },
];
