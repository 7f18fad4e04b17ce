//! Load balancers and how well their targets are.

use squall_model::{Map, Value};

use super::{counted, inner, listed, number, text, texts};
use crate::activities::support::parameters;
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// A load balancer.
#[derive(Debug, Default)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// `application`, `network`, `gateway`.
    pub kind: String,
    /// `internet-facing` or `internal`.
    pub scheme: String,
    /// `active` when all is well.
    pub state: String,
    /// Where it sends traffic to.
    pub target_groups: Vec<TargetGroup>,
}

/// A target group.
#[derive(Debug, Default)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// How many targets are healthy.
    pub healthy: usize,
    /// How many there are.
    pub targets: usize,
}

/// All load balancers.
pub(super) async fn all(session: &Session, scope: &Scope) -> Result<Vec<LoadBalancer>, AwsError> {
    let client = session.client("elbv2", scope).await?;
    let balancers = listed(&client, "DescribeLoadBalancers", Map::new(), "LoadBalancers").await?;
    let groups = listed(&client, "DescribeTargetGroups", Map::new(), "TargetGroups").await?;
    let mut found: Vec<LoadBalancer> = balancers.iter().map(from).collect();
    for group in &groups {
        let arn = text(group, "TargetGroupArn");
        let answer =
            client.call("DescribeTargetHealth", parameters! { "TargetGroupArn": arn.as_str() }).await?;
        let targets = inner(&answer, "TargetHealthDescriptions");
        let healthy = |target: &&Map| {
            target.get("TargetHealth").is_some_and(|health| {
                health.get("State").is_some_and(|state| state.as_str() == Some("healthy"))
            })
        };
        let serving = texts(group, "LoadBalancerArns");
        for (balancer, described) in found.iter_mut().zip(&balancers) {
            if serving.contains(&text(described, "LoadBalancerArn")) {
                balancer.target_groups.push(TargetGroup {
                    name: text(group, "TargetGroupName"),
                    arn: arn.clone(),
                    healthy: targets.iter().filter(healthy).count(),
                    targets: targets.len(),
                });
            }
        }
    }
    Ok(found)
}

fn from(balancer: &Map) -> LoadBalancer {
    let state = balancer.get("State").and_then(|state| state.as_map().map(|state| text(state, "Code")));
    LoadBalancer {
        name: text(balancer, "LoadBalancerName"),
        kind: text(balancer, "Type"),
        scheme: text(balancer, "Scheme"),
        state: state.unwrap_or_default(),
        target_groups: Vec::new(),
    }
}

impl LoadBalancer {
    pub(super) fn to_value(&self) -> Value {
        let group = |group: &TargetGroup| {
            Value::map([
                ("name", Value::from(group.name.as_str())),
                ("arn", group.arn.as_str().into()),
                ("healthy", number(group.healthy)),
                ("targets", number(group.targets)),
            ])
        };
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("type", self.kind.as_str().into()),
            ("scheme", self.scheme.as_str().into()),
            ("state", self.state.as_str().into()),
            ("target_groups", Value::list(self.target_groups.iter().map(group))),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let (healthy, targets) = self
            .target_groups
            .iter()
            .fold((0, 0), |(healthy, targets), group| (healthy + group.healthy, targets + group.targets));
        [
            "Load balancer".to_owned(),
            self.name.clone(),
            format!("{}, {}", self.state, self.kind),
            format!("{healthy} of {} healthy", counted(targets, "target")),
        ]
    }
}
