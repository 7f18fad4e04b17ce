//! The scenario `EKS Stress: Pod Delete`.

use squall_model::{Value, python};

use super::{SERVICE, create_template, extend, logs_to, no_stop_conditions, scenario_tags, start, tags_of};
use crate::activities::support::{debug, parameters};
use crate::activity::{Activity, Raised};

/// What the template calls the pods.
const TARGET: &str = "EksPodDeleteTarget";

pub(super) async fn start_stress_pod_delete_scenario(activity: &Activity) -> Result<Value, Raised> {
    let tags = tags_of(&activity.argument("tags"))?;
    let client = activity.client(SERVICE).await?;
    let template_tags = scenario_tags();
    extend(&template_tags, &tags);

    let pods = parameters! {
        "resourceType": "aws:eks:pod",
        "selectionMode": "ALL",
        "parameters": parameters! {
            "clusterIdentifier": activity.argument("cluster_identifier"),
            "namespace": activity.argument("namespace"),
            "selectorType": "labelSelector",
            "selectorValue": activity.argument("label_selector"),
        },
    };
    let delete = parameters! {
        "actionId": "aws:eks:pod-delete",
        "parameters": parameters! { "kubernetesServiceAccount": activity.argument("service_account") },
        "targets": parameters! { "Pods": TARGET },
    };
    let template = parameters! {
        "description": activity.argument("description"),
        "targets": Value::map([(TARGET, Value::Map(pods))]),
        "actions": parameters! { "EksPodDelete": delete },
        "roleArn": activity.argument("role_arn"),
        "stopConditions": no_stop_conditions(),
        "tags": template_tags,
        "logConfiguration": logs_to(activity.argument("log_group_arn")),
    };
    let token = activity.argument("client_token");
    if token.is_truthy() {
        template.insert("clientToken", token.clone());
    }
    let template = create_template(&client, template).await?;
    debug!("FIS Template {} created", python::str(&template));
    start(&client, template, token, tags).await
}
