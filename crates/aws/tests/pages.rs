//! Pages and waiters, against a server with the answers of this test. What they give is what boto3 gives for
//! the same answers.

#![allow(clippy::unwrap_used)]

use std::rc::Rc;

use squall_aws::client::{Client, Patience};
use squall_aws::error::AwsError;
use squall_aws::session::{Keys, Limits, Scope, Session};
use squall_engine::configuration::Environment;
use squall_model::{Map, Value, json, python};
use squall_testkit::recording::{Recording, recording};

/// An environment with the server's address.
struct Here(String);

impl Environment for Here {
    fn var(&self, name: &str) -> Option<String> {
        match name {
            "AWS_ENDPOINT_URL" => Some(self.0.clone()),
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_CONFIG_FILE" | "AWS_SHARED_CREDENTIALS_FILE" => Some("/dev/null".to_owned()),
            "AWS_MAX_ATTEMPTS" => Some("1".to_owned()),
            _ => None,
        }
    }
}

/// Answers of DynamoDB to one operation, as the recording server takes them: status and body.
fn server(operation: &str, answers: &[(u16, &str)]) -> Recording {
    let answers: Vec<_> = answers
        .iter()
        .map(|(status, body)| {
            format!(
                r#"{{"to": "dynamodb {operation}", "status": {status},
                    "headers": {{"Content-Type": "application/x-amz-json-1.0"}}, "body": {body}}}"#
            )
        })
        .collect();
    recording(&format!("[{}]", answers.join(",")))
}

/// Runs `test` with a client of DynamoDB that calls the server.
fn with<T>(server: &Recording, test: impl AsyncFnOnce(Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = Session::new(Rc::new(Here(server.url())), Limits::default());
        let keys = Keys { access: "AKIATEST".into(), secret: "s".into(), token: None };
        let scope = Scope { keys: Some(keys), ..Scope::default() };
        test(session.client("dynamodb", &scope).await.unwrap()).await
    })
}

fn map(text: &str) -> Map {
    json::parse(text).unwrap().as_map().unwrap().clone()
}

fn full(server: &Recording, operation: &str, parameters: &str) -> Result<Map, AwsError> {
    let found = with(server, async |client| client.pages(operation, map(parameters)).full().await);
    found
        .inspect(|whole| assert!(whole.get("ResponseMetadata").is_none(), "pages that were merged have none"))
}

fn shown(map: &Map) -> String {
    python::repr(&Value::Map(map.clone()))
}

const TABLES: [(u16, &str); 3] = [
    (200, r#"{"TableNames": ["aaa", "bbb"], "LastEvaluatedTableName": "bbb"}"#),
    (200, r#"{"TableNames": ["ccc", "ddd"], "LastEvaluatedTableName": "ddd"}"#),
    (200, r#"{"TableNames": ["eee"]}"#),
];

#[test]
fn pages_follow_their_tokens() {
    let server = server("ListTables", &TABLES);
    let whole = full(&server, "ListTables", r#"{"PaginationConfig": {"PageSize": "2"}}"#).unwrap();
    assert_eq!(shown(&whole), "{'TableNames': ['aaa', 'bbb', 'ccc', 'ddd', 'eee']}");
    let bodies: Vec<String> =
        server.requests().iter().map(|request| String::from_utf8(request.body.clone()).unwrap()).collect();
    let bodies: Vec<_> = bodies.iter().map(|body| shown(&map(body))).collect();
    assert_eq!(
        bodies,
        [
            "{'Limit': 2}",
            "{'Limit': 2, 'ExclusiveStartTableName': 'bbb'}",
            "{'Limit': 2, 'ExclusiveStartTableName': 'ddd'}"
        ]
    );
}

#[test]
fn pages_come_one_by_one_and_their_items_together() {
    let tables = server("ListTables", &TABLES);
    let count = with(&tables, async |client| {
        let mut pages = client.pages("ListTables", Map::new());
        let first = pages.next().await.unwrap().unwrap();
        assert!(first.get("ResponseMetadata").is_some(), "a page is a whole answer");
        assert_eq!(tables.requests().len(), 1, "the next page is not asked for before it is wanted");
        let mut count = 1;
        while let Some(page) = pages.next().await {
            page.unwrap();
            count += 1;
        }
        count
    });
    assert_eq!(count, 3);
    let again = server("ListTables", &TABLES);
    let items =
        with(&again, async |client| client.pages("ListTables", Map::new()).collect("TableNames").await);
    assert_eq!(items.unwrap().len(), 5);
}

#[test]
fn max_items_ends_and_a_starting_token_goes_on() {
    const TOKEN: &str =
        "eyJFeGNsdXNpdmVTdGFydFRhYmxlTmFtZSI6ICJiYmIiLCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxfQ==";
    let whole =
        full(&server("ListTables", &TABLES), "ListTables", r#"{"PaginationConfig": {"MaxItems": 3}}"#);
    assert_eq!(
        shown(&whole.unwrap()),
        format!("{{'TableNames': ['aaa', 'bbb', 'ccc'], 'NextToken': '{TOKEN}'}}")
    );
    let rest = server("ListTables", &TABLES[1..]);
    let whole =
        full(&rest, "ListTables", &format!(r#"{{"PaginationConfig": {{"StartingToken": "{TOKEN}"}}}}"#));
    assert_eq!(shown(&whole.unwrap()), "{'TableNames': ['ddd', 'eee']}");
    let first = String::from_utf8(rest.requests()[0].body.clone()).unwrap();
    assert_eq!(shown(&map(&first)), "{'ExclusiveStartTableName': 'bbb'}");
}

#[test]
fn bytes_in_tokens_survive() {
    const SCAN: [(u16, &str); 2] = [
        (
            200,
            r#"{"Items": [{"k": {"B": "AAE="}}, {"k": {"B": "Ag=="}}], "Count": 2, "ScannedCount": 5,
                "LastEvaluatedKey": {"k": {"B": "Ag=="}}}"#,
        ),
        (200, r#"{"Items": [{"k": {"B": "Aw=="}}, {"k": {"B": "BA=="}}], "Count": 2, "ScannedCount": 7}"#),
    ];
    const TOKEN: &str = "eyJFeGNsdXNpdmVTdGFydEtleSI6IHsiayI6IHsiQiI6ICJBZz09In19LCAiYm90b190cnVuY2F0ZV9hbW91bnQiOiAxLCAiYm90b19lbmNvZGVkX2tleXMiOiBbWyJFeGNsdXNpdmVTdGFydEtleSIsICJrIiwgIkIiXV19";
    let parameters = r#"{"TableName": "ttt", "PaginationConfig": {"MaxItems": 3}}"#;
    let whole = full(&server("Scan", &SCAN), "Scan", parameters).unwrap();
    assert_eq!(
        shown(&whole),
        format!(
            "{{'Items': [{{'k': {{'B': b'\\x00\\x01'}}}}, {{'k': {{'B': b'\\x02'}}}}, {{'k': {{'B': b'\\x03'}}}}], \
             'Count': 4, 'ScannedCount': 12, 'ConsumedCapacity': None, 'NextToken': '{TOKEN}'}}"
        )
    );
    let rest = server("Scan", &SCAN[1..]);
    let parameters = format!(r#"{{"TableName": "ttt", "PaginationConfig": {{"StartingToken": "{TOKEN}"}}}}"#);
    let whole = full(&rest, "Scan", &parameters).unwrap();
    assert_eq!(
        shown(&whole),
        "{'Items': [{'k': {'B': b'\\x04'}}], 'Count': 2, 'ScannedCount': 7, 'ConsumedCapacity': None}"
    );
    let first = String::from_utf8(rest.requests()[0].body.clone()).unwrap();
    assert_eq!(shown(&map(&first)), "{'TableName': 'ttt', 'ExclusiveStartKey': {'k': {'B': 'Ag=='}}}");
}

#[test]
fn what_cannot_be_paged_is_refused() {
    let same = server("ListTables", &TABLES[..1]);
    let error = full(&same, "ListTables", "{}").unwrap_err();
    assert_eq!(error.class(), "botocore.exceptions.PaginationError");
    assert_eq!(
        error.to_string(),
        "Error during pagination: The same next token was received twice: {'ExclusiveStartTableName': 'bbb'}"
    );
    let error = full(&same, "CreateTable", "{}").unwrap_err();
    assert_eq!(error.class(), "botocore.exceptions.OperationNotPageableError");
    assert_eq!(error.to_string(), "Operation cannot be paginated: create_table");
}

const MISSING: (u16, &str) =
    (400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "no"}"#);
const CREATING: (u16, &str) = (200, r#"{"Table": {"TableStatus": "CREATING"}}"#);
const ACTIVE: (u16, &str) = (200, r#"{"Table": {"TableStatus": "ACTIVE"}}"#);

fn waited(answers: &[(u16, &str)], config: &str) -> Result<Map, AwsError> {
    let server = server("DescribeTable", answers);
    let parameters = map(&format!(r#"{{"TableName": "ttt", "WaiterConfig": {config}}}"#));
    with(&server, async |client| client.wait("TableExists", parameters).await)
}

#[test]
fn waiters_ask_until_the_state_is_there() {
    let answer = waited(&[MISSING, CREATING, ACTIVE], r#"{"Delay": 0}"#).unwrap();
    assert_eq!(answer.get("Table").unwrap().get("TableStatus"), Some("ACTIVE".into()));
}

#[test]
fn waiters_give_up_in_botocores_words() {
    for (answers, config, expected) in [
        (
            &[MISSING, CREATING][..],
            r#"{"Delay": 0, "MaxAttempts": 2}"#,
            "Waiter TableExists failed: Max attempts exceeded. Previously accepted state: Matched expected service \
             error code: ResourceNotFoundException",
        ),
        (
            &[CREATING],
            r#"{"Delay": 0, "MaxAttempts": 1}"#,
            "Waiter TableExists failed: Max attempts exceeded",
        ),
        (
            &[(400, r#"{"__type": "AccessDeniedException", "message": "msg"}"#)],
            "{}",
            "Waiter TableExists failed: An error occurred (AccessDeniedException): msg",
        ),
    ] {
        let error = waited(answers, config).unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.WaiterError");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_timeout_bounds_a_waiter() {
    let server = server("DescribeTable", &[CREATING]);
    let patience = Patience {
        interval: Some(std::time::Duration::from_secs(60)),
        timeout: Some(std::time::Duration::from_secs(30)),
        attempts: None,
    };
    let parameters = map(r#"{"TableName": "ttt"}"#);
    let error = with(&server, async |client| client.wait_with("TableExists", parameters, patience).await);
    assert_eq!(error.unwrap_err().to_string(), "Waiter TableExists failed: Max attempts exceeded");
    assert_eq!(server.requests().len(), 1, "the next call would come too late");
}
