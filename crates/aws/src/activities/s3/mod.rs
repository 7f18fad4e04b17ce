//! S3: buckets, objects and versions; and the control that uploads a run's journal.

mod actions;
pub(super) mod control;
mod probes;

use squall_model::{Map, Value, python};

use crate::activities::support::{entries, member, parameters};
use crate::activity::{Activity, Function, Kind, Parameter, Raised};
use crate::client::Client;
use crate::error::AwsError;

const ACTIONS: &str = "chaosaws.s3.actions";
const PROBES: &str = "chaosaws.s3.probes";

const BUCKET: Parameter = Parameter::required("bucket_name", "str");
const KEY: Parameter = Parameter::required("object_key", "str");
const VERSION: Parameter = Parameter::optional("version_id", "str", "null");

/// The activities of this service.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        module: PROBES,
        name: "bucket_exists",
        kind: Kind::Probe,
        about: "Whether the account has a bucket of this name.",
        parameters: &[BUCKET],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::bucket_exists(activity)),
    },
    Function {
        module: PROBES,
        name: "object_exists",
        kind: Kind::Probe,
        about: "Whether a bucket of the account has an object, or a version of it.",
        parameters: &[BUCKET, KEY, VERSION],
        returns: "bool",
        discovered: true,
        run: |activity| Box::pin(probes::object_exists(activity)),
    },
    Function {
        module: PROBES,
        name: "versioning_status",
        kind: Kind::Probe,
        about: "Whether a bucket's versioning is `Enabled`, or `Suspended` (or was never set).",
        parameters: &[BUCKET, Parameter::required("status", "str")],
        returns: "bool",
        discovered: false,
        run: |activity| Box::pin(probes::versioning_status(activity)),
    },
    Function {
        module: ACTIONS,
        name: "delete_object",
        kind: Kind::Action,
        about: "Deletes an object, or one version of it.",
        parameters: &[BUCKET, KEY, VERSION],
        returns: "",
        discovered: true,
        run: |activity| Box::pin(actions::delete_object(activity)),
    },
    Function {
        module: ACTIONS,
        name: "toggle_versioning",
        kind: Kind::Action,
        about: "Sets a bucket's versioning to `status`; without one, suspends it where it is enabled and \
                enables it where it is not.",
        parameters: &[
            BUCKET,
            Parameter::optional("mfa_delete", "str", "null"),
            Parameter::optional("status", "str", "null"),
            Parameter::optional("mfa", "str", "null"),
            Parameter::optional("owner", "str", "null"),
        ],
        returns: "None",
        discovered: true,
        run: |activity| Box::pin(actions::toggle_versioning(activity)),
    },
];

/// The service's name in boto3.
const SERVICE: &str = "s3";

/// A client, and the activity's bucket.
///
/// # Errors
///
/// Where the account has no such bucket.
async fn bucket(activity: &Activity) -> Result<(Client, Value), Raised> {
    let client = activity.client(SERVICE).await?;
    let bucket = activity.argument("bucket_name");
    if !is_there(&client, &bucket).await? {
        return Err(Raised::failed(format!("Bucket \"{}\" does not exist!", python::str(&bucket))));
    }
    Ok((client, bucket))
}

/// Whether the account has the bucket. Others' buckets count as missing, whatever they grant.
async fn is_there(client: &Client, bucket: &Value) -> Result<bool, Raised> {
    let answer = client.call("ListBuckets", Map::new()).await?;
    for described in entries(&answer, "Buckets")? {
        if member(&described, "Name")? == *bucket {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A bucket's versioning; `Suspended` where it was never set.
async fn versioning(client: &Client, bucket: &Value) -> Result<Value, AwsError> {
    let answer = client.call("GetBucketVersioning", parameters! { "Bucket": bucket.clone() }).await?;
    Ok(answer.get("Status").unwrap_or_else(|| Value::from("Suspended")))
}

/// The parameters that name the activity's object in `bucket`.
fn object(activity: &Activity, bucket: Value) -> Map {
    let parameters = parameters! { "Bucket": bucket, "Key": activity.argument("object_key") };
    if activity.given("version_id") {
        parameters.insert("VersionId", activity.argument("version_id"));
    }
    parameters
}
