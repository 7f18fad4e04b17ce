//! ECS: clusters, services, tasks and container instances.

mod actions;
mod probes;
mod resources;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.ecs.actions";
const PROBES: &str = "chaosaws.ecs.probes";

const CLUSTER: Parameter = Parameter::required("cluster", "str");
const SERVICE: Parameter = Parameter::required("service", "str");
const REASON: Parameter = Parameter::optional("reason", "str", "\"Chaos Testing\"");

/// The functions.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "delete_cluster",
        kind: Kind::Action,
        about: "Deletes a cluster, named by its name or ARN.",
        parameters: &[CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_service",
        kind: Kind::Action,
        about: "Scales a service to no tasks and deletes it: the one that is named, else a random one of the \
                cluster whose ARN matches the regular expression `service_pattern`.",
        parameters: &[
            Parameter::optional("service", "str", "null"),
            Parameter::optional("cluster", "str", "null"),
            Parameter::optional("service_pattern", "str", "null"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::delete_service(activity)),
    },
    Function {
        module: ACTIONS,
        name: "deregister_container_instance",
        kind: Kind::Action,
        about: "Takes a container instance out of its cluster; with `force` although tasks run on it, which then \
                nobody looks after.",
        parameters: &[
            CLUSTER,
            Parameter::required("instance_id", "str"),
            Parameter::optional("force", "bool", "false"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::deregister_container_instance(activity)),
    },
    Function {
        module: ACTIONS,
        name: "set_service_deployment_configuration",
        kind: Kind::Action,
        about: "Sets how many tasks of a service may and must run during a deployment, in percent of the desired \
                count.",
        parameters: &[
            CLUSTER,
            SERVICE,
            Parameter::optional("maximum_percent", "int", "200"),
            Parameter::optional("minimum_healthy_percent", "int", "100"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::set_service_deployment_configuration(activity)),
    },
    Function {
        module: ACTIONS,
        name: "set_service_placement_strategy",
        kind: Kind::Action,
        about: "Sets how a service's tasks are spread over the container instances: `random`, or `spread` and \
                `binpack` by a field.",
        parameters: &[
            CLUSTER,
            SERVICE,
            Parameter::required("placement_type", "str"),
            Parameter::optional("placement_field", "str", "null"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::set_service_placement_strategy(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_random_tasks",
        kind: Kind::Action,
        about: "Stops random running tasks of a cluster or of one of its services, by their number or by percent.",
        parameters: &[
            CLUSTER,
            Parameter::optional("task_count", "int", "null"),
            Parameter::optional("task_percent", "int", "null"),
            Parameter::optional("service", "str", "null"),
            REASON,
        ],
        returns: "List[Dict[str, Any]]",
        discovered: true,
        run: |activity| Box::pin(actions::stop_random_tasks(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_task",
        kind: Kind::Action,
        about: "Stops a task: the one that is named, else a random one of the service.",
        parameters: &[
            Parameter::optional("cluster", "str", "null"),
            Parameter::optional("task_id", "str", "null"),
            Parameter::optional("service", "str", "null"),
            REASON,
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::stop_task(activity)),
    },
    Function {
        module: ACTIONS,
        name: "tag_resource",
        kind: Kind::Action,
        about: "Adds tags, as a list of `key` and `value`, to the resource of that (long) ARN.",
        parameters: &[
            Parameter::required("tags", "List[Dict[str, str]]"),
            Parameter::required("resource_arn", "str"),
        ],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(actions::tag_resource(activity)),
    },
    Function {
        module: ACTIONS,
        name: "untag_resource",
        kind: Kind::Action,
        about: "Removes the tags of those keys from the resource of that (long) ARN.",
        parameters: &[
            Parameter::required("tag_keys", "List[str]"),
            Parameter::required("resource_arn", "str"),
        ],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(actions::untag_resource(activity)),
    },
    Function {
        module: ACTIONS,
        name: "update_container_instances_state",
        kind: Kind::Action,
        about: "Sets the state of container instances: `ACTIVE`, or `DRAINING` to move their tasks elsewhere.",
        parameters: &[
            CLUSTER,
            Parameter::required("container_instances", "List[str]"),
            Parameter::required("status", "str"),
        ],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::update_container_instances_state(activity)),
    },
    Function {
        module: ACTIONS,
        name: "update_desired_count",
        kind: Kind::Action,
        about: "Sets how many tasks of a service shall run.",
        parameters: &[CLUSTER, SERVICE, Parameter::required("desired_count", "int")],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(actions::update_desired_count(activity)),
    },
    Function {
        module: PROBES,
        name: "are_all_desired_tasks_running",
        kind: Kind::Probe,
        about: "Whether as many tasks of a service run as are desired.",
        parameters: &[CLUSTER, SERVICE],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::are_all_desired_tasks_running(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_cluster",
        kind: Kind::Probe,
        about: "What AWS says of a cluster.",
        parameters: &[CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_service",
        kind: Kind::Probe,
        about: "What AWS says of a service of a cluster.",
        parameters: &[CLUSTER, SERVICE],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_service(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_tasks",
        kind: Kind::Probe,
        about: "What AWS says of all tasks of a cluster.",
        parameters: &[CLUSTER],
        returns: "Dict[str, Any]",
        discovered: true,
        run: |activity| Box::pin(probes::describe_tasks(activity)),
    },
    Function {
        module: PROBES,
        name: "service_is_deploying",
        kind: Kind::Probe,
        about: "Whether a deployment of a service is under way.",
        parameters: &[CLUSTER, SERVICE],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::service_is_deploying(activity)),
    },
];
