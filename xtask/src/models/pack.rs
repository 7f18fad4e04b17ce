//! The file of all models: see `crates/aws/src/model/pack.rs`, which reads it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::DeflateEncoder;
use serde_json::{Map, Value, json};

use super::lean;
use crate::Failure;
use crate::process::about;

/// The first bytes of the file.
const MAGIC: &[u8; 8] = b"SQUALL\x02\n";

/// What was made.
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many services it has.
    pub services: usize,
    /// How many operations they have together.
    pub operations: usize,
}

/// Makes the file from botocore's folder of data.
pub fn make(version: &str, data: &Path) -> Result<Made, Failure> {
    let mut blobs = Vec::new();
    let partitions = add(&mut blobs, &json_of(&data.join("partitions.json"))?.to_string())?;
    let endpoints = add(&mut blobs, &json_of(&data.join("endpoints.json"))?.to_string())?;
    let mut services = Map::new();
    let mut operations = 0;
    for (name, folder) in services_of(data)? {
        let full = extended(&folder, "service-2")?.ok_or_else(|| missing(&folder, "service-2.json"))?;
        let rules = extended(&folder, "endpoint-rule-set-1")?
            .ok_or_else(|| missing(&folder, "endpoint-rule-set-1.json"))?;
        let paginators = extended(&folder, "paginators-1")?.unwrap_or_else(|| json!({}));
        let waiters = extended(&folder, "waiters-2")?.unwrap_or_else(|| json!({}));
        let traffic = json!({ "paginators": pagination(&paginators), "waiters": waiting(&waiters) });
        let model = lean::model(&name, &full)?;
        operations += model["operations"].as_object().map_or(0, Map::len);
        let entry = json!({
            "model": add(&mut blobs, &lines(&model))?,
            "traffic": add(&mut blobs, &traffic.to_string())?,
            "rules": add(&mut blobs, &lean::rules(&rules).to_string())?,
        });
        services.insert(name, entry);
    }
    let count = services.len();
    let index = json!({
        "botocore": version,
        "partitions": partitions,
        "endpoints": endpoints,
        "services": services,
    })
    .to_string();
    let length =
        u32::try_from(index.len()).map_err(|_| Failure::Found("the index is too long".to_owned()))?;
    let mut bytes = MAGIC.to_vec();
    bytes.extend(length.to_le_bytes());
    bytes.extend(index.into_bytes());
    bytes.extend(blobs);
    Ok(Made { bytes, services: count, operations })
}

/// A model as lines, of which a program reads those that it needs: metadata; the endpoint parameters that
/// users set; then mark, name and JSON of each operation and each shape, in the order of the names.
fn lines(model: &Value) -> String {
    let mut text =
        format!("{}\n{}\n", model["metadata"], model.get("clientContextParams").unwrap_or(&json!({})));
    for (mark, part) in [("o", "operations"), ("s", "shapes")] {
        let mut rows: Vec<_> = model[part].as_object().into_iter().flatten().collect();
        rows.sort_by_key(|(name, _)| *name);
        for (name, value) in rows {
            text.push_str(&format!("{mark}\t{name}\t{value}\n"));
        }
    }
    text
}

/// The newest version of each service, in alphabetical order.
fn services_of(data: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let mut services = Vec::new();
    for folder in folders(data)? {
        let Some(newest) = folders(&folder)?.into_iter().max() else { continue };
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        services.push((name, newest));
    }
    services.sort();
    Ok(services)
}

fn folders(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(about(path))? {
        let entry = entry.map_err(about(path))?.path();
        if entry.is_dir() {
            folders.push(entry);
        }
    }
    Ok(folders)
}

/// What matters of paginators.
fn pagination(file: &Value) -> Value {
    let mut kept = file["pagination"].as_object().cloned().unwrap_or_default();
    for (_, paginator) in &mut kept {
        if let Some(map) = paginator.as_object_mut() {
            map.retain(|key, _| {
                matches!(
                    key.as_str(),
                    "input_token"
                        | "output_token"
                        | "result_key"
                        | "more_results"
                        | "limit_key"
                        | "non_aggregate_keys"
                )
            });
        }
    }
    kept.into()
}

/// What matters of waiters.
fn waiting(file: &Value) -> Value {
    let mut kept = file["waiters"].as_object().cloned().unwrap_or_default();
    for (_, waiter) in &mut kept {
        if let Some(map) = waiter.as_object_mut() {
            map.retain(|key, _| matches!(key.as_str(), "operation" | "delay" | "maxAttempts" | "acceptors"));
        }
    }
    kept.into()
}

/// A file of a service, compressed or not, with what the SDK adds to it.
fn extended(folder: &Path, name: &str) -> Result<Option<Value>, Failure> {
    let Some(path) = found(folder, name) else { return Ok(None) };
    let mut value = json_of(&path)?;
    if let Some(extras) = found(folder, &format!("{name}.sdk-extras")) {
        merge(&mut value, &json_of(&extras)?["merge"]);
    }
    Ok(Some(value))
}

fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    [format!("{name}.json"), format!("{name}.json.gz")]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.exists())
}

fn missing(folder: &Path, name: &str) -> Failure {
    Failure::Found(format!("`{}` has no `{name}`", folder.display()))
}

fn merge(into: &mut Value, extra: &Value) {
    match (into, extra) {
        (Value::Object(into), Value::Object(extra)) => {
            for (key, value) in extra {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, extra) => *into = extra.clone(),
    }
}

fn json_of(path: &Path) -> Result<Value, Failure> {
    let mut text = String::new();
    let mut file = File::open(path).map_err(about(path))?;
    if path.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(file).read_to_string(&mut text).map_err(about(path))?;
    } else {
        file.read_to_string(&mut text).map_err(about(path))?;
    }
    serde_json::from_str(&text).map_err(|error| Failure::Found(format!("`{}`: {error}", path.display())))
}

/// Appends a text, compressed; gives where it begins, its length there, and its length as text.
fn add(blobs: &mut Vec<u8>, text: &str) -> Result<[usize; 3], Failure> {
    let begin = blobs.len();
    let mut encoder = DeflateEncoder::new(&mut *blobs, Compression::best());
    let failed = |error: std::io::Error| Failure::Found(format!("cannot compress: {error}"));
    encoder.write_all(text.as_bytes()).map_err(failed)?;
    encoder.finish().map_err(failed)?;
    Ok([begin, blobs.len() - begin, text.len()])
}
