//! An object's existence is known before the object is.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_types::retry::RetryConfig;
use squall_aws::client::{Client, ClientConfig, Discovered, Discovery};
use squall_aws::endpoint::{ConfiguredUrls, EndpointConfig};
use squall_aws::error::AwsError;
use squall_aws::model;
use squall_model::{Map, Value};

/// Of a terabyte, only the head is ever sent.
const ENDLESS: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\nETag: \"e\"\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\nstart";
const REFUSAL: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 72\r\n\r\n<Error><Code>NoSuchKey</Code><Message>It is not there.</Message></Error>";

/// A server for one connection; it ends when the client has hung up.
fn answering(answer: &'static str) -> (String, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        skip_request(&stream);
        stream.write_all(answer.as_bytes()).unwrap();
        let mut rest = Vec::new();
        // A reset ends it, too.
        let _hung_up = stream.read_to_end(&mut rest);
    });
    (url, server)
}

fn skip_request(stream: &TcpStream) {
    let lines = BufReader::new(stream).lines();
    let end = lines.map(Result::unwrap).position(|line| line.is_empty());
    assert!(end.is_some(), "the request has a head");
}

fn get_object(url: &str) -> Result<Map, AwsError> {
    let urls = ConfiguredUrls { explicit: Some(url.to_owned()), ..ConfiguredUrls::default() };
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let client = Client::new(ClientConfig {
        service: model::load("s3").unwrap(),
        region: Some("eu-west-1".into()),
        credentials: SharedCredentialsProvider::new(credentials),
        identities: IdentityCache::no_cache(),
        http: aws_smithy_http_client::Builder::new().build_http(),
        endpoint: EndpointConfig { region: Some("eu-west-1".into()), urls, ..EndpointConfig::default() },
        discovery: Discovery::default(),
        discovered: Discovered::default(),
        retry: RetryConfig::disabled(),
        connect_timeout: Duration::from_secs(10),
        read_timeout: Duration::from_secs(10),
        limiter: None,
        user_agent: "squall-test".into(),
    });
    let parameters = Map::from_iter([("Bucket", Value::from("b")), ("Key", Value::from("k"))]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = async { client.unread().call("GetObject", parameters).await };
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(60), call).await }).unwrap()
}

#[test]
fn a_body_is_left_alone() {
    let (url, server) = answering(ENDLESS);
    let answer = get_object(&url).unwrap();
    assert_eq!(answer.get("ETag"), Some(Value::from("\"e\"")));
    server.join().unwrap();
}

#[test]
fn a_refusal_is_read() {
    let (url, server) = answering(REFUSAL);
    let error = get_object(&url).unwrap_err();
    assert_eq!(error.code(), Some("NoSuchKey"));
    server.join().unwrap();
}
