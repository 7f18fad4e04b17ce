//! What changes hosted zones.

use squall_model::Value;

use super::SERVICE;
use crate::activities::support::{parameters, refused_and_logged};
use crate::activity::{Activity, Raised};

pub(super) async fn associate_vpc_with_zone(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "AssociateVPCWithHostedZone").await
}

pub(super) async fn disassociate_vpc_from_zone(activity: &Activity) -> Result<Value, Raised> {
    change(activity, "DisassociateVPCFromHostedZone").await
}

async fn change(activity: &Activity, operation: &str) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let network = parameters! {
        "VPCId": activity.argument("vpc_id"),
        "VPCRegion": activity.argument("vpc_region"),
    };
    let parameters = parameters! { "HostedZoneId": activity.argument("zone_id"), "VPC": network };
    if activity.given("comment") {
        parameters.insert("Comment", activity.argument("comment"));
    }
    Ok(client.call(operation, parameters).await.map_err(refused_and_logged)?.into())
}
