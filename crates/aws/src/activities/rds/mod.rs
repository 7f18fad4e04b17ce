//! RDS: database instances and (Aurora) clusters.

mod actions;
mod probes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.rds.actions";
const PROBES: &str = "chaosaws.rds.probes";

const DB_CLUSTER: Parameter = Parameter::required("db_cluster_identifier", "str");
const DB_INSTANCE: Parameter = Parameter::required("db_instance_identifier", "str");
const SKIP_FINAL_SNAPSHOT: Parameter = Parameter::optional("skip_final_snapshot", "bool", "true");
const SNAPSHOT: Parameter = Parameter::optional("db_snapshot_identifier", "str", "null");
const FILTERS: Parameter = Parameter::optional("filters", "List[Dict[str, Any]]", "null");

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "delete_db_cluster",
        kind: Kind::Action,
        about: "Deletes a cluster, with a last snapshot where `skip_final_snapshot` is false.",
        parameters: &[DB_CLUSTER, SKIP_FINAL_SNAPSHOT, SNAPSHOT],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_db_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_db_cluster_endpoint",
        kind: Kind::Action,
        about: "Deletes the custom endpoint of a cluster.",
        parameters: &[DB_CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_db_cluster_endpoint(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_db_instance",
        kind: Kind::Action,
        about: "Deletes an instance, with a last snapshot where `skip_final_snapshot` is false; its automated \
                backups go with it unless `delete_automated_backups` is false.",
        parameters: &[
            DB_INSTANCE,
            SKIP_FINAL_SNAPSHOT,
            SNAPSHOT,
            Parameter::optional("delete_automated_backups", "bool", "true"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_db_instance(activity)),
    },
    Function {
        module: ACTIONS,
        name: "failover_db_cluster",
        kind: Kind::Action,
        about: "Fails a cluster over to the replica `target_db_instance_identifier`.",
        parameters: &[DB_CLUSTER, Parameter::optional("target_db_instance_identifier", "str", "null")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::failover_db_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "reboot_db_instance",
        kind: Kind::Action,
        about: "Reboots an instance, with a failover to another availability zone where `force_failover` is true.",
        parameters: &[DB_INSTANCE, Parameter::optional("force_failover", "bool", "false")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::reboot_db_instance(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_db_cluster",
        kind: Kind::Action,
        about: "Stops a cluster.",
        parameters: &[DB_CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::stop_db_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_db_instance",
        kind: Kind::Action,
        about: "Stops an instance, after a snapshot where it has a name.",
        parameters: &[DB_INSTANCE, SNAPSHOT],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::stop_db_instance(activity)),
    },
    Function {
        module: PROBES,
        name: "cluster_membership_count",
        kind: Kind::Probe,
        about: "How many instances a cluster has.",
        parameters: &[Parameter::required("cluster_id", "str")],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::cluster_membership_count(activity)),
    },
    Function {
        module: PROBES,
        name: "cluster_status",
        kind: Kind::Probe,
        about: "The status of a cluster, or of those that the filters match: one text where all have the same, \
                else a list of those that occur.",
        parameters: &[Parameter::optional("cluster_id", "str", "null"), FILTERS],
        returns: "Union[str, List[str]]",
        discovered: true,
        run: |activity| Box::pin(probes::cluster_status(activity)),
    },
    Function {
        module: PROBES,
        name: "instance_status",
        kind: Kind::Probe,
        about: "The status of an instance, or of those that the filters match: one text where all have the same, \
                else a list of those that occur.",
        parameters: &[Parameter::optional("instance_id", "str", "null"), FILTERS],
        returns: "Union[str, List[str]]",
        discovered: true,
        run: |activity| Box::pin(probes::instance_status(activity)),
    },
];
