//! Services of ECS.

use squall_model::{Map, Value};

use super::{count, counted, inner, number, text};
use crate::activities::support::{parameters, texts};
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// How many services `DescribeServices` takes at once.
const BATCH: usize = 10;

/// A service of ECS.
#[derive(Debug, Default)]
pub struct Service {
    /// The cluster's name.
    pub cluster: String,
    /// The service's name.
    pub name: String,
    /// How many tasks it shall have.
    pub desired: usize,
    /// How many run.
    pub running: usize,
    /// `FARGATE`, `EC2`, or the capacity provider's strategy.
    pub launch_type: String,
    /// Target groups that send it traffic.
    pub target_groups: Vec<String>,
}

/// All active services of all clusters.
pub(super) async fn all(session: &Session, scope: &Scope) -> Result<Vec<Service>, AwsError> {
    let client = session.client("ecs", scope).await?;
    let clusters = client.pages("ListClusters", Map::new()).collect("clusterArns").await?.to_vec();
    let mut services = Vec::new();
    for cluster in clusters {
        let arns = client
            .pages("ListServices", parameters! { "cluster": cluster.clone() })
            .collect("serviceArns")
            .await?;
        for batch in arns.to_vec().chunks(BATCH) {
            let wanted = parameters! { "cluster": cluster.clone(), "services": texts(batch.to_vec()) };
            let answer = client.call("DescribeServices", wanted).await?;
            services.extend(
                inner(&answer, "services")
                    .iter()
                    .filter(|service| text(service, "status") == "ACTIVE")
                    .map(|service| from(cluster.as_str().unwrap_or_default(), service)),
            );
        }
    }
    Ok(services)
}

fn from(cluster_arn: &str, service: &Map) -> Service {
    let launch_type = text(service, "launchType");
    Service {
        cluster: cluster_arn.rsplit('/').next().unwrap_or_default().to_owned(),
        name: text(service, "serviceName"),
        desired: count(service, "desiredCount"),
        running: count(service, "runningCount"),
        launch_type: if launch_type.is_empty() { "capacity providers".to_owned() } else { launch_type },
        target_groups: inner(service, "loadBalancers")
            .iter()
            .map(|one| text(one, "targetGroupArn"))
            .collect(),
    }
}

impl Service {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("cluster", Value::from(self.cluster.as_str())),
            ("name", self.name.as_str().into()),
            ("desired", number(self.desired)),
            ("running", number(self.running)),
            ("launch_type", self.launch_type.as_str().into()),
            ("target_groups", super::strings(&self.target_groups)),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let partner = match self.desired {
            0 => "nothing runs".to_owned(),
            1 => "no other task".to_owned(),
            desired => format!("{} beside each", counted(desired - 1, "task")),
        };
        [
            "ECS service".to_owned(),
            format!("{}/{}", self.cluster, self.name),
            format!("{} of {} running", self.running, counted(self.desired, "task")),
            partner,
        ]
    }
}
