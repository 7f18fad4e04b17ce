//! Databases that fail over.

use squall_model::Value;

use super::parts::{
    Experiment, PAUSE, action, action_then_pause, document, expectation, function, operation, probe,
};
use super::{Draft, Drafts, file_name};
use crate::inventory::{Cluster, Database};

/// Does a cluster fail over cleanly?
pub(super) fn cluster(drafts: &mut Drafts, region: &str, cluster: &Cluster) {
    let name = cluster.name.as_str();
    let title = format!("Does the database {name} fail over cleanly?");
    let (Some(writer), Some(reader)) = (&cluster.writer, cluster.readers.first()) else {
        drafts.skip(title, format!("{name} has no reader that could take over"));
        return;
    };
    if cluster.status != "available" {
        drafts.skip(title, format!("the hypothesis does not hold now: {name} is {}", cluster.status));
        return;
    }
    let failover = |target: &str| {
        function(
            "rds.actions",
            "failover_db_cluster",
            document! { "db_cluster_identifier": name, "target_db_instance_identifier": target },
        )
    };
    let members = |query: &str| -> Value {
        operation(
            "rds",
            "DescribeDBClusters",
            document! { "DBClusterIdentifier": name },
            [("query", query.into())],
        )
    };
    let hypothesis = vec![
        expectation(
            "The cluster is available",
            "available",
            function("rds.probes", "cluster_status", document! { "cluster_id": name }),
        ),
        expectation(
            "One member takes writes",
            1,
            members("length(DBClusters[0].DBClusterMembers[?IsClusterWriter])"),
        ),
    ];
    let method = vec![
        action_then_pause("The writer fails", PAUSE, failover(reader)),
        probe(
            "Who takes writes afterwards",
            members("DBClusters[0].DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier | [0]"),
        ),
    ];
    let experiment = Experiment {
        region,
        title: &title,
        description: "A reader shall take over within a minute, and the services that write shall connect again.",
        hypothesis,
        method,
        rollbacks: vec![action("The first writer takes over again", failover(writer))],
    };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["rds", name, "fails-over"]), title, document });
}

/// Does a database with a standby fail over cleanly?
pub(super) fn database(drafts: &mut Drafts, region: &str, database: &Database) {
    if database.cluster.is_some() {
        return;
    }
    let name = database.name.as_str();
    let title = format!("Does the database {name} fail over cleanly?");
    if !database.multi_az {
        drafts.skip(title, format!("{name} has no standby in another zone"));
        return;
    }
    if database.status != "available" {
        drafts.skip(title, format!("the hypothesis does not hold now: {name} is {}", database.status));
        return;
    }
    let back = || {
        let until = [
            ("wait", Value::from("db_instance_available")),
            ("query", "DBInstances[0].AvailabilityZone".into()),
        ];
        operation("rds", "DescribeDBInstances", document! { "DBInstanceIdentifier": name }, until)
    };
    let method = vec![
        action_then_pause(
            "The primary fails",
            PAUSE,
            function(
                "rds.actions",
                "reboot_db_instance",
                document! { "db_instance_identifier": name, "force_failover": true },
            ),
        ),
        probe("The zone that serves afterwards", back()),
    ];
    let experiment = Experiment {
        region,
        title: &title,
        description: "The standby shall take over within two minutes, and the services that use the database shall \
                      connect again.",
        hypothesis: vec![expectation(
            "The database is available",
            "available",
            function("rds.probes", "instance_status", document! { "instance_id": name }),
        )],
        method,
        rollbacks: vec![action("The database is available", back())],
    };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["rds", name, "fails-over"]), title, document });
}
