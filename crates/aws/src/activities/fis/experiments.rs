//! Experiments by their id, their template and their tags.

use squall_model::{List, Map, Value, python};

use super::{SERVICE, failed, start, tags_of};
use crate::activities::support::{debug, entries, member, parameters, type_error};
use crate::activity::{Activity, Raised};
use crate::client::Client;

pub(super) async fn start_experiment(activity: &Activity) -> Result<Value, Raised> {
    let template = activity.argument("experiment_template_id");
    if !template.is_truthy() {
        return Err(Raised::failed("You must pass a valid experiment template id, id provided was empty"));
    }
    let tags = tags_of(&activity.argument("tags"))?;
    let client = activity.client(SERVICE).await?;
    start(&client, template, activity.argument("client_token"), tags).await
}

pub(super) async fn stop_experiment(activity: &Activity) -> Result<Value, Raised> {
    by_id(activity, "StopExperiment", "Stop Experiment").await
}

pub(super) async fn get_experiment(activity: &Activity) -> Result<Value, Raised> {
    by_id(activity, "GetExperiment", "Get Experiment").await
}

async fn by_id(activity: &Activity, operation: &str, what: &str) -> Result<Value, Raised> {
    let id = activity.argument("experiment_id");
    if !id.is_truthy() {
        return Err(Raised::failed("You must pass a valid experiment id, id provided was empty"));
    }
    let client = activity.client(SERVICE).await?;
    let answer = client.call(operation, parameters! { "id": id }).await;
    answer.map(Value::from).map_err(|error| failed(what, &error))
}

pub(super) async fn stop_experiments_by_tags(activity: &Activity) -> Result<Value, Raised> {
    stop_by_tags(activity, &activity.argument("tags"), &[], activity.given("delete_templates")).await
}

/// Stops the experiments whose tags contain all of `tags`, and those with one of the `ids`; gives the
/// answers.
pub(super) async fn stop_by_tags(
    activity: &Activity,
    tags: &Value,
    ids: &[Value],
    delete_templates: bool,
) -> Result<Value, Raised> {
    let tags = tags_of(tags)?;
    let client = activity.client(SERVICE).await?;
    let listed = client.call("ListExperiments", parameters! { "maxResults": 100 }).await;
    let listed = listed.map_err(|error| failed("Listing Experiments", &error))?;
    debug!("Trying to stop experiments which are supersets of {}", python::repr(&tags.clone().into()));

    let (stopped, mut templates) = (List::new(), Vec::new());
    for experiment in entries(&listed, "experiments")? {
        match stop_if_meant(&client, &experiment, &tags, ids).await {
            Ok(Some((answer, template))) => {
                stopped.push(answer);
                templates.push(template);
            }
            Ok(None) => {}
            Err(error) => return Err(failed("Stop Experiment", &error.text())),
        }
    }
    debug!("Stopped experiments {}", python::repr(&stopped.clone().into()));

    if delete_templates {
        debug!("Deleting experiments templates {}", python::repr(&Value::list(templates.clone())));
        for template in templates {
            let id = python::str(&template);
            client
                .call("DeleteExperimentTemplate", parameters! { "id": template })
                .await
                .map_err(|error| failed(&format!("Delete Experiment template {id}"), &error))?;
            debug!("Experiment template {id} deleted");
        }
    }
    Ok(stopped.into())
}

/// Stops an experiment that has the tags or one of the ids, and is not over (or has completed); gives the
/// answer and the experiment's template.
async fn stop_if_meant(
    client: &Client,
    experiment: &Value,
    tags: &Map,
    ids: &[Value],
) -> Result<Option<(Value, Value)>, Raised> {
    let named = experiment.get("id").is_some_and(|id| ids.contains(&id));
    if !named && !has_all(&member(experiment, "tags")?, tags)? {
        return Ok(None);
    }
    let status = member(&member(experiment, "state")?, "status")?;
    if !matches!(status.as_str(), Some("pending" | "initiating" | "running" | "completed")) {
        return Ok(None);
    }
    let answer = client.call("StopExperiment", parameters! { "id": member(experiment, "id")? }).await?;
    Ok(Some((answer.into(), member(experiment, "experimentTemplateId")?)))
}

fn has_all(own: &Value, tags: &Map) -> Result<bool, Raised> {
    let own = own.as_map().ok_or_else(|| type_error("the tags of an experiment are no mapping"))?;
    Ok(tags.entries().iter().all(|(key, value)| own.get_key(key).as_ref() == Some(value)))
}
