//! MSK: clusters and their brokers.

mod actions;
mod probes;

use squall_model::Map;

use crate::activities::support::{is_shape, parameters};
use crate::activity::{Activity, Function, Kind, Parameter, Raised};
use crate::client::Client;

const ACTIONS: &str = "chaosaws.msk.actions";
const PROBES: &str = "chaosaws.msk.probes";
const ANSWER: &str = "Dict[str, Any]";

const CLUSTER: Parameter = Parameter::required("cluster_arn", "str");

/// The functions of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: PROBES,
        name: "describe_msk_cluster",
        kind: Kind::Probe,
        about: "What is known of a cluster.",
        parameters: &[CLUSTER],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(probes::describe_msk_cluster(activity)),
    },
    Function {
        module: PROBES,
        name: "get_bootstrap_servers",
        kind: Kind::Probe,
        about: "Where clients of a cluster connect to first: `host:port` of each broker, in plain text.",
        parameters: &[CLUSTER],
        returns: "List[str]",
        discovered: true,
        run: |activity| Box::pin(probes::get_bootstrap_servers(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_cluster",
        kind: Kind::Action,
        about: "Deletes a cluster.",
        parameters: &[CLUSTER],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::delete_cluster(activity)),
    },
    Function {
        module: ACTIONS,
        name: "reboot_msk_broker",
        kind: Kind::Action,
        about: "Reboots brokers of a cluster.",
        parameters: &[CLUSTER, Parameter::required("broker_ids", "List[str]")],
        returns: ANSWER,
        discovered: true,
        run: |activity| Box::pin(actions::reboot_msk_broker(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "kafka";

/// Calls an operation on the activity's cluster, with `more` parameters.
async fn call(client: &Client, activity: &Activity, operation: &str, more: Map) -> Result<Map, Raised> {
    let parameters = parameters! { "ClusterArn": activity.argument("cluster_arn") };
    for (name, value) in more.entries() {
        parameters.insert(name, value);
    }
    client.call(operation, parameters).await.map_err(|error| {
        if is_shape(&error, "NotFoundException") {
            Raised::failed("The specified cluster was not found")
        } else {
            error.into()
        }
    })
}
