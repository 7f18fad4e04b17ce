//! What is known of incidents.

use squall_model::{Map, Value, python};

use super::SERVICE;
use crate::activities::support::{debug, entry, index_error, items, length, member, parameters};
use crate::activities::times::{datetime, moment};
use crate::activity::{Activity, Raised};

pub(super) async fn get_incidents(activity: &Activity) -> Result<Value, Raised> {
    Ok(incidents(activity, activity.argument("status")).await?.into())
}

pub(super) async fn get_active_incidents(activity: &Activity) -> Result<Value, Raised> {
    Ok(incidents(activity, "OPEN").await?.into())
}

pub(super) async fn get_resolved_incidents(activity: &Activity) -> Result<Value, Raised> {
    Ok(incidents(activity, "RESOLVED").await?.into())
}

pub(super) async fn has_incident_been_opened(activity: &Activity) -> Result<Value, Raised> {
    has_any(&incidents(activity, "OPEN").await?)
}

pub(super) async fn has_incident_been_resolved(activity: &Activity) -> Result<Value, Raised> {
    has_any(&incidents(activity, "RESOLVED").await?)
}

pub(super) async fn get_active_incident_items(activity: &Activity) -> Result<Value, Raised> {
    related_items(activity, "OPEN").await
}

pub(super) async fn get_resolved_incident_items(activity: &Activity) -> Result<Value, Raised> {
    related_items(activity, "RESOLVED").await
}

/// The incidents that the activity asks for, with this status.
async fn incidents(activity: &Activity, status: impl Into<Value>) -> Result<Map, Raised> {
    let status = status.into();
    let impact = activity.argument("impact");
    let creator = activity.argument("created_by");
    let end = activity.clock.now_micros();
    let start = moment(&activity.argument("created_in_the_last"), Some(end), &*activity.clock)?;
    let (start, end) = (datetime(start), datetime(end));

    let mut filters = vec![
        filter(equals("integerValues", impact.clone()), "impact"),
        filter(parameters! { "after": start.clone() }, "creationTime"),
        filter(equals("stringValues", status.clone()), "status"),
    ];
    if creator.is_truthy() {
        filters.push(filter(equals("stringValues", creator.clone()), "createdBy"));
    }
    let client = activity.client(SERVICE).await?;
    debug!(
        "Requesting incidents between {} and {} with impact {} and status {} and created by {}",
        python::str(&start),
        python::str(&end),
        python::str(&impact),
        python::str(&status),
        if creator.is_truthy() { python::str(&creator) } else { "n/a".to_owned() },
    );
    let called = async {
        let parameters = parameters! { "filters": Value::list(filters), "maxResults": 10 };
        let answer = client.call("ListIncidentRecords", parameters).await?;
        debug!("Found {} incidents", length(&entry(&answer, SUMMARIES)?)?);
        Ok(answer)
    };
    called.await.map_err(failed)
}

/// Where an answer has its incidents.
const SUMMARIES: &str = "incidentRecordSummaries";

fn equals(kind: &str, value: Value) -> Map {
    parameters! { "equals": Map::from_iter([(kind, Value::list([value]))]) }
}

fn filter(condition: Map, key: &str) -> Value {
    Value::Map(parameters! { "condition": condition, "key": key })
}

fn has_any(answer: &Map) -> Result<Value, Raised> {
    Ok((length(&entry(answer, SUMMARIES)?)? > 0).into())
}

/// What is related to the first incident of this status.
///
/// For open incidents the reference asks `ListIncidentRecords` again, with a parameter that operation
/// does not have, and always fails.
async fn related_items(activity: &Activity, status: &str) -> Result<Value, Raised> {
    let answer = incidents(activity, status).await?;
    let first = items(&entry(&answer, SUMMARIES)?)?.into_iter().next();
    let first = first.ok_or_else(index_error)?;
    let arn = member(&first, "arn")?;

    let client = activity.client(SERVICE).await?;
    debug!("Looking up items for incident {}", python::str(&arn));
    let called = async {
        let parameters = parameters! { "incidentRecordArn": arn, "maxResults": 10 };
        let answer = client.call("ListRelatedItems", parameters).await?;
        debug!("Found {} items", length(&entry(&answer, "relatedItems")?)?);
        Ok(answer)
    };
    called.await.map(Value::from).map_err(failed)
}

/// What the reference makes of any error around a call.
fn failed(error: Raised) -> Raised {
    let reason = error.text();
    debug!("Failed to call AWS SSM Incidents API: {reason}");
    Raised::failed(format!("SSM Incidents API failed: {reason}"))
}
