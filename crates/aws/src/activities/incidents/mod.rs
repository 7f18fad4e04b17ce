//! Incident Manager: incidents, open and resolved, and what is related to them.

mod probes;

use crate::activity::{Function, Kind, Parameter};

const PROBES: &str = "chaosaws.incidents.probes";
const ANSWER: &str = "Dict[str, Any]";

const IMPACT: Parameter = Parameter::optional("impact", "int", "1");
const SINCE: Parameter = Parameter::optional("created_in_the_last", "Union[str, float]", r#""3 minutes""#);
const CREATOR: Parameter = Parameter::optional("created_by", "Optional[str]", "null");
const WHICH: &[Parameter] = &[IMPACT, SINCE, CREATOR];

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: PROBES,
        name: "get_active_incident_items",
        kind: Kind::Probe,
        about: "What is related to the newest open incident of an impact, created within a time window.",
        parameters: WHICH,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_active_incident_items(activity)),
    },
    Function {
        module: PROBES,
        name: "get_active_incidents",
        kind: Kind::Probe,
        about: "The open incidents of an impact that were created within a time window.",
        parameters: WHICH,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_active_incidents(activity)),
    },
    Function {
        module: PROBES,
        name: "get_incidents",
        kind: Kind::Probe,
        about: "The incidents of an impact and a status that were created within a time window: `3 minutes` \
                (before now), or since a number of seconds after 1970. `created_by` is the ARN of their creator.",
        parameters: &[IMPACT, Parameter::optional("status", "str", r#""OPEN""#), SINCE, CREATOR],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_incidents(activity)),
    },
    Function {
        module: PROBES,
        name: "get_resolved_incident_items",
        kind: Kind::Probe,
        about: "What is related to the newest resolved incident of an impact, created within a time window.",
        parameters: WHICH,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_resolved_incident_items(activity)),
    },
    Function {
        module: PROBES,
        name: "get_resolved_incidents",
        kind: Kind::Probe,
        about: "The resolved incidents of an impact that were created within a time window.",
        parameters: WHICH,
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_resolved_incidents(activity)),
    },
    Function {
        module: PROBES,
        name: "has_incident_been_opened",
        kind: Kind::Probe,
        about: "Whether an incident of an impact was created within a time window and is open.",
        parameters: WHICH,
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::has_incident_been_opened(activity)),
    },
    Function {
        module: PROBES,
        name: "has_incident_been_resolved",
        kind: Kind::Probe,
        about: "Whether an incident of an impact was created within a time window and is resolved.",
        parameters: WHICH,
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::has_incident_been_resolved(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "ssm-incidents";
