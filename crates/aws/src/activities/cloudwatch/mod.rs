//! CloudWatch: alarms, metrics, and the rules of its events.

mod mean;
mod metrics;
mod rules;

use crate::activity::{Function, Kind, Parameter};

const ACTIONS: &str = "chaosaws.cloudwatch.actions";
const PROBES: &str = "chaosaws.cloudwatch.probes";

const RESPONSE: &str = "Dict[str, Any]";

const RULE_NAME: Parameter = Parameter::required("rule_name", "str");
const NAMESPACE: Parameter = Parameter::required("namespace", "str");
const METRIC_NAME: Parameter = Parameter::required("metric_name", "str");
const DIMENSION_NAME: Parameter = Parameter::optional("dimension_name", "str", "null");
const DIMENSION_VALUE: Parameter = Parameter::optional("dimension_value", "str", "null");
const DIMENSIONS: Parameter = Parameter::optional("dimensions", "List[Dict[str, str]]", "null");
const STATISTIC: Parameter = Parameter::optional("statistic", "str", "null");
const OFFSET: Parameter = Parameter::optional("offset", "int", "0");
const UNIT: Parameter = Parameter::optional("unit", "str", "null");

/// The functions, in the order that discovery lists them.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: ACTIONS,
        name: "delete_rule",
        kind: Kind::Action,
        about: "Deletes a rule; with `force` its targets, too, which it must not have.",
        parameters: &[RULE_NAME, Parameter::optional("force", "bool", "false")],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::delete_rule(activity)),
    },
    Function {
        module: ACTIONS,
        name: "disable_rule",
        kind: Kind::Action,
        about: "Switches a rule off.",
        parameters: &[RULE_NAME],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::disable_rule(activity)),
    },
    Function {
        module: ACTIONS,
        name: "enable_rule",
        kind: Kind::Action,
        about: "Switches a rule on.",
        parameters: &[RULE_NAME],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::enable_rule(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_metric_data",
        kind: Kind::Action,
        about: "Publishes data points of metrics.",
        parameters: &[NAMESPACE, Parameter::required("metric_data", "List[Dict[str, Any]]")],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(metrics::put_metric_data(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_rule",
        kind: Kind::Action,
        about: "Creates a rule, or changes it.",
        parameters: &[
            RULE_NAME,
            Parameter::optional("schedule_expression", "str", "null"),
            Parameter::optional("event_pattern", "str", "null"),
            Parameter::optional("state", "str", "null"),
            Parameter::optional("description", "str", "null"),
            Parameter::optional("role_arn", "str", "null"),
        ],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::put_rule(activity)),
    },
    Function {
        module: ACTIONS,
        name: "put_rule_targets",
        kind: Kind::Action,
        about: "Gives a rule targets, or changes those that it has.",
        parameters: &[RULE_NAME, Parameter::required("targets", "List[Dict[str, Any]]")],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::put_rule_targets(activity)),
    },
    Function {
        module: ACTIONS,
        name: "remove_rule_targets",
        kind: Kind::Action,
        about: "Takes targets off a rule: those that are named, or all.",
        parameters: &[RULE_NAME, Parameter::optional("target_ids", "List[str]", "null")],
        returns: RESPONSE,
        discovered: true,
        run: |activity| Box::pin(rules::remove_rule_targets(activity)),
    },
    Function {
        module: PROBES,
        name: "get_alarm_state_value",
        kind: Kind::Probe,
        about: "The state of an alarm: `OK`, `ALARM` or `INSUFFICIENT_DATA`.",
        parameters: &[Parameter::required("alarm_name", "str")],
        returns: "str",
        discovered: true,
        run: |activity| Box::pin(metrics::get_alarm_state_value(activity)),
    },
    Function {
        module: PROBES,
        name: "get_metric_data",
        kind: Kind::Probe,
        about: "One number of a metric's values from `duration` to `offset` seconds ago: their sum, minimum or \
                maximum where that is the statistic, else their mean; zero where there are none.",
        parameters: &[
            NAMESPACE,
            METRIC_NAME,
            DIMENSION_NAME,
            DIMENSION_VALUE,
            DIMENSIONS,
            STATISTIC,
            Parameter::optional("duration", "int", "300"),
            Parameter::optional("period", "int", "60"),
            OFFSET,
            UNIT,
        ],
        returns: "float",
        discovered: true,
        run: |activity| Box::pin(metrics::get_metric_data(activity)),
    },
    Function {
        module: PROBES,
        name: "get_metric_statistics",
        kind: Kind::Probe,
        about: "The statistic of a metric over the `duration` seconds that ended `offset` seconds ago; zero \
                where it has no data.",
        parameters: &[
            NAMESPACE,
            METRIC_NAME,
            DIMENSION_NAME,
            DIMENSION_VALUE,
            DIMENSIONS,
            Parameter::optional("duration", "int", "60"),
            OFFSET,
            STATISTIC,
            Parameter::optional("extended_statistic", "str", "null"),
            UNIT,
        ],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(metrics::get_metric_statistics(activity)),
    },
];
