//! Functions inside the modules of `chaosaws` that are no activities: they want a client of boto3 among
//! their arguments, which no experiment can give. The reference takes them for activities all the same, and each
//! fails where it first uses its client; so they do here.

use crate::activity::{Activity, Function, Kind, Parameter, Raised};

/// A function that first uses its client for `$method`.
macro_rules! helper {
    ($module:literal, $name:literal, [$($required:literal),*], [$($optional:literal),*], $method:literal) => {
        Function {
            module: concat!("chaosaws.", $module),
            name: $name,
            kind: Kind::Action,
            about: "",
            parameters: &[
                $(Parameter::required($required, "Any"),)*
                $(Parameter::optional($optional, "Any", "null"),)*
            ],
            returns: "Any",
            discovered: false,
            run: |activity| {
                let raised = no_client(activity, $method);
                Box::pin(async move { Err(raised) })
            },
        }
    };
}

fn no_client(activity: &Activity, method: &str) -> Raised {
    let client = activity.argument("client");
    Raised::of_class("AttributeError", format!("'{}' object has no attribute '{method}'", client.type_name()))
}

/// Those whose first step is a call of the client, whatever their other arguments are.
pub(super) const FUNCTIONS: &[Function] = &[
    helper!("asg.actions", "get_asg_by_name", ["asg_names", "client"], [], "describe_auto_scaling_groups"),
    helper!(
        "asg.actions",
        "get_random_instance_volume",
        ["client", "instance_ids"],
        [],
        "describe_instances"
    ),
    helper!("asg.actions", "get_detached_volumes", ["client"], ["next_token", "results"], "describe_volumes"),
    helper!(
        "asg.actions",
        "attach_instance_volume",
        ["client", "instance_id", "volume_id", "mount_point"],
        [],
        "attach_volume"
    ),
    helper!("asg.probes", "get_asg_by_name", ["asg_names", "client"], [], "get_paginator"),
    helper!("asg.probes", "get_asg_by_tags", ["tags", "client"], [], "get_paginator"),
    helper!(
        "awslambda.actions",
        "_update_function_configuration",
        ["function_name", "client"],
        ["timeout", "memory_size"],
        "update_function_configuration"
    ),
    helper!(
        "awslambda.probes",
        "_get_function_configuration",
        ["function_name", "client"],
        ["qualifier"],
        "get_function_configuration"
    ),
    helper!(
        "cloudwatch.actions",
        "_get_rule_target_ids",
        ["rule_name", "client"],
        ["limit"],
        "list_targets_by_rule"
    ),
    helper!("ec2.actions", "list_instances_by_type", ["filters", "client"], [], "describe_instances"),
    helper!("ec2.actions", "list_instances", ["client"], ["filters", "instance_ids"], "describe_instances"),
    helper!(
        "ec2.actions",
        "list_instance_volumes",
        ["client"],
        ["instance_ids", "filters"],
        "describe_instances"
    ),
    helper!("ec2.actions", "pick_random_instance", ["filters", "client"], [], "describe_instances"),
    helper!("ec2.actions", "get_instance_type_by_id", ["instance_ids", "client"], [], "describe_instances"),
    helper!("ec2.actions", "get_detached_volumes", ["client"], [], "get_paginator"),
    helper!(
        "ec2.actions",
        "attach_instance_volume",
        ["client", "instance_id", "volume_id", "mount_point"],
        [],
        "attach_volume"
    ),
    helper!("ecs.actions", "validate_cluster", ["cluster", "client"], [], "describe_clusters"),
    helper!("ecs.actions", "validate_service", ["cluster", "service", "client"], [], "describe_services"),
    helper!("ecs.actions", "list_services_arns", ["cluster", "client"], [], "list_services"),
    helper!("ecs.actions", "list_tasks", ["cluster", "service", "client"], [], "list_tasks"),
    helper!("ecs.actions", "list_running_tasks_in_cluster", ["cluster", "client"], ["service"], "list_tasks"),
    helper!(
        "elbv2.actions",
        "get_load_balancer_arns",
        ["load_balancer_names", "client"],
        [],
        "describe_load_balancers"
    ),
    helper!("elbv2.actions", "get_target_group_arns", ["tg_names", "client"], [], "describe_target_groups"),
    helper!("elbv2.actions", "get_security_groups", ["sg_ids", "client"], [], "describe_security_groups"),
    helper!("elbv2.actions", "get_subnets", ["subnet_ids", "client"], [], "describe_subnets"),
    helper!(
        "elbv2.actions",
        "modify_elb_attributes",
        ["load_balancer_arn", "client", "enable"],
        ["bucket_name"],
        "modify_load_balancer_attributes"
    ),
    helper!("elbv2.probes", "get_target_group_arns", ["tg_names", "client"], [], "describe_target_groups"),
    helper!("elbv2.probes", "get_targets_health_count", ["tg_names", "client"], [], "describe_target_groups"),
    helper!(
        "elbv2.probes",
        "get_access_log_for_elb",
        ["load_balancer_arn", "client"],
        [],
        "describe_load_balancer_attributes"
    ),
    helper!("rds.actions", "describe_db_cluster", ["cluster_id", "client"], [], "describe_db_clusters"),
    helper!("rds.probes", "describe_db_instances", ["client"], ["instance_id", "filters"], "get_paginator"),
    helper!("rds.probes", "describe_db_cluster", ["client"], ["cluster_id", "filters"], "get_paginator"),
];
