//! Tags on instances.

use squall_model::{List, Value, python};

use super::select;
use crate::activities::support::{
    debug, filter, items, key_value_pairs, member, no_attribute, parameters, share, tags_of_text, truncated,
};
use crate::activity::{Activity, Raised};

/// `set_tags_on_instances`.
pub(super) async fn set_tags_on_instances(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let tags = tags(activity)?;
    if !tags.is_truthy() {
        return Err(Raised::failed("Missing tags to be set"));
    }
    // The zone goes into the list that was given, as the reference has it: that shows in the journal.
    let filters = match activity.argument("filters") {
        given if given.is_truthy() => given,
        _ => Value::List(List::new()),
    };
    let az = activity.argument("az");
    select::add_zone(&filters, &az)?;
    let groups = select::by_filters(&client, &filters).await?;

    let ids = groups.get("normal").map(List::to_vec).unwrap_or_default();
    let number = share(ids.len(), &activity.argument("percentage"))?.round_ties_even().max(1.0);
    let targets = Value::list(activity.sample(&ids, &Value::Int(truncated(number)?))?);
    debug!("Picked EC2 instances '{}' from AZ '{}'", python::str(&targets), python::str(&az));
    Ok(Value::Map(client.call("CreateTags", parameters! { "Resources": targets, "Tags": tags }).await?))
}

/// `remove_tags_from_instances`.
pub(super) async fn remove_tags_from_instances(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let tags = tags(activity)?;
    let filters = List::new();
    for tag in items(&tags)? {
        filters.push(filter(format!("tag:{}", python::str(&member(&tag, "Key")?)), member(&tag, "Value")?));
    }
    let filters = Value::List(filters);
    let az = activity.argument("az");
    select::add_zone(&filters, &az)?;
    let response = client.call("DescribeInstances", parameters! { "Filters": filters }).await?;
    let ids = List::new();
    for instance in select::instances(&response)? {
        ids.push(member(&instance, "InstanceId")?);
    }
    let ids = Value::List(ids);
    debug!("Found EC2 instances '{}' from AZ '{}'", python::str(&ids), python::str(&az));
    Ok(Value::Map(client.call("DeleteTags", parameters! { "Resources": ids, "Tags": tags }).await?))
}

/// The argument `tags` in the form that EC2 takes.
fn tags(activity: &Activity) -> Result<Value, Raised> {
    match activity.argument("tags") {
        // The reference's words for a text without tags.
        Value::Str(text) if text.is_empty() => Err(no_attribute(&Value::List(List::new()), "items")),
        Value::Str(text) => Ok(Value::List(key_value_pairs(&tags_of_text(&text)?))),
        tags => Ok(tags),
    }
}
