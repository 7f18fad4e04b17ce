//! Auto Scaling groups.

use squall_model::{Map, Value};

use super::{count, counted, inner, listed, number, strings, text, texts};
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// An Auto Scaling group.
#[derive(Debug, Default)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many instances it shall have.
    pub desired: usize,
    /// The fewest that it may have.
    pub least: usize,
    /// The most.
    pub most: usize,
    /// Its availability zones.
    pub zones: Vec<String>,
    /// Its instances.
    pub instances: Vec<Instance>,
}

/// An instance of a group.
#[derive(Debug, Default)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its availability zone.
    pub zone: String,
    /// Whether it is in service, and healthy.
    pub serves: bool,
}

/// All groups.
pub(super) async fn all(session: &Session, scope: &Scope) -> Result<Vec<Group>, AwsError> {
    let client = session.client("autoscaling", scope).await?;
    let groups = listed(&client, "DescribeAutoScalingGroups", Map::new(), "AutoScalingGroups").await?;
    Ok(groups.iter().map(from).collect())
}

fn from(group: &Map) -> Group {
    let instance = |instance: &Map| Instance {
        id: text(instance, "InstanceId"),
        zone: text(instance, "AvailabilityZone"),
        serves: text(instance, "LifecycleState") == "InService"
            && text(instance, "HealthStatus") == "Healthy",
    };
    Group {
        name: text(group, "AutoScalingGroupName"),
        desired: count(group, "DesiredCapacity"),
        least: count(group, "MinSize"),
        most: count(group, "MaxSize"),
        zones: texts(group, "AvailabilityZones"),
        instances: inner(group, "Instances").iter().map(instance).collect(),
    }
}

impl Group {
    /// How many instances are in service and healthy.
    pub fn serving(&self) -> usize {
        self.instances.iter().filter(|instance| instance.serves).count()
    }

    pub(super) fn to_value(&self) -> Value {
        let instance = |instance: &Instance| {
            Value::map([
                ("id", Value::from(instance.id.as_str())),
                ("zone", instance.zone.as_str().into()),
                ("serves", instance.serves.into()),
            ])
        };
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("desired", number(self.desired)),
            ("least", number(self.least)),
            ("most", number(self.most)),
            ("zones", strings(&self.zones)),
            ("instances", Value::list(self.instances.iter().map(instance))),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let mut zones: Vec<&str> =
            self.instances.iter().filter(|one| one.serves).map(|one| one.zone.as_str()).collect();
        zones.sort_unstable();
        zones.dedup();
        [
            "Auto Scaling group".to_owned(),
            self.name.clone(),
            format!("{} of {} in service", self.serving(), counted(self.desired, "instance")),
            match zones.len() {
                0 => "nothing serves".to_owned(),
                1 => format!("all in {}", zones[0]),
                _ => format!("spread over {}", zones.join(", ")),
            },
        ]
    }
}
