//! ElastiCache: cache clusters and replication groups.

mod actions;
mod probes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.elasticache.actions";
const PROBES: &str = "chaosaws.elasticache.probes";

const CLUSTER_ID: Parameter = Parameter::required("cluster_id", "str");
const CLUSTER_IDS: Parameter = Parameter::required("cluster_ids", "List[str]");
const FINAL_SNAPSHOT_ID: Parameter = Parameter::optional("final_snapshot_id", "str", "null");
const REPLICATION_GROUP_ID: Parameter = Parameter::required("replication_group_id", "str");

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "delete_cache_clusters",
        kind: Kind::Action,
        about: "Deletes cache clusters, with a last snapshot where it has a name.",
        parameters: &[CLUSTER_IDS, FINAL_SNAPSHOT_ID],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_cache_clusters(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_replication_groups",
        kind: Kind::Action,
        about: "Deletes replication groups, with a last snapshot where it has a name; the primary cluster stays \
                unless `retain_primary_cluster` is false.",
        parameters: &[
            Parameter::required("group_ids", "List[str]"),
            FINAL_SNAPSHOT_ID,
            Parameter::optional("retain_primary_cluster", "bool", "true"),
        ],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_replication_groups(activity)),
    },
    Function {
        module: ACTIONS,
        name: "reboot_cache_clusters",
        kind: Kind::Action,
        about: "Reboots nodes of cache clusters: those of `node_ids`, else all of each cluster.",
        parameters: &[CLUSTER_IDS, Parameter::optional("node_ids", "List[str]", "null")],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::reboot_cache_clusters(activity)),
    },
    Function {
        module: ACTIONS,
        name: "test_failover",
        kind: Kind::Action,
        about: "Fails a node group (shard) of a replication group over to a replica. AWS allows this for five \
                shards in 24 hours.",
        parameters: &[REPLICATION_GROUP_ID, Parameter::required("node_group_id", "str")],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::test_failover(activity)),
    },
    Function {
        module: PROBES,
        name: "count_cache_clusters_from_replication_group",
        kind: Kind::Probe,
        about: "How many cache clusters a replication group has.",
        parameters: &[REPLICATION_GROUP_ID],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::count_cache_clusters_from_replication_group(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_cache_cluster",
        kind: Kind::Probe,
        about: "What AWS says of a cache cluster, with its nodes where `show_node_info` is true.",
        parameters: &[CLUSTER_ID, Parameter::optional("show_node_info", "bool", "false")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_cache_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "get_cache_node_count",
        kind: Kind::Probe,
        about: "How many nodes a cache cluster has.",
        parameters: &[CLUSTER_ID],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::get_cache_node_count(activity)),
    },
    Function {
        module: PROBES,
        name: "get_cache_node_status",
        kind: Kind::Probe,
        about: "The status of a cache cluster, such as `available`.",
        parameters: &[CLUSTER_ID],
        returns: "str",
        discovered: true,
        run: |activity| Box::pin(probes::get_cache_node_status(activity)),
    },
];
