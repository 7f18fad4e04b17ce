//! `discover aws` and `init aws` against an account on moto: what is found is what the account holds, and the
//! experiments that are written run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use squall_testkit::moto::{self, REGION};
use squall_testkit::recording::{Call, recording};

const SQUALL: &str = env!("CARGO_BIN_EXE_squall");

fn squall(folder: &Path, url: &str, arguments: &[&str]) -> Output {
    Command::new(SQUALL)
        .arg("--no-log-file")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .envs(moto::environment(url))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn an_account_is_shown_with_what_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let account = moto::account();
    let table = stdout(&squall(folder.path(), account.url(), &["discover", "aws"]));
    let line = |what: &str| {
        let line = table.lines().find(|line| line.contains(what));
        line.unwrap_or_else(|| panic!("`{what}` is not in\n{table}")).to_owned()
    };
    assert!(table.starts_with(&format!("account 123456789012, region {REGION}\n")), "{table}");
    assert!(line("store/orders").contains("tasks"), "{table}");
    assert!(line("ledger ").contains("standby"), "{table}");
    assert!(line("books ").contains("fails over to books-2"), "{table}");
    assert!(line("baskets").contains("ElastiCache group"), "{table}");
    assert!(!table.contains("\u{1b}["), "no colours where there is no terminal");

    let json = stdout(&squall(folder.path(), account.url(), &["discover", "aws", "--format", "json"]));
    let found: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(found[0]["account"], "123456789012");
    assert_eq!(found[0]["ecs_services"][0]["cluster"], "store");
    assert_eq!(found[0]["refused"], serde_json::json!([]));
    let elsewhere =
        stdout(&squall(folder.path(), account.url(), &["discover", "aws", "--region", "eu-west-3"]));
    assert_eq!(
        elsewhere,
        "account 123456789012, region eu-west-3\n  nothing that an experiment could touch\n"
    );
}

#[test]
fn drafts_validate_and_run_as_they_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let account = moto::account();
    let report = stdout(&squall(folder.path(), account.url(), &["init", "aws"]));
    let written = folder.path().join("experiments").join(REGION);
    let mut names: Vec<String> = fs::read_dir(&written)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, DRAFTS.map(|(name, _)| name), "{report}");
    assert!(report.contains("not asked: "), "{report}");
    for (name, outcome) in DRAFTS {
        let path = written.join(name);
        let path = path.to_str().unwrap();
        stdout(&squall(folder.path(), account.url(), &["validate", path]));
        let fresh = moto::account();
        let ran = squall(folder.path(), fresh.url(), &["run", "--dry", "pause", path]);
        let journal: Value =
            serde_json::from_str(&fs::read_to_string(folder.path().join("journal.json")).unwrap()).unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(journal["steady_states"]["before"]["steady_state_met"], true, "{name}: {said}");
        let statuses: Vec<&Value> = ["run", "rollbacks"]
            .iter()
            .flat_map(|part| journal[part].as_array().unwrap())
            .map(|run| &run["status"])
            .collect();
        match outcome {
            Outcome::Runs => {
                assert!(statuses.iter().all(|status| *status == "succeeded"), "{name}: {said}");
                assert_eq!(ran.status.code(), Some(0), "{name}: {said}");
            }
            Outcome::MotoLacks(what) => {
                assert!(said.contains(what), "{name}: {said}");
            }
        }
    }
    // What is there belongs to somebody.
    let first = written.join(DRAFTS[0].0);
    fs::write(&first, "mine").unwrap();
    let again = stdout(&squall(folder.path(), account.url(), &["init", "aws"]));
    assert!(again.contains("there already: kept as it is"), "{again}");
    assert_eq!(fs::read_to_string(&first).unwrap(), "mine");
}

#[test]
fn discovery_is_the_references_but_for_the_words() {
    let folder = tempfile::tempdir().unwrap();
    // Without a PATH no interpreter can be found, and none is needed.
    stdout(&squall(
        folder.path(),
        "http://127.0.0.1:9",
        &["discover", "--discovery-path", "ours.json", "chaostoolkit-aws"],
    ));
    let discovered = Command::new(squall_testkit::reference_python())
        .args(["-m", "chaostoolkit", "--no-version-check", "--no-log-file", "discover", "--no-install"])
        .args(["--discovery-path", "theirs.json", "chaostoolkit-aws"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(discovered.status.success(), "{}", String::from_utf8_lossy(&discovered.stderr));
    let read = |name: &str| -> Value {
        serde_json::from_str(&fs::read_to_string(folder.path().join(name)).unwrap()).unwrap()
    };
    let (mut ours, mut theirs) = (read("ours.json"), read("theirs.json"));
    for document in [&mut ours, &mut theirs] {
        for activity in document["activities"].as_array_mut().unwrap() {
            let words = activity.as_object_mut().unwrap().remove("doc");
            assert!(words.is_some(), "{activity}");
        }
    }
    let activities = |document: &Value| document["activities"].as_array().unwrap().clone();
    for (ours, theirs) in activities(&ours).iter().zip(&activities(&theirs)) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(activities(&ours).len(), activities(&theirs).len());
    for key in ["chaoslib_version", "target", "extension", "system"] {
        assert_eq!(ours[key], theirs[key], "{key}");
    }
    let platform =
        |document: &Value| document["platform"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(platform(&ours), platform(&theirs));
}

/// What becomes of a draft on moto.
#[derive(Clone, Copy)]
enum Outcome {
    /// Every activity succeeds, and the hypothesis holds afterwards.
    Runs,
    /// moto lacks an operation or a part of an answer, so the method cannot do its work; the log has this.
    MotoLacks(&'static str),
}

const DRAFTS: [(&str, Outcome); 11] = [
    ("asg-cart-an-instance-goes.yaml", Outcome::Runs),
    ("asg-shop-an-instance-goes.yaml", Outcome::Runs),
    ("cache-baskets-fails-over.yaml", Outcome::MotoLacks("failed invoking the test failover API")),
    ("cache-baskets-reboots.yaml", Outcome::MotoLacks("CacheClusterNotFound")),
    ("cache-sessions-reboots.yaml", Outcome::MotoLacks("CacheNodes")),
    ("ecs-store-orders-one-task-dies.yaml", Outcome::Runs),
    ("ecs-store-orders-two-tasks-die.yaml", Outcome::Runs),
    ("ecs-store-payments-one-task-dies.yaml", Outcome::Runs),
    ("ecs-store-payments-two-tasks-die.yaml", Outcome::Runs),
    ("rds-books-fails-over.yaml", Outcome::Runs),
    ("rds-ledger-fails-over.yaml", Outcome::Runs),
];

/// Answers for one replicated cache behind a security group, which moto does not show.
fn cache_answers() -> String {
    let answer = |to: &str, operation: &str, result: &str| {
        json!({
            "to": to,
            "body": format!("<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"),
        })
    };
    let elasticache =
        |operation: &str, result: &str| answer(&format!("elasticache {operation}"), operation, result);
    let member = |node: &str, role: &str| {
        format!(
            "<NodeGroupMember><CacheClusterId>{node}</CacheClusterId><CurrentRole>{role}</CurrentRole></NodeGroupMember>"
        )
    };
    let group = format!(
        "<ReplicationGroup><ReplicationGroupId>baskets</ReplicationGroupId><Status>available</Status>\
         <Engine>redis</Engine><AutomaticFailover>enabled</AutomaticFailover>\
         <MemberClusters><ClusterId>baskets-001</ClusterId><ClusterId>baskets-002</ClusterId></MemberClusters>\
         <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId>\
         <PrimaryEndpoint><Address>baskets.example</Address><Port>6379</Port></PrimaryEndpoint>\
         <NodeGroupMembers>{}{}</NodeGroupMembers></NodeGroup></NodeGroups></ReplicationGroup>",
        member("baskets-001", "primary"),
        member("baskets-002", "replica"),
    );
    let cluster = "<CacheCluster><CacheClusterId>baskets-001</CacheClusterId><Engine>redis</Engine>\
         <CacheClusterStatus>available</CacheClusterStatus><ReplicationGroupId>baskets</ReplicationGroupId>\
         <CacheNodes><CacheNode><CacheNodeId>0001</CacheNodeId></CacheNode></CacheNodes>\
         <SecurityGroups><member><SecurityGroupId>sg-1</SecurityGroupId><Status>active</Status></member></SecurityGroups>\
         </CacheCluster>";
    let ec2 = |operation: &str, content: &str| {
        json!({
            "to": format!("ec2 {operation}"),
            "body": format!("<{operation}Response><requestId>r</requestId>{content}</{operation}Response>"),
        })
    };
    let rules = "<securityGroupInfo><item><groupId>sg-1</groupId><ipPermissions>\
         <item><ipProtocol>tcp</ipProtocol><fromPort>6379</fromPort><toPort>6379</toPort>\
         <groups/><ipRanges><item><cidrIp>10.0.0.0/16</cidrIp></item></ipRanges></item>\
         <item><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>\
         <ipRanges><item><cidrIp>10.0.0.0/16</cidrIp></item></ipRanges></item>\
         </ipPermissions></item></securityGroupInfo>";
    let nothing = |to: &str| json!({"to": to, "body": "{}"});
    json!([
        answer("sts GetCallerIdentity", "GetCallerIdentity", "<Account>123456789012</Account>"),
        nothing("ecs ListClusters"),
        nothing("lambda GET /2015-03-31/functions"),
        answer("autoscaling DescribeAutoScalingGroups", "DescribeAutoScalingGroups", "<AutoScalingGroups/>"),
        answer("rds DescribeDBClusters", "DescribeDBClusters", "<DBClusters/>"),
        answer("rds DescribeDBInstances", "DescribeDBInstances", "<DBInstances/>"),
        {"to": "elasticloadbalancing DescribeLoadBalancers", "status": 403, "body": "<ErrorResponse><Error><Code>AccessDenied</Code>\
            <Message>not you</Message></Error></ErrorResponse>"},
        elasticache("DescribeReplicationGroups", &format!("<ReplicationGroups>{group}</ReplicationGroups>")),
        elasticache("DescribeCacheClusters", &format!("<CacheClusters>{cluster}</CacheClusters>")),
        elasticache("RebootCacheCluster", cluster),
        elasticache("TestFailover", &group),
        ec2("DescribeSecurityGroups", rules),
        ec2("RevokeSecurityGroupIngress", "<return>true</return>"),
        ec2("AuthorizeSecurityGroupIngress", "<return>true</return>"),
    ])
    .to_string()
}

#[test]
fn a_cache_is_rebooted_failed_over_and_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let server = recording(&cache_answers());
    let init = squall(folder.path(), &server.url(), &["init", "aws", "--directory", "drafts"]);
    let report = stdout(&init);
    let said = String::from_utf8_lossy(&init.stderr).into_owned();
    assert!(said.contains("elbv2 is left out: ") && said.contains("not you"), "{said}");
    for (question, calls) in [
        ("reboots", &["elasticache RebootCacheCluster"][..]),
        ("fails-over", &["elasticache TestFailover"]),
        ("times-out", &["ec2 RevokeSecurityGroupIngress", "ec2 AuthorizeSecurityGroupIngress"]),
    ] {
        let path = format!("drafts/{REGION}/cache-baskets-{question}.yaml");
        assert!(report.contains(&path), "{report}");
        stdout(&squall(folder.path(), &server.url(), &["validate", &path]));
        let before = server.calls().len();
        stdout(&squall(folder.path(), &server.url(), &["run", "--dry", "pause", &path]));
        let changes: Vec<Call> = server
            .calls()
            .into_iter()
            .skip(before)
            .filter(|call| !call.operation.starts_with("Describe"))
            .collect();
        let names: Vec<String> = changes.iter().map(Call::name).collect();
        assert_eq!(names, *calls, "{question}");
        if let [.., revoked, authorised] = changes.as_slice()
            && question == "times-out"
        {
            assert_eq!(revoked.parameters, authorised.parameters, "what is taken comes back");
        }
    }
}
