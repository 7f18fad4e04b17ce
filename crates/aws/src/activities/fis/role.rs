//! The role of a power interruption: made for one run, and deleted with what was made for it.

use squall_engine::log::LOG;
use squall_model::{Map, Value, python};

use crate::activities::support::{
    debug, entries, entry, is_shape, json_text, key_value_pairs, member, parameters, text_for, value_error,
};
use crate::activity::{Activity, Raised};
use crate::client::Client;
use crate::error::AwsError;

/// The service's name in boto3.
const SERVICE: &str = "iam";

/// AWS' own policies for experiments.
const MANAGED: &str = "arn:aws:iam::aws:policy/service-role/AWSFaultInjectionSimulator";

fn name(key: &str) -> String {
    format!("ChaosToolkit-FIS-{key}")
}

/// Makes a role that may do what the activity's targets ask for; gives its ARN.
pub(super) async fn create(
    activity: &Activity,
    key: &str,
    account: &Value,
    tags: &Map,
) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let trust = parameters! {
        "Effect": "Allow",
        "Principal": parameters! { "Service": "fis.amazonaws.com" },
        "Action": "sts:AssumeRole",
    };
    let role = parameters! {
        "Path": "/service-role/",
        "RoleName": name(key),
        "AssumeRolePolicyDocument": document([trust])?,
        "Description": "Chaos Toolkit generated role for AWS FIS experiments",
        "MaxSessionDuration": 3 * 3600,
        "Tags": key_value_pairs(tags),
    };
    let answer = client.call("CreateRole", role).await?;
    let arn = member(&entry(&answer, "Role")?, "Arn")?;
    debug!("FIS Role created: {}", python::str(&arn));

    let zone = text_for(&activity.argument("az"), "split")?;
    let region = region_of(&zone)?;
    debug!("Target AZ {zone}");
    debug!("Target region {region}");

    let role = Grants { client: &client, key, tags };
    let account = python::str(account);
    if activity.given("target_ebs_volumes") {
        let volumes = format!("arn:aws:ec2:{region}:{account}:volume/*");
        let look =
            parameters! { "Effect": "Allow", "Action": list(["ec2:DescribeVolumes"]), "Resource": "*" };
        let pause =
            parameters! { "Effect": "Allow", "Action": list(["ec2:PauseVolumeIO"]), "Resource": volumes };
        role.grant("EBSPauseVolumeIO", [look, pause]).await?;
    }
    if activity.given("target_ec2_instances") {
        role.attach(Value::from(format!("{MANAGED}EC2Access"))).await?;
        let actions = [
            "aws:ec2:api-insufficient-instance-capacity-error",
            "aws:ec2:asg-insufficient-instance-capacity-error",
        ];
        let inject = parameters! {
            "Sid": "AllowInjectAPI",
            "Effect": "Allow",
            "Action": list(["ec2:InjectApiError"]),
            "Resource": list(["*"]),
            "Condition": parameters! {
                "ForAnyValue:StringEquals": parameters! { "ec2:FisActionId": list(actions) },
            },
        };
        let look = parameters! {
            "Sid": "DescribeAsg",
            "Effect": "Allow",
            "Action": list(["autoscaling:DescribeAutoScalingGroups"]),
            "Resource": list(["*"]),
        };
        role.grant("ICE", [inject, look]).await?;
    }
    if activity.given("target_easticache_cluster") {
        let groups = format!("arn:aws:elasticache:{region}:{account}:replicationgroup:*");
        let interrupt = parameters! {
            "Sid": "AllowElastiCacheActions",
            "Effect": "Allow",
            "Action": list(["elasticache:DescribeReplicationGroups", "elasticache:InterruptClusterAzPower"]),
            "Resource": Value::list([Value::from(groups)]),
        };
        let find = parameters! {
            "Sid": "TargetResolutionByTags",
            "Effect": "Allow",
            "Action": list(["tag:GetResources"]),
            "Resource": "*",
        };
        role.grant("ElastiCache", [interrupt, find]).await?;
    }
    for (argument, access) in [("target_subnet", "NetworkAccess"), ("target_rds_cluster", "RDSAccess")] {
        if activity.given(argument) {
            role.attach(Value::from(format!("{MANAGED}{access}"))).await?;
        }
    }
    Ok(arn)
}

/// Gives the role its permissions.
struct Grants<'a> {
    client: &'a Client,
    key: &'a str,
    tags: &'a Map,
}

impl Grants<'_> {
    /// Makes a policy, and attaches it.
    async fn grant(&self, name: &str, statements: [Map; 2]) -> Result<(), Raised> {
        let policy = parameters! {
            "PolicyName": format!("FIS-Console-{name}-{}", self.key),
            "PolicyDocument": document(statements)?,
            "Tags": key_value_pairs(self.tags),
        };
        let answer = self.client.call("CreatePolicy", policy).await?;
        let arn = member(&entry(&answer, "Policy")?, "Arn")?;
        debug!("Role policy created: {}", python::str(&arn));
        self.attach(arn).await
    }

    async fn attach(&self, policy: Value) -> Result<(), Raised> {
        let parameters = parameters! { "RoleName": name(self.key), "PolicyArn": policy };
        self.client.call("AttachRolePolicy", parameters).await?;
        Ok(())
    }
}

/// Deletes the role and the policies that were made for it; nothing happens where there is no role.
///
/// The reference asks for inline policies of those names to be deleted, of a role that is gone by then,
/// and so leaves its policies behind.
pub(super) async fn delete(activity: &Activity, key: &str) -> Result<(), Raised> {
    let client = activity.client(SERVICE).await?;
    let role = name(key);
    log::info!(target: LOG, "Deleting role {role}");
    let role_alone = || parameters! { "RoleName": role.as_str() };

    let Some(attached) = known(client.call("ListAttachedRolePolicies", role_alone()).await)? else {
        debug!("Failed to list attached role policies");
        if known(client.call("DeleteRole", role_alone()).await)?.is_none() {
            debug!("Failed to delete role {role}");
        }
        return Ok(());
    };
    debug!("Detaching policies {}", python::repr(&attached.clone().into()));
    let policies = entries(&attached, "AttachedPolicies")?;
    for policy in &policies {
        debug!("Detaching policy {}", python::str(&member(policy, "PolicyName")?));
        let arn = member(policy, "PolicyArn")?;
        let parameters = parameters! { "RoleName": role.as_str(), "PolicyArn": arn.clone() };
        if known(client.call("DetachRolePolicy", parameters).await)?.is_none() {
            debug!("Failed to detach policy {}", python::str(&arn));
        }
    }
    if known(client.call("DeleteRole", role_alone()).await)?.is_none() {
        debug!("Failed to delete role {role}");
        return Ok(());
    }
    for policy in &policies {
        let name = python::str(&member(policy, "PolicyName")?);
        // AWS' own policies, and whatever someone else attached, are not ours to delete.
        if !(name.starts_with("FIS-Console-") && name.ends_with(key)) {
            continue;
        }
        debug!("Deleting policy {name}");
        let parameters = parameters! { "PolicyArn": member(policy, "PolicyArn")? };
        if known(client.call("DeletePolicy", parameters).await)?.is_none() {
            debug!("Failed to delete policy {name}");
        }
    }
    Ok(())
}

/// `None` of what IAM does not know.
fn known(answer: Result<Map, AwsError>) -> Result<Option<Map>, Raised> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_shape(&error, "NoSuchEntityException") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A policy document of these statements, as text.
fn document(statements: impl IntoIterator<Item = Map>) -> Result<String, Raised> {
    let statements = Value::list(statements.into_iter().map(Value::Map));
    json_text(&Value::Map(parameters! { "Version": "2012-10-17", "Statement": statements }))
}

fn list<const N: usize>(items: [&str; N]) -> Value {
    Value::list(items.map(Value::from))
}

/// The region of an availability zone: `us-east-1` of `us-east-1a`.
fn region_of(zone: &str) -> Result<String, Raised> {
    let mut parts = zone.splitn(3, '-');
    let (Some(area), Some(direction), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
        let count = zone.split('-').count();
        return Err(value_error(format!("not enough values to unpack (expected 3, got {count})")));
    };
    let number =
        number.chars().next().ok_or_else(|| Raised::of_class("IndexError", "string index out of range"))?;
    Ok(format!("{area}-{direction}-{number}"))
}
