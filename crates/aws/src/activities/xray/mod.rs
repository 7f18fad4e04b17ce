//! X-Ray: traces, and the graph of services that they show.

mod probes;

use crate::activity::{Function, Kind, Parameter};

const PROBES: &str = "chaosaws.xray.probes";
const ANSWER: &str = "Dict[str, Any]";
const ANSWER_OR_LIST: &str = "Union[Dict[str, Any], List[Dict[str, Any]]]";

const START: Parameter = Parameter::optional("start_time", "Union[str, float]", r#""3 minutes""#);
const END: Parameter = Parameter::optional("end_time", "Union[str, float]", r#""now""#);
const RANGE: Parameter = Parameter::optional("time_range_type", "str", r#""TraceId""#);
const FILTER: Parameter = Parameter::optional("filter_expression", "str", r#""groupname = \"Default\"""#);
const SAMPLING: Parameter = Parameter::optional("sampling", "bool", "false");
const STRATEGY: Parameter = Parameter::optional("sampling_strategy", "Optional[Dict[str, float]]", "null");

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: PROBES,
        name: "get_most_recent_trace",
        kind: Kind::Probe,
        about: "The newest trace of a time window; with `raw_segments` only its segments' documents, decoded. \
                Times are seconds since 1970, `now`, or `3 minutes` (before the end).",
        parameters: &[
            START,
            END,
            RANGE,
            FILTER,
            SAMPLING,
            STRATEGY,
            Parameter::optional("raw_segments", "bool", "false"),
        ],
        returns: ANSWER_OR_LIST,
        discovered: true,
        run: |activity| Box::pin(probes::get_most_recent_trace(activity)),
    },
    Function {
        module: PROBES,
        name: "get_service_graph",
        kind: Kind::Probe,
        about: "The graph of the services that a group's traces of a time window show. \
                Times are seconds since 1970, `now`, or `3 minutes` (before the end).",
        parameters: &[
            START,
            END,
            Parameter::optional("group_name", "Optional[str]", r#""Default""#),
            Parameter::optional("group_arn", "Optional[str]", "null"),
        ],
        returns: ANSWER_OR_LIST,
        discovered: true,
        run: |activity| Box::pin(probes::get_service_graph(activity)),
    },
    Function {
        module: PROBES,
        name: "get_traces",
        kind: Kind::Probe,
        about: "The newest traces of a time window, five at most. \
                Times are seconds since 1970, `now`, or `3 minutes` (before the end).",
        parameters: &[
            START,
            END,
            RANGE,
            FILTER,
            SAMPLING,
            STRATEGY,
            Parameter::optional("quantity", "int", "5"),
        ],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_traces(activity)),
    },
    Function {
        module: PROBES,
        name: "get_traces_summaries",
        kind: Kind::Probe,
        about: "Summaries of the traces of a time window, which can be many: filter or sample them. \
                Times are seconds since 1970, `now`, or `3 minutes` (before the end).",
        parameters: &[START, END, RANGE, FILTER, SAMPLING, STRATEGY],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::get_traces_summaries(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "xray";
