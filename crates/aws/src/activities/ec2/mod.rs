//! EC2: instances, their volumes, their tags, and rules of security groups.

mod actions;
mod ingress;
mod probes;
mod select;
mod steps;
mod tags;
pub(super) mod volumes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.ec2.actions";
const PROBES: &str = "chaosaws.ec2.probes";

const RESPONSE: &str = "Dict[str, Any]";
const RESPONSES: &str = "List[Dict[str, Any]]";

const AZ: Parameter = Parameter::optional("az", "str", "null");
const FILTERS: Parameter = Parameter::optional("filters", "List[Dict[str, Any]]", "null");
const THESE_FILTERS: Parameter = Parameter::required("filters", "List[Dict[str, Any]]");
const FORCE: Parameter = Parameter::optional("force", "bool", "false");
const INSTANCE_ID: Parameter = Parameter::optional("instance_id", "str", "null");
const INSTANCE_IDS: Parameter = Parameter::optional("instance_ids", "List[str]", "null");
const TAGS: Parameter = Parameter::required("tags", "Union[str, List[Dict[str, str]]]");

/// What a rule of a security group says.
const INGRESS: &[Parameter] = &[
    Parameter::required("requested_security_group_id", "str"),
    Parameter::required("ip_protocol", "str"),
    Parameter::required("from_port", "int"),
    Parameter::required("to_port", "int"),
    Parameter::optional("ingress_security_group_id", "str", "null"),
    Parameter::optional("cidr_ip", "str", "null"),
];

/// The functions, in the order that discovery lists them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "attach_volume",
        kind: Kind::Action,
        about: "Attaches the volumes that `detach_random_volume` detached, where they were before: those of \
                the instances that are named or filtered, or all of them.",
        parameters: &[INSTANCE_IDS, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(volumes::attach_volume(activity)),
    },
    Function {
        module: ACTIONS,
        name: "authorize_security_group_ingress",
        kind: Kind::Action,
        about: "Adds an inbound rule to a security group, for a range of addresses or another group.",
        parameters: INGRESS,
        returns: RESPONSE,
        discovered: false,
        run: |activity| Box::pin(ingress::authorize(activity)),
    },
    Function {
        module: ACTIONS,
        name: "detach_random_volume",
        kind: Kind::Action,
        about: "Detaches one random data volume from each of the instances, and tags it with where it was, \
                so that `attach_volume` can bring it back.",
        parameters: &[INSTANCE_IDS, FILTERS, Parameter::optional("force", "bool", "true")],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(volumes::detach_random_volume(activity)),
    },
    Function {
        module: ACTIONS,
        name: "remove_tags_from_instances",
        kind: Kind::Action,
        about: "Takes tags off all instances that carry every one of them.",
        parameters: &[TAGS, AZ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(tags::remove_tags_from_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "restart_instances",
        kind: Kind::Action,
        about: "Reboots instances: those that are named, or all that match the zone and the filters.",
        parameters: &[INSTANCE_IDS, AZ, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::restart_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "revoke_security_group_ingress",
        kind: Kind::Action,
        about: "Removes an inbound rule from a security group.",
        parameters: INGRESS,
        returns: RESPONSE,
        discovered: false,
        run: |activity| Box::pin(ingress::revoke(activity)),
    },
    Function {
        module: ACTIONS,
        name: "set_tags_on_instances",
        kind: Kind::Action,
        about: "Sets tags on a random share of the instances that match; on all of them where no share is \
                given.",
        parameters: &[TAGS, Parameter::optional("percentage", "int", "100"), AZ, FILTERS],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(tags::set_tags_on_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "start_instances",
        kind: Kind::Action,
        about: "Starts instances: those that are named, or all that match the zone and the filters.",
        parameters: &[INSTANCE_IDS, AZ, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::start_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_instance",
        kind: Kind::Action,
        about: "Stops one instance: the one that is named, or a random one of those that match the zone and \
                the filters.",
        parameters: &[INSTANCE_ID, AZ, FORCE, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::stop_instance(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_instances",
        kind: Kind::Action,
        about: "Stops instances: those that are named, or all that match the zone and the filters.",
        parameters: &[INSTANCE_IDS, AZ, FILTERS, FORCE],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::stop_instances(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_instances_by_incremental_steps",
        kind: Kind::Action,
        about: "Stops a share (`volume`, in percent) of the instances that carry the tags, `step_quantity` of \
                them at a time, with a pause of `step_duration` seconds after each step.",
        parameters: &[
            Parameter::required("volume", "int"),
            Parameter::required("step_quantity", "int"),
            Parameter::required("step_duration", "int"),
            AZ,
            Parameter::optional("tags", "Union[str, Dict[str, Any]]", "null"),
            FORCE,
        ],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(steps::stop_instances_by_incremental_steps(activity)),
    },
    Function {
        module: ACTIONS,
        name: "terminate_instance",
        kind: Kind::Action,
        about: "Terminates one instance: the one that is named, or a random one of those that match the zone \
                and the filters.",
        parameters: &[INSTANCE_ID, AZ, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::terminate_instance(activity)),
    },
    Function {
        module: ACTIONS,
        name: "terminate_instances",
        kind: Kind::Action,
        about: "Terminates instances: those that are named, or all that match the zone and the filters.",
        parameters: &[INSTANCE_IDS, AZ, FILTERS],
        returns: RESPONSES,
        discovered: true,
        run: |activity| Box::pin(actions::terminate_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "count_instances",
        kind: Kind::Probe,
        about: "How many reservations (instances that were started together) match the filters.",
        parameters: &[THESE_FILTERS],
        returns: "int",
        discovered: true,
        run: |activity| Box::pin(probes::count_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "count_min_instances",
        kind: Kind::Probe,
        about: "Whether at least `min_count` reservations match the filters.",
        parameters: &[THESE_FILTERS, Parameter::optional("min_count", "int", "0")],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::count_min_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "describe_instances",
        kind: Kind::Probe,
        about: "What EC2 says of the instances that match the filters.",
        parameters: &[THESE_FILTERS],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(probes::describe_instances(activity)),
    },
    Function {
        module: PROBES,
        name: "instance_state",
        kind: Kind::Probe,
        about: "Whether the instances of the first reservation that is found are in that state.",
        parameters: &[Parameter::required("state", "str"), INSTANCE_IDS, FILTERS],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::instance_state(activity)),
    },
];
