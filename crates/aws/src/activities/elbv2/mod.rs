//! Elastic Load Balancing, version 2: load balancers, target groups and their targets.

mod actions;
mod balancers;
mod probes;
mod targets;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.elbv2.actions";
const PROBES: &str = "chaosaws.elbv2.probes";

const LOAD_BALANCER_ARN: Parameter = Parameter::required("load_balancer_arn", "str");
const LOAD_BALANCER_NAMES: Parameter = Parameter::required("load_balancer_names", "List[str]");
const TARGET_GROUPS: Parameter = Parameter::required("tg_names", "List[str]");

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "delete_load_balancer",
        kind: Kind::Action,
        about: "Deletes the application and network load balancers of these names.",
        parameters: &[LOAD_BALANCER_NAMES],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(actions::delete_load_balancer(activity)),
    },
    Function {
        module: ACTIONS,
        name: "deregister_target",
        kind: Kind::Action,
        about: "Takes a random target out of a target group.",
        parameters: &[Parameter::required("tg_name", "str")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::deregister_target(activity)),
    },
    Function {
        module: ACTIONS,
        name: "enable_access_log",
        kind: Kind::Action,
        about: "Switches the access log of a load balancer on, into a bucket, or off, which is the default. \
                Gives whether it is on now.",
        parameters: &[
            LOAD_BALANCER_ARN,
            Parameter::optional("enable", "bool", "false"),
            Parameter::optional("bucket_name", "str", "null"),
        ],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(actions::enable_access_log(activity)),
    },
    Function {
        module: ACTIONS,
        name: "set_security_groups",
        kind: Kind::Action,
        about: "Replaces the security groups of application load balancers.",
        parameters: &[LOAD_BALANCER_NAMES, Parameter::required("security_group_ids", "List[str]")],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::set_security_groups(activity)),
    },
    Function {
        module: ACTIONS,
        name: "set_subnets",
        kind: Kind::Action,
        about: "Replaces the subnets of application load balancers.",
        parameters: &[LOAD_BALANCER_NAMES, Parameter::required("subnet_ids", "List[str]")],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::set_subnets(activity)),
    },
    Function {
        module: PROBES,
        name: "all_targets_healthy",
        kind: Kind::Probe,
        about: "Whether all targets of the target groups are healthy.",
        parameters: &[TARGET_GROUPS],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::all_targets_healthy(activity)),
    },
    Function {
        module: PROBES,
        name: "is_access_log_enabled",
        kind: Kind::Probe,
        about: "Whether the access log of a load balancer is on.",
        parameters: &[LOAD_BALANCER_ARN],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::is_access_log_enabled(activity)),
    },
    Function {
        module: PROBES,
        name: "targets_health_count",
        kind: Kind::Probe,
        about: "How many targets of each target group are in which state.",
        parameters: &[TARGET_GROUPS],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::targets_health_count(activity)),
    },
];
