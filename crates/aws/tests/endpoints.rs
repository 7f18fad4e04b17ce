//! botocore's endpoint cases, all of them: values in, the URL and its properties or the refusal out.
//! Those with an operation's parameters also go through the settings of a client. Then what botocore itself
//! says, asked.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "endpoints/asked.rs"]
mod asked;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

use serde::Deserialize;
use serde_json::{Map as JsonMap, Value as Json};
use squall_aws::endpoint::{
    ConfiguredUrls, EndpointConfig, Parameter, Parameters, RuleSet, ServicesSection, Signing, evaluate,
    resolve,
};
use squall_aws::model;
use squall_model::{Map, Value};
use squall_testkit::botocore;

/// How many cases there are, and how many calls of operations with them.
const CASES: usize = 14_589;
const CALLS: usize = 656;

/// Calls that give something else through the settings of a client than the rules do with theirs: why, what
/// is in the text of what they give, and which they are (service, number of the case, number of its call). One
/// that gives the same after all is an error.
const DIFFERENT: &[(&str, &str, &[&str])] = &[
    (
        "A URL of the user's is taken as it is: FIPS and dual stack do not touch it, as with botocore.",
        "Endpoint {",
        &[
            "dynamodb 52.0",
            "dynamodb 53.0",
            "dynamodb 54.0",
            "dynamodb 56.0",
            "dynamodb 57.0",
            "dynamodb 58.0",
            "dynamodb 60.0",
            "dynamodb 61.0",
            "dynamodb 62.0",
            "dynamodb 282.0",
            "dynamodb 283.0",
            "dynamodb 284.0",
            "dynamodb 286.0",
            "dynamodb 287.0",
            "dynamodb 288.0",
            "dynamodb 290.0",
            "dynamodb 291.0",
            "dynamodb 292.0",
            "s3 11.0",
            "s3 20.0",
            "s3 23.0",
            "s3 186.0",
            "s3 187.0",
            "s3 193.0",
            "s3 198.0",
            "s3 199.0",
            "s3control 91.0",
            "s3control 92.0",
            "s3control 119.0",
            "s3control 119.1",
            "s3control 119.2",
            "s3control 132.0",
            "s3control 132.1",
            "s3control 132.2",
            "s3control 132.3",
            "s3control 132.4",
            "s3control 132.5",
            "s3control 132.6",
            "s3control 133.0",
        ],
    ),
    (
        "Acceleration goes before path style, as with botocore.",
        "s3-accelerate.amazonaws.com",
        &["s3 165.0", "s3 179.0"],
    ),
    (
        "S3 Express signs with the credentials of a session, which we do not open.",
        "Unknown Signature Version: v4-s3express.",
        &[
            "s3 276.0", "s3 277.0", "s3 278.0", "s3 279.0", "s3 280.0", "s3 281.0", "s3 282.0", "s3 283.0",
            "s3 284.0", "s3 285.0", "s3 286.0", "s3 288.0", "s3 290.0", "s3 291.0", "s3 292.0", "s3 293.0",
            "s3 294.0", "s3 295.0", "s3 296.0", "s3 297.0", "s3 298.0", "s3 299.0", "s3 329.0", "s3 330.0",
            "s3 333.0", "s3 334.0", "s3 349.0", "s3 351.0", "s3 352.0",
        ],
    ),
    ("SigV4a only, which we do not have.", "Unknown Signature Version: v4a.", &["events 46.0", "s3 14.0"]),
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cases {
    test_cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    documentation: String,
    #[serde(default)]
    params: JsonMap<String, Json>,
    expect: Expect,
    #[serde(default)]
    operation_inputs: Vec<Call>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Endpoint(ExpectedEndpoint),
    Error(String),
}

#[derive(Deserialize)]
struct ExpectedEndpoint {
    url: String,
    #[serde(default)]
    properties: JsonMap<String, Json>,
    #[serde(default)]
    headers: JsonMap<String, Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    operation_name: String,
    #[serde(default)]
    operation_params: Json,
    #[serde(default)]
    built_in_params: JsonMap<String, Json>,
}

/// What was found in the cases of some services.
#[derive(Default)]
struct Found {
    cases: usize,
    calls: usize,
    problems: Vec<String>,
    different: Vec<(String, String)>,
}

#[test]
fn every_case_of_botocore() {
    let folder = botocore::sdist().join("tests/functional/endpoint-rules");
    let services: Vec<&'static str> = model::names().collect();
    let half = services.len() / 2;
    let found: Vec<Found> = thread::scope(|scope| {
        let parts = [&services[..half], &services[half..]];
        let threads = parts
            .map(|part| scope.spawn(|| part.iter().map(|name| service(&folder, name)).collect::<Vec<_>>()));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let problems: Vec<&String> = found.iter().flat_map(|found| &found.problems).collect();
    assert!(
        problems.is_empty(),
        "{} problems, the first of them:\n{:#?}",
        problems.len(),
        &problems[..problems.len().min(20)]
    );
    let folders = fs::read_dir(&folder).unwrap().count();
    assert_eq!(folders, services.len(), "a service has cases that are not looked at");
    assert_eq!(found.iter().map(|found| found.cases).sum::<usize>(), CASES);
    assert_eq!(found.iter().map(|found| found.calls).sum::<usize>(), CALLS);
    let different: Vec<&(String, String)> = found.iter().flat_map(|found| &found.different).collect();
    let unlisted: Vec<_> = different.iter().filter(|(name, gives)| !is_listed(name, gives)).collect();
    assert!(unlisted.is_empty(), "{} calls are not listed: {unlisted:#?}", unlisted.len());
    let listed = DIFFERENT.iter().flat_map(|(_, _, names)| *names);
    let same: Vec<_> = listed.filter(|listed| !different.iter().any(|(name, _)| name == *listed)).collect();
    assert!(same.is_empty(), "listed as different, and the same: {same:#?}");
}

fn is_listed(name: &str, gives: &str) -> bool {
    DIFFERENT.iter().any(|(_, text, names)| names.contains(&name) && gives.contains(text))
}

/// botocore's cases of URLs in the environment and the configuration file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Urls {
    profiles: BTreeMap<String, BTreeMap<String, String>>,
    services: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    #[serde(rename = "client_configs")]
    clients: BTreeMap<String, JsonMap<String, Json>>,
    environments: BTreeMap<String, BTreeMap<String, String>>,
    endpoint_url_tests: Vec<UrlCase>,
}

#[derive(Deserialize)]
struct UrlCase {
    name: String,
    profile: String,
    client_config: String,
    environment: String,
    service: String,
    output: BTreeMap<String, String>,
}

#[test]
fn urls_of_environment_and_configuration_file() {
    let path = botocore::sdist().join("tests/functional/configured_endpoint_urls/profile-tests.json");
    let suites: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let urls: Urls = serde_json::from_value(suites["testSuites"][0].clone()).unwrap();
    assert_eq!(urls.endpoint_url_tests.len(), 39);
    for case in &urls.endpoint_url_tests {
        let (profile, environment) = (&urls.profiles[&case.profile], &urls.environments[&case.environment]);
        let client = &urls.clients[&case.client_config];
        let yes = |value: Option<&String>| value.is_some_and(|value| value == "true");
        let services = profile.get("services").map(|name| ServicesSection {
            name: name.clone(),
            urls: urls.services.get(name).map(|services| {
                services
                    .iter()
                    .map(|(service, keys)| (service.clone(), keys["endpoint_url"].clone()))
                    .collect()
            }),
        });
        let config = EndpointConfig {
            region: Some(profile["region"].as_str().into()),
            urls: ConfiguredUrls {
                explicit: client.get("endpoint_url").and_then(Json::as_str).map(str::to_owned),
                ignore: client.contains_key("ignore_configured_endpoint_urls")
                    || yes(environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))
                    || yes(profile.get("ignore_configured_endpoint_urls")),
                environment: environment.clone(),
                services,
                profile: profile.get("endpoint_url").cloned(),
            },
            ..EndpointConfig::default()
        };
        let service = model::load(&case.service).unwrap();
        let operation =
            service.operation(if case.service == "s3" { "ListBuckets" } else { "ListTables" }).unwrap();
        let endpoint = resolve(service, operation, &Map::new(), &config).unwrap();
        assert_eq!(endpoint.url, case.output["endpointUrl"], "{}", case.name);
    }
}

/// The cases of one service.
fn service(folder: &Path, name: &str) -> Found {
    let text =
        fs::read_to_string(folder.join(name).join("endpoint-tests-1.json")).expect("every service has cases");
    let cases: Cases = serde_json::from_str(&text).expect("cases have their form");
    let service = model::load(name).expect("the service has a model");
    let rules = RuleSet::parse(service.endpoint_rules()).expect("the service has rules");
    let mut found = Found::default();
    for (number, case) in cases.test_cases.iter().enumerate() {
        found.cases += 1;
        if let Some(problem) = by_rules(&rules, case) {
            found.problems.push(format!("{name} {number} ({}): {problem}", case.documentation));
        }
        for (at, call) in case.operation_inputs.iter().enumerate() {
            found.calls += 1;
            if let Some(problem) = by_settings(service, case, call) {
                found.problems.push(format!("{name} {number}.{at} ({}): {problem}", case.documentation));
            }
            if let Some(difference) = by_call(service, case, call) {
                found.different.push((format!("{name} {number}.{at}"), difference));
            }
        }
    }
    found
}

/// The case as its rules decide it.
fn by_rules(rules: &RuleSet<'_>, case: &Case) -> Option<String> {
    let parameters =
        case.params.iter().map(|(name, value)| (name.clone(), parameter(value))).collect::<Parameters>();
    match (&case.expect, rules.evaluate(&parameters)) {
        (Expect::Error(expected), Err(message)) if *expected == message => None,
        (Expect::Endpoint(expected), Ok(resolved)) => {
            let headers: JsonMap<String, Json> =
                resolved.headers.into_iter().map(|(name, values)| (name, Json::from(values))).collect();
            let same = expected.url == resolved.url
                && expected.properties == resolved.properties
                && expected.headers == headers;
            (!same).then(|| format!("{} {:?} {headers:?}", resolved.url, resolved.properties))
        }
        (_, result) => Some(format!("{result:?}")),
    }
}

fn parameter(value: &Json) -> Parameter {
    match value {
        Json::String(text) => Parameter::Text(text.clone()),
        Json::Bool(flag) => Parameter::Flag(*flag),
        Json::Array(items) => {
            Parameter::Texts(items.iter().map(|item| item.as_str().expect("text").to_owned()).collect())
        }
        other => panic!("no rule set takes {other}"),
    }
}

/// The case as the rules decide it for the parameters of a call, with exactly these settings.
fn by_settings(service: &model::Service, case: &Case, call: &Call) -> Option<String> {
    let operation = service.operation(&call.operation_name).expect("cases name operations");
    let builtins: Parameters =
        call.built_in_params.iter().map(|(name, value)| (name.clone(), parameter(value))).collect();
    match (&case.expect, evaluate(service, operation, &parameters(call), &builtins, &Parameters::new())) {
        (Expect::Error(_), Err(_)) => None,
        (Expect::Endpoint(expected), Ok(resolved)) => {
            (expected.url != resolved.url).then(|| format!("{} for {}", resolved.url, expected.url))
        }
        (_, result) => Some(format!("{result:?}")),
    }
}

fn parameters(call: &Call) -> Map {
    value(&call.operation_params).as_map().cloned().unwrap_or_else(Map::new)
}

/// The case as a client with these settings decides it: its URL, and what signatures are for.
fn by_call(service: &model::Service, case: &Case, call: &Call) -> Option<String> {
    let operation = service.operation(&call.operation_name).expect("cases name operations");
    let resolved = resolve(service, operation, &parameters(call), &config(&call.built_in_params));
    match (&case.expect, resolved) {
        (Expect::Error(_), Err(_)) => None,
        (Expect::Endpoint(expected), Ok(resolved)) => {
            let scheme = expected
                .properties
                .get("authSchemes")
                .and_then(Json::as_array)
                .and_then(|schemes| schemes.iter().find(|scheme| scheme["name"] == "sigv4"));
            let signed = match (&resolved.signing, scheme) {
                (Signing::Unsigned, _) | (Signing::V4(_), None) => true,
                (Signing::V4(v4), Some(scheme)) => {
                    scheme.get("signingName").is_none_or(|name| *name == *v4.name)
                        && scheme.get("signingRegion").is_none_or(|region| *region == *v4.region)
                        && scheme.get("disableDoubleEncoding").is_none_or(|off| *off == !v4.double_encode)
                }
            };
            (resolved.url != expected.url || !signed).then(|| format!("{resolved:?} for {}", expected.url))
        }
        (Expect::Error(expected), Ok(resolved)) => Some(format!("{resolved:?} for: {expected}")),
        (Expect::Endpoint(expected), Err(error)) => Some(format!("{error} for {}", expected.url)),
    }
}

/// The settings of a client that come to these values.
fn config(builtins: &JsonMap<String, Json>) -> EndpointConfig {
    let mut config = EndpointConfig::default();
    // What rules do that are told nothing.
    config.s3.use_arn_region = Some(true);
    config.s3.us_east_1_regional_endpoint = Some("regional".to_owned());
    config.s3.addressing_style = Some("virtual".to_owned());
    for (name, value) in builtins {
        let flag = value.as_bool().unwrap_or_default();
        let text = value.as_str().map(str::to_owned);
        match name.as_str() {
            "AWS::Region" => config.region = text.map(Into::into),
            "AWS::UseFIPS" => config.use_fips = flag,
            "AWS::UseDualStack" => config.use_dualstack = flag,
            "SDK::Endpoint" => config.urls.explicit = text,
            "AWS::Auth::AccountId" => config.account_id = text.map(Into::into),
            "AWS::Auth::AccountIdEndpointMode" => config.account_id_endpoint_mode = text,
            "AWS::S3::Accelerate" => config.s3.use_accelerate = flag,
            "AWS::S3::ForcePathStyle" => {
                config.s3.addressing_style = Some(if flag { "path" } else { "virtual" }.to_owned());
            }
            "AWS::S3::UseArnRegion" | "AWS::S3Control::UseArnRegion" => config.s3.use_arn_region = Some(flag),
            "AWS::S3::UseGlobalEndpoint" => {
                config.s3.us_east_1_regional_endpoint =
                    Some(if flag { "legacy" } else { "regional" }.to_owned());
            }
            "AWS::STS::UseGlobalEndpoint" => {
                config.sts_regional_endpoints = Some(if flag { "legacy" } else { "regional" }.to_owned());
            }
            "AWS::S3::DisableMultiRegionAccessPoints" => config.s3.disable_multi_region_access_points = flag,
            other => panic!("the setting `{other}` is not known"),
        }
    }
    config
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::from(number.as_i64().expect("a whole number")),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(value)),
        Json::Object(entries) => Value::map(entries.iter().map(|(key, item)| (key.as_str(), value(item)))),
    }
}
