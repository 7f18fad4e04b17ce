//! Which groups an activity means. Actions and probes find them in different ways.

use squall_model::{List, Map, Value, python};

use crate::activities::support::{debug, entries, items, joined, member, parameters};
use crate::activity::{Activity, Raised};
use crate::client::Client;

const GROUPS: &str = "AutoScalingGroups";
const NAME: &str = "AutoScalingGroupName";

/// Refuses an activity that does not say in exactly one way which groups it means.
pub(super) fn demand(activity: &Activity) -> Result<(), Raised> {
    match (activity.given("asg_names"), activity.given("tags")) {
        (false, false) => {
            Err(Raised::failed("one of the following arguments are required: asg_names or tags"))
        }
        (true, true) => {
            Err(Raised::failed("only one of the following arguments are allowed: asg_names/tags"))
        }
        _ => Ok(()),
    }
}

/// The groups of an answer of `DescribeAutoScalingGroups`.
pub(super) fn groups(response: &Map) -> Result<Vec<Value>, Raised> {
    entries(response, GROUPS)
}

/// A group's name.
pub(super) fn name(group: &Value) -> Result<Value, Raised> {
    member(group, NAME)
}

/// The names of the groups of an answer.
pub(super) fn names(response: &Map) -> Result<List, Raised> {
    groups(response)?.iter().map(name).collect::<Result<_, _>>()
}

/// Those of `names` that the answer has no group for.
fn missing(names: &Value, response: &Map) -> Result<List, Raised> {
    let found = self::names(response)?.to_vec();
    Ok(items(names)?.into_iter().filter(|name| !found.contains(name)).collect())
}

/// `DescribeAutoScalingGroups` of these names: one page.
pub(super) async fn describe(client: &Client, names: Value) -> Result<Map, Raised> {
    Ok(client.call("DescribeAutoScalingGroups", parameters! { "AutoScalingGroupNames": names }).await?)
}

/// How actions find groups: by name, all of which must be there, or by tags.
pub(super) mod actions {
    use super::*;

    /// The groups that the arguments mean, as one answer.
    pub(in super::super) async fn find(activity: &Activity, client: &Client) -> Result<Map, Raised> {
        if activity.given("asg_names") {
            by_name(client, activity.argument("asg_names")).await
        } else {
            by_tags(client, &activity.argument("tags")).await
        }
    }

    /// The groups of these names.
    pub(in super::super) async fn by_name(client: &Client, names: Value) -> Result<Map, Raised> {
        let shown = python::str(&names);
        debug!("Searching for ASG(s): {shown}.");
        let response = describe(client, names.clone()).await?;
        if !response.get(GROUPS).is_some_and(|groups| groups.is_truthy()) {
            return Err(Raised::failed(format!("Unable to locate ASG(s): {shown}")));
        }
        let missing = missing(&names, &response)?;
        if !missing.is_empty() {
            let missing = python::repr(&Value::List(missing));
            return Err(Raised::failed(format!("No ASG(s) found with name(s): {missing}")));
        }
        Ok(response)
    }

    /// The groups that have a tag which all the filters match: with several tags there is none.
    async fn by_tags(client: &Client, tags: &Value) -> Result<Map, Raised> {
        let filters = List::new();
        for tag in items(tags)? {
            for (name, key) in [("key", "Key"), ("value", "Value")] {
                let values = Value::list([member(&tag, key)?]);
                filters.push(Value::Map(parameters! { "Name": name, "Values": values }));
            }
        }
        let mut names: Vec<Value> = Vec::new();
        let mut pages = client.pages("DescribeTags", parameters! { "Filters": filters });
        while let Some(page) = pages.next().await {
            for tag in entries(&page?, "Tags")? {
                if member(&tag, "ResourceType")?.as_str() == Some("auto-scaling-group") {
                    let name = member(&tag, "ResourceId")?;
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        if names.is_empty() {
            let tags = python::str(tags);
            return Err(Raised::failed(format!("No ASG(s) found with matching tag(s): {tags}.")));
        }
        by_name(client, Value::list(names)).await
    }
}

/// How probes find groups: by name, all of which must be there, or those that carry all the tags.
pub(super) mod probes {
    use super::*;

    /// The groups that the arguments mean, as one answer.
    pub(in super::super) async fn find(activity: &Activity, client: &Client) -> Result<Map, Raised> {
        if activity.given("asg_names") {
            by_name(client, &activity.argument("asg_names")).await
        } else {
            by_tags(client, &activity.argument("tags")).await
        }
    }

    /// The groups of these names, from all pages.
    async fn by_name(client: &Client, names: &Value) -> Result<Map, Raised> {
        let groups = all(client, parameters! { "AutoScalingGroupNames": names.clone() }).await?;
        let response = parameters! { "AutoScalingGroups": groups };
        let missing = missing(names, &response)?;
        if !missing.is_empty() {
            let missing = python::repr(&Value::List(missing));
            return Err(Raised::failed(format!("No ASG(s) found matching: {missing}")));
        }
        Ok(response)
    }

    /// The groups that carry all the tags: all groups of the account are looked at.
    pub(in super::super) async fn by_tags(client: &Client, tags: &Value) -> Result<Map, Raised> {
        let page_size = parameters! { "PageSize": 100 };
        let groups = all(client, parameters! { "PaginationConfig": page_size }).await?.to_vec();
        let wanted = items(tags)?.iter().map(tag_text).collect::<Result<Vec<_>, _>>()?;
        let mut matching = Vec::new();
        for group in &groups {
            let carried = items(&member(group, "Tags")?)?;
            let carried = carried.iter().map(tag_text).collect::<Result<Vec<_>, _>>()?;
            if wanted.iter().all(|tag| carried.contains(tag)) {
                matching.push(name(group)?);
            }
        }
        let matching = Value::list(matching);
        debug!("filtered groups: {}", python::repr(&matching));
        if !matching.is_truthy() {
            return Err(Raised::failed("No auto-scaling groups matched the tags provided"));
        }
        describe(client, matching).await
    }

    async fn all(client: &Client, selection: Map) -> Result<List, Raised> {
        let found = List::new();
        let mut pages = client.pages("DescribeAutoScalingGroups", selection);
        while let Some(page) = pages.next().await {
            for group in groups(&page?)? {
                found.push(group);
            }
        }
        Ok(found)
    }

    fn tag_text(tag: &Value) -> Result<String, Raised> {
        joined("=", &Value::list([member(tag, "Key")?, member(tag, "Value")?]))
    }

    /// The groups that are named, and those with a tag of any of the keys and values, in pieces of 50;
    /// what is not there is left out.
    pub(in super::super) async fn named_and_tagged(
        activity: &Activity,
        client: &Client,
    ) -> Result<Vec<Value>, Raised> {
        let (named, tags) = (activity.argument("asg_names"), activity.argument("tags"));
        if !named.is_truthy() && !tags.is_truthy() {
            return Err(Raised::failed("missing one of the required parameters: asg_names or tags"));
        }
        let mut names = if named.is_truthy() { items(&named)? } else { Vec::new() };
        if tags.is_truthy() {
            names.extend(tagged(client, &tags, &names).await?);
        }
        let mut found = Vec::new();
        for piece in names.chunks(50) {
            found.extend(groups(&describe(client, Value::list(piece.iter().cloned())).await?)?);
        }
        Ok(found)
    }

    async fn tagged(client: &Client, tags: &Value, known: &[Value]) -> Result<Vec<Value>, Raised> {
        let filters = List::new();
        for tag in items(tags)? {
            let values = Value::list([member(&tag, "Value")?]);
            filters.push(Value::Map(parameters! { "Name": member(&tag, "Key")?, "Values": values }));
        }
        let mut names: Vec<Value> = Vec::new();
        let mut pages = client.pages("DescribeTags", parameters! { "Filters": filters });
        while let Some(page) = pages.next().await {
            let before = names.len();
            for tag in entries(&page?, "Tags")? {
                let name = member(&tag, "ResourceId")?;
                // A group with two tags on one page is named twice, as the reference has it.
                if !known.contains(&name) && !names[..before].contains(&name) {
                    names.push(name);
                }
            }
        }
        Ok(names)
    }
}
