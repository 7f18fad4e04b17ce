//! Metrics and alarms.

use std::sync::Arc;

use squall_model::{List, Map, Other, OtherKind, Value, python, time};

use super::mean;
use crate::activities::support::{debug, entries, items, member, parameters, refused, type_error};
use crate::activity::{Activity, Raised};

/// `put_metric_data`.
pub(super) async fn put_metric_data(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("cloudwatch").await?;
    let data = parameters! {
        "Namespace": activity.argument("namespace"),
        "MetricData": activity.argument("metric_data"),
    };
    client.call("PutMetricData", data).await.map_err(refused(str::to_owned))?;
    Ok(Value::Null)
}

/// `get_alarm_state_value`.
pub(super) async fn get_alarm_state_value(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("cloudwatch").await?;
    let name = activity.argument("alarm_name");
    let names = Value::list([name.clone()]);
    let response = client.call("DescribeAlarms", parameters! { "AlarmNames": names }).await?;
    match entries(&response, "MetricAlarms")?.first() {
        Some(alarm) => member(alarm, "StateValue"),
        None => Err(Raised::failed(format!("CloudWatch alarm name {} not found", python::str(&name)))),
    }
}

/// `get_metric_statistics`.
pub(super) async fn get_metric_statistics(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("cloudwatch").await?;
    let (statistic, extended) = (activity.argument("statistic"), activity.argument("extended_statistic"));
    if statistic.is_null() && extended.is_null() {
        return Err(Raised::failed("You must supply argument for statistic or extended_statistic"));
    }
    demand_dimensions(activity)?;
    let duration = activity.argument("duration");
    let end = before(activity.clock.now_micros(), &activity.argument("offset"))?;
    let request = parameters! {
        "Namespace": activity.argument("namespace"),
        "MetricName": activity.argument("metric_name"),
        "StartTime": utc(before(end, &duration)?),
        "EndTime": utc(end),
        "Period": duration,
    };
    let dimensions = activity.argument("dimensions");
    let dimensions = if dimensions.is_truthy() { dimensions } else { one_dimension(activity) };
    request.insert("Dimensions", dimensions);
    if statistic.is_truthy() {
        request.insert("Statistics", Value::list([statistic.clone()]));
    }
    if extended.is_truthy() {
        request.insert("ExtendedStatistics", Value::list([extended.clone()]));
    }
    if activity.given("unit") {
        request.insert("Unit", activity.argument("unit"));
    }
    debug!("Request arguments: {}", python::repr(&Value::Map(request.clone())));
    let response = client.call("GetMetricStatistics", request).await?;
    let Some(point) = entries(&response, "Datapoints")?.into_iter().next() else {
        return Ok(Value::from(0));
    };
    let response = Value::Map(response);
    debug!("Response: {}", python::repr(&response));
    let value = if statistic.is_truthy() {
        member(&point, &python::str(&statistic))
    } else if extended.is_truthy() {
        member(&point, "ExtendedStatistics").and_then(|values| member(&values, &python::str(&extended)))
    } else {
        Ok(Value::Null)
    };
    value.map_err(|error| {
        let response = python::repr(&response);
        Raised::failed(format!("Unable to parse response '{response}': '{}'", error.text()))
    })
}

/// `get_metric_data`.
pub(super) async fn get_metric_data(activity: &Activity) -> Result<Value, Raised> {
    let now = activity.clock.now_micros();
    let start = before(now, &activity.argument("duration"))?;
    let end = before(now, &activity.argument("offset"))?;
    demand_dimensions(activity)?;

    let metric = parameters! {
        "Namespace": activity.argument("namespace"),
        "MetricName": activity.argument("metric_name"),
    };
    if activity.given("dimensions") {
        metric.insert("Dimensions", activity.argument("dimensions"));
    } else if activity.given("dimension_name") && activity.given("dimension_value") {
        metric.insert("Dimensions", one_dimension(activity));
    }
    let statistic = activity.argument("statistic");
    let stat = parameters! {
        "Metric": metric,
        "Period": activity.argument("period"),
        "Stat": statistic.clone(),
    };
    if activity.given("unit") {
        stat.insert("Unit", activity.argument("unit"));
    }
    let query = parameters! { "Id": "m1", "MetricStat": stat, "Label": activity.argument("metric_name") };
    let request = parameters! {
        "MetricDataQueries": Value::list([Value::Map(query)]),
        "StartTime": utc(start),
        "EndTime": utc(end),
    };
    let client = activity.client("cloudwatch").await?;
    let response = client.call("GetMetricData", request).await?;
    let results = by_label(&response)?;
    let mut result = Value::from(0);
    for values in results.values() {
        let values = items(&values)?;
        if !values.is_empty() {
            result = mean::folded(&values, statistic.as_str())?;
        }
    }
    Ok(mean::rounded(&result))
}

/// The values of an answer of `GetMetricData`, those of one label together.
fn by_label(response: &Map) -> Result<Map, Raised> {
    let labels = Map::new();
    for result in entries(response, "MetricDataResults")? {
        let label = python::str(&member(&result, "Label")?);
        let values = items(&member(&result, "Values")?)?;
        match labels.get(&label) {
            Some(Value::List(known)) => values.into_iter().for_each(|value| known.push(value)),
            _ => labels.insert(label, Value::list(values)),
        }
    }
    Ok(labels)
}

fn demand_dimensions(activity: &Activity) -> Result<(), Raised> {
    if ["dimensions", "dimension_name", "dimension_value"]
        .iter()
        .all(|name| activity.argument(name).is_null())
    {
        return Err(Raised::failed("You must supply argument for dimensions"));
    }
    Ok(())
}

fn one_dimension(activity: &Activity) -> Value {
    let dimension = parameters! {
        "Name": activity.argument("dimension_name"),
        "Value": activity.argument("dimension_value"),
    };
    Value::List(List::from_iter([Value::Map(dimension)]))
}

/// A number of seconds before a time, both times in microseconds.
fn before(micros: i64, seconds: &Value) -> Result<i64, Raised> {
    let Some(number) = seconds.as_f64() else {
        return Err(type_error(format!(
            "unsupported type for timedelta seconds component: {}",
            seconds.type_name()
        )));
    };
    let span = (number * 1e6).round_ties_even();
    let then = micros as f64 - span;
    // Python's dates end with the year 9999, and start with the year 1.
    if span.is_finite() && (-6.2e16..2.6e17).contains(&then) {
        Ok(micros - span as i64)
    } else {
        Err(Raised::of_class("OverflowError", "date value out of range"))
    }
}

/// A time without a zone, which the reference sends; botocore takes it as UTC.
fn utc(micros: i64) -> Value {
    let text = time::iso_from_micros(micros);
    let text = text.strip_suffix("+00:00").unwrap_or(&text);
    Value::Other(Arc::new(Other { kind: OtherKind::DateTime, text: text.into(), display: None }))
}
