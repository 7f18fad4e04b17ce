//! AWS, on accounts of moto: operations as activities, functions of `chaosaws` without Python, and what a
//! run shares between them.

use squall_model::{Value, json};
use squall_testkit::moto::{self, Account};

use crate::support::{Place, Ran, at, done};

/// Runs an experiment on an account, in a place without Python.
fn run(place: &Place, account: &Account, experiment: &str, arguments: &[&str]) -> Ran {
    place.write("experiment.json", experiment);
    let arguments = [&["--no-log-file", "run", "experiment.json"], arguments].concat();
    let mut command = place.command(&arguments);
    command.env("PATH", "/nowhere").envs(moto::environment(account.url()));
    done(command.output().expect("the binary runs"))
}

/// An experiment with this method.
fn experiment(method: &str) -> String {
    format!(r#"{{"title": "t", "description": "d", "method": [{method}]}}"#)
}

fn output(journal: &Value, activity: &str) -> Value {
    at(journal, &["run", activity, "output"])
}

fn exception(journal: &Value, activity: &str) -> String {
    let lines = at(journal, &["run", activity, "exception"]);
    let last = lines.as_list().and_then(|lines| lines.last()).unwrap_or_default();
    last.as_str().unwrap_or_default().to_owned()
}

fn parsed(text: &str) -> Value {
    json::parse(text).expect("JSON")
}

#[test]
fn an_operation_can_be_anything() {
    let account = moto::account();
    let place = Place::new();
    let text = r#"{
        "title": "t", "description": "d",
        "configuration": {
            "zones": {"type": "probe", "name": "zones", "provider": {
                "type": "aws", "service": "ec2", "operation": "describe_availability_zones",
                "query": "AvailabilityZones[].ZoneName | sort(@) | [0]"}}
        },
        "steady-state-hypothesis": {"title": "h", "probes": [{
            "type": "probe", "name": "regions",
            "tolerance": {"type": "probe", "name": "known", "provider": {
                "type": "aws", "service": "ec2", "operation": "describe_regions",
                "query": "contains(Regions[].RegionName, '${value}')"}},
            "provider": {"type": "aws", "service": "ec2", "operation": "DescribeRegions",
                "query": "Regions[?RegionName=='eu-west-3'] | [0].RegionName"}
        }]},
        "method": [
            {"type": "action", "name": "run", "provider": {"type": "aws", "service": "ec2",
                "operation": "run_instances", "arguments": {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1,
                    "Placement": {"AvailabilityZone": "${zones}"}},
                "query": "Instances[].{zone: Placement.AvailabilityZone, id: starts_with(InstanceId, 'i-')}"}},
            {"type": "probe", "name": "pages", "provider": {"type": "aws", "service": "ec2",
                "operation": "describe_instances", "paginate": true,
                "arguments": {"PaginationConfig": {"MaxItems": 1}}, "query": "[length(Reservations), NextToken != null]"}},
            {"type": "action", "name": "buckets", "provider": {"type": "aws", "service": "s3",
                "operation": "create_bucket", "arguments": {"Bucket": "made-here"}, "wait": "bucket_exists"}},
            {"type": "probe", "name": "waits", "provider": {"type": "aws", "service": "s3",
                "wait": {"name": "bucket_exists", "arguments": {"Bucket": "nowhere-to-be-found"}, "interval": 0,
                    "attempts": 2}}}
        ],
        "rollbacks": [
            {"type": "action", "name": "remove", "provider": {"type": "aws", "service": "s3",
                "operation": "delete_bucket", "arguments": {"Bucket": "made-here"}}}
        ]
    }"#;
    let ran = run(&place, &account, text, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let journal = place.journal();
    assert_eq!(at(&journal, &["steady_states", "before", "probes", "0", "output"]), Value::from("eu-west-3"));
    assert_eq!(output(&journal, "0"), parsed(r#"[{"zone": "us-east-1a", "id": true}]"#));
    assert_eq!(output(&journal, "1"), parsed("[1, true]"));
    assert_eq!(at(&journal, &["run", "2", "status"]), Value::from("succeeded"));
    assert_eq!(
        exception(&journal, "3"),
        "chaoslib.exceptions.ActivityFailed: botocore.exceptions.WaiterError: Waiter BucketExists failed: Max attempts \
         exceeded. Previously accepted state: Matched expected HTTP status code: 404\n"
    );
    assert_eq!(at(&journal, &["rollbacks", "0", "status"]), Value::from("succeeded"));
}

/// Whose key signed the requests, and for which service and region: `AKIA.../us-east-1/ec2`.
fn signers(account: &Account) -> Vec<String> {
    let requests = account.requests().expect("the account keeps a trace");
    let signer = |authorization: &String| {
        let credential = authorization.split("Credential=").nth(1)?.split('/').collect::<Vec<_>>();
        let key = if credential[0].starts_with("ASIA") { "lent" } else { credential[0] };
        Some(format!("{key}/{}/{}", credential[2], credential[3]))
    };
    requests.iter().filter_map(|request| signer(request.headers.get("authorization")?)).collect()
}

#[test]
fn regions_profiles_keys_and_roles_are_each_activitys_own() {
    let account = moto::account();
    let place = Place::new();
    place.write(
        "credentials",
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = d\n\
         [other]\naws_access_key_id = AKIAOTHER\naws_secret_access_key = o\n",
    );
    let describe = |more: &str| {
        format!(
            r#"{{"type": "probe", "name": "n", "provider": {{"type": "aws", "service": "ec2",
                "operation": "describe_regions"{more}}}}}"#
        )
    };
    let method = [
        describe(""),
        describe(r#", "region": "eu-west-3", "profile": "other""#),
        describe(r#", "profile": "default""#),
        describe(r#", "secrets": ["keys"]"#),
        describe(r#", "role": "arn:aws:iam::123456789012:role/visitor""#),
        describe(r#", "role": {"arn": "arn:aws:iam::123456789012:role/visitor"}"#),
    ];
    let text = format!(
        r#"{{"title": "t", "description": "d", "configuration": {{"aws_region": "us-west-2"}},
            "secrets": {{"keys": {{"aws_access_key_id": "AKIAGIVEN", "aws_secret_access_key": "g"}}}},
            "method": [{}]}}"#,
        method.join(", ")
    );
    place.write("experiment.json", text);
    let mut command = place.command(&["--no-log-file", "run", "experiment.json"]);
    command.env("PATH", "/nowhere").envs(moto::environment(account.url()));
    command.env("AWS_SHARED_CREDENTIALS_FILE", place.path("credentials"));
    let ran = done(command.output().expect("the binary runs"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for index in 0..method.len() {
        let index = index.to_string();
        let journal = place.journal();
        assert_eq!(at(&journal, &["run", &index, "status"]), Value::from("succeeded"), "{}", ran.stderr);
    }
    assert_eq!(
        signers(&account),
        [
            "AKIATESTKIT/us-west-2/ec2",
            "AKIAOTHER/eu-west-3/ec2",
            "AKIADEFAULT/us-west-2/ec2",
            "AKIAGIVEN/us-west-2/ec2",
            "AKIATESTKIT/us-west-2/sts",
            "lent/us-west-2/ec2",
            "lent/us-west-2/ec2",
        ],
        "the role is assumed once"
    );
}

#[test]
fn a_seed_repeats_the_choices_of_a_run() {
    let stop = r#"{"type": "action", "name": "stop", "provider": {"type": "python",
        "module": "chaosaws.ec2.actions", "func": "stop_instances", "arguments": {"az": "us-east-1a"}}}"#;
    let one = r#"{"type": "action", "name": "stop", "provider": {"type": "python",
        "module": "chaosaws.ec2.actions", "func": "stop_instance", "arguments": {"az": "us-east-1a"}}}"#;
    let stopped = |arguments: &[&str]| {
        let account = moto::account();
        let place = Place::new();
        let ran = run(&place, &account, &experiment(&[one, one, one].join(",")), arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let journal = place.journal();
        let chosen = ["0", "1", "2"].map(|index| {
            at(&journal, &["run", index, "output", "0", "StoppingInstances", "0", "InstanceId"])
        });
        assert!(chosen.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("i-"))), "{journal:?}");
        (chosen, journal.get("seed").expect("the seed is in the journal"))
    };
    let (chosen, seed) = stopped(&["--seed", "7"]);
    assert_eq!(seed, Value::from(7));
    assert_eq!(stopped(&["--seed", "7"]).0, chosen);
    let (drawn, seed) = stopped(&[]);
    assert_eq!(stopped(&["--seed", &squall_model::python::str(&seed)]).0, drawn);

    let account = moto::account();
    let place = Place::new();
    let ran = run(&place, &account, &experiment(stop), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(place.journal().get("seed"), None, "nothing was left to chance");
}

#[test]
fn chaosaws_can_be_left_to_python() {
    let probe = r#"{"type": "probe", "name": "n", "provider": {"type": "python",
        "module": "chaosaws.ec2.probes", "func": "count_instances", "arguments": {"filters": []}}}"#;
    let place = Place::new();
    place.write("experiment.json", experiment(probe));
    let by_runtime =
        experiment(probe).replacen('{', r#"{"runtime": {"python": {"chaosaws": "python"}}, "#, 1);
    place.write("runtime.json", by_runtime);
    let refused = |command: &mut std::process::Command| {
        let ran = done(command.env("PATH", "/nowhere").output().expect("the binary runs"));
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains("no Python interpreter found"), "{}", ran.stderr);
    };
    refused(&mut place.command(&["--no-log-file", "run", "experiment.json", "--python-chaosaws"]));
    refused(&mut place.command(&["--no-log-file", "run", "runtime.json"]));
    refused(&mut place.command(&["--no-log-file", "validate", "runtime.json"]));
    refused(place.command(&["--no-log-file", "run", "experiment.json"]).env("SQUALL_CHAOSAWS", "python"));
    let ran =
        place.command(&["--no-log-file", "validate", "experiment.json"]).env("PATH", "/nowhere").output();
    assert_eq!(done(ran.expect("the binary runs")).code, Some(0));
}

#[test]
fn options_of_aws_are_checked() {
    let place = Place::new();
    let text = experiment("").replacen('{', r#"{"runtime": {"aws": {"requests_per_second": "fast"}}, "#, 1);
    place.write("experiment.json", text);
    let ran = place.run(&["--no-log-file", "run", "experiment.json"]);
    assert_eq!(ran.code, Some(1));
    let expected = "`requests_per_second` in `runtime.aws` must be a number of at least 0.01, found `fast`";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
}
