//! Which instances an activity acts on, grouped by how they were bought.

use squall_model::{List, Map, Value, python};

use crate::activities::support::{
    debug, entries, entry, filter, index_error, items, member, no_attribute, parameters,
};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// The argument that holds an instance's id, or several.
#[derive(Clone, Copy)]
pub(super) enum Named {
    /// `instance_id`.
    One,
    /// `instance_ids`.
    Several,
}

impl Named {
    fn ids(self, activity: &Activity) -> Value {
        match self {
            Named::One => Value::list([activity.argument("instance_id")]),
            Named::Several => activity.argument("instance_ids"),
        }
    }

    /// Whether the activity names instances.
    pub(super) fn is_given(self, activity: &Activity) -> bool {
        activity.given(match self {
            Named::One => "instance_id",
            Named::Several => "instance_ids",
        })
    }
}

/// Ids by the instances' lifecycle (`normal`, `spot`, `scheduled`), in the order of their appearance.
#[derive(Clone, Default)]
pub(super) struct Groups(Vec<(String, List)>);

impl Groups {
    /// Adds an instance.
    pub(super) fn push(&mut self, lifecycle: &str, id: Value) {
        match self.0.iter().find(|(name, _)| name == lifecycle) {
            Some((_, ids)) => ids.push(id),
            None => self.0.push((lifecycle.to_owned(), List::from_iter([id]))),
        }
    }

    /// The groups of an answer of `DescribeInstances`.
    pub(super) fn of_response(response: &Map) -> Result<Self, Raised> {
        let mut groups = Groups::default();
        for instance in instances(response)? {
            let lifecycle = instance.get("InstanceLifecycle").unwrap_or_else(|| Value::from("normal"));
            groups.push(&python::str(&lifecycle), member(&instance, "InstanceId")?);
        }
        Ok(groups)
    }

    /// Whether there are no instances.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ids of a lifecycle.
    pub(super) fn get(&self, lifecycle: &str) -> Option<&List> {
        self.0.iter().find(|(name, _)| name == lifecycle).map(|(_, ids)| ids)
    }

    /// Each lifecycle with its ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &List)> {
        self.0.iter().map(|(lifecycle, ids)| (lifecycle.as_str(), ids))
    }

    /// Every instance with its lifecycle.
    pub(super) fn members(&self) -> Vec<(&str, Value)> {
        self.iter()
            .flat_map(|(lifecycle, ids)| ids.to_vec().into_iter().map(move |id| (lifecycle, id)))
            .collect()
    }

    /// How the log shows it: as a mapping.
    pub(super) fn shown(&self) -> String {
        python::repr(&Value::map(self.iter().map(|(lifecycle, ids)| (lifecycle, Value::List(ids.clone())))))
    }

    /// How the log shows it where the reference has a mapping with a default.
    pub(super) fn shown_with_default(&self) -> String {
        format!("defaultdict(<class 'list'>, {})", self.shown())
    }
}

/// All instances of an answer of `DescribeInstances`.
pub(super) fn instances(response: &Map) -> Result<Vec<Value>, Raised> {
    let mut instances = Vec::new();
    for reservation in entries(response, "Reservations")? {
        instances.extend(items(&member(&reservation, "Instances")?)?);
    }
    Ok(instances)
}

/// A copy of the argument `filters`, with the zone among them where there is one.
pub(super) fn filters(activity: &Activity) -> Result<Value, Raised> {
    let given = activity.argument("filters");
    let filters = if given.is_truthy() { given.deep_clone() } else { Value::List(List::new()) };
    add_zone(&filters, &activity.argument("az"))?;
    Ok(filters)
}

/// Adds the zone to the filters where there is one.
pub(super) fn add_zone(filters: &Value, zone: &Value) -> Result<(), Raised> {
    if !zone.is_truthy() {
        return Ok(());
    }
    match filters {
        Value::List(filters) => filters.push(filter("availability-zone", zone.clone())),
        other => return Err(no_attribute(other, "append")),
    }
    Ok(())
}

/// The instances that match.
pub(super) async fn by_filters(client: &Client, filters: &Value) -> Result<Groups, Raised> {
    debug!("EC2 instances query: {}", python::str(filters));
    let response = client.call("DescribeInstances", parameters! { "Filters": filters.clone() }).await?;
    debug!("Instances matching the filter query: {}", python::str(&Value::Map(response.clone())));
    Groups::of_response(&response)
}

/// The instances that are named.
pub(super) async fn by_ids(client: &Client, ids: Value) -> Result<Groups, Raised> {
    Groups::of_response(&client.call("DescribeInstances", parameters! { "InstanceIds": ids }).await?)
}

/// The instances that the activity names.
pub(super) async fn named(activity: &Activity, client: &Client, named: Named) -> Result<Groups, Raised> {
    by_ids(client, named.ids(activity)).await
}

/// One random instance of those that match; none where none does.
pub(super) async fn random(activity: &Activity, client: &Client, filters: &Value) -> Result<Groups, Raised> {
    let matching = by_filters(client, filters).await?;
    let mut chosen = Groups::default();
    if let Some((lifecycle, id)) = activity.random.choice(&matching.members()) {
        chosen.push(lifecycle, id.clone());
    }
    Ok(chosen)
}

/// The instances of the first reservation.
pub(super) fn first_reservation(response: &Map) -> Result<Vec<Value>, Raised> {
    let reservations = entry(response, "Reservations")?;
    let first = reservations.as_list().and_then(|list| list.get(0)).ok_or_else(index_error)?;
    items(&member(&first, "Instances")?)
}
