//! Data volumes of the groups' instances.

use squall_model::{List, Value, python};

use super::select;
use crate::activities::ec2::volumes::{self, Attached};
use crate::activities::support::{items, member, optional_entries, parameters, refused};
use crate::activity::{Activity, Raised};

/// `detach_random_volume`.
pub(super) async fn detach_random_volume(activity: &Activity) -> Result<Value, Raised> {
    select::demand(activity)?;
    let groups = select::actions::find(activity, &activity.client("autoscaling").await?).await?;
    let client = activity.client("ec2").await?;
    let force = activity.argument("force");
    let results = List::new();
    for group in select::groups(&groups)? {
        let name = python::str(&select::name(&group)?);
        let members = items(&member(&group, "Instances")?)?;
        if members.is_empty() {
            return Err(Raised::failed(format!("no instances found for asg: {name}")));
        }
        let ids =
            members.iter().map(|instance| member(instance, "InstanceId")).collect::<Result<List, _>>()?;
        let response = client.call("DescribeInstances", parameters! { "InstanceIds": ids }).await;
        let response =
            response.map_err(refused(|message| format!("Unable to describe asg instances: {message}")))?;
        let mut instances = Vec::new();
        for reservation in optional_entries(&response, "Reservations")? {
            if let Some(members) = reservation.get("Instances") {
                instances.extend(items(&members)?);
            }
        }
        for volume in volumes::random_volumes(activity, &instances)? {
            let (device, instance) = (python::str(&volume.device), python::str(&volume.instance));
            let origin = format!("DeviceName={device};InstanceId={instance};ASG={name}");
            results.push(Value::Map(volumes::detach(&client, &force, &volume, origin).await?));
        }
    }
    Ok(Value::List(results))
}

/// `attach_volume`.
pub(super) async fn attach_volume(activity: &Activity) -> Result<Value, Raised> {
    select::demand(activity)?;
    let groups = select::actions::find(activity, &activity.client("autoscaling").await?).await?;
    let names = select::names(&groups)?.to_vec();
    let client = activity.client("ec2").await?;
    let volumes = volumes::detached(&client).await?;
    if volumes.is_empty() {
        return Err(Raised::failed("No volumes detached by ChaosTookit found"));
    }
    let results = List::new();
    for volume in volumes {
        for origin in volumes::origins(&volume)? {
            let [device, instance, group] = origin.as_slice() else { continue };
            if !names.contains(&Value::from(volumes::value_of(group))) {
                continue;
            }
            let place = Attached {
                instance: Value::from(volumes::value_of(instance)),
                device: Value::from(volumes::value_of(device)),
                volume: member(&volume, "VolumeId")?,
            };
            results.push(Value::Map(volumes::attach(&client, place).await?));
        }
    }
    Ok(Value::List(results))
}
