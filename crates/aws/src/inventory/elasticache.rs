//! Caches of ElastiCache: replication groups, and clusters that stand alone.

use squall_model::{Map, Value};

use super::network::{self, IngressRule};
use super::{counted, inner, listed, strings, text};
use crate::activities::support::parameters;
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// A cache: a replication group, or a cluster that stands alone.
#[derive(Debug, Default)]
pub struct Cache {
    /// The id of the replication group or of the cluster.
    pub name: String,
    /// Whether it is a replication group.
    pub replicated: bool,
    /// `redis`, `valkey`, `memcached`.
    pub engine: String,
    /// `available` when all is well.
    pub status: String,
    /// Whether a replica takes over by itself.
    pub fails_over: bool,
    /// The ids of its clusters (nodes).
    pub clusters: Vec<String>,
    /// The shards of a replication group.
    pub node_groups: Vec<NodeGroup>,
    /// The port that it listens on.
    pub port: Option<i64>,
    /// The rules that let traffic to its port.
    pub ingress: Vec<IngressRule>,
}

/// A shard of a replication group.
#[derive(Debug, Default)]
pub struct NodeGroup {
    /// Its id: `0001`.
    pub id: String,
    /// The cluster that takes writes.
    pub primary: Option<String>,
    /// Clusters that could take over.
    pub replicas: Vec<String>,
}

/// All caches, with the rules of the network that let traffic to them.
pub(super) async fn all(session: &Session, scope: &Scope) -> Result<Vec<Cache>, AwsError> {
    let client = session.client("elasticache", scope).await?;
    let groups = listed(&client, "DescribeReplicationGroups", Map::new(), "ReplicationGroups").await?;
    let with_nodes = parameters! { "ShowCacheNodeInfo": true };
    let clusters = listed(&client, "DescribeCacheClusters", with_nodes, "CacheClusters").await?;
    let mut found: Vec<(Cache, Vec<String>)> =
        groups.iter().map(|group| replicated(group, &clusters)).collect();
    found.extend(clusters.iter().filter(|cluster| text(cluster, "ReplicationGroupId").is_empty()).map(alone));
    let mut wanted: Vec<String> =
        found.iter().flat_map(|(_, security_groups)| security_groups.clone()).collect();
    wanted.sort();
    wanted.dedup();
    let rules = network::ingress(session, scope, &wanted).await?;
    Ok(found
        .into_iter()
        .map(|(mut cache, security_groups)| {
            cache.ingress = rules
                .iter()
                .filter(|rule| security_groups.contains(&rule.security_group))
                .filter(|rule| cache.port.is_some_and(|port| rule.lets_in(port)))
                .cloned()
                .collect();
            cache
        })
        .collect())
}

fn replicated(group: &Map, clusters: &[Map]) -> (Cache, Vec<String>) {
    let name = text(group, "ReplicationGroupId");
    let members: Vec<&Map> =
        clusters.iter().filter(|cluster| text(cluster, "ReplicationGroupId") == name).collect();
    let first = members.first();
    let shards = inner(group, "NodeGroups");
    let endpoint = shards.first().and_then(|shard| {
        port_of(shard, "PrimaryEndpoint").or_else(|| port_of(group, "ConfigurationEndpoint"))
    });
    let engine = text(group, "Engine");
    let cache = Cache {
        engine: if engine.is_empty() {
            first.map_or_else(String::new, |one| text(one, "Engine"))
        } else {
            engine
        },
        status: text(group, "Status"),
        fails_over: text(group, "AutomaticFailover") == "enabled",
        clusters: super::texts(group, "MemberClusters"),
        node_groups: shards.iter().map(shard).collect(),
        port: endpoint.or_else(|| first.and_then(|one| port(one))),
        ingress: Vec::new(),
        replicated: true,
        name,
    };
    (cache, first.map_or_else(Vec::new, |one| security_groups(one)))
}

fn shard(shard: &Map) -> NodeGroup {
    let members = inner(shard, "NodeGroupMembers");
    let named = |role: &str| -> Vec<String> {
        members
            .iter()
            .filter(|member| text(member, "CurrentRole") == role)
            .map(|member| text(member, "CacheClusterId"))
            .collect()
    };
    NodeGroup {
        id: text(shard, "NodeGroupId"),
        primary: named("primary").into_iter().next(),
        replicas: named("replica"),
    }
}

fn alone(cluster: &Map) -> (Cache, Vec<String>) {
    let name = text(cluster, "CacheClusterId");
    let cache = Cache {
        clusters: vec![name.clone()],
        name,
        engine: text(cluster, "Engine"),
        status: text(cluster, "CacheClusterStatus"),
        port: port(cluster),
        ..Cache::default()
    };
    (cache, security_groups(cluster))
}

fn security_groups(cluster: &Map) -> Vec<String> {
    inner(cluster, "SecurityGroups").iter().map(|group| text(group, "SecurityGroupId")).collect()
}

/// The port of a cluster: of the cluster as a whole (Memcached), else of its first node.
fn port(cluster: &Map) -> Option<i64> {
    port_of(cluster, "ConfigurationEndpoint")
        .or_else(|| inner(cluster, "CacheNodes").first().and_then(|node| port_of(node, "Endpoint")))
}

fn port_of(map: &Map, endpoint: &str) -> Option<i64> {
    match map.get(endpoint)?.get("Port")? {
        Value::Int(port) => port.to_i64(),
        _ => None,
    }
}

impl Cache {
    pub(super) fn to_value(&self) -> Value {
        let shard = |shard: &NodeGroup| {
            Value::map([
                ("id", Value::from(shard.id.as_str())),
                ("primary", shard.primary.as_deref().map_or(Value::Null, Value::from)),
                ("replicas", strings(&shard.replicas)),
            ])
        };
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("replicated", self.replicated.into()),
            ("engine", self.engine.as_str().into()),
            ("status", self.status.as_str().into()),
            ("fails_over", self.fails_over.into()),
            ("clusters", strings(&self.clusters)),
            ("node_groups", Value::list(self.node_groups.iter().map(shard))),
            ("port", self.port.map_or(Value::Null, Value::from)),
            ("ingress", Value::list(self.ingress.iter().map(IngressRule::to_value))),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let replicas: usize = self.node_groups.iter().map(|shard| shard.replicas.len()).sum();
        let partner = match (self.replicated, self.fails_over) {
            (true, true) if replicas > 0 => format!("fails over to {}", counted(replicas, "replica")),
            (true, true) => "fails over by itself".to_owned(),
            (true, false) => "no automatic failover".to_owned(),
            (false, _) => "no replica".to_owned(),
        };
        let kind = if self.replicated { "ElastiCache group" } else { "ElastiCache cluster" };
        [kind.to_owned(), self.name.clone(), format!("{}, {}", self.status, self.engine), partner]
    }
}
