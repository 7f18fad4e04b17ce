//! Fault Injection Service: experiments of its own, and two scenarios that are made of its templates.

mod experiments;
mod pods;
mod power;
mod role;

use squall_model::{Map, Value};

use crate::activities::support::{entry, member, parameters, tags_of_text, text_for};
use crate::activity::{Function, Kind, Parameter, Raised};
use crate::client::Client;

const ACTIONS: &str = "chaosaws.fis.actions";
const ANSWER: &str = "Dict[str, Any]";
const ANSWERS: &str = "List[Dict[str, Any]]";

const EXPERIMENT: Parameter = Parameter::required("experiment_id", "str");
const NEEDED_TAGS: Parameter = Parameter::required("tags", "Union[str, Dict[str, str]]");

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "restore_availability_zone_power_after_interruption",
        kind: Kind::Action,
        about: "Ends a power interruption of an availability zone: stops its experiments (those with the \
                tags; without any, those that this run started), and deletes their templates and the role and \
                the policies that were made for them.",
        parameters: &[
            Parameter::optional("tags", "Union[str, Dict[str, str], None]", "null"),
            Parameter::optional("delete_roles_and_policies", "bool", "true"),
            Parameter::optional("delete_templates", "bool", "true"),
        ],
        returns: ANSWERS,
        discovered: true,
        run: |activity| Box::pin(power::restore_availability_zone_power_after_interruption(activity)),
    },
    Function {
        module: ACTIONS,
        name: "start_availability_zone_power_interruption_scenario",
        kind: Kind::Action,
        about: "Starts the scenario `AZ Availability: Power Interruption`: what would go with the power of an \
                availability zone, each kind of resource unless it is switched off. The role that it needs is \
                made where none is given.",
        parameters: &[
            Parameter::required("az", "str"),
            Parameter::optional("tags", "Union[str, Dict[str, str], None]", r#""""#),
            Parameter::optional("role_arn", "Optional[str]", r#""""#),
            Parameter::optional("autocreate_necessary_role", "bool", "true"),
            Parameter::optional("duration", "str", r#""PT30M""#),
            Parameter::optional("target_iam_roles", "bool", "false"),
            Parameter::optional("iam_roles", "Optional[List[str]]", "null"),
            Parameter::optional("target_subnet", "bool", "true"),
            Parameter::optional("target_ebs_volumes", "bool", "true"),
            Parameter::optional("target_ec2_instances", "bool", "true"),
            Parameter::optional("target_asg", "bool", "true"),
            Parameter::optional("target_asg_ec2_instances", "bool", "true"),
            Parameter::optional("target_rds_cluster", "bool", "true"),
            Parameter::optional("target_easticache_cluster", "bool", "true"),
            Parameter::optional("log_group_arn", "str", r#""""#),
            Parameter::optional("client_token", "str", r#""""#),
            Parameter::optional(
                "description",
                "str",
                r#""Affect multiple resource types in a single AZ to approximate power interruption""#,
            ),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(power::start_availability_zone_power_interruption_scenario(activity)),
    },
    Function {
        module: ACTIONS,
        name: "start_experiment",
        kind: Kind::Action,
        about: "Starts an experiment from a template. Tags are a mapping, or a text `key=value,key=value`.",
        parameters: &[
            Parameter::required("experiment_template_id", "str"),
            Parameter::optional("client_token", "str", "null"),
            Parameter::optional("tags", "Union[str, Dict[str, str]]", "null"),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(experiments::start_experiment(activity)),
    },
    Function {
        module: ACTIONS,
        name: "start_stress_pod_delete_scenario",
        kind: Kind::Action,
        about: "Starts the scenario `EKS Stress: Pod Delete`: deletes the pods of an EKS cluster that a label \
                selects.",
        parameters: &[
            Parameter::required("label_selector", "str"),
            NEEDED_TAGS,
            Parameter::required("role_arn", "str"),
            Parameter::required("log_group_arn", "str"),
            Parameter::required("cluster_identifier", "str"),
            Parameter::optional("namespace", "str", r#""default""#),
            Parameter::optional("service_account", "str", r#""default""#),
            Parameter::optional("client_token", "str", r#""""#),
            Parameter::optional("description", "str", r#""Delete one or more EKS pods""#),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(pods::start_stress_pod_delete_scenario(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_experiment",
        kind: Kind::Action,
        about: "Stops an experiment.",
        parameters: &[EXPERIMENT],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(experiments::stop_experiment(activity)),
    },
    Function {
        module: ACTIONS,
        name: "stop_experiments_by_tags",
        kind: Kind::Action,
        about: "Stops the experiments that have all of the tags, and deletes their templates where that is \
                wanted: for rollbacks that do not know an experiment's id.",
        parameters: &[NEEDED_TAGS, Parameter::optional("delete_templates", "bool", "false")],
        returns: ANSWERS,
        discovered: true,
        run: |activity| Box::pin(experiments::stop_experiments_by_tags(activity)),
    },
    Function {
        module: "chaosaws.fis.probes",
        name: "get_experiment",
        kind: Kind::Probe,
        about: "What is known of an experiment.",
        parameters: &[EXPERIMENT],
        returns: ANSWER,
        discovered: false,
        run: |activity| Box::pin(experiments::get_experiment(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "fis";

/// The tags that an argument means: a mapping, or a text `key=value,key=value`.
fn tags_of(argument: &Value) -> Result<Map, Raised> {
    match argument {
        empty if !empty.is_truthy() => Ok(Map::new()),
        Value::Map(tags) => Ok(tags.clone()),
        other => tags_of_text(&text_for(other, "split")?),
    }
}

/// The tags of whatever a scenario makes, besides its own.
fn scenario_tags() -> Map {
    parameters! { "chaosengineering": "true", "chaostoolkit": "true" }
}

/// `tags` and `more`, the latter's values winning.
fn extend(tags: &Map, more: &Map) {
    for (key, value) in more.entries() {
        tags.insert(key, value);
    }
}

/// Where a template's experiments log to.
fn logs_to(group: Value) -> Map {
    parameters! {
        "logSchemaVersion": 2,
        "cloudWatchLogsConfiguration": parameters! { "logGroupArn": group },
    }
}

/// What ends an experiment early: nothing.
fn no_stop_conditions() -> Value {
    Value::list([Value::Map(parameters! { "source": "none" })])
}

/// Makes a template; gives its id.
async fn create_template(client: &Client, parameters: Map) -> Result<Value, Raised> {
    let answer = client.call("CreateExperimentTemplate", parameters).await?;
    member(&entry(&answer, "experimentTemplate")?, "id")
}

/// Starts an experiment.
async fn start(client: &Client, template: Value, token: Value, tags: Map) -> Result<Value, Raised> {
    let parameters = parameters! { "experimentTemplateId": template };
    if token.is_truthy() {
        parameters.insert("clientToken", token);
    }
    if !tags.is_empty() {
        parameters.insert("tags", Value::Map(tags));
    }
    let answer = client.call("StartExperiment", parameters).await;
    answer.map(Value::from).map_err(|error| failed("Start Experiment", &error))
}

/// What the reference makes of any error around a call.
fn failed(what: &str, reason: &dyn std::fmt::Display) -> Raised {
    Raised::failed(format!("{what} failed, reason was: {reason}"))
}
