//! Calls against a server of this test: what is repeated, what failures say, what is given up.

#![allow(clippy::unwrap_used)]

#[path = "client/server.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_types::retry::RetryConfig;
use squall_aws::client::{Client, ClientConfig, Discovered, Discovery, Limiter, Permit};
use squall_aws::endpoint::{ConfiguredUrls, EndpointConfig};
use squall_aws::error::AwsError;
use squall_aws::model;
use squall_model::{Map, Value, python};

use self::server::Server;

fn config(service: &str, url: &str) -> ClientConfig {
    let urls = ConfiguredUrls { explicit: Some(url.to_owned()), ..ConfiguredUrls::default() };
    let endpoint = EndpointConfig { region: Some("eu-west-1".into()), urls, ..EndpointConfig::default() };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("token".to_owned()), None, "test");
    ClientConfig {
        service: model::load(service).unwrap(),
        region: Some("eu-west-1".into()),
        credentials: SharedCredentialsProvider::new(credentials),
        identities: IdentityCache::no_cache(),
        http: aws_smithy_http_client::Builder::new().build_http(),
        endpoint,
        discovery: Discovery::default(),
        discovered: Discovered::default(),
        retry: RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)),
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(10),
        limiter: None,
        user_agent: "squall-test".into(),
    }
}

/// A block on a runtime of this thread, as runs have it.
fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

fn metadata(answer: &Map, name: &str) -> Value {
    answer.get("ResponseMetadata").unwrap().get(name).unwrap_or_default()
}

const REGIONS: &str = "<DescribeRegionsResponse><requestId>r-1</requestId></DescribeRegionsResponse>";

fn throttled() -> String {
    let error = "<Error><Code>RequestLimitExceeded</Code><Message>Slow down.</Message></Error>";
    format!("<Response><Errors>{error}</Errors><RequestID>r-2</RequestID></Response>")
}

#[test]
fn what_may_succeed_is_repeated() {
    run(async {
        let server = Server::new([(503, String::new()), (400, throttled()), (200, REGIONS.to_owned())]).await;
        let client = Client::new(config("ec2", &server.url()));
        let answer = client.call("DescribeRegions", Map::new()).await.unwrap();
        assert_eq!(metadata(&answer, "RetryAttempts"), Value::from(2));
        assert_eq!(metadata(&answer, "RequestId"), Value::from("r-1"));
        let requests = server.requests();
        assert_eq!(requests.len(), 3);
        for request in &requests {
            assert!(request.contains("Action=DescribeRegions&Version=2016-11-15"), "{request}");
            assert!(request.contains("/eu-west-1/ec2/aws4_request"), "{request}");
            assert!(request.contains("x-amz-security-token: token"), "{request}");
            assert!(request.contains("user-agent: squall-test"), "{request}");
        }
        assert!(requests[2].contains("attempt=3; max=3"), "{}", requests[2]);
        assert_eq!(server.connections(), 1, "the connection is kept");
    });
}

#[test]
fn attempts_have_an_end_and_are_counted_in_the_message() {
    run(async {
        let server = Server::new(vec![(400, throttled()); 3]).await;
        let error =
            Client::new(config("ec2", &server.url())).call("DescribeRegions", Map::new()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "An error occurred (RequestLimitExceeded) when calling the DescribeRegions operation (reached max \
             retries: 2): Slow down."
        );
        assert_eq!(error.class(), "botocore.exceptions.ClientError");
        assert!(error.help().unwrap().contains("requests come too fast"));
        let AwsError::Service(error) = error else { panic!("it is a service's error") };
        assert_eq!((error.status, error.request_id.as_deref()), (400, Some("r-2")));
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn what_stays_refused_is_not_repeated() {
    run(async {
        let body = r#"{"__type":"com.amazonaws.ecs#ClusterNotFoundException","message":"No such cluster."}"#;
        let server = Server::new([(400, body.to_owned())]).await;
        let parameters = Map::from_iter([("services", Value::list([Value::from("s")]))]);
        let error =
            Client::new(config("ecs", &server.url())).call("DescribeServices", parameters).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: No such cluster."
        );
        assert_eq!(error.class(), "botocore.errorfactory.ClusterNotFoundException");
        assert_eq!(error.service_message(), Some("No such cluster."));
        let AwsError::Service(error) = error else { panic!("it is a service's error") };
        assert_eq!(error.member("message"), Some(Value::from("No such cluster.")));
    });
}

#[test]
fn nothing_is_sent_for_parameters_that_do_not_fit() {
    run(async {
        let server = Server::new([]).await;
        let parameters = Map::from_iter([("Foo", Value::from(3)), ("MaxCount", Value::from("1"))]);
        let error =
            Client::new(config("ec2", &server.url())).call("RunInstances", parameters).await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with(
                "Parameter validation failed:\nMissing required parameter in input: \"MinCount\"\nUnknown parameter \
                 in input: \"Foo\", must be one of: BlockDeviceMappings, ImageId, "
            ),
            "{text}"
        );
        let last =
            "Invalid type for parameter MaxCount, value: 1, type: <class 'str'>, valid types: <class 'int'>";
        assert!(text.ends_with(last), "{text}");
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn connections_that_fail_say_so_as_botocore_does() {
    run(async {
        // A port that was free a moment ago.
        let nobody = Server::new([]).await.url();
        let error =
            Client::new(config("ec2", &nobody)).call("DescribeRegions", Map::new()).await.unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.EndpointConnectionError");
        assert_eq!(error.to_string(), format!("Could not connect to the endpoint URL: \"{nobody}/\""));
        assert!(error.help().is_some());

        let server = Server::closing(3).await;
        let error =
            Client::new(config("ec2", &server.url())).call("DescribeRegions", Map::new()).await.unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.ConnectionClosedError");
        let text = "Connection was closed before we received a valid response from endpoint URL: ";
        assert_eq!(error.to_string(), format!("{text}\"{}/\".", server.url()));
        assert_eq!(server.requests().len(), 3);

        let server = Server::silent().await;
        let patience = Duration::from_millis(50);
        let config = ClientConfig { read_timeout: patience, ..config("ec2", &server.url()) };
        let error = Client::new(config).call("DescribeRegions", Map::new()).await.unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.ReadTimeoutError");
        assert_eq!(error.to_string(), format!("Read timeout on endpoint URL: \"{}/\"", server.url()));
    });
}

#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("nobody is here")))
    }
}

#[test]
fn credentials_that_are_not_there_say_what_to_do() {
    run(async {
        let credentials = SharedCredentialsProvider::new(Nobody);
        let config = ClientConfig { credentials, ..config("ec2", "http://127.0.0.1:9") };
        let error = Client::new(config).call("DescribeRegions", Map::new()).await.unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.NoCredentialsError");
        assert_eq!(error.to_string(), "Unable to locate credentials");
        assert!(error.help().unwrap().contains("AWS_PROFILE"));
    });
}

#[test]
fn a_call_that_is_given_up_lets_its_connection_go() {
    run(async {
        let server = Server::silent().await;
        let client = Client::new(config("ec2", &server.url()));
        let mut call = Box::pin(client.call("DescribeRegions", Map::new()));
        while server.requests().is_empty() {
            tokio::select! {
                answer = &mut call => panic!("nobody answers: {answer:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
        drop(call);
        server.closed().await;
    });
}

#[derive(Debug, Default)]
struct Counted {
    admitted: AtomicUsize,
    throttles: AtomicUsize,
    out: Arc<AtomicUsize>,
}

struct Leave(Arc<AtomicUsize>);

impl Drop for Leave {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Limiter for Counted {
    fn admit(&self) -> std::pin::Pin<Box<dyn Future<Output = Permit> + Send + '_>> {
        Box::pin(async {
            self.admitted.fetch_add(1, Ordering::SeqCst);
            self.out.fetch_add(1, Ordering::SeqCst);
            let permit: Permit = Box::new(Leave(Arc::clone(&self.out)));
            permit
        })
    }

    fn answered(&self, throttled: bool) {
        self.throttles.fetch_add(usize::from(throttled), Ordering::SeqCst);
    }
}

#[test]
fn every_attempt_asks_the_limiter() {
    run(async {
        let server = Server::new([(400, throttled()), (200, REGIONS.to_owned())]).await;
        let limiter = Arc::new(Counted::default());
        let config = ClientConfig { limiter: Some(limiter.clone()), ..config("ec2", &server.url()) };
        Client::new(config).call("DescribeRegions", Map::new()).await.unwrap();
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        assert_eq!((count(&limiter.admitted), count(&limiter.throttles), count(&limiter.out)), (2, 1, 0));
    });
}

#[test]
fn a_bucket_in_another_region_is_called_there() {
    run(async {
        let elsewhere = "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: us-west-2\r\ncontent-length: 0\r\n\r\n";
        let server = Server::raw([elsewhere.to_owned(), server::answer(200, "")]).await;
        let parameters = Map::from_iter([("Bucket", Value::from("mine"))]);
        Client::new(config("s3", &server.url())).call("HeadBucket", parameters).await.unwrap();
        let requests = server.requests();
        assert!(requests[0].contains("/eu-west-1/s3/aws4_request"), "{}", requests[0]);
        assert!(requests[1].contains("/us-west-2/s3/aws4_request"), "{}", requests[1]);
        assert!(requests[1].starts_with("HEAD /mine HTTP/1.1"), "{}", requests[1]);
    });
}

#[test]
fn an_error_under_status_200_is_one() {
    run(async {
        let error = "<Error><Code>InternalError</Code><Message>Try again.</Message></Error>";
        let done = "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>";
        let server = Server::new([(200, error.to_owned()), (200, done.to_owned())]).await;
        let parameters = Map::from_iter(
            [("Bucket", "mine"), ("Key", "k"), ("CopySource", "b/k")]
                .map(|(name, value)| (name, Value::from(value))),
        );
        let answer = Client::new(config("s3", &server.url())).call("CopyObject", parameters).await.unwrap();
        assert_eq!(python::str(&answer.get("CopyObjectResult").unwrap()), "{'ETag': 'e'}");
        assert_eq!(metadata(&answer, "RetryAttempts"), Value::from(1));
    });
}

#[test]
fn copies_from_another_region_carry_a_signed_url() {
    run(async {
        let body = "<CopyDBSnapshotResponse><CopyDBSnapshotResult/></CopyDBSnapshotResponse>";
        let server = Server::new([(200, body.to_owned())]).await;
        let parameters = Map::from_iter(
            [
                ("SourceDBSnapshotIdentifier", "arn:aws:rds:us-east-1:123456789012:snapshot:s"),
                ("TargetDBSnapshotIdentifier", "t"),
                ("SourceRegion", "us-east-1"),
            ]
            .map(|(name, value)| (name, Value::from(value))),
        );
        Client::new(config("rds", &server.url())).call("CopyDBSnapshot", parameters).await.unwrap();
        let request = server.requests().remove(0);
        assert!(request.contains("&PreSignedUrl=http%3A%2F%2F127.0.0.1"), "{request}");
        assert!(request.contains("us-east-1%252Frds%252Faws4_request"), "{request}");
        assert!(request.contains("DestinationRegion%3Deu-west-1"), "{request}");
        assert!(!request.contains("&SourceRegion="), "{request}");
    });
}

#[test]
fn what_works_with_events_is_refused() {
    run(async {
        let client = Client::new(config("s3", "http://127.0.0.1:9"));
        let error = client.call("SelectObjectContent", Map::new()).await.unwrap_err();
        assert!(error.to_string().contains("works with a stream of events"), "{error}");
    });
}
