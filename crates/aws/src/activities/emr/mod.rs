//! EMR: clusters, their instance groups and instance fleets.

mod actions;
mod probes;
mod resources;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.emr.actions";
const PROBES: &str = "chaosaws.emr.probes";

const CLUSTER: Parameter = Parameter::required("cluster_id", "str");
const FLEET: Parameter = Parameter::required("fleet_id", "str");
const GROUP: Parameter = Parameter::required("group_id", "str");
const INSTANCE_STATES: Parameter = Parameter::optional("instance_states", "List[str]", "null");

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "modify_cluster",
        kind: Kind::Action,
        about: "Sets how many steps of a cluster run at once, 1 to 256.",
        parameters: &[CLUSTER, Parameter::required("concurrency", "int")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::modify_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "modify_instance_fleet",
        kind: Kind::Action,
        about: "Sets the target capacities of an instance fleet, in units of on-demand and of spot instances.",
        parameters: &[
            CLUSTER,
            FLEET,
            Parameter::optional("on_demand_capacity", "int", "null"),
            Parameter::optional("spot_capacity", "int", "null"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::modify_instance_fleet(activity)),
    },
    Function {
        module: ACTIONS,
        name: "modify_instance_groups_instance_count",
        kind: Kind::Action,
        about: "Sets how many instances an instance group has.",
        parameters: &[CLUSTER, GROUP, Parameter::required("instance_count", "int")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::modify_instance_groups_instance_count(activity)),
    },
    Function {
        module: ACTIONS,
        name: "modify_instance_groups_shrink_policy",
        kind: Kind::Action,
        about: "Sets how an instance group shrinks: which instances go, which stay, and how long each step may \
                take, in seconds.",
        parameters: &[
            CLUSTER,
            GROUP,
            Parameter::optional("decommission_timeout", "int", "null"),
            Parameter::optional("terminate_instances", "List[str]", "null"),
            Parameter::optional("protect_instances", "List[str]", "null"),
            Parameter::optional("termination_timeout", "int", "null"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::modify_instance_groups_shrink_policy(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_cluster",
        kind: Kind::Probe,
        about: "What AWS says of a cluster.",
        parameters: &[CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_instance_fleet",
        kind: Kind::Probe,
        about: "What AWS says of an instance fleet; null under `InstanceFleets` where there is none of that id.",
        parameters: &[CLUSTER, FLEET],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_instance_fleet(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_instance_group",
        kind: Kind::Probe,
        about: "What AWS says of an instance group; null under `InstanceGroups` where there is none of that id.",
        parameters: &[CLUSTER, GROUP],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_instance_group(activity)),
    },
    Function {
        module: PROBES,
        name: "list_cluster_fleet_instances",
        kind: Kind::Probe,
        about: "The instances of an instance fleet.",
        parameters: &[CLUSTER, FLEET, Parameter::optional("fleet_type", "str", "null"), INSTANCE_STATES],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::list_cluster_fleet_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "list_cluster_group_instances",
        kind: Kind::Probe,
        about: "The instances of an instance group.",
        parameters: &[CLUSTER, GROUP, Parameter::optional("group_type", "str", "null"), INSTANCE_STATES],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::list_cluster_group_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "list_emr_clusters",
        kind: Kind::Probe,
        about: "The account's clusters, the first page of them.",
        parameters: &[],
        returns: "Dict[str, Any]",
        discovered: false,
        run: |activity| Box::pin(probes::list_emr_clusters(activity)),
    },
];
