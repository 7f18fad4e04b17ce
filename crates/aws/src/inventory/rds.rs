//! Databases and clusters of RDS, with what a failover would go to.

use squall_model::{Map, Value};

use super::{flag, inner, listed, strings, text, texts};
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// A cluster (Aurora, or a Multi-AZ cluster).
#[derive(Debug, Default)]
pub struct Cluster {
    /// Its identifier.
    pub name: String,
    /// `aurora-postgresql` and the like.
    pub engine: String,
    /// `available` when all is well.
    pub status: String,
    /// The member that takes writes.
    pub writer: Option<String>,
    /// Members that could take over.
    pub readers: Vec<String>,
}

/// A database instance.
#[derive(Debug, Default)]
pub struct Database {
    /// Its identifier.
    pub name: String,
    /// `postgres` and the like.
    pub engine: String,
    /// `available` when all is well.
    pub status: String,
    /// Whether a standby in another zone takes over.
    pub multi_az: bool,
    /// The standby's zone.
    pub standby_zone: String,
    /// The cluster that it belongs to.
    pub cluster: Option<String>,
    /// Read replicas.
    pub replicas: Vec<String>,
    /// What it is a replica of.
    pub source: Option<String>,
}

/// All clusters.
pub(super) async fn clusters(session: &Session, scope: &Scope) -> Result<Vec<Cluster>, AwsError> {
    let client = session.client("rds", scope).await?;
    let clusters = listed(&client, "DescribeDBClusters", Map::new(), "DBClusters").await?;
    Ok(clusters.iter().map(cluster).collect())
}

/// All databases.
pub(super) async fn databases(session: &Session, scope: &Scope) -> Result<Vec<Database>, AwsError> {
    let client = session.client("rds", scope).await?;
    let databases = listed(&client, "DescribeDBInstances", Map::new(), "DBInstances").await?;
    Ok(databases.iter().map(database).collect())
}

fn cluster(cluster: &Map) -> Cluster {
    let members = inner(cluster, "DBClusterMembers");
    let named = |writes: bool| {
        members
            .iter()
            .filter(move |member| flag(member, "IsClusterWriter") == writes)
            .map(|member| text(member, "DBInstanceIdentifier"))
    };
    Cluster {
        name: text(cluster, "DBClusterIdentifier"),
        engine: text(cluster, "Engine"),
        status: text(cluster, "Status"),
        writer: named(true).next(),
        readers: named(false).collect(),
    }
}

fn database(database: &Map) -> Database {
    let optional = |key: &str| Some(text(database, key)).filter(|value| !value.is_empty());
    Database {
        name: text(database, "DBInstanceIdentifier"),
        engine: text(database, "Engine"),
        status: text(database, "DBInstanceStatus"),
        multi_az: flag(database, "MultiAZ"),
        standby_zone: text(database, "SecondaryAvailabilityZone"),
        cluster: optional("DBClusterIdentifier"),
        replicas: texts(database, "ReadReplicaDBInstanceIdentifiers"),
        source: optional("ReadReplicaSourceDBInstanceIdentifier"),
    }
}

impl Cluster {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("engine", self.engine.as_str().into()),
            ("status", self.status.as_str().into()),
            ("writer", self.writer.as_deref().map_or(Value::Null, Value::from)),
            ("readers", strings(&self.readers)),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let partner = match self.readers.as_slice() {
            [] => "no reader to fail over to".to_owned(),
            readers => format!("fails over to {}", readers.join(", ")),
        };
        ["RDS cluster".to_owned(), self.name.clone(), format!("{}, {}", self.status, self.engine), partner]
    }
}

impl Database {
    pub(super) fn to_value(&self) -> Value {
        let optional = |value: &Option<String>| value.as_deref().map_or(Value::Null, Value::from);
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("engine", self.engine.as_str().into()),
            ("status", self.status.as_str().into()),
            ("multi_az", self.multi_az.into()),
            ("standby_zone", self.standby_zone.as_str().into()),
            ("cluster", optional(&self.cluster)),
            ("replicas", strings(&self.replicas)),
            ("source", optional(&self.source)),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let partner = match (&self.cluster, self.multi_az, self.replicas.as_slice()) {
            (Some(cluster), ..) => format!("member of {cluster}"),
            (None, true, _) if self.standby_zone.is_empty() => "standby in another zone".to_owned(),
            (None, true, _) => format!("standby in {}", self.standby_zone),
            (None, false, []) => "no standby".to_owned(),
            (None, false, replicas) => format!("no standby; replicas {}", replicas.join(", ")),
        };
        ["RDS database".to_owned(), self.name.clone(), format!("{}, {}", self.status, self.engine), partner]
    }
}
