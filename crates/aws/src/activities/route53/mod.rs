//! Route 53: hosted zones, health checks and DNS answers.

mod actions;
mod probes;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.route53.actions";
const PROBES: &str = "chaosaws.route53.probes";
const ANSWER: &str = "Dict[str, Any]";

const ZONE: Parameter = Parameter::required("zone_id", "str");
const ASSOCIATION: &[Parameter] = &[
    ZONE,
    Parameter::required("vpc_id", "str"),
    Parameter::required("vpc_region", "str"),
    Parameter::optional("comment", "str", "null"),
];

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "associate_vpc_with_zone",
        kind: Kind::Action,
        about: "Makes a private hosted zone answer in a VPC.",
        parameters: ASSOCIATION,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::associate_vpc_with_zone(activity)),
    },
    Function {
        module: ACTIONS,
        name: "disassociate_vpc_from_zone",
        kind: Kind::Action,
        about: "Makes a private hosted zone answer no longer in a VPC.",
        parameters: ASSOCIATION,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::disassociate_vpc_from_zone(activity)),
    },
    Function {
        module: PROBES,
        name: "get_dns_answer",
        kind: Kind::Probe,
        about: "What the servers of a hosted zone answer for a record.",
        parameters: &[
            ZONE,
            Parameter::required("record_name", "str"),
            Parameter::required("record_type", "str"),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_dns_answer(activity)),
    },
    Function {
        module: PROBES,
        name: "get_health_check_status",
        kind: Kind::Probe,
        about: "What the checkers last saw of a health check.",
        parameters: &[Parameter::required("check_id", "str")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_health_check_status(activity)),
    },
    Function {
        module: PROBES,
        name: "get_hosted_zone",
        kind: Kind::Probe,
        about: "What is known of a hosted zone.",
        parameters: &[ZONE],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_hosted_zone(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "route53";
