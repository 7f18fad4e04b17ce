//! Where calls go and how they are signed, as botocore itself says it: services, regions, variants, URLs of
//! users, S3's settings, ARNs, and what is refused, with the same class and text.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Map as JsonMap, Value as Json, json};
use squall_aws::endpoint::{EndpointConfig, S3Config, Signing, resolve};
use squall_aws::model;
use squall_model::{Map, Value};
use squall_testkit::reference_python;

use super::value;

/// Those that `chaosaws` uses, and others that are of a kind of their own.
const SERVICES: [(&str, &str); 33] = [
    ("acm", "ListCertificates"),
    ("apigateway", "GetRestApis"),
    ("autoscaling", "DescribeAutoScalingGroups"),
    ("bedrock-runtime", "Converse"),
    ("cloudfront", "ListDistributions"),
    ("cloudwatch", "DescribeAlarms"),
    ("cognito-idp", "SignUp"),
    ("dynamodb", "ListTables"),
    ("ec2", "DescribeInstances"),
    ("ecr", "DescribeRepositories"),
    ("ecs", "ListClusters"),
    ("eks", "ListClusters"),
    ("elasticache", "DescribeCacheClusters"),
    ("elb", "DescribeLoadBalancers"),
    ("elbv2", "DescribeLoadBalancers"),
    ("emr", "ListClusters"),
    ("events", "ListRules"),
    ("fis", "ListExperiments"),
    ("health", "DescribeEvents"),
    ("iam", "ListRoles"),
    ("importexport", "ListJobs"),
    ("lambda", "ListFunctions"),
    ("organizations", "ListAccounts"),
    ("rds", "DescribeDBInstances"),
    ("route53", "ListHostedZones"),
    ("s3", "ListBuckets"),
    ("s3control", "ListAccessPoints"),
    ("s3outposts", "ListEndpoints"),
    ("savingsplans", "DescribeSavingsPlans"),
    ("sns", "ListTopics"),
    ("sqs", "ListQueues"),
    ("ssm", "DescribeInstanceInformation"),
    ("sts", "GetCallerIdentity"),
];

/// One of each sort of partition, a region that is not known yet, a name that is none, and none at all.
const REGIONS: [Option<&str>; 12] = [
    Some("us-east-1"),
    Some("us-west-2"),
    Some("ap-southeast-4"),
    Some("cn-north-1"),
    Some("us-gov-west-1"),
    Some("us-iso-east-1"),
    Some("us-isof-south-1"),
    Some("eusc-de-east-1"),
    Some("eu-north-9"),
    Some("aws-global"),
    Some("fips-us-east-1"),
    None,
];

#[derive(Clone, Debug, Default, Serialize)]
struct Question {
    service: String,
    operation: String,
    parameters: Json,
    region: Option<String>,
    url: Option<String>,
    fips: bool,
    dualstack: bool,
    account_id: Option<String>,
    account_id_endpoint_mode: Option<String>,
    sts_regional_endpoints: Option<String>,
    s3: Option<JsonMap<String, Json>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    Refused {
        class: String,
        message: String,
    },
    Endpoint {
        url: String,
        headers: JsonMap<String, Json>,
        signing: Option<Signed>,
        account_id: Option<String>,
    },
}

#[derive(Debug, Deserialize)]
struct Signed {
    version: String,
    name: String,
    region: String,
}

#[test]
fn services_in_all_sorts_of_regions() {
    let mut questions = Vec::new();
    for (service, operation) in SERVICES {
        for region in REGIONS {
            for (fips, dualstack) in [(false, false), (true, false), (false, true), (true, true)] {
                questions.push(Question { fips, dualstack, ..Question::of(service, operation, region) });
            }
            for url in ["http://localhost:5000", "https://[::1]:4566/path/"] {
                questions
                    .push(Question { url: Some(url.into()), ..Question::of(service, operation, region) });
            }
        }
    }
    compare(&questions);
}

#[test]
fn s3_and_its_settings() {
    let settings = [
        json!(null),
        json!({"addressing_style": "path"}),
        json!({"addressing_style": "virtual"}),
        json!({"use_accelerate_endpoint": true}),
        json!({"use_dualstack_endpoint": true}),
        json!({"use_arn_region": false}),
        json!({"us_east_1_regional_endpoint": "regional"}),
        json!({"s3_disable_multiregion_access_points": true}),
    ];
    let buckets = [
        "bucket",
        "dotted.bucket",
        "Bucket_1",
        "arn:aws:s3:us-west-2:123456789012:accesspoint:point",
        "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456:accesspoint:point",
        "arn:aws:s3-object-lambda:us-west-2:123456789012:accesspoint/point",
        "arn:aws:s3:us-we$t-2:123456789012:accesspoint:point",
        "arn:aws:s3:us-west-2:123456789012:colour:point",
    ];
    let urls = [None, Some("http://127.0.0.1:5000"), Some("https://s3-accelerate.amazonaws.com")];
    let mut questions = Vec::new();
    for settings in &settings {
        for bucket in buckets {
            for region in [Some("us-east-1"), Some("us-west-2"), Some("cn-north-1"), None] {
                for url in urls {
                    for operation in ["HeadObject", "GetBucketLocation"] {
                        questions.push(Question {
                            parameters: json!({"Bucket": bucket}),
                            url: url.map(str::to_owned),
                            s3: settings.as_object().cloned(),
                            ..Question::of("s3", operation, region)
                        });
                    }
                }
            }
        }
    }
    compare(&questions);
}

#[test]
fn parameters_and_settings_that_rules_look_at() {
    let arn = "arn:aws:s3-outposts:us-west-2:123456789012:outpost:op-01234567890123456";
    let of = |service: &str, operation: &str, parameters: Json| Question {
        parameters,
        ..Question::of(service, operation, Some("us-west-2"))
    };
    let control = |operation: &str, parameters: Json| of("s3control", operation, parameters);
    let table = "arn:aws:dynamodb:us-west-2:222222222222:table/one";
    let mut questions = vec![
        control("GetBucket", json!({"Bucket": format!("{arn}:bucket:mine")})),
        control("GetBucket", json!({"Bucket": format!("{arn}:bucket:mine"), "AccountId": "123456789012"})),
        control("GetBucket", json!({"Bucket": format!("{arn}:bucket:mine"), "AccountId": "1"})),
        control("GetBucket", json!({"Bucket": format!("{arn}:accesspoint:mine")})),
        control(
            "GetBucket",
            json!({"Bucket": "arn:aws:s3-outposts:fips-us-west-2:1:outpost:op:bucket:mine"}),
        ),
        control("GetBucket", json!({"Bucket": "arn:aws:s3-outposts::1:outpost:op:bucket:mine"})),
        control("GetBucket", json!({"Bucket": "mine", "AccountId": "123456789012"})),
        control("GetBucket", json!({"Bucket": "mine", "AccountId": "account id"})),
        control("GetAccessPoint", json!({"Name": format!("{arn}:accesspoint:mine")})),
        control("GetAccessPoint", json!({"Name": format!("{arn}:bucket:mine")})),
        control("CreateAccessPoint", json!({"Name": "mine", "Bucket": format!("{arn}:bucket:mine")})),
        control("CreateBucket", json!({"Bucket": "mine", "OutpostId": "op-01234567890123456"})),
        control(
            "ListRegionalBuckets",
            json!({"AccountId": "123456789012", "OutpostId": "op-01234567890123456"}),
        ),
        of("dynamodb", "GetItem", json!({"TableName": table})),
        of("dynamodb", "BatchGetItem", json!({"RequestItems": {table: {}}})),
        of("dynamodb", "TransactWriteItems", json!({"TransactItems": [{"Put": {"TableName": table}}]})),
        of("dynamodb", "ImportTable", json!({"TableCreationParameters": {"TableName": table}})),
        of("dynamodb", "GetItem", json!({"TableName": 3})),
        of("dynamodb", "GetItem", json!({})),
        of("events", "PutEvents", json!({"EndpointId": "no label"})),
        of(
            "kinesis",
            "DescribeStream",
            json!({"StreamARN": "arn:aws:kinesis:us-west-2:123456789012:stream/s"}),
        ),
        of(
            "kinesis",
            "SubscribeToShard",
            json!({"ConsumerARN": "arn:aws:kinesis:us-west-2:123456789012:stream/s/c"}),
        ),
        of("cloudfront-keyvaluestore", "ListKeys", json!({"KvsARN": "kvs"})),
        of("s3", "CopyObject", json!({"Bucket": "b-b", "Key": 3, "CopySource": {"Bucket": "b"}})),
        of("s3", "CreateSession", json!({"Bucket": "b-b"})),
        of("sts", "AssumeRoleWithWebIdentity", json!({})),
        of("lambda", "InvokeAsync", json!({})),
        of("glacier", "UploadArchive", json!({})),
        of("mediastore-data", "PutObject", json!({})),
        of("neptune-graph", "ExecuteQuery", json!({})),
        of("location", "GetPlace", json!({})),
        of("codecatalyst", "ListSpaces", json!({})),
        of("sdb", "ListDomains", json!({})),
    ];
    for mode in ["preferred", "disabled", "required", "Required", "often"] {
        for account in [None, Some("123456789012")] {
            for parameters in [json!({}), json!({"TableName": table})] {
                questions.push(Question {
                    account_id: account.map(str::to_owned),
                    account_id_endpoint_mode: Some(mode.into()),
                    ..of("dynamodb", "GetItem", parameters)
                });
            }
        }
    }
    for mode in ["legacy", "regional", "often"] {
        for region in [Some("us-east-1"), Some("eu-west-1"), Some("af-south-1"), Some("aws-global"), None] {
            for url in [None, Some("http://localhost:5000")] {
                for fips in [false, true] {
                    questions.push(Question {
                        sts_regional_endpoints: Some(mode.into()),
                        url: url.map(str::to_owned),
                        fips,
                        ..Question::of("sts", "GetCallerIdentity", region)
                    });
                }
            }
        }
    }
    for region in ["-a", "a_b", "123", "a.b", "us-east-1-fips", "local"] {
        questions.push(Question::of("dynamodb", "ListTables", Some(region)));
    }
    for url in [
        "localhost:5000",
        "http://",
        "http://a_b",
        "https://host:port",
        "https://h/?q=1",
        "ftp://host",
        "http://h ",
    ] {
        questions.push(Question {
            url: Some(url.into()),
            ..Question::of("ec2", "DescribeInstances", Some("us-east-1"))
        });
    }
    compare(&questions);
}

impl Question {
    fn of(service: &str, operation: &str, region: Option<&str>) -> Self {
        Question {
            service: service.into(),
            operation: operation.into(),
            region: region.map(str::to_owned),
            parameters: json!({}),
            ..Question::default()
        }
    }

    fn config(&self) -> EndpointConfig {
        let mut config = EndpointConfig {
            region: self.region.as_deref().map(Into::into),
            use_fips: self.fips,
            use_dualstack: self.dualstack,
            account_id: self.account_id.as_deref().map(Into::into),
            account_id_endpoint_mode: self.account_id_endpoint_mode.clone(),
            sts_regional_endpoints: self.sts_regional_endpoints.clone(),
            ..EndpointConfig::default()
        };
        config.urls.explicit = self.url.clone();
        if let Some(s3) = &self.s3 {
            let flag = |key: &str| s3.get(key).and_then(Json::as_bool);
            let text = |key: &str| s3.get(key).and_then(Json::as_str).map(str::to_owned);
            config.s3 = S3Config {
                addressing_style: text("addressing_style"),
                use_accelerate: flag("use_accelerate_endpoint") == Some(true),
                use_dualstack: flag("use_dualstack_endpoint") == Some(true),
                use_arn_region: flag("use_arn_region"),
                disable_multi_region_access_points: flag("s3_disable_multiregion_access_points")
                    == Some(true),
                us_east_1_regional_endpoint: text("us_east_1_regional_endpoint"),
                disable_express_session_auth: false,
            };
        }
        config
    }

    /// What we say, in the form of botocore's answer.
    fn ours(&self) -> Json {
        let service = model::load(&self.service).unwrap();
        let operation = service.operation(&self.operation).unwrap();
        let parameters = value(&self.parameters).as_map().cloned().unwrap_or_else(Map::new);
        match resolve(service, operation, &parameters, &self.config()) {
            Ok(endpoint) => {
                let signing = match &endpoint.signing {
                    Signing::Unsigned => Json::Null,
                    Signing::V4(v4) => {
                        json!({"version": if v4.s3 { "s3v4" } else { "v4" }, "name": v4.name, "region": v4.region})
                    }
                };
                let headers: JsonMap<String, Json> =
                    endpoint.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
                let given = parameters.get("AccountId").as_ref().and_then(Value::as_str).map(str::to_owned);
                let account = endpoint.account_id.or(given);
                json!({"url": endpoint.url, "headers": headers, "signing": signing, "account_id": account})
            }
            Err(error) => json!({"class": error.class, "message": error.message}),
        }
    }
}

impl Answer {
    /// In the form that ours has. What botocore can sign and we cannot, or could with a package that it would
    /// like to have, is refused with the reason.
    fn expected(&self, ours: &Json) -> Json {
        let refused = |version: &str| {
            let text = ours["message"].as_str().unwrap_or_default();
            text.starts_with(&format!("Unknown Signature Version: {version}. ")).then(|| ours.clone())
        };
        match self {
            Answer::Refused { class, message } => {
                let crt = class == "botocore.exceptions.MissingDependencyException";
                crt.then(|| refused("v4a"))
                    .flatten()
                    .unwrap_or_else(|| json!({"class": class, "message": message}))
            }
            Answer::Endpoint { url, headers, signing, account_id } => {
                let known =
                    signing.as_ref().is_none_or(|signed| matches!(signed.version.as_str(), "v4" | "s3v4"));
                let refusal = if known { None } else { refused(&signing.as_ref().unwrap().version) };
                let signing = signing.as_ref().map(
                    |signed| json!({"version": signed.version, "name": signed.name, "region": signed.region}),
                );
                refusal.unwrap_or_else(
                    || json!({"url": url, "headers": headers, "signing": signing, "account_id": account_id}),
                )
            }
        }
    }
}

/// Asks both.
fn compare(questions: &[Question]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/endpoints/ask.py");
    let home = std::env::temp_dir();
    let mut python = Command::new(reference_python())
        .arg(script)
        .env_clear()
        .env("AWS_CONFIG_FILE", home.join("no such file"))
        .env("AWS_SHARED_CREDENTIALS_FILE", home.join("no such file"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let asked = serde_json::to_vec(questions).unwrap();
    python.stdin.take().unwrap().write_all(&asked).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "botocore does not answer");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), questions.len());
    let differences: Vec<String> = questions
        .iter()
        .zip(&answers)
        .filter_map(|(question, answer)| {
            let ours = question.ours();
            let theirs = answer.expected(&ours);
            (ours != theirs).then(|| {
                format!(
                    "{}\n    ours     {ours}\n    botocore {theirs}",
                    serde_json::to_string(question).unwrap()
                )
            })
        })
        .collect();
    let shown = differences[..differences.len().min(20)].join("\n");
    assert!(differences.is_empty(), "{} of {} differ:\n{shown}", differences.len(), questions.len());
}
