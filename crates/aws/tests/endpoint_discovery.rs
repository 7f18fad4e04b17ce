//! Services that say themselves where they are called, against servers of this test.

#![allow(clippy::unwrap_used)]

#[path = "client/server.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod server;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use squall_aws::session::{Keys, Limits, Scope, Session};
use squall_engine::configuration::Environment;
use squall_model::{Map, Value};

use self::server::Server;

#[derive(Default)]
struct Variables(RefCell<BTreeMap<String, String>>);

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<String> {
        self.0.borrow().get(name).cloned()
    }
}

/// A session that calls services at `url`, with this setting for discovery.
fn session(url: &str, setting: Option<&str>) -> Session {
    let variables = Variables::default();
    let setting = setting.map(|setting| ("AWS_ENDPOINT_DISCOVERY_ENABLED", setting));
    for (name, value) in
        [("AWS_ENDPOINT_URL", url), ("AWS_CONFIG_FILE", "/dev/null")].into_iter().chain(setting)
    {
        variables.0.borrow_mut().insert(name.to_owned(), value.to_owned());
    }
    Session::new(Rc::new(variables), Limits::default())
}

/// Calls an operation as an activity does, with a client of its own.
async fn call(session: &Session, service: &str, operation: &str) -> Result<Map, String> {
    let keys = Keys { access: "AKIA".into(), secret: "s".into(), token: None };
    let scope = Scope { region: Some("us-east-1".into()), keys: Some(keys), ..Scope::default() };
    let client = session.client(service, &scope).await.map_err(|error| error.to_string())?;
    client.call(operation, Map::new()).await.map_err(|error| error.to_string())
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// An answer that names the cell `url`, for so many minutes.
fn cell(url: &str, minutes: u32) -> (u16, String) {
    (200, format!(r#"{{"Endpoints": [{{"Address": "{url}", "CachePeriodInMinutes": {minutes}}}]}}"#))
}

fn targets(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let target = |request: &String| {
        let line = request.lines().find_map(|line| line.strip_prefix("x-amz-target: ")).unwrap();
        line.split_once('.').unwrap().1.to_owned()
    };
    requests.iter().map(target).collect()
}

#[test]
fn timestream_is_called_where_it_says() {
    run(async {
        let cells = Server::new(vec![(200, r#"{"Databases": []}"#.to_owned()); 2]).await;
        let service = Server::new([cell(&cells.url(), 60)]).await;
        let session = session(&service.url(), None);
        // Activities have clients of their own; what the service said is the run's.
        for _ in 0..2 {
            let answer = call(&session, "timestream-write", "ListDatabases").await.unwrap();
            assert_eq!(answer.get("Databases"), Some(Value::list([])));
        }
        assert_eq!(targets(&service), ["DescribeEndpoints"]);
        assert!(service.requests()[0].contains("x-amz-api-version: 2018-11-01"), "{}", service.requests()[0]);
        assert_eq!(targets(&cells), ["ListDatabases", "ListDatabases"]);
        assert!(
            cells.requests()[0].contains("/us-east-1/timestream/aws4_request"),
            "{}",
            cells.requests()[0]
        );
    });
}

#[test]
fn addresses_that_are_over_or_wrong_are_asked_for_again() {
    run(async {
        let moved = r#"{"__type": "InvalidEndpointException", "message": "Gone."}"#;
        let done = (200, "{}".to_owned());
        let cells = Server::new([done.clone(), done.clone(), (421, moved.to_owned()), done]).await;
        let [over, good] = [cell(&cells.url(), 0), cell(&cells.url(), 60)];
        let service = Server::new([over, good.clone(), good]).await;
        let session = session(&service.url(), None);
        for _ in 0..3 {
            call(&session, "timestream-query", "DescribeAccountSettings").await.unwrap();
        }
        assert_eq!(targets(&service).len(), 3, "it was over, then it was gone");
        assert_eq!(targets(&cells).len(), 4);
    });
}

#[test]
fn what_cannot_be_called_elsewhere_needs_an_address() {
    run(async {
        let refused = r#"{"__type": "AccessDeniedException", "message": "Not for you."}"#;
        let service = Server::new([(400, refused.to_owned())]).await;
        let error =
            call(&session(&service.url(), None), "timestream-write", "ListDatabases").await.unwrap_err();
        assert!(error.contains("calling the DescribeEndpoints operation: Not for you."), "{error}");

        let nobody = Server::new([]).await.url();
        let error = call(&session(&nobody, None), "timestream-write", "ListDatabases").await.unwrap_err();
        assert_eq!(error, "Endpoint Discovery failed to refresh the required endpoints.");

        let off = session(&nobody, Some("false"));
        let error = call(&off, "timestream-write", "ListDatabases").await.unwrap_err();
        assert_eq!(error, "Endpoint Discovery is not enabled but this operation requires it.");

        let odd = session(&nobody, Some("perhaps"));
        let error = call(&odd, "timestream-write", "ListDatabases").await.unwrap_err();
        assert!(
            error.ends_with("Expected one of (\"true\", \"false\", \"auto\") but got perhaps."),
            "{error}"
        );
    });
}

#[test]
fn dynamodb_is_asked_where_users_want_it() {
    run(async {
        let tables = (200, r#"{"TableNames": []}"#.to_owned());
        let service = Server::new([tables.clone()]).await;
        call(&session(&service.url(), None), "dynamodb", "ListTables").await.unwrap();
        assert_eq!(targets(&service), ["ListTables"]);

        let cells = Server::new([tables.clone()]).await;
        let service = Server::new([cell(&cells.url(), 60)]).await;
        call(&session(&service.url(), Some("true")), "dynamodb", "ListTables").await.unwrap();
        assert_eq!(
            (targets(&service), targets(&cells)),
            (vec!["DescribeEndpoints".to_owned()], vec!["ListTables".to_owned()])
        );
    });
}
