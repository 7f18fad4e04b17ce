//! What is known of zones and checks.

use squall_model::{Value, python};

use super::SERVICE;
use crate::activities::support::{entry, parameters, refused_and_logged};
use crate::activity::{Activity, Raised};

pub(super) async fn get_hosted_zone(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let zone = activity.argument("zone_id");
    let not_found = || Raised::failed(format!("Hosted Zone {} not found.", python::str(&zone)));
    let answer = match client.call("GetHostedZone", parameters! { "Id": zone.clone() }).await {
        Ok(answer) => answer,
        Err(error) if error.is_client_error() => {
            // Only the log tells why: a denied permission ends as "not found", too.
            refused_and_logged(error);
            return Err(not_found());
        }
        Err(error) => return Err(error.into()),
    };
    if entry(&answer, "HostedZone")?.is_truthy() { Ok(answer.into()) } else { Err(not_found()) }
}

pub(super) async fn get_health_check_status(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let check = activity.argument("check_id");
    let parameters = parameters! { "HealthCheckId": check.clone() };
    let answer = client.call("GetHealthCheckStatus", parameters).await.map_err(refused_and_logged)?;
    if !answer.get("HealthCheckObservations").unwrap_or_default().is_truthy() {
        return Err(Raised::failed(format!("No results found for {}", python::str(&check))));
    }
    Ok(answer.into())
}

pub(super) async fn get_dns_answer(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let parameters = parameters! {
        "HostedZoneId": activity.argument("zone_id"),
        "RecordName": activity.argument("record_name"),
        "RecordType": activity.argument("record_type"),
    };
    Ok(client.call("TestDNSAnswer", parameters).await.map_err(refused_and_logged)?.into())
}
