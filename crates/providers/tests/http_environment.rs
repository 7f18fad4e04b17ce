//! Proxies, netrc and certificates from the environment. One test: the environment is the whole process'.

#![allow(clippy::unwrap_used)]

mod http_server;

use std::fs;
use std::sync::Arc;

use http_server::{Reply, Server, ok, status};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use squall_os::environment;
use squall_providers::http::{HttpClient, HttpError, Request, Response, Verify};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

fn get(url: &str) -> Request {
    Request { method: "GET".to_owned(), url: url.to_owned(), ..Request::default() }
}

async fn send(url: &str) -> Result<Response, HttpError> {
    HttpClient::new().send(&get(url)).await
}

/// A self-signed certificate for `localhost`, that calls itself an authority or not, and its acceptor.
fn certificate(authority: bool) -> (String, TlsAcceptor) {
    let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    if authority {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    (certificate.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn the_environment_steers_the_client() {
    tls().await;
    proxies().await;
    netrc().await;
}

async fn tls() {
    let folder = tempfile::tempdir().unwrap();
    for authority in [false, true] {
        let (pem, acceptor) = certificate(authority);
        let server = Server::start_with(|_| ok("", "secure"), Some(acceptor)).await;
        let url = server.url("/").replace("http://127.0.0.1", "https://localhost");
        let refused = send(&url).await.unwrap_err();
        assert!(matches!(refused, HttpError::Connection(_)), "{refused:?}");
        assert!(
            refused
                .to_string()
                .contains("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]"),
            "{refused}"
        );
        let unchecked = Request { verify: Verify::No, ..get(&url) };
        assert_eq!(HttpClient::new().send(&unchecked).await.unwrap().text(), "secure");

        let bundle = folder.path().join(format!("{authority}.pem"));
        fs::write(&bundle, pem).unwrap();
        environment::set("REQUESTS_CA_BUNDLE", &bundle);
        assert_eq!(send(&url).await.unwrap().text(), "secure", "authority: {authority}");
        let by_address = send(&server.url("/").replace("http", "https")).await.unwrap_err().to_string();
        assert!(by_address.contains("Hostname mismatch"), "{by_address}");
        environment::set("REQUESTS_CA_BUNDLE", "");
        environment::set("CURL_CA_BUNDLE", folder.path());
        assert_eq!(send(&url).await.unwrap().text(), "secure", "a folder of bundles");
        environment::set("CURL_CA_BUNDLE", "");
    }
    let plain = Server::start(|_| Reply::Last(b"HTTP/1.1 400 Bad\r\n\r\n".to_vec())).await;
    let error = send(&plain.url("/").replace("http", "https")).await.unwrap_err().to_string();
    assert!(error.contains("Max retries exceeded with url: / (Caused by SSLError("), "{error}");
}

async fn proxies() {
    let (pem, acceptor) = certificate(true);
    let bundle = tempfile::NamedTempFile::new().unwrap();
    fs::write(bundle.path(), pem).unwrap();
    let secure = Server::start_with(|_| ok("", "tunnelled"), Some(acceptor)).await;
    let target = secure.address;
    let proxy = Server::start(move |request| match request.method.as_str() {
        "CONNECT" if request.target == "localhost:1" => status(407, ""),
        "CONNECT" => Reply::Tunnel(target),
        _ => ok("", "proxied"),
    })
    .await;
    environment::set("no_proxy", "direct.invalid");
    environment::set("REQUESTS_CA_BUNDLE", bundle.path());
    environment::set("http_proxy", format!("http://me:p%40ss@{}", proxy.address));
    environment::set("HTTPS_PROXY", proxy.address.to_string());

    assert_eq!(send("http://u:p@example.invalid:80/x?y#z").await.unwrap().text(), "proxied");
    let seen = proxy.last();
    assert_eq!(seen.target, "http://example.invalid:80/x?y");
    assert_eq!(seen.header("Host"), Some("example.invalid:80"));
    assert_eq!(seen.header("Proxy-Authorization"), Some("Basic bWU6cEBzcw=="));
    assert_eq!(seen.header("Authorization"), Some("Basic dTpw"));

    let url = format!("https://localhost:{}/t", target.port());
    assert_eq!(send(&url).await.unwrap().text(), "tunnelled");
    assert_eq!(proxy.last().target, format!("localhost:{}", target.port()));
    assert_eq!(secure.last().target, "/t");
    assert_eq!(
        send("https://localhost:1/").await.unwrap_err().to_string(),
        "HTTPSConnectionPool(host='localhost', port=1): Max retries exceeded with url: / (Caused by \
         ProxyError('Unable to connect to proxy', OSError('Tunnel connection failed: 407 Status')))"
    );
    let direct = send("http://direct.invalid/").await.unwrap_err().to_string();
    assert!(direct.contains("NameResolutionError"), "{direct}");
    environment::set("http_proxy", "http://127.0.0.1:1");
    assert_eq!(
        send("http://example.invalid/").await.unwrap_err().to_string(),
        "HTTPConnectionPool(host='example.invalid', port=80): Max retries exceeded with url: http://example.invalid/ \
         (Caused by ProxyError('Unable to connect to proxy', NewConnectionError(\"HTTPConnection(host='127.0.0.1', \
         port=1): Failed to establish a new connection: [Errno 111] Connection refused\")))"
    );
    environment::set("no_proxy", "*");
    environment::set("REQUESTS_CA_BUNDLE", "");
}

async fn netrc() {
    let server = Server::start(|_| ok("", "")).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "machine 127.0.0.1 login me password secret\n").unwrap();
    environment::set("NETRC", file.path());
    send(&server.url("/")).await.unwrap();
    assert_eq!(server.last().header("Authorization"), Some("Basic bWU6c2VjcmV0"));
    environment::set("NETRC", "/dev/null");
    send(&server.url("/").replace("http://", "http://user:pw@")).await.unwrap();
    assert_eq!(server.last().header("Authorization"), Some("Basic dXNlcjpwdw=="));
}
