//! What of a model is kept: what the wire and the checks of parameters need.

use serde_json::{Map, Value};

use crate::Failure;

/// What a mapping of a model is, which decides what it keeps.
#[derive(Clone, Copy)]
enum Part {
    Metadata,
    Operation,
    Shape,
    Reference,
}

impl Part {
    fn keeps(self) -> &'static [&'static str] {
        match self {
            Part::Metadata => &[
                "apiVersion",
                "auth",
                "awsQueryCompatible",
                "endpointPrefix",
                "globalEndpoint",
                "jsonVersion",
                "protocol",
                "serviceAbbreviation",
                "serviceFullName",
                "serviceId",
                "signatureVersion",
                "signingName",
                "targetPrefix",
                "xmlNamespace",
            ],
            Part::Operation => &[
                "auth",
                "authtype",
                "endpoint",
                "endpointdiscovery",
                "errors",
                "http",
                "httpChecksum",
                "httpChecksumRequired",
                "input",
                "name",
                "operationContextParams",
                "output",
                "readonly",
                "requestcompression",
                "staticContextParams",
                "unsignedPayload",
            ],
            Part::Shape => &[
                "document",
                "error",
                "event",
                "eventstream",
                "exception",
                "flattened",
                "key",
                "locationName",
                "member",
                "members",
                "min",
                "payload",
                "required",
                "requiresLength",
                "sensitive",
                "sparse",
                "streaming",
                "timestampFormat",
                "type",
                "union",
                "value",
                "xmlNamespace",
            ],
            Part::Reference => &[
                "contextParam",
                "eventpayload",
                "flattened",
                "hostLabel",
                "idempotencyToken",
                "jsonvalue",
                "location",
                "locationName",
                "queryName",
                "resultWrapper",
                "shape",
                "streaming",
                "timestampFormat",
                "xmlAttribute",
                "xmlNamespace",
            ],
        }
    }

    /// What is left out on purpose. Anything else is new, and somebody must look at it.
    fn drops(self) -> &'static [&'static str] {
        match self {
            Part::Metadata => &["checksumFormat", "protocolSettings", "protocols", "ripServiceName", "uid"],
            Part::Operation => &[
                "deprecated",
                "deprecatedMessage",
                "deprecatedSince",
                "documentation",
                "endpointoperation",
                "idempotent",
            ],
            Part::Shape => &[
                "box",
                "deprecated",
                "deprecatedMessage",
                "deprecatedSince",
                "documentation",
                "enum",
                "fault",
                "max",
                "pattern",
                "retryable",
                "synthetic",
                "wrapper",
                "xmlOrder",
            ],
            Part::Reference => &[
                "box",
                "deprecated",
                "deprecatedMessage",
                "deprecatedSince",
                "documentation",
                "enum",
                "error",
                "exception",
            ],
        }
    }
}

/// The protocols that we speak, in the order in which botocore prefers them.
const PROTOCOLS: [&str; 6] = ["json", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "query", "ec2"];

/// A model without what is not needed at run time.
pub fn model(service: &str, full: &Value) -> Result<Value, Failure> {
    let context = |part: &str| format!("{service}: {part}");
    let mut metadata = keep(Part::Metadata, &full["metadata"], &context("metadata"))?;
    metadata.insert("protocol".to_owned(), protocol(service, &full["metadata"])?.into());

    let mut operations = Map::new();
    for (name, operation) in entries(&full["operations"]) {
        let mut kept = keep(Part::Operation, operation, &context(name))?;
        for side in ["input", "output"] {
            if let Some(reference) = kept.get_mut(side) {
                *reference = keep(Part::Reference, reference, &context(name))?.into();
            }
        }
        if let Some(Value::Array(errors)) = kept.get_mut("errors") {
            for error in errors {
                *error = keep(Part::Reference, error, &context(name))?.into();
            }
        }
        operations.insert(name.clone(), kept.into());
    }

    let mut shapes = Map::new();
    for (name, shape) in entries(&full["shapes"]) {
        let mut kept = keep(Part::Shape, shape, &context(name))?;
        for inner in ["member", "key", "value"] {
            if let Some(reference) = kept.get_mut(inner) {
                *reference = keep(Part::Reference, reference, &context(name))?.into();
            }
        }
        if let Some(Value::Object(members)) = kept.get_mut("members") {
            for (member, reference) in members {
                *reference = keep(Part::Reference, reference, &format!("{service}: {name}.{member}"))?.into();
            }
        }
        shapes.insert(name.clone(), kept.into());
    }

    let mut model = Map::new();
    model.insert("metadata".to_owned(), metadata.into());
    model.insert("operations".to_owned(), operations.into());
    model.insert("shapes".to_owned(), shapes.into());
    if let Some(parameters) = full.get("clientContextParams") {
        let mut parameters = parameters.clone();
        for (_, parameter) in parameters.as_object_mut().into_iter().flatten() {
            strip(parameter, &["documentation"]);
        }
        model.insert("clientContextParams".to_owned(), parameters);
    }
    Ok(model.into())
}

/// The protocol that botocore chooses.
fn protocol(service: &str, metadata: &Value) -> Result<&'static str, Failure> {
    let offered: Vec<&str> = match &metadata["protocols"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => metadata["protocol"].as_str().into_iter().collect(),
    };
    PROTOCOLS.into_iter().find(|name| offered.contains(name)).ok_or_else(|| {
        Failure::Found(format!("{service}: speaks {offered:?}, of which we know none of {PROTOCOLS:?}"))
    })
}

/// An endpoint rule set without its documentation.
pub fn rules(full: &Value) -> Value {
    let mut rules = full.clone();
    for (_, parameter) in rules["parameters"].as_object_mut().into_iter().flatten() {
        strip(parameter, &["documentation"]);
    }
    rules
}

fn strip(value: &mut Value, keys: &[&str]) {
    if let Some(map) = value.as_object_mut() {
        map.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn keep(part: Part, full: &Value, place: &str) -> Result<Map<String, Value>, Failure> {
    let mut kept = Map::new();
    for (key, value) in entries(full) {
        if part.keeps().contains(&key.as_str()) {
            kept.insert(key.clone(), value.clone());
        } else if !part.drops().contains(&key.as_str()) {
            return Err(Failure::Found(format!(
                "{place}: has `{key}`, which xtask/src/models/lean.rs does not know; say there whether to keep it"
            )));
        }
    }
    Ok(kept)
}
