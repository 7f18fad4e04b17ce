//! The HTTP client behaves as Python's `requests` does, and the provider as the reference's.

#![allow(clippy::unwrap_used)]

mod http_server;

use http_server::{Reply, Server, ok, status};
use squall_engine::ports::{Call, Lane, Notes, Outcome, Provider};
use squall_model::{Map, Value, json};
use squall_providers::http::{HttpClient, HttpError, HttpProvider, Request, Response, Timeouts};

fn get(url: &str) -> Request {
    Request { method: "GET".to_owned(), url: url.to_owned(), ..Request::default() }
}

async fn send(request: &Request) -> Result<Response, HttpError> {
    HttpClient::new().send(request).await
}

fn timeout(seconds: f64) -> Timeouts {
    Timeouts::from_value(&Value::from(seconds)).unwrap()
}

/// Calls the provider with a definition of the activity's provider in JSON.
async fn call(provider: &str, configuration: &str) -> Outcome {
    call_with(provider, configuration, "{}").await
}

async fn call_with(provider: &str, configuration: &str, secrets: &str) -> Outcome {
    let map = |text: &str| json::parse(text).unwrap().as_map().unwrap().clone();
    let activity = Map::new();
    activity.insert("provider", Value::Map(map(provider)));
    let call = Call {
        activity,
        configuration: map(configuration),
        secrets: map(secrets),
        lane: Lane::Main,
        notes: Notes::default(),
    };
    HttpProvider::default().call(&call).await
}

fn returned(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Returned(value) => value,
        other => panic!("not returned: {other:?}"),
    }
}

fn errored(outcome: Outcome) -> String {
    match outcome {
        Outcome::Errored(failure) => failure.exception.concat().trim_end().to_owned(),
        other => panic!("not an error: {other:?}"),
    }
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => failure.message,
        other => panic!("not failed: {other:?}"),
    }
}

#[tokio::test]
async fn requests_look_as_python_s_do() {
    let server = Server::start(|_| ok("", "")).await;
    let mut request = get(&server.url("/a b?x=é#part"));
    request.headers =
        vec![("X-API-KEY".to_owned(), Some("v é".to_owned())), ("accept".to_owned(), Some("a/b".to_owned()))];
    send(&request).await.unwrap();
    let seen = server.last();
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/a%20b?x=%C3%A9"));
    let host = server.address.to_string();
    let agent = concat!("squall/", env!("CARGO_PKG_VERSION"));
    let expected = [
        ("Host", host.as_str()),
        ("User-Agent", agent),
        ("Accept-Encoding", "gzip, deflate"),
        ("accept", "a/b"),
        ("Connection", "keep-alive"),
        ("X-API-KEY", "v é"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(seen.headers, expected);
}

#[tokio::test]
async fn responses_keep_the_names_of_their_headers() {
    let server = Server::start(|_| {
        Reply::Bytes(
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nX-oDD: 1\r\nETag: \"e\"\r\nx-odd: 2\r\n\
              X-Latin: \xe9\r\nX-Empty:\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
                .to_vec(),
        )
    })
    .await;
    let response = send(&get(&server.url("/"))).await.unwrap();
    let headers: Vec<(&str, &str)> = response.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("X-oDD", "1, 2"),
            ("ETag", "\"e\""),
            ("X-Latin", "é"),
            ("X-Empty", ""),
            ("Transfer-Encoding", "chunked")
        ]
    );
    assert_eq!(response.text(), "abc");
}

#[tokio::test]
async fn connections_are_used_again_for_safe_methods_only() {
    let server = Server::start(|request| match request.target.as_str() {
        "/close" => Reply::Last(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".to_vec()),
        _ => ok("", "x"),
    })
    .await;
    let client = HttpClient::new();
    for _ in 0..3 {
        client.send(&get(&server.url("/"))).await.unwrap();
    }
    client.send(&Request { method: "POST".to_owned(), ..get(&server.url("/")) }).await.unwrap();
    // The server closes after this one without saying so.
    client.send(&get(&server.url("/close"))).await.unwrap();
    client.send(&get(&server.url("/"))).await.unwrap();
    let connections: Vec<usize> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections[..4], [0, 0, 0, 1]);
    assert!(connections[4] <= 1, "{connections:?}");
    assert_ne!(connections[5], connections[4], "{connections:?}");
}

#[tokio::test]
async fn redirects_rewrite_methods_and_keep_credentials_home() {
    let other = Server::start(|_| ok("", "other")).await;
    let elsewhere = other.url("/there").replace("127.0.0.1", "localhost");
    let server = Server::start(move |request| match request.target.as_str() {
        "/302" => status(302, "Location: /end\r\nSet-Cookie: a=1\r\n"),
        "/307" => status(307, "Location: end?x=a b\r\n"),
        "/301" => status(301, "Location: /end\r\n"),
        "/away" => status(302, &format!("Location: {elsewhere}\r\n")),
        "/loop" => status(302, "Location: /loop\r\n"),
        "/ftp" => status(302, "Location: ftp://x/\r\n"),
        "/none" => status(302, ""),
        _ => ok("", "end"),
    })
    .await;
    let request = |method: &str, path: &str| Request {
        method: method.to_owned(),
        body: Some(b"body".to_vec()),
        content_type: Some("text/plain"),
        headers: vec![("Authorization".to_owned(), Some("Bearer t".to_owned()))],
        ..get(&server.url(path))
    };
    for (method, path, expected, body) in [
        ("POST", "/302", "GET /end", ""),
        ("PUT", "/302", "GET /end", ""),
        ("HEAD", "/302", "HEAD /end", ""),
        ("POST", "/301", "GET /end", ""),
        ("PUT", "/301", "PUT /end", ""),
        ("POST", "/307", "POST /end?x=a%20b", "body"),
    ] {
        let sent = if method == "HEAD" { get(&server.url(path)) } else { request(method, path) };
        let response = send(&Request { method: method.to_owned(), ..sent }).await;
        if method != "HEAD" {
            assert_eq!(response.unwrap().text(), "end", "{method} {path}");
        }
        let seen = server.last();
        assert_eq!(format!("{} {}", seen.method, seen.target), expected, "{method} {path}");
        assert_eq!(seen.body, body, "{method} {path}");
        let length = (seen.method == "PUT").then_some("0").or((body == "body").then_some("4"));
        assert_eq!(seen.header("Content-Length"), length, "{method} {path}");
        assert_eq!(seen.header("Content-Type").is_some(), body == "body", "{method} {path}");
        let cookie = (path == "/302").then_some("a=1");
        assert_eq!(seen.header("Cookie"), cookie, "{method} {path}");
    }
    assert_eq!(server.last().header("Authorization"), Some("Bearer t"));
    let response = send(&request("GET", "/away")).await.unwrap();
    assert_eq!(response.text(), "other");
    assert_eq!(other.last().header("Authorization"), None);
    assert_eq!(send(&request("GET", "/none")).await.unwrap().status, 302);
    let error = send(&get(&server.url("/loop"))).await.unwrap_err();
    assert_eq!(error.class(), "requests.exceptions.TooManyRedirects");
    assert_eq!(error.to_string(), "Exceeded 30 redirects.");
    let error = send(&get(&server.url("/ftp"))).await.unwrap_err();
    assert_eq!(error.to_string(), "No connection adapters were found for 'ftp://x/'");
}

#[tokio::test]
async fn failures_have_the_words_of_requests() {
    let server = Server::start(|request| match request.target.as_str() {
        "/drop" => Reply::Last(Vec::new()),
        "/reset" => Reply::Reset,
        "/garbage" => Reply::Last(b"hello\r\n\r\n".to_vec()),
        "/short" => Reply::Last(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec()),
        "/hang" => Reply::Hang(Vec::new()),
        "/hangbody" => Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".to_vec()),
        _ => Reply::Last(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec()),
    })
    .await;
    let place = format!("(host='127.0.0.1', port={})", server.address.port());
    let error = async |path: &str, limit: f64| {
        let request = Request { timeouts: timeout(limit), ..get(&server.url(path)) };
        send(&request).await.unwrap_err()
    };
    assert_eq!(
        error("/drop", 9.0).await,
        HttpError::Connection(
            "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"
                .to_owned()
        )
    );
    assert_eq!(
        error("/reset", 9.0).await,
        HttpError::Connection(
            "('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))".to_owned()
        )
    );
    assert_eq!(
        error("/garbage", 9.0).await,
        HttpError::Connection("('Connection aborted.', BadStatusLine('hello\\r\\n'))".to_owned())
    );
    let short = error("/short", 9.0).await;
    assert_eq!(short.class(), "requests.exceptions.ChunkedEncodingError");
    assert_eq!(
        short.to_string(),
        "('Connection broken: IncompleteRead(3 bytes read, 7 more expected)', IncompleteRead(3 bytes read, 7 more \
         expected))"
    );
    assert_eq!(error("/chunks", 9.0).await.class(), "requests.exceptions.ChunkedEncodingError");
    assert_eq!(
        error("/hang", 0.1).await,
        HttpError::ReadTimeout(format!("HTTPConnectionPool{place}: Read timed out. (read timeout=0.1)"))
    );
    assert_eq!(
        error("/hangbody", 0.1).await,
        HttpError::Connection(format!("HTTPConnectionPool{place}: Read timed out."))
    );
    let refused = send(&get("http://127.0.0.1:1/a?b=1")).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "HTTPConnectionPool(host='127.0.0.1', port=1): Max retries exceeded with url: /a?b=1 (Caused by \
         NewConnectionError(\"HTTPConnection(host='127.0.0.1', port=1): Failed to establish a new connection: \
         [Errno 111] Connection refused\"))"
    );
    let unknown = send(&get("http://nope.invalid/")).await.unwrap_err().to_string();
    assert!(
        unknown.starts_with(
            "HTTPConnectionPool(host='nope.invalid', port=80): Max retries exceeded with url: / (Caused by \
             NameResolutionError(\"HTTPConnection(host='nope.invalid', port=80): Failed to resolve 'nope.invalid' ("
        ),
        "{unknown}"
    );
}

#[tokio::test]
async fn retries_are_for_safe_methods() {
    let server = Server::start(|request| match (request.target.as_str(), request.connection) {
        ("/flaky", 0 | 1) => Reply::Last(Vec::new()),
        ("/drop", _) => Reply::Last(Vec::new()),
        _ => ok("", "done"),
    })
    .await;
    let request = Request { retries: 2, ..get(&server.url("/flaky")) };
    assert_eq!(send(&request).await.unwrap().text(), "done");
    assert_eq!(server.seen().len(), 3);
    let request = Request { retries: 2, ..get(&server.url("/drop")) };
    let error = send(&request).await.unwrap_err().to_string();
    assert!(error.ends_with(
        "Max retries exceeded with url: /drop (Caused by ProtocolError('Connection aborted.', \
         RemoteDisconnected('Remote end closed connection without response')))"
    ));
    assert_eq!(server.seen().len(), 6);
    let error = send(&Request { method: "POST".to_owned(), ..request }).await.unwrap_err().to_string();
    assert!(error.starts_with("('Connection aborted.', RemoteDisconnected("), "{error}");
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again() {
    let server = Server::start(|request| match request.connection {
        0 if request.target == "/" => Reply::Last(
            b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
        _ if request.target == "/odd" => status(429, "Retry-After: soon\r\n"),
        _ => ok("", ""),
    })
    .await;
    assert_eq!(send(&get(&server.url("/"))).await.unwrap().status, 503);
    assert_eq!(send(&Request { retries: 1, ..get(&server.url("/")) }).await.unwrap().status, 200);
    let error = send(&Request { retries: 1, ..get(&server.url("/odd")) }).await.unwrap_err();
    assert_eq!(error.to_string(), "Invalid Retry-After header: soon");
}

#[tokio::test]
async fn a_dropped_request_closes_its_connection() {
    let server = Server::start(|_| Reply::Hang(Vec::new())).await;
    let client = HttpClient::new();
    let request = get(&server.url("/"));
    let mut running = Box::pin(client.send(&request));
    let came = async {
        while server.seen().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        result = &mut running => panic!("answered: {result:?}"),
        () = came => {}
    }
    drop(running);
    // The kernel shows the client's end as closing.
    let port = format!("{:04X}", server.address.port());
    let open = || {
        std::fs::read_to_string("/proc/net/tcp").unwrap().lines().any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.len() > 3 && fields[2].ends_with(&format!(":{port}")) && fields[3] == "01"
        })
    };
    let start = std::time::Instant::now();
    while open() {
        assert!(start.elapsed().as_secs() < 10, "the connection stays open");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_provider_s_output_is_the_reference_s() {
    let server = Server::start(|request| match request.target.as_str() {
        "/json" => ok("Content-Type: application/json\r\nX-A: 1\r\n", "{\"a\": [1.0, \"é\"]}"),
        "/charset" => ok("Content-Type: application/json; charset=utf-8\r\n", "{}"),
        "/html" => ok("Content-Type: text/html\r\n", "é"),
        "/bad" => ok("Content-Type: application/json\r\n", "{bad"),
        "/empty" => ok("Content-Type: application/json\r\n", ""),
        "/500" => status(500, ""),
        _ => ok("", ""),
    })
    .await;
    let provider = |path: &str| format!("{{\"url\": \"{}\"}}", server.url(path));
    let output = returned(call(&provider("/json"), "{}").await);
    let expected = "{\"status\": 200, \"headers\": {\"Content-Type\": \"application/json\", \"X-A\": \"1\", \
                    \"Content-Length\": \"18\"}, \"body\": {\"a\": [1.0, \"é\"]}}";
    assert!(output.identical(&json::parse(expected).unwrap()), "{output:?}");
    assert_eq!(returned(call(&provider("/charset"), "{}").await).get("body"), Some(Value::from("{}")));
    assert_eq!(returned(call(&provider("/html"), "{}").await).get("body"), Some(Value::from("Ã©")));
    assert_eq!(returned(call(&provider("/500"), "{}").await).get("status"), Some(Value::from(500)));
    assert!(
        errored(call(&provider("/bad"), "{}").await).starts_with("requests.exceptions.JSONDecodeError: ")
    );
    assert_eq!(
        errored(call(&provider("/empty"), "{}").await),
        "requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
    );
}

#[tokio::test]
async fn arguments_become_query_form_json_or_raw_body() {
    let server = Server::start(|_| ok("", "")).await;
    let url = server.url("/x?z=1");
    for (fields, target, content_type, body) in [
        (
            r#""arguments": {"a": "1", "l": [1, 2], "n": null, "b": true}"#,
            "/x?z=1&a=1&l=1&l=2&b=True",
            None,
            "",
        ),
        (r#""arguments": "raw q""#, "/x?z=1&raw%20q", None, ""),
        (
            r#""method": "post", "arguments": {"a": {"b": 1}}"#,
            "/x?z=1",
            Some("application/x-www-form-urlencoded"),
            "a=b",
        ),
        (r#""method": "POST", "arguments": "raw body""#, "/x?z=1", None, "raw body"),
        (r#""method": "FOO""#, "/x?z=1", None, ""),
        (
            r#""method": "PUT", "headers": {"Content-Type": "application/json"}, "arguments": {"é": [1.0, null]}"#,
            "/x?z=1",
            Some("application/json"),
            r#"{"\u00e9": [1.0, null]}"#,
        ),
        (
            r#""method": "PUT", "headers": {"Content-Type": "application/json"}, "arguments": {}"#,
            "/x?z=1",
            Some("application/json"),
            "{}",
        ),
    ] {
        returned(call(&format!("{{\"url\": \"{url}\", {fields}}}"), "{}").await);
        let seen = server.last();
        assert_eq!(seen.target, target, "{fields}");
        assert_eq!(seen.header("Content-Type"), content_type, "{fields}");
        assert_eq!(seen.body, body, "{fields}");
        if seen.method != "GET" {
            assert_eq!(seen.header("Content-Length"), Some(body.len().to_string().as_str()), "{fields}");
        }
    }
    let fields = r#""method": "POST", "arguments": {"a": null}"#;
    returned(call(&format!("{{\"url\": \"{url}\", {fields}}}"), "{}").await);
    assert_eq!(server.last().header("Transfer-Encoding"), Some("chunked"));
    let lower = r#""method": "POST", "headers": {"content-type": "application/json"}, "arguments": {"a": 1}"#;
    returned(call(&format!("{{\"url\": \"{url}\", {lower}}}"), "{}").await);
    assert_eq!(
        (server.last().body.as_str(), server.last().header("content-type")),
        ("a=1", Some("application/json"))
    );
}

#[tokio::test]
async fn names_are_substituted_and_secrets_stay_out_of_messages() {
    let server = Server::start(|_| ok("", "")).await;
    let provider = format!(
        r#"{{"url": "{}", "headers": {{"X-T": "Bearer ${{token}}"}}, "timeout": "${{limit}}", "arguments": {{"q": "${{n}}"}}}}"#,
        server.url("/${p}")
    );
    let secrets = r#"{"s": {"token": "hidden/one"}}"#;
    returned(call_with(&provider, r#"{"p": "there", "n": 3, "limit": 9}"#, secrets).await);
    let seen = server.last();
    assert_eq!(seen.target, "/there?q=3");
    assert_eq!(seen.header("X-T"), Some("Bearer hidden/one"));
    let provider = r#"{"url": "http://127.0.0.1:1/${token}?t=${token}"}"#;
    let message = failed(call_with(provider, "{}", secrets).await);
    assert!(
        message.starts_with("failed to connect to http://127.0.0.1:1/********?t=********: HTTP"),
        "{message}"
    );
    assert!(!message.contains("hidden"), "{message}");
}

#[tokio::test]
async fn what_cannot_be_sent_aborts_the_run() {
    for (fields, expected) in [
        (
            r#""url": "zzz""#,
            "requests.exceptions.MissingSchema: Invalid URL 'zzz': No scheme supplied. Perhaps you meant https://zzz?",
        ),
        (
            r#""url": "ftp://x/""#,
            "requests.exceptions.InvalidSchema: No connection adapters were found for 'ftp://x/'",
        ),
        (
            r#""url": "http://h/", "headers": {"X-N": 3}"#,
            "requests.exceptions.InvalidHeader: Header part (3) from ('X-N', 3) must be of type str or bytes, not <class 'int'>",
        ),
        (
            r#""url": "http://h/", "headers": {"X": "a\nb"}"#,
            "requests.exceptions.InvalidHeader: Invalid leading whitespace, reserved character(s), or return character(s) in header value of `X`",
        ),
        (
            r#""url": "http://h/", "timeout": "1""#,
            "ValueError: Timeout value connect was 1, but it must be an int, float or None.",
        ),
        (r#""url": "http://h/", "method": 3"#, "AttributeError: 'int' object has no attribute 'upper'"),
        (
            r#""url": "http://h/", "method": "POST", "arguments": 5"#,
            "TypeError: 'body' must be a bytes-like object, file-like object, or iterable. Instead was 5",
        ),
        (
            r#""url": "https://h/", "verify_tls": "/no/bundle""#,
            "OSError: Could not find a suitable TLS CA certificate bundle, invalid path: /no/bundle",
        ),
        (r#""method": "GET""#, "KeyError: 'url'"),
    ] {
        assert_eq!(errored(call(&format!("{{{fields}}}"), "{}").await), expected, "{fields}");
    }
}

#[tokio::test]
async fn timeouts_fail_the_activity() {
    let server = Server::start(|_| Reply::Hang(Vec::new())).await;
    let provider = format!(r#"{{"url": "{}", "timeout": [5, 0.1]}}"#, server.url("/"));
    assert_eq!(failed(call(&provider, "{}").await), "activity took too long to complete");
}
