//! The scenario `AZ Availability: Power Interruption`, and its end.

use std::cell::RefCell;
use std::time::Duration;

use squall_model::{Map, Value, python};

use super::experiments::stop_by_tags;
use super::{
    SERVICE, create_template, extend, logs_to, no_stop_conditions, role, scenario_tags, start, tags_of,
};
use crate::activities::support::{debug, parameters};
use crate::activity::{Activity, Raised};

/// The tag of all that a scenario makes.
const KEY: &str = "chaostoolkit-experiment-key";

/// How long a new role and template take to be known everywhere.
const SETTLING: Duration = Duration::from_secs(5);

/// What the scenario's end knows its beginning by.
struct Run {
    /// Names what was made. In the reference it is the number of the run's thread.
    key: u64,
    /// The ids of the experiments that were started without tags, which only their ids tell apart.
    untagged: RefCell<Vec<Value>>,
}

thread_local! {
    // A run has one thread, and a thread one run.
    static RUN: Run = Run {
        key: fastrand::u64(100_000_000_000_000..1_000_000_000_000_000),
        untagged: RefCell::default(),
    };
}

fn run_key() -> String {
    RUN.with(|run| run.key.to_string())
}

pub(super) async fn start_availability_zone_power_interruption_scenario(
    activity: &Activity,
) -> Result<Value, Raised> {
    let identity = activity.client("sts").await?.call("GetCallerIdentity", Map::new()).await?;
    let account = identity.get("Account").unwrap_or_default();
    let given_tags = tags_of(&activity.argument("tags"))?;
    let client = activity.client(SERVICE).await?;

    let key = run_key();
    let tags = scenario_tags();
    tags.insert(KEY, Value::from(key.as_str()));
    extend(&tags, &given_tags);
    debug!("FIS experiment tags {}", python::repr(&tags.clone().into()));

    let (targets, actions) = faults(activity);
    let mut role = activity.argument("role_arn");
    if !role.is_truthy() && activity.given("autocreate_necessary_role") {
        role = role::create(activity, &key, &account, &tags).await?;
    }
    let template = parameters! {
        "targets": targets,
        "actions": actions,
        "stopConditions": no_stop_conditions(),
        "roleArn": role,
        "tags": tags.clone(),
        "experimentOptions": parameters! {
            "accountTargeting": "single-account",
            "emptyTargetResolutionMode": "skip",
        },
        "description": activity.argument("description"),
    };
    if activity.given("log_group_arn") {
        template.insert("logConfiguration", Value::Map(logs_to(activity.argument("log_group_arn"))));
    }
    let token = activity.argument("client_token");
    if token.is_truthy() {
        template.insert("clientToken", token.clone());
    }
    let template = create_template(&client, template).await?;
    debug!("FIS Template {} created", python::str(&template));
    debug!("Waiting 5 seconds before starting it (eventual consistency)");
    activity.clock.sleep(SETTLING).await;
    if !given_tags.is_empty() {
        return start(&client, template, token, tags).await;
    }
    // The reference, too, starts it without tags, and never finds it again.
    let answer = start(&client, template, token, Map::new()).await?;
    if let Some(id) = answer.get("experiment").and_then(|experiment| experiment.get("id")) {
        RUN.with(|run| run.untagged.borrow_mut().push(id));
    }
    Ok(answer)
}

/// The template's targets, and what happens to them.
fn faults(activity: &Activity) -> (Map, Map) {
    let zone = activity.argument("az");
    let duration = activity.argument("duration");
    let (targets, actions) = (Map::new(), Map::new());
    let add = |name: &str, target: Map, action: &str, fault: Map| {
        targets.insert(name, Value::Map(target));
        actions.insert(action, Value::Map(fault));
    };
    let lack_of_capacity = |cause: &str, kind: &str, target: &str| {
        parameters! {
            "actionId": cause,
            "parameters": parameters! {
                "availabilityZoneIdentifiers": zone.clone(),
                "duration": duration.clone(),
                "percentage": "100",
            },
            "targets": Value::map([(kind, Value::from(target))]),
        }
    };
    let running_in_zone = || {
        Value::list([
            path("State.Name", Value::from("running")),
            path("Placement.AvailabilityZone", zone.clone()),
        ])
    };
    let stop = |target: &str| {
        parameters! {
            "actionId": "aws:ec2:stop-instances",
            "parameters": parameters! {
                "completeIfInstancesTerminated": "true",
                "startInstancesAfterDuration": duration.clone(),
            },
            "targets": parameters! { "Instances": target },
        }
    };

    if activity.given("target_iam_roles") && activity.given("iam_roles") {
        let roles = parameters! {
            "resourceType": "aws:iam:role",
            "resourceArns": activity.argument("iam_roles"),
            "selectionMode": "ALL",
        };
        let fault = lack_of_capacity("aws:ec2:api-insufficient-instance-capacity-error", "Roles", "IAM-role");
        add("IAM-role", roles, "Pause-Instance-Launches", fault);
    }
    if activity.given("target_ebs_volumes") {
        let volumes = tagged("aws:ec2:ebs-volume", "ApiPauseVolume");
        volumes.insert("selectionMode", Value::from("COUNT(1)"));
        volumes.insert("parameters", Value::Map(parameters! { "availabilityZoneIdentifier": zone.clone() }));
        let kept = path("Attachments.DeleteOnTermination", Value::from("false"));
        volumes.insert("filters", Value::list([kept]));
        let fault = parameters! {
            "actionId": "aws:ebs:pause-volume-io",
            "parameters": parameters! { "duration": duration.clone() },
            "targets": parameters! { "Volumes": "EBS-Volumes" },
            "startAfter": Value::list(["Stop-Instances", "Stop-ASG-Instances"].map(Value::from)),
        };
        add("EBS-Volumes", volumes, "Pause-EBS-IO", fault);
    }
    if activity.given("target_ec2_instances") {
        let instances = tagged("aws:ec2:instance", "StopInstances");
        instances.insert("filters", running_in_zone());
        add("EC2-Instances", instances, "Stop-Instances", stop("EC2-Instances"));
    }
    if activity.given("target_asg") {
        let fault =
            lack_of_capacity("aws:ec2:asg-insufficient-instance-capacity-error", "AutoScalingGroups", "ASG");
        add("ASG", tagged("aws:ec2:autoscaling-group", "IceAsg"), "Pause-ASG-Scaling", fault);
    }
    if activity.given("target_asg_ec2_instances") {
        let instances = tagged("aws:ec2:instance", "IceAsg");
        instances.insert("filters", running_in_zone());
        add("ASG-EC2-Instances", instances, "Stop-ASG-Instances", stop("ASG-EC2-Instances"));
    }
    if activity.given("target_rds_cluster") {
        let clusters = tagged("aws:rds:cluster", "DisruptRds");
        let writers = parameters! { "writerAvailabilityZoneIdentifiers": zone.clone() };
        clusters.insert("parameters", Value::Map(writers));
        let fault = parameters! {
            "actionId": "aws:rds:failover-db-cluster",
            "parameters": Map::new(),
            "targets": parameters! { "Clusters": "RDS-Cluster" },
        };
        add("RDS-Cluster", clusters, "Failover-RDS", fault);
    }
    if activity.given("target_easticache_cluster") {
        let clusters = tagged("aws:elasticache:redis-replicationgroup", "DisruptElasticache");
        clusters.insert("parameters", Value::Map(parameters! { "availabilityZoneIdentifier": zone.clone() }));
        let fault = parameters! {
            "actionId": "aws:elasticache:interrupt-cluster-az-power",
            "parameters": parameters! { "duration": duration.clone() },
            "targets": parameters! { "ReplicationGroups": "ElastiCache-Cluster" },
        };
        add("ElastiCache-Cluster", clusters, "Pause-ElastiCache", fault);
    }
    if activity.given("target_subnet") {
        let subnets = tagged("aws:ec2:subnet", "DisruptSubnet");
        subnets.insert("filters", Value::list([path("AvailabilityZone", zone.clone())]));
        subnets.insert("parameters", Value::Map(Map::new()));
        let fault = parameters! {
            "actionId": "aws:network:disrupt-connectivity",
            "parameters": parameters! { "duration": "PT2M", "scope": "all" },
            "targets": parameters! { "Subnets": "Subnet" },
        };
        add("Subnet", subnets, "Pause-network-connectivity", fault);
    }
    (targets, actions)
}

/// All resources of a kind that are marked for this scenario.
fn tagged(kind: &str, mark: &str) -> Map {
    parameters! {
        "resourceType": kind,
        "resourceTags": parameters! { "AzImpairmentPower": mark },
        "selectionMode": "ALL",
    }
}

/// A filter of targets.
fn path(path: &str, value: Value) -> Value {
    Value::Map(parameters! { "path": path, "values": Value::list([value]) })
}

pub(super) async fn restore_availability_zone_power_after_interruption(
    activity: &Activity,
) -> Result<Value, Raised> {
    let key = run_key();
    let (mut tags, mut ids) = (activity.argument("tags"), Vec::new());
    if !tags.is_truthy() {
        tags = Value::map([(KEY, Value::from(key.as_str()))]);
        ids = RUN.with(|run| run.untagged.borrow().clone());
    }
    debug!("Deleting experiment and restoring AZ");
    let stopped = stop_by_tags(activity, &tags, &ids, activity.given("delete_templates")).await?;
    if activity.given("delete_roles_and_policies") {
        role::delete(activity, &key).await?;
    }
    Ok(stopped)
}
