//! What is in an account that an experiment could touch, and what would take over.

mod asg;
mod ecs;
mod elasticache;
mod elbv2;
mod lambda;
mod network;
mod rds;

use squall_model::{Map, Value};

pub use asg::{Group, Instance};
pub use ecs::Service;
pub use elasticache::{Cache, NodeGroup};
pub use elbv2::{LoadBalancer, TargetGroup};
pub use lambda::Lambda;
pub use network::IngressRule;
pub use rds::{Cluster, Database};

use crate::client::Client;
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// What one region of an account holds.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// Services of ECS.
    pub services: Vec<Service>,
    /// Auto Scaling groups.
    pub groups: Vec<Group>,
    /// Clusters of RDS (Aurora, Multi-AZ).
    pub clusters: Vec<Cluster>,
    /// Databases of RDS.
    pub databases: Vec<Database>,
    /// Caches of ElastiCache.
    pub caches: Vec<Cache>,
    /// Load balancers.
    pub load_balancers: Vec<LoadBalancer>,
    /// Functions of Lambda.
    pub lambdas: Vec<Lambda>,
    /// What could not be looked at, and why.
    pub refused: Vec<Refused>,
}

/// A service that did not let us look.
#[derive(Debug)]
pub struct Refused {
    /// boto3's name of it.
    pub service: &'static str,
    /// What it said.
    pub reason: String,
}

/// Looks through one region. A service that refuses (a permission that is missing) is noted and passed
/// over: the rest is still worth showing.
///
/// # Errors
///
/// Where not even the account's number can be had: no credentials, no connection.
pub async fn take(session: &Session, scope: &Scope) -> Result<Inventory, AwsError> {
    let identity = session.client("sts", scope).await?.call("GetCallerIdentity", Map::new()).await?;
    let mut inventory = Inventory {
        account: text(&identity, "Account"),
        region: session.region(scope)?.to_string(),
        ..Inventory::default()
    };
    let (services, groups, clusters, databases, caches, load_balancers, lambdas) = tokio::join!(
        ecs::all(session, scope),
        asg::all(session, scope),
        rds::clusters(session, scope),
        rds::databases(session, scope),
        elasticache::all(session, scope),
        elbv2::all(session, scope),
        lambda::all(session, scope),
    );
    let refused = &mut inventory.refused;
    inventory.services = or_note("ecs", services, refused);
    inventory.groups = or_note("autoscaling", groups, refused);
    inventory.clusters = or_note("rds", clusters, refused);
    inventory.databases = or_note("rds", databases, refused);
    inventory.caches = or_note("elasticache", caches, refused);
    inventory.load_balancers = or_note("elbv2", load_balancers, refused);
    inventory.lambdas = or_note("lambda", lambdas, refused);
    Ok(inventory)
}

fn or_note<T>(service: &'static str, found: Result<Vec<T>, AwsError>, refused: &mut Vec<Refused>) -> Vec<T> {
    found.unwrap_or_else(|error| {
        let reason = error.to_string();
        if !refused.iter().any(|known| known.service == service && known.reason == reason) {
            refused.push(Refused { service, reason });
        }
        Vec::new()
    })
}

impl Inventory {
    /// The whole as JSON has it.
    pub fn to_value(&self) -> Value {
        let all = |values: Vec<Value>| Value::list(values);
        Value::map([
            ("account", Value::from(self.account.as_str())),
            ("region", self.region.as_str().into()),
            ("ecs_services", all(self.services.iter().map(Service::to_value).collect())),
            ("auto_scaling_groups", all(self.groups.iter().map(Group::to_value).collect())),
            ("rds_clusters", all(self.clusters.iter().map(Cluster::to_value).collect())),
            ("rds_databases", all(self.databases.iter().map(Database::to_value).collect())),
            ("caches", all(self.caches.iter().map(Cache::to_value).collect())),
            ("load_balancers", all(self.load_balancers.iter().map(LoadBalancer::to_value).collect())),
            ("lambda_functions", all(self.lambdas.iter().map(Lambda::to_value).collect())),
            (
                "refused",
                all(self
                    .refused
                    .iter()
                    .map(|refused| {
                        Value::map([
                            ("service", Value::from(refused.service)),
                            ("reason", refused.reason.as_str().into()),
                        ])
                    })
                    .collect()),
            ),
        ])
    }

    /// The whole as rows: kind, name, state, and what takes over when it goes.
    pub fn rows(&self) -> Vec<[String; 4]> {
        let mut rows = Vec::new();
        rows.extend(self.services.iter().map(Service::row));
        rows.extend(self.groups.iter().map(Group::row));
        rows.extend(self.clusters.iter().map(Cluster::row));
        rows.extend(self.databases.iter().map(Database::row));
        rows.extend(self.caches.iter().map(Cache::row));
        rows.extend(self.load_balancers.iter().map(LoadBalancer::row));
        rows.extend(self.lambdas.iter().map(Lambda::row));
        rows
    }
}

/// All items of an operation's pages, as mappings.
async fn listed(client: &Client, operation: &str, parameters: Map, key: &str) -> Result<Vec<Map>, AwsError> {
    Ok(maps(client.pages(operation, parameters).collect(key).await?.to_vec()))
}

fn maps(values: Vec<Value>) -> Vec<Map> {
    values.into_iter().filter_map(|value| value.as_map().cloned()).collect()
}

/// The mappings in the list `key` of an answer.
fn inner(map: &Map, key: &str) -> Vec<Map> {
    maps(map.get(key).and_then(|value| value.as_list().map(squall_model::List::to_vec)).unwrap_or_default())
}

/// The texts in the list `key` of an answer.
fn texts(map: &Map, key: &str) -> Vec<String> {
    let list = map.get(key).and_then(|value| value.as_list().cloned()).unwrap_or_default();
    list.to_vec().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The text `key` of an answer; empty where it is absent.
fn text(map: &Map, key: &str) -> String {
    map.get(key).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The count `key` of an answer; zero where it is absent.
fn count(map: &Map, key: &str) -> usize {
    match map.get(key) {
        Some(Value::Int(int)) => int.to_i64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0),
        _ => 0,
    }
}

/// The flag `key` of an answer; false where it is absent.
fn flag(map: &Map, key: &str) -> bool {
    map.get(key).is_some_and(|value| value.as_bool() == Some(true))
}

/// A count as a value; what is counted here never comes near the bound.
fn number(count: usize) -> Value {
    Value::from(i64::try_from(count).unwrap_or(i64::MAX))
}

fn strings(items: &[String]) -> Value {
    Value::list(items.iter().map(|item| Value::from(item.as_str())))
}

/// `1 task`, `3 tasks`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
