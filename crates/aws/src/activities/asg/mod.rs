//! Auto Scaling: groups, their instances, their processes, and the volumes of their instances.

mod instances;
mod probes;
mod processes;
mod select;
mod volumes;
mod wait;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.asg.actions";
const PROBES: &str = "chaosaws.asg.probes";

const RESPONSE: &str = "Dict[str, Any]";
const RESPONSES: &str = "List[Dict[str, Any]]";

const ASG_NAMES: Parameter = Parameter::optional("asg_names", "List[str]", "null");
const THESE_ASG_NAMES: Parameter = Parameter::required("asg_names", "List[str]");
const TAGS: Parameter = Parameter::optional("tags", "List[Dict[str, str]]", "null");
const THESE_TAGS: Parameter = Parameter::required("tags", "List[Dict[str, str]]");
const LOOSE_TAGS: Parameter = Parameter::optional("tags", "List[dict]", "null");
const SUBNETS: Parameter = Parameter::required("subnets", "List[str]");
const PROCESS_NAMES: Parameter = Parameter::optional("process_names", "List[str]", "null");
const INSTANCE_COUNT: Parameter = Parameter::optional("instance_count", "int", "null");
const INSTANCE_PERCENT: Parameter = Parameter::optional("instance_percent", "int", "null");
const AZ: Parameter = Parameter::optional("az", "str", "null");
const TIMEOUT: Parameter = Parameter::optional("timeout", "Union[int, float]", "300");

/// The functions, in the order that discovery lists them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "attach_volume",
        kind: Kind::Action,
        about: "Attaches the volumes that `detach_random_volume` detached from instances of the groups, where \
                they were before.",
        parameters: &[ASG_NAMES, TAGS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(volumes::attach_volume(activity)),
    },
    Function {
        module: ACTIONS,
        name: "change_subnets",
        kind: Kind::Action,
        about: "Gives the groups other subnets.",
        parameters: &[SUBNETS, ASG_NAMES, LOOSE_TAGS],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(processes::change_subnets(activity)),
    },
    Function {
        module: ACTIONS,
        name: "detach_random_instances",
        kind: Kind::Action,
        about: "Detaches random instances that are in service from each of the groups, by number or share; \
                with `decrement_capacity` no others take their place.",
        parameters: &[
            ASG_NAMES,
            LOOSE_TAGS,
            INSTANCE_COUNT,
            INSTANCE_PERCENT,
            Parameter::optional("decrement_capacity", "bool", "false"),
        ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(instances::detach_random_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "detach_random_volume",
        kind: Kind::Action,
        about: "Detaches one random data volume from each instance of the groups, and tags it with where it \
                was, so that `attach_volume` can bring it back.",
        parameters: &[ASG_NAMES, TAGS, Parameter::optional("force", "bool", "true")],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(volumes::detach_random_volume(activity)),
    },
    Function {
        module: ACTIONS,
        name: "resume_processes",
        kind: Kind::Action,
        about: "Resumes processes of the groups: those that are named, or all.",
        parameters: &[ASG_NAMES, TAGS, PROCESS_NAMES],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(processes::resume_processes(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_random_instances",
        kind: Kind::Action,
        about: "Stops instances in service of each of the groups: random ones, by number or share, or all of \
                a zone.",
        parameters: &[
            ASG_NAMES,
            TAGS,
            INSTANCE_COUNT,
            INSTANCE_PERCENT,
            AZ,
            Parameter::optional("force", "bool", "false"),
        ],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(instances::stop_random_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "suspend_processes",
        kind: Kind::Action,
        about: "Suspends processes of the groups: those that are named, or all.",
        parameters: &[ASG_NAMES, TAGS, PROCESS_NAMES],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(processes::suspend_processes(activity)),
    },
    Function {
        module: ACTIONS,
        name: "terminate_random_instances",
        kind: Kind::Action,
        about: "Terminates instances in service of each of the groups: random ones, by number or share, or \
                all of a zone.",
        parameters: &[ASG_NAMES, TAGS, INSTANCE_COUNT, INSTANCE_PERCENT, AZ],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(instances::terminate_random_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_auto_scaling_groups",
        kind: Kind::Probe,
        about: "What Auto Scaling says of the groups.",
        parameters: &[ASG_NAMES, Parameter::optional("tags", "List[Dict[str, Any]]", "null")],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(probes::describe_auto_scaling_groups(activity)),
    },
    Function {
        module: PROBES,
        name: "desired_equals_healthy",
        kind: Kind::Probe,
        about: "Whether each of the groups has as many healthy instances in service as it should have.",
        parameters: &[THESE_ASG_NAMES],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::desired_equals_healthy(activity)),
    },
    Function {
        module: PROBES,
        name: "desired_equals_healthy_tags",
        kind: Kind::Probe,
        about: "Whether each of the groups that carry all the tags has as many healthy instances in service \
                as it should have.",
        parameters: &[THESE_TAGS],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::desired_equals_healthy_tags(activity)),
    },
    Function {
        module: PROBES,
        name: "has_subnets",
        kind: Kind::Probe,
        about: "Whether each of the groups has exactly these subnets.",
        parameters: &[SUBNETS, ASG_NAMES, TAGS],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::has_subnets(activity)),
    },
    Function {
        module: PROBES,
        name: "instance_count_by_health",
        kind: Kind::Probe,
        about: "How many instances of the groups are healthy, or are not.",
        parameters: &[ASG_NAMES, TAGS, Parameter::optional("count_healthy", "bool", "true")],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::instance_count_by_health(activity)),
    },
    Function {
        module: PROBES,
        name: "is_scaling_in_progress",
        kind: Kind::Probe,
        about: "Whether any instance of the groups that carry all the tags is out of service or not healthy.",
        parameters: &[THESE_TAGS],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::is_scaling_in_progress(activity)),
    },
    Function {
        module: PROBES,
        name: "process_is_suspended",
        kind: Kind::Probe,
        about: "Whether each of the groups has all the processes suspended.",
        parameters: &[ASG_NAMES, TAGS, PROCESS_NAMES],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::process_is_suspended(activity)),
    },
    Function {
        module: PROBES,
        name: "wait_desired_equals_healthy",
        kind: Kind::Probe,
        about: "Waits until each of the groups has as many healthy instances in service as it should have; \
                gives the whole seconds that it took, or 9223372036854775807 after `timeout` seconds.",
        parameters: &[THESE_ASG_NAMES, TIMEOUT],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(wait::wait_desired_equals_healthy(activity)),
    },
    Function {
        module: PROBES,
        name: "wait_desired_equals_healthy_tags",
        kind: Kind::Probe,
        about: "As `wait_desired_equals_healthy`, for the groups that carry all the tags.",
        parameters: &[THESE_TAGS, TIMEOUT],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(wait::wait_desired_equals_healthy_tags(activity)),
    },
    Function {
        module: PROBES,
        name: "wait_desired_not_equals_healthy_tags",
        kind: Kind::Probe,
        about: "Waits until one of the groups that carry all the tags has not as many healthy instances in \
                service as it should have; gives the same numbers.",
        parameters: &[THESE_TAGS, TIMEOUT],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(wait::wait_desired_not_equals_healthy_tags(activity)),
    },
];
