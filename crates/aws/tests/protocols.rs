//! botocore's own cases of every protocol: requests from parameters, answers from wire text.
//!
//! The cases come with botocore's source distribution. What one of them wants and we do not do is listed,
//! with the reason; an entry of the list that passes is an error too.

#![allow(clippy::unwrap_used)]

#[path = "protocols/body.rs"]
mod body;
#[path = "protocols/exceptions.rs"]
mod exceptions;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map as JsonMap, Value as Json, json};
use squall_aws::client::protocol::{self, Response};
use squall_aws::model::{Operation, Protocol, Service};
use squall_model::{Map, OtherKind, Value, python};

use self::exceptions::EXCEPTIONS;

/// All cases of botocore's `tests/unit/protocols`, its older ones aside.
const CASES: usize = 732;

#[test]
fn requests_and_answers_are_what_botocores_cases_say() {
    let home = squall_testkit::botocore::sdist().join("tests/unit/protocols");
    let mut outcomes = BTreeMap::new();
    for direction in ["input", "output"] {
        let mut files: Vec<_> =
            fs::read_dir(home.join(direction)).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            run(direction, &file, &mut outcomes);
        }
    }
    let excepted: BTreeMap<String, &str> =
        EXCEPTIONS.iter().map(|(name, reason)| ((*name).to_owned(), *reason)).collect();
    assert_eq!(excepted.len(), EXCEPTIONS.len(), "an exception is listed twice");
    let mut wrong = Vec::new();
    for (name, outcome) in &outcomes {
        match (outcome, excepted.get(name)) {
            (Err(difference), None) => wrong.push(format!("{name}: {difference}")),
            (Ok(()), Some(_)) => wrong.push(format!("{name}: passes, yet is listed as an exception")),
            _ => {}
        }
    }
    wrong.extend(
        excepted
            .keys()
            .filter(|name| !outcomes.contains_key(*name))
            .map(|name| format!("{name}: is no case")),
    );
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), outcomes.len(), wrong.join("\n"));
    assert_eq!(outcomes.len(), CASES);
}

fn run(direction: &str, file: &Path, outcomes: &mut BTreeMap<String, Result<(), String>>) {
    let suites: Vec<Json> = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let file = file.file_stem().unwrap().to_string_lossy().into_owned();
    for (number, suite) in suites.iter().enumerate() {
        for (place, case) in suite["cases"].as_array().unwrap().iter().enumerate() {
            let id = case["id"].as_str().map_or_else(|| format!("{number}:{place}"), str::to_owned);
            let mut name = format!("{direction}/{file}/{id}");
            while outcomes.contains_key(&name) {
                name.push('+');
            }
            let outcome = if direction == "input" { input(suite, case) } else { output(suite, case) };
            outcomes.insert(name, outcome);
        }
    }
}

/// The service that a case is for.
fn service(suite: &Json, case: &Json) -> (&'static Service, &'static Operation) {
    let mut given = case["given"].clone();
    let name = given["name"].as_str().unwrap_or("OperationName").to_owned();
    let output = given["output"]["shape"].as_str().map(|shape| &suite["shapes"][shape]["members"]);
    let says_something = output.and_then(Json::as_object).is_some_and(|members| !members.is_empty());
    if suite["metadata"]["protocol"] == "query" && says_something {
        given["output"]["resultWrapper"] = json!(format!("{name}Result"));
    }
    let model = json!({
        "metadata": suite["metadata"],
        "operations": { name.as_str(): given },
        "shapes": suite["shapes"],
    });
    let service = Service::from_botocore("test", &model.to_string()).unwrap();
    (service, service.operation(&name).unwrap())
}

/// What the engine would hand over.
fn value(json: &Json) -> Value {
    squall_model::json::parse(&json.to_string()).unwrap()
}

fn input(suite: &Json, case: &Json) -> Result<(), String> {
    let (service, operation) = service(suite, case);
    let Value::Map(parameters) = value(&case["params"]) else { panic!("parameters are a mapping") };
    for (key, value) in parameters.entries() {
        let float = match value.as_str() {
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            Some("NaN") => f64::NAN,
            _ => continue,
        };
        parameters.insert(key, Value::Float(float));
    }
    // The client fills tokens with random ids; the cases want this one.
    let input = operation.input.as_ref().and_then(|input| service.shape(&input.shape));
    for (name, member) in input.iter().flat_map(|input| &input.members) {
        if member.idempotency_token && !parameters.contains_key(name) {
            parameters.insert(name.as_str(), Value::from("00000000-0000-4000-8000-000000000000"));
        }
    }
    let request = protocol::request(service, operation, &parameters).map_err(|error| error.to_string())?;
    let wanted = &case["serialized"];
    let same = |what: &str, ours: &str, theirs: &str| {
        if ours == theirs { Ok(()) } else { Err(format!("{what} is `{ours}`, not `{theirs}`")) }
    };
    if let Some(body) = wanted["body"].as_str() {
        body::compare(service.metadata.protocol, &request.body, body)?;
    }
    let (origin, target) = request.at(suite["clientEndpoint"].as_str().unwrap_or_default());
    same("the target", &target, wanted["uri"].as_str().unwrap_or_default())?;
    if let Some(method) = wanted["method"].as_str() {
        same("the method", &request.method, method)?;
    }
    if let Some(host) = wanted["host"].as_str() {
        // The endpoint's path, where it has one, is a part of the target.
        let host = host.split('/').next().unwrap_or_default();
        same("the host", origin.split_once("://").unwrap_or_default().1, host)?;
    }
    for (name, theirs) in wanted["headers"].as_object().unwrap_or(&JsonMap::new()) {
        let ours = request.header(name);
        if name == "Content-Type" && content_type_is_ours(service.metadata.protocol, ours, theirs.as_str()) {
            continue;
        }
        // The cases join lists with a blank, botocore without.
        let close = |text: &str| text.replace(", ", ",");
        let ours = ours.ok_or_else(|| format!("there is no header `{name}`"))?;
        same(&format!("header `{name}`"), &close(ours), &close(theirs.as_str().unwrap_or_default()))?;
    }
    for name in wanted["forbidHeaders"].as_array().unwrap_or(&Vec::new()) {
        let name = name.as_str().unwrap();
        if let Some(value) = request.header(name) {
            return Err(format!("there is a header `{name}`: `{value}`"));
        }
    }
    Ok(())
}

/// Where botocore's header is not the case's: it has a charset for forms, and none for XML and raw bodies.
fn content_type_is_ours(protocol: Protocol, ours: Option<&str>, theirs: Option<&str>) -> bool {
    match protocol {
        Protocol::Query | Protocol::Ec2 => {
            ours == theirs.map(|theirs| format!("{theirs}; charset=utf-8")).as_deref()
        }
        Protocol::RestXml => ours.is_none(),
        Protocol::RestJson => ours.is_none() && theirs != Some("application/json"),
        _ => false,
    }
}

fn output(suite: &Json, case: &Json) -> Result<(), String> {
    let (service, operation) = service(suite, case);
    let given = &case["response"];
    let body = given["body"].as_str().map(|text| text.as_bytes().to_vec());
    let body = match service.metadata.protocol {
        Protocol::SmithyRpcV2Cbor => BASE64.decode(body.unwrap_or_default()).unwrap(),
        Protocol::Query => body.unwrap_or_else(|| b"<xml/>".to_vec()),
        _ => body.unwrap_or_default(),
    };
    let headers = given["headers"].as_object().cloned().unwrap_or_default();
    let response = Response {
        status: u16::try_from(given["status_code"].as_u64().unwrap_or(200)).unwrap(),
        headers: headers
            .into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
            .collect(),
        body,
    };
    let (parsed, wanted) = if let Some(members) = case.get("error") {
        let error = protocol::error(service, operation, &response);
        let said = Map::new();
        for key in ["Code", "Message"] {
            if let Some(value) = error.response.get("Error").and_then(|error| error.get(key)) {
                said.insert(key, value);
            }
        }
        error.response.insert("Error", Value::Map(said));
        let text = |key: &str| case.get(key).cloned().unwrap_or_else(|| json!(""));
        let mut wanted = json!({"Error": {"Code": text("errorCode"), "Message": text("errorMessage")}});
        for (key, value) in members.as_object().unwrap() {
            wanted[key] = value.clone();
        }
        (error.response, wanted)
    } else {
        let parsed = protocol::output(service, operation, &response).map_err(|error| error.to_string())?;
        (parsed, case["result"].clone())
    };
    parsed.remove("ResponseMetadata");
    let (ours, theirs) = (plain(&Value::Map(parsed)), value(&wanted));
    if alike(&ours, &theirs) {
        return Ok(());
    }
    Err(format!("the answer is {}, not {}", python::repr(&ours), python::repr(&theirs)))
}

/// Whether values are equal, floats up to what reading the case files loses.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one.to_vec().iter().zip(other.to_vec()).all(|(one, other)| alike(one, &other))
        }
        (Value::Map(one), Value::Map(other)) => {
            one.len() == other.len()
                && one
                    .entries()
                    .iter()
                    .all(|(key, one)| other.get_key(key).is_some_and(|other| alike(one, &other)))
        }
        (Value::Float(one), Value::Float(other)) => (one - other).abs() <= one.abs() * 1e-15,
        _ => one == other,
    }
}

/// Values as the cases write them: seconds for times, text for bytes and for what is no number.
fn plain(value: &Value) -> Value {
    match value {
        Value::List(list) => Value::list(list.to_vec().iter().map(plain)),
        Value::Map(map) => Value::map(map.entries().into_iter().map(|(key, value)| (key, plain(&value)))),
        Value::Float(float) if float.is_nan() => Value::from("NaN"),
        Value::Float(float) if float.is_infinite() => {
            Value::from(if *float > 0.0 { "Infinity" } else { "-Infinity" })
        }
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => Value::from(String::from_utf8_lossy(bytes).into_owned()),
            OtherKind::DateTime => {
                let time: jiff::Timestamp = other.text.parse().unwrap();
                Value::Float(time.as_microsecond() as f64 / 1e6)
            }
            _ => value.clone(),
        },
        scalar => scalar.clone(),
    }
}
