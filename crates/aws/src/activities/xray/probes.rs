//! What is known of traces.

use squall_model::{Int, List, Map, Value, json, python};

use super::SERVICE;
use crate::activities::support::{
    debug, entry, items, member, optional_entries, parameters, text_for, type_error,
};
use crate::activities::times::{datetime, moment};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// The most traces that one call gives.
const MOST: i64 = 5;

pub(super) async fn get_traces_summaries(activity: &Activity) -> Result<Value, Raised> {
    Ok(summaries(activity).await?.into())
}

async fn summaries(activity: &Activity) -> Result<Map, Raised> {
    let client = activity.client(SERVICE).await?;
    let called = async {
        let (start, end) = window(activity, "traces")?;
        let strategy = activity.argument("sampling_strategy");
        let parameters = parameters! {
            "StartTime": start,
            "EndTime": end,
            "TimeRangeType": activity.argument("time_range_type"),
            "FilterExpression": activity.argument("filter_expression"),
            "Sampling": activity.argument("sampling"),
            "SamplingStrategy": if strategy.is_truthy() { strategy } else { Map::new().into() },
        };
        Ok(client.call("GetTraceSummaries", parameters).await?)
    };
    called.await.map_err(|error| failed("trace summaries", &error))
}

pub(super) async fn get_traces(activity: &Activity) -> Result<Value, Raised> {
    Ok(newest(activity, &activity.argument("quantity")).await?.into())
}

/// The last `quantity` traces that summaries name, at most five.
async fn newest(activity: &Activity, quantity: &Value) -> Result<Map, Raised> {
    let summaries = summaries(activity).await?;
    let named = optional_entries(&summaries, "TraceSummaries")?;
    let first = first_of_last(quantity, named.len())?;
    let ids = named[first..].iter().map(|summary| member(summary, "Id")).collect::<Result<List, _>>()?;
    let client = activity.client(SERVICE).await?;
    client
        .call("BatchGetTraces", parameters! { "TraceIds": ids })
        .await
        .map_err(|error| failed("batch traces", &error.into()))
}

/// Where `items[-min(quantity, 5):]` starts, in Python's counting: none of them means all, and below
/// zero so many are left out from the front.
fn first_of_last(quantity: &Value, length: usize) -> Result<usize, Raised> {
    let quantity = match quantity {
        Value::Int(int) => int.clone().min(Int::from(MOST)),
        Value::Bool(flag) => Int::from(i64::from(*flag)),
        Value::Float(float) if *float > 5.0 => Int::from(MOST),
        Value::Float(_) => {
            return Err(type_error("slice indices must be integers or None or have an __index__ method"));
        }
        other => {
            return Err(type_error(format!(
                "'<' not supported between instances of 'int' and '{}'",
                other.type_name()
            )));
        }
    };
    let wanted = quantity.to_i64().unwrap_or(i64::MIN);
    let distance = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
    Ok(if wanted > 0 { length.saturating_sub(distance) } else { distance.min(length) })
}

pub(super) async fn get_most_recent_trace(activity: &Activity) -> Result<Value, Raised> {
    let answer = newest(activity, &Value::from(1)).await?;
    if !activity.given("raw_segments") {
        return Ok(answer.into());
    }
    let traces = items(&entry(&answer, "Traces")?)?;
    let Some(trace) = traces.first() else {
        return Ok(Map::new().into());
    };
    let segments = items(&member(trace, "Segments")?)?;
    let documents = segments.iter().map(|segment| {
        let document = text_for(&member(segment, "Document")?, "startswith")?;
        json::parse(&document)
            .map_err(|error| Raised::of_class("json.decoder.JSONDecodeError", error.message))
    });
    Ok(Value::List(documents.collect::<Result<List, _>>()?))
}

pub(super) async fn get_service_graph(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let called = service_graph(activity, &client).await;
    called.map(Value::from).map_err(|error| failed("service graph", &error))
}

async fn service_graph(activity: &Activity, client: &Client) -> Result<Map, Raised> {
    let (start, end) = window(activity, "service graph")?;
    let parameters = parameters! { "StartTime": start, "EndTime": end };
    for (argument, parameter) in [("group_name", "GroupName"), ("group_arn", "GroupARN")] {
        if activity.given(argument) {
            parameters.insert(parameter, activity.argument(argument));
        }
    }
    Ok(client.call("GetServiceGraph", parameters).await?)
}

/// Start and end of the activity's time window.
fn window(activity: &Activity, what: &str) -> Result<(Value, Value), Raised> {
    let end = moment(&activity.argument("end_time"), None, &*activity.clock)?;
    let start = moment(&activity.argument("start_time"), Some(end), &*activity.clock)?;
    let (start, end) = (datetime(start), datetime(end));
    debug!("Requesting {what} between {} and {}", python::str(&start), python::str(&end));
    Ok((start, end))
}

/// What the reference makes of any error around a call.
fn failed(what: &str, error: &Raised) -> Raised {
    let reason = error.text();
    debug!("Failed to call AWS XRay API: {reason}");
    Raised::failed(format!("XRay {what} failed: {reason}"))
}
