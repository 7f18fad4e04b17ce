//! Tasks that die and instances that go.

use squall_model::Value;

use super::parts::{
    Experiment, PAUSE, action, action_then_pause, document, expectation, function, operation, probe, sequence,
};
use super::{Draft, Drafts, file_name};
use crate::inventory::{Group, LoadBalancer, Service};

/// How long a group may take to replace an instance, in seconds.
const REPLACED_WITHIN: i64 = 600;

/// What happens when a task of a service dies, and when two die.
pub(super) fn service(drafts: &mut Drafts, region: &str, service: &Service, balancers: &[LoadBalancer]) {
    let Service { cluster, name, desired, running, .. } = service;
    for (dying, words) in [(1, "one-task-dies"), (2, "two-tasks-die")] {
        let title = match dying {
            1 => format!("What happens when a task of {name} dies?"),
            _ => format!("What happens when two tasks of {name} die at once?"),
        };
        if *desired < dying {
            drafts.skip(title, format!("{name} has {desired} tasks"));
            continue;
        }
        if running != desired {
            drafts.skip(title, format!("the hypothesis does not hold now: {running} of {desired} tasks run"));
            continue;
        }
        let mut hypothesis = vec![expectation(
            "All tasks run",
            true,
            function(
                "ecs.probes",
                "are_all_desired_tasks_running",
                document! { "cluster": cluster.as_str(), "service": name.as_str() },
            ),
        )];
        hypothesis
            .extend(healthy_targets(balancers, |arn| service.target_groups.iter().any(|own| own == arn)));
        let count = i64::try_from(dying).unwrap_or(1);
        let method = vec![
            action_then_pause(
                if dying == 1 { "A task dies" } else { "Two tasks die" },
                PAUSE,
                function(
                    "ecs.actions",
                    "stop_random_tasks",
                    document! {
                        "cluster": cluster.as_str(),
                        "service": name.as_str(),
                        "task_count": count,
                        "reason": "Chaos experiment",
                    },
                ),
            ),
            probe(
                "What runs afterwards",
                operation(
                    "ecs",
                    "DescribeServices",
                    document! { "cluster": cluster.as_str(), "services": sequence![name.as_str()] },
                    [(
                        "query",
                        "services[0].{desired: desiredCount, running: runningCount, pending: pendingCount}"
                            .into(),
                    )],
                ),
            ),
        ];
        let rollbacks = vec![action(
            "As many tasks as before",
            function(
                "ecs.actions",
                "update_desired_count",
                document! {
                    "cluster": cluster.as_str(),
                    "service": name.as_str(),
                    "desired_count": i64::try_from(*desired).unwrap_or(i64::MAX),
                },
            ),
        )];
        let description = format!(
            "ECS shall replace what dies within {PAUSE} seconds, and nobody shall notice. {name} has {desired} tasks."
        );
        let experiment =
            Experiment { region, title: &title, description: &description, hypothesis, method, rollbacks };
        let document = experiment.document();
        drafts.drafts.push(Draft { name: file_name(&["ecs", cluster, name, words]), title, document });
    }
}

/// Probes of the target groups that are wholly healthy now.
pub(super) fn healthy_targets(balancers: &[LoadBalancer], wanted: impl Fn(&str) -> bool) -> Option<Value> {
    let mut names: Vec<&str> = balancers
        .iter()
        .flat_map(|balancer| &balancer.target_groups)
        .filter(|group| group.targets > 0 && group.healthy == group.targets && wanted(&group.arn))
        .map(|group| group.name.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return None;
    }
    let names = Value::list(names.into_iter().map(Value::from));
    Some(expectation(
        "All targets of the load balancer are healthy",
        true,
        function("elbv2.probes", "all_targets_healthy", document! { "tg_names": names }),
    ))
}

/// What happens when an instance of a group goes.
pub(super) fn group(drafts: &mut Drafts, region: &str, group: &Group) {
    let name = group.name.as_str();
    let title = format!("What happens when an instance of {name} goes?");
    let serving = group.serving();
    if group.desired == 0 || serving != group.desired {
        let reason = match group.desired {
            0 => format!("{name} has no instances"),
            desired => format!("the hypothesis does not hold now: {serving} of {desired} instances serve"),
        };
        drafts.skip(title, reason);
        return;
    }
    let names = || sequence![name];
    let hypothesis = vec![expectation(
        "As many healthy instances as desired",
        true,
        function("asg.probes", "desired_equals_healthy", document! { "asg_names": names() }),
    )];
    let method = vec![
        action_then_pause(
            "An instance goes",
            PAUSE,
            function(
                "asg.actions",
                "terminate_random_instances",
                document! { "asg_names": names(), "instance_count": 1 },
            ),
        ),
        probe(
            "Seconds until the group is whole again",
            function(
                "asg.probes",
                "wait_desired_equals_healthy",
                document! { "asg_names": names(), "timeout": REPLACED_WITHIN },
            ),
        ),
    ];
    let rollbacks = vec![action(
        "As many instances as before",
        operation(
            "autoscaling",
            "SetDesiredCapacity",
            document! {
                "AutoScalingGroupName": name,
                "DesiredCapacity": i64::try_from(group.desired).unwrap_or(i64::MAX),
            },
            [],
        ),
    )];
    let description = format!(
        "The group shall replace the instance within {REPLACED_WITHIN} seconds, and nobody shall notice."
    );
    let experiment =
        Experiment { region, title: &title, description: &description, hypothesis, method, rollbacks };
    let document = experiment.document();
    drafts.drafts.push(Draft { name: file_name(&["asg", name, "an-instance-goes"]), title, document });
}
