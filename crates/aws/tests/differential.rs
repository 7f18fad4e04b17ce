//! botocore and us, side by side: random calls of every operation of the services that the functions of
//! `chaosaws` use, and of those that experiments use most besides.
//!
//! `fuzz.py` makes the calls and says what botocore makes of them; the seed is fixed.

#![allow(clippy::unwrap_used)]

#[path = "protocols/body.rs"]
mod body;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use indexmap::IndexMap;
use serde::Deserialize;
use squall_aws::client::protocol::{self, Response};
use squall_aws::client::validate;
use squall_aws::model::{self, Operation, Service};
use squall_model::{Key, Map, OtherKind, Value, json, python};

const SEED: &str = "20260102";

const SERVICES: [&str; 22] = [
    "autoscaling",
    "cloudwatch",
    "dynamodb",
    "ec2",
    "ecs",
    "eks",
    "elasticache",
    "elbv2",
    "emr",
    "fis",
    "iam",
    "kafka",
    "lambda",
    "rds",
    "route53",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "ssm-incidents",
    "sts",
    "xray",
];

/// One line of the script.
#[derive(Deserialize)]
struct Call {
    service: String,
    operation: String,
    protocol: String,
    parameters: serde_json::Value,
    request: Serialized,
    #[serde(default)]
    wrong: serde_json::Value,
    #[serde(default)]
    report: String,
    headers: IndexMap<String, String>,
    body: String,
    parsed: serde_json::Value,
}

#[derive(Deserialize)]
struct Serialized {
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    prefix: Option<String>,
    body: String,
}

#[test]
fn calls_are_botocores() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/fuzz.py");
    let output = Command::new(squall_testkit::reference_python())
        .env("TZ", "UTC")
        .arg(script)
        .arg(SEED)
        .args(SERVICES)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut calls, mut reports, mut differences) = (0, 0, Vec::new());
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let call: Call = serde_json::from_str(line).unwrap();
        let service = model::load(&call.service).unwrap();
        let operation = service.operation(&call.operation).unwrap();
        let name = format!("{} {}", call.service, call.operation);
        assert_eq!(service.metadata.protocol.name(), call.protocol, "{name}");
        calls += 1;
        reports += usize::from(!call.report.is_empty());
        for (what, outcome) in [
            ("parameters that do not fit", refused(service, operation, &call)),
            ("a request", request(service, operation, &call)),
            ("an answer", answer(service, operation, &call)),
        ] {
            if let Err(difference) = outcome {
                differences.push(format!("{name}: {what}: {difference}"));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences in {calls} calls with the seed {SEED}:\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(calls > 2300 && reports > 1000, "{calls} calls, {reports} reports");
}

fn mapping(json: &serde_json::Value) -> Map {
    match json::parse(&json.to_string()).unwrap() {
        Value::Map(map) => map,
        other => panic!("{other:?} is no mapping"),
    }
}

fn same(what: &str, ours: &str, theirs: &str) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what} is `{ours}`, not `{theirs}`")) }
}

fn refused(service: &'static Service, operation: &'static Operation, call: &Call) -> Result<(), String> {
    let fit = validate::problems(service, operation, &mapping(&call.parameters));
    same("the report on what fits", &fit.join("\n"), "")?;
    if call.wrong.is_null() {
        return Ok(());
    }
    let report = validate::problems(service, operation, &mapping(&call.wrong));
    same("the report", &report.join("\n"), &call.report)
}

fn request(service: &'static Service, operation: &'static Operation, call: &Call) -> Result<(), String> {
    let ours = protocol::request(service, operation, &mapping(&call.parameters))
        .map_err(|error| error.to_string())?;
    let theirs = &call.request;
    same("the method", &ours.method, &theirs.method)?;
    same("the target", &ours.target(), &theirs.target)?;
    same("the prefix", &format!("{:?}", ours.host_prefix), &format!("{:?}", theirs.prefix))?;
    let headers = ours.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone()));
    let headers: BTreeMap<String, String> = headers.collect();
    same("the headers", &format!("{headers:?}"), &format!("{:?}", theirs.headers))?;
    let wanted = String::from_utf8(BASE64.decode(&theirs.body).unwrap()).unwrap();
    body::compare(service.metadata.protocol, &ours.body, &wanted)
}

fn answer(service: &'static Service, operation: &'static Operation, call: &Call) -> Result<(), String> {
    let response = Response {
        status: 200,
        headers: call.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        body: BASE64.decode(&call.body).unwrap(),
    };
    let ours = protocol::output(service, operation, &response).map_err(|error| error.to_string())?;
    let ours = plain(&Value::Map(ours));
    let theirs = Value::Map(mapping(&call.parsed));
    // The order of members counts: journals have it.
    same("the answer", &python::repr(&ours), &python::repr(&theirs))
}

/// Times and bytes as the script writes them.
fn plain(value: &Value) -> Value {
    let tagged = |tag: &str, text: &str| Value::map([(tag, Value::from(text))]);
    match value {
        Value::List(list) => Value::list(list.to_vec().iter().map(plain)),
        Value::Map(map) => {
            Value::map(map.entries().into_iter().map(|(key, value)| -> (Key, Value) { (key, plain(&value)) }))
        }
        Value::Other(other) => match &other.kind {
            OtherKind::DateTime => tagged("$time", &other.text),
            OtherKind::Bytes(bytes) => tagged("$bytes", &BASE64.encode(bytes)),
            _ => value.clone(),
        },
        scalar => scalar.clone(),
    }
}
