//! Data volumes that are detached from instances, and attached again.
//!
//! A detached volume is tagged with where it was: `DeviceName=...;InstanceId=...`.

use squall_model::{List, Map, Value, python};

use super::select;
use crate::activities::support::{
    debug, entries, entry, filter, index_error, items, member, parameters, refused, text_for,
};
use crate::activity::{Activity, Raised};
use crate::client::Client;

/// The key of the tag.
pub(in crate::activities) const DETACHED: &str = "ChaosToolkitDetached";

/// Devices that count as an instance's root.
const ROOTS: [&str; 2] = ["/dev/sda1", "/dev/xvda"];

/// A volume, and where it is attached.
#[derive(Clone)]
pub(in crate::activities) struct Attached {
    /// The instance's id.
    pub instance: Value,
    /// The device's name.
    pub device: Value,
    /// The volume's id.
    pub volume: Value,
}

/// `detach_random_volume`.
pub(super) async fn detach_random_volume(activity: &Activity) -> Result<Value, Raised> {
    let selection = if activity.given("instance_ids") {
        parameters! { "InstanceIds": activity.argument("instance_ids") }
    } else if activity.given("filters") {
        parameters! { "Filters": activity.argument("filters") }
    } else {
        return Err(Raised::failed(
            "To detach volumes, you must specify the instance_id or provide a set of filters",
        ));
    };
    let client = activity.client("ec2").await?;
    let response = client.call("DescribeInstances", selection.clone()).await?;
    if !entry(&response, "Reservations")?.is_truthy() {
        let selection = python::repr(&Value::Map(selection));
        return Err(Raised::failed(format!("no instances found matching: {selection}")));
    }
    let force = activity.argument("force");
    let results = List::new();
    for volume in random_volumes(activity, &select::instances(&response)?)? {
        let origin = format!(
            "DeviceName={};InstanceId={}",
            python::str(&volume.device),
            python::str(&volume.instance)
        );
        results.push(Value::Map(detach(&client, &force, &volume, origin).await?));
    }
    Ok(Value::List(results))
}

/// `attach_volume`.
pub(super) async fn attach_volume(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client("ec2").await?;
    let selection = if activity.given("instance_ids") {
        Some(parameters! { "InstanceIds": activity.argument("instance_ids") })
    } else if activity.given("filters") {
        Some(parameters! { "Filters": activity.argument("filters") })
    } else {
        None
    };
    let mut instances = Vec::new();
    if let Some(selection) = selection {
        let response = client.call("DescribeInstances", selection).await?;
        for instance in select::instances(&response)? {
            instances.push(member(&instance, "InstanceId")?);
        }
    }
    let volumes = detached(&client).await?;
    let results = List::new();
    for volume in volumes {
        for origin in origins(&volume)? {
            let part = |index: usize| origin.get(index).map(|part| value_of(part)).ok_or_else(index_error);
            let (device, instance) = (part(0)?, Value::from(part(1)?));
            if instances.is_empty() || instances.contains(&instance) {
                let volume = member(&volume, "VolumeId")?;
                let place = Attached { instance, device: Value::from(device), volume };
                results.push(Value::Map(attach(&client, place).await?));
            }
        }
    }
    Ok(Value::List(results))
}

/// One random data volume of each of the instances that has any.
pub(in crate::activities) fn random_volumes(
    activity: &Activity,
    instances: &[Value],
) -> Result<Vec<Attached>, Raised> {
    let mut found: Vec<(Value, Vec<Attached>)> = Vec::new();
    for instance in instances {
        let id = member(instance, "InstanceId")?;
        let Some(mappings) = instance.get("BlockDeviceMappings") else { continue };
        for mapping in items(&mappings)? {
            let device = member(&mapping, "DeviceName")?;
            if device.as_str().is_some_and(|device| ROOTS.contains(&device)) {
                continue;
            }
            let volume = member(&member(&mapping, "Ebs")?, "VolumeId")?;
            let volume = Attached { instance: id.clone(), device, volume };
            match found.iter_mut().find(|(instance, _)| *instance == id) {
                Some((_, volumes)) => volumes.push(volume),
                None => found.push((id.clone(), vec![volume])),
            }
        }
    }
    Ok(found.iter().filter_map(|(_, volumes)| activity.random.choice(volumes).cloned()).collect())
}

/// Detaches a volume and tags it with its `origin`; gives the answer of the detachment.
pub(in crate::activities) async fn detach(
    client: &Client,
    force: &Value,
    place: &Attached,
    origin: String,
) -> Result<Map, Raised> {
    let refusal = |message: &str| {
        let (volume, instance) = (python::str(&place.volume), python::str(&place.instance));
        format!("unable to detach volume {volume} from {instance}: {message}")
    };
    let detach = parameters! {
        "Device": place.device.clone(),
        "InstanceId": place.instance.clone(),
        "VolumeId": place.volume.clone(),
        "Force": force.clone(),
    };
    let response = client.call("DetachVolume", detach).await.map_err(refused(refusal))?;
    let tag = parameters! { "Key": DETACHED, "Value": origin };
    let tags = parameters! {
        "Resources": Value::list([place.volume.clone()]),
        "Tags": Value::list([Value::Map(tag)]),
    };
    client.call("CreateTags", tags).await.map_err(refused(refusal))?;
    Ok(response)
}

/// Attaches a volume.
pub(in crate::activities) async fn attach(client: &Client, place: Attached) -> Result<Map, Raised> {
    let (volume, instance) = (python::str(&place.volume), python::str(&place.instance));
    let attach = parameters! {
        "Device": place.device,
        "InstanceId": place.instance,
        "VolumeId": place.volume,
    };
    let response = client.call("AttachVolume", attach).await;
    let response = response.map_err(refused(|message| {
        format!("Unable to attach volume {volume} to instance {instance}: {message}")
    }))?;
    debug!("Attached volume {volume} to instance {instance}");
    Ok(response)
}

/// All volumes that carry the tag.
pub(in crate::activities) async fn detached(client: &Client) -> Result<Vec<Value>, Raised> {
    let tagged = parameters! { "Filters": Value::list([filter("tag-key", DETACHED)]) };
    let mut pages = client.pages("DescribeVolumes", tagged);
    let mut volumes = Vec::new();
    while let Some(page) = pages.next().await {
        volumes.extend(entries(&page?, "Volumes")?);
    }
    Ok(volumes)
}

/// The parts of each tag that says where the volume was.
pub(in crate::activities) fn origins(volume: &Value) -> Result<Vec<Vec<String>>, Raised> {
    let mut origins = Vec::new();
    for tag in items(&member(volume, "Tags")?)? {
        if member(&tag, "Key")?.as_str() == Some(DETACHED) {
            let origin = text_for(&member(&tag, "Value")?, "split")?;
            origins.push(origin.split(';').map(str::to_owned).collect());
        }
    }
    Ok(origins)
}

/// What follows the last `=`.
pub(in crate::activities) fn value_of(part: &str) -> &str {
    part.rsplit_once('=').map_or(part, |(_, value)| value)
}
