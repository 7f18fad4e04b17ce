//! Caches that reboot, fail over, or cannot be reached.

use squall_model::Value;

use super::compute::healthy_targets;
use super::parts::{
    Experiment, PAUSE, action, action_then_pause, document, expectation, function, operation, probe, sequence,
};
use super::{Draft, Drafts, file_name};
use crate::inventory::{Cache, LoadBalancer};

/// What happens when a cache reboots, fails over, or times out.
pub(super) fn cache(drafts: &mut Drafts, region: &str, cache: &Cache, balancers: &[LoadBalancer]) {
    let name = cache.name.as_str();
    if cache.status != "available" {
        let title = format!("What happens when the cache {name} reboots or times out?");
        drafts.skip(title, format!("the hypothesis does not hold now: {name} is {}", cache.status));
        return;
    }
    reboots(drafts, region, cache);
    fails_over(drafts, region, cache);
    times_out(drafts, region, cache, balancers);
}

/// The probe that says whether the cache is available.
fn available(cache: &Cache) -> Value {
    let name = cache.name.as_str();
    let provider = if cache.replicated {
        operation(
            "elasticache",
            "DescribeReplicationGroups",
            document! { "ReplicationGroupId": name },
            [("query", "ReplicationGroups[0].Status".into())],
        )
    } else {
        operation(
            "elasticache",
            "DescribeCacheClusters",
            document! { "CacheClusterId": name },
            [("query", "CacheClusters[0].CacheClusterStatus".into())],
        )
    };
    expectation("The cache is available", "available", provider)
}

/// The activity that waits until the cache is available.
fn until_available(cache: &Cache) -> Value {
    let name = cache.name.as_str();
    let provider = if cache.replicated {
        operation(
            "elasticache",
            "DescribeReplicationGroups",
            document! { "ReplicationGroupId": name },
            [("wait", "replication_group_available".into()), ("query", "ReplicationGroups[0].Status".into())],
        )
    } else {
        operation(
            "elasticache",
            "DescribeCacheClusters",
            document! { "CacheClusterId": name },
            [
                ("wait", "cache_cluster_available".into()),
                ("query", "CacheClusters[0].CacheClusterStatus".into()),
            ],
        )
    };
    action("The cache is back", provider)
}

fn reboots(drafts: &mut Drafts, region: &str, cache: &Cache) {
    let name = cache.name.as_str();
    let title = format!("What happens when the cache {name} reboots?");
    if cache.node_groups.len() > 1 {
        drafts.skip(title, "ElastiCache does not reboot groups of several shards");
        return;
    }
    let Some(node) =
        cache.node_groups.first().and_then(|shard| shard.primary.as_ref()).or(cache.clusters.first())
    else {
        drafts.skip(title, format!("{name} has no nodes"));
        return;
    };
    let method = vec![
        action_then_pause(
            "The cache reboots",
            PAUSE,
            function(
                "elasticache.actions",
                "reboot_cache_clusters",
                document! { "cluster_ids": sequence![node.as_str()] },
            ),
        ),
        until_available(cache),
    ];
    let experiment = Experiment {
        region,
        title: &title,
        description: "What it held is gone after a reboot. The services that use it shall fill it again, slower at \
                      first, without errors.",
        hypothesis: vec![available(cache)],
        method,
        rollbacks: vec![until_available(cache)],
    };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["cache", name, "reboots"]), title, document });
}

fn fails_over(drafts: &mut Drafts, region: &str, cache: &Cache) {
    if !cache.replicated {
        return;
    }
    let name = cache.name.as_str();
    let title = format!("Does the cache {name} fail over cleanly?");
    let Some(shard) = cache.node_groups.iter().find(|shard| !shard.replicas.is_empty()) else {
        drafts.skip(title, format!("{name} has no replica"));
        return;
    };
    if !cache.fails_over {
        drafts.skip(title, format!("automatic failover of {name} is not enabled"));
        return;
    }
    let roles = format!("ReplicationGroups[0].NodeGroups[?NodeGroupId=='{}'].NodeGroupMembers[]", shard.id);
    let method = vec![
        action_then_pause(
            "The primary fails",
            PAUSE,
            function(
                "elasticache.actions",
                "test_failover",
                document! { "replication_group_id": name, "node_group_id": shard.id.as_str() },
            ),
        ),
        until_available(cache),
        probe(
            "Who is primary afterwards",
            operation(
                "elasticache",
                "DescribeReplicationGroups",
                document! { "ReplicationGroupId": name },
                [("query", format!("{roles}.{{node: CacheClusterId, role: CurrentRole}}").into())],
            ),
        ),
    ];
    let experiment = Experiment {
        region,
        title: &title,
        description: "A replica shall take over, and the services that use the cache shall find it. AWS allows five \
                      such tests of a shard a day.",
        hypothesis: vec![available(cache)],
        method,
        rollbacks: vec![until_available(cache)],
    };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["cache", name, "fails-over"]), title, document });
}

fn times_out(drafts: &mut Drafts, region: &str, cache: &Cache, balancers: &[LoadBalancer]) {
    let name = cache.name.as_str();
    let title = format!("What happens when the cache {name} times out?");
    if cache.ingress.is_empty() {
        let port = cache.port.map_or_else(|| "its port".to_owned(), |port| format!("port {port}"));
        drafts.skip(title, format!("no rule of its security groups names {port} of TCP"));
        return;
    }
    let call = |what: &str| -> Vec<Value> {
        cache
            .ingress
            .iter()
            .map(|rule| {
                let arguments = document! {
                    "GroupId": rule.security_group.as_str(),
                    "IpPermissions": sequence![rule.permission.clone()],
                };
                operation("ec2", what, arguments, [])
            })
            .collect()
    };
    let revoked = call("RevokeSecurityGroupIngress");
    let last = revoked.len() - 1;
    let method = revoked.into_iter().enumerate().map(|(index, provider)| {
        let label = "The network lets nothing through to the cache";
        if index == last { action_then_pause(label, PAUSE, provider) } else { action(label, provider) }
    });
    let mut hypothesis = vec![available(cache)];
    hypothesis.extend(healthy_targets(balancers, |_| true));
    let experiment = Experiment {
        region,
        title: &title,
        description: "Nobody but the users of this cache shall notice. Connections that are open already may live on \
                      until they are idle, since security groups follow connections; restart a client to see the \
                      worst. The rules come back in the rollbacks.",
        hypothesis,
        method: method.collect(),
        rollbacks: call("AuthorizeSecurityGroupIngress")
            .into_iter()
            .map(|provider| action("The network lets the cache's users through again", provider))
            .collect(),
    };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["cache", name, "times-out"]), title, document });
}
