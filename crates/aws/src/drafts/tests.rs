use squall_model::{Map, Value, json, yaml};

use super::{file_name, from};
use crate::inventory::{
    Cache, Cluster, Database, Group, IngressRule, Instance, Inventory, LoadBalancer, NodeGroup, Service,
    TargetGroup,
};

fn texts(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn everything() -> Inventory {
    let instance = |zone: &str| Instance { id: "i-1".into(), zone: zone.into(), serves: true };
    let permission = json::parse(
        r#"{"IpProtocol":"tcp","FromPort":6379,"ToPort":6379,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}"#,
    );
    Inventory {
        account: "123456789012".into(),
        region: "eu-west-3".into(),
        services: vec![Service {
            cluster: "shop".into(),
            name: "web".into(),
            desired: 3,
            running: 3,
            launch_type: "FARGATE".into(),
            target_groups: texts(&["arn:tg/web"]),
        }],
        groups: vec![Group {
            name: "workers".into(),
            desired: 2,
            least: 1,
            most: 4,
            zones: texts(&["eu-west-3a", "eu-west-3b"]),
            instances: vec![instance("eu-west-3a"), instance("eu-west-3b")],
        }],
        clusters: vec![Cluster {
            name: "orders".into(),
            engine: "aurora-postgresql".into(),
            status: "available".into(),
            writer: Some("orders-1".into()),
            readers: texts(&["orders-2"]),
        }],
        databases: vec![Database {
            name: "users".into(),
            engine: "postgres".into(),
            status: "available".into(),
            multi_az: true,
            ..Database::default()
        }],
        caches: vec![Cache {
            name: "sessions".into(),
            replicated: true,
            engine: "redis".into(),
            status: "available".into(),
            fails_over: true,
            clusters: texts(&["sessions-001", "sessions-002"]),
            node_groups: vec![NodeGroup {
                id: "0001".into(),
                primary: Some("sessions-001".into()),
                replicas: texts(&["sessions-002"]),
            }],
            port: Some(6379),
            ingress: vec![IngressRule {
                security_group: "sg-1".into(),
                permission: permission.unwrap().as_map().unwrap().clone(),
            }],
        }],
        load_balancers: vec![LoadBalancer {
            name: "front".into(),
            target_groups: vec![TargetGroup {
                name: "web".into(),
                arn: "arn:tg/web".into(),
                healthy: 3,
                targets: 3,
            }],
            ..LoadBalancer::default()
        }],
        ..Inventory::default()
    }
}

#[test]
fn each_question_has_its_experiment() {
    let drafts = from(&everything());
    let names: Vec<&str> = drafts.drafts.iter().map(|draft| draft.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "ecs-shop-web-one-task-dies",
            "ecs-shop-web-two-tasks-die",
            "asg-workers-an-instance-goes",
            "cache-sessions-reboots",
            "cache-sessions-fails-over",
            "cache-sessions-times-out",
            "rds-orders-fails-over",
            "rds-users-fails-over",
        ]
    );
    assert!(drafts.skipped.is_empty(), "{:?}", drafts.skipped);
    for draft in &drafts.drafts {
        let read = yaml::load(&yaml::dump(&draft.document, false), "draft").unwrap();
        assert!(read.identical(&draft.document), "{}", draft.name);
        for part in ["method", "rollbacks"] {
            assert!(
                !draft.document.get(part).unwrap().as_list().unwrap().is_empty(),
                "{}: {part}",
                draft.name
            );
        }
    }
}

#[test]
fn what_is_revoked_is_authorised_again() {
    let drafts = from(&everything());
    let draft = drafts.drafts.iter().find(|draft| draft.name.ends_with("times-out")).unwrap();
    let calls = |part: &str| -> Vec<(String, Value)> {
        let activities = draft.document.get(part).unwrap().as_list().unwrap().to_vec();
        let provider = |activity: &Value| activity.get("provider").unwrap();
        activities
            .iter()
            .map(|activity| {
                let name = provider(activity).get("operation").unwrap();
                (name.as_str().unwrap().to_owned(), provider(activity).get("arguments").unwrap())
            })
            .collect()
    };
    let (taken, given) = (calls("method"), calls("rollbacks"));
    assert_eq!(taken[0].0, "RevokeSecurityGroupIngress");
    assert_eq!(given[0].0, "AuthorizeSecurityGroupIngress");
    assert_eq!(taken[0].1, given[0].1);
    assert_eq!(
        draft.document.get("runtime").unwrap().get("rollbacks").unwrap().get("strategy"),
        Some("always".into())
    );
}

#[test]
fn a_hypothesis_that_does_not_hold_is_not_asked() {
    let mut inventory = everything();
    inventory.services[0].running = 1;
    inventory.groups[0].instances.pop();
    inventory.clusters[0].readers.clear();
    inventory.databases[0].multi_az = false;
    inventory.caches[0].status = "modifying".into();
    let drafts = from(&inventory);
    assert!(drafts.drafts.is_empty(), "{:?}", drafts.drafts);
    let reasons: Vec<&str> = drafts.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "the hypothesis does not hold now: 1 of 3 tasks run",
            "the hypothesis does not hold now: 1 of 3 tasks run",
            "the hypothesis does not hold now: 1 of 2 instances serve",
            "the hypothesis does not hold now: sessions is modifying",
            "orders has no reader that could take over",
            "users has no standby in another zone",
        ]
    );
}

#[test]
fn a_rule_for_everything_is_left_alone() {
    let rule = |text: &str| IngressRule {
        security_group: "sg-1".into(),
        permission: json::parse(text).unwrap().as_map().unwrap().clone(),
    };
    assert!(rule(r#"{"IpProtocol":"tcp","FromPort":6000,"ToPort":7000}"#).lets_in(6379));
    assert!(!rule(r#"{"IpProtocol":"udp","FromPort":6379,"ToPort":6379}"#).lets_in(6379));
    assert!(!rule(r#"{"IpProtocol":"tcp","FromPort":80,"ToPort":80}"#).lets_in(6379));
    assert!(!rule(r#"{"IpProtocol":"-1"}"#).lets_in(6379));
    assert!(!IngressRule { security_group: String::new(), permission: Map::new() }.lets_in(6379));
}

#[test]
fn names_of_files_are_plain() {
    assert_eq!(file_name(&["ecs", "Shop/EU", "web.app_1", "dies"]), "ecs-shop-eu-web-app-1-dies");
}
