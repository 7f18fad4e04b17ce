//! The control `chaosaws.s3.controls.upload`: puts a run's journal into a bucket.

use squall_engine::log::LOG;
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Map, Value, python, time, yaml};

use super::{SERVICE, is_there};
use crate::activities::support::{debug, parameters, text_for};
use crate::activity::{Activity, Function, Kind, Parameter, Raised};

/// The control's hook.
pub(in crate::activities) const FUNCTIONS: &[Function] = &[Function {
    module: "chaosaws.s3.controls.upload",
    name: "after_experiment_control",
    kind: Kind::Control,
    about: "Uploads the journal to a bucket when the experiment is over, as `journal.json` or \
            `journal.yaml` under `dirpath`, with the time in its name where that is wanted.",
    parameters: &[
        Parameter::required("bucket_name", "str"),
        Parameter::required("dirpath", "str"),
        Parameter::required("context", "Dict[str, Any]"),
        Parameter::required("state", "Dict[str, Any]"),
        Parameter::optional("as_yaml", "bool", "false"),
        Parameter::optional("suffix_with_timestamp", "bool", "false"),
    ],
    returns: "None",
    discovered: true,
    run: |activity| Box::pin(after_experiment_control(activity)),
}];

/// How the reference writes the journal here: one line an entry, no indentation, ASCII.
const STYLE: Style = Style { layout: Layout::Indented(0), ascii: true, non_finite: NonFinite::Bare };

async fn after_experiment_control(activity: &Activity) -> Result<Value, Raised> {
    let client = activity.client(SERVICE).await?;
    let bucket = activity.argument("bucket_name");
    let name = python::str(&bucket);
    if !is_there(&client, &bucket).await? {
        log::error!(target: LOG, "Bucket '{name}' does not exist! Cannot upload the experiment's results");
        return Ok(Value::Null);
    }
    let as_yaml = activity.given("as_yaml");
    let extension = if as_yaml { "yaml" } else { "json" };
    let suffix = if activity.given("suffix_with_timestamp") {
        format!("-{}", time::iso_from_micros(activity.clock.now_micros()))
    } else {
        String::new()
    };
    let directory = text_for(&activity.argument("dirpath"), "rstrip")?;
    let directory = directory.trim_end_matches('/');
    let path = format!("{directory}/journal{suffix}.{extension}");

    // The directory stands in the address twice, as in the reference.
    let region = client.region().unwrap_or_default().to_owned();
    let address = format!("https://{name}.s3.{region}.amazonaws.com/{directory}/{path}");
    let state = activity.argument("state");
    if let Some(journal) = state.as_map() {
        mapping_in(&mapping_in(journal, "extra"), "journal").insert("url", Value::from(address));
    }

    let text = if as_yaml { yaml::dump(&state, true) } else { json::write(&state, &STYLE) };
    // One request: the reference's parts beyond 8 MiB come to the same object.
    let parameters = parameters! {
        "Bucket": bucket,
        "Key": path.clone(),
        "Body": text,
        "ChecksumAlgorithm": "CRC32",
    };
    client.call("PutObject", parameters).await.map_err(|error| {
        Raised::of_class(
            "boto3.exceptions.S3UploadFailedError",
            format!("Failed to upload the journal to {name}/{path}: {error}"),
        )
    })?;
    debug!("Results were uploaded to '{path}'");
    Ok(Value::Null)
}

/// The mapping under `key`, made where there is none.
fn mapping_in(map: &Map, key: &str) -> Map {
    match map.get(key) {
        Some(Value::Map(inner)) => inner,
        _ => {
            let inner = Map::new();
            map.insert(key, Value::Map(inner.clone()));
            inner
        }
    }
}
