//! Servers that are checked by their certificates, over real TLS.

#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use squall_aws::error::AwsError;
use squall_aws::session::{Limits, Scope, Session};
use squall_engine::configuration::Environment;
use squall_model::{Map, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

const ANSWER: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>\
    </GetCallerIdentityResult></GetCallerIdentityResponse>";

/// Environment variables of one test.
struct Variables(HashMap<&'static str, String>);

impl Environment for Variables {
    fn var(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// Answers every request over TLS as `localhost`; gives its port and its certificate's authority as PEM.
async fn server() -> (u16, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 16 * 1024];
                let _ = stream.read(&mut request).await;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{ANSWER}",
                    ANSWER.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    (port, pem)
}

/// Asks who we are, with these environment variables besides.
async fn identity(port: u16, more: &[(&'static str, &Path)]) -> Result<Map, AwsError> {
    let mut variables = HashMap::from([
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_ENDPOINT_URL_STS", format!("https://localhost:{port}")),
        ("AWS_MAX_ATTEMPTS", "1".to_owned()),
        ("AWS_CONFIG_FILE", "/nowhere".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere".to_owned()),
    ]);
    variables.extend(more.iter().map(|(name, path)| (*name, path.to_str().unwrap().to_owned())));
    let session = Session::new(Rc::new(Variables(variables)), Limits::default());
    let client = session.client("sts", &Scope::default()).await?;
    client.call("GetCallerIdentity", Map::new()).await
}

#[tokio::test]
async fn a_bundle_lets_in_who_it_names_and_nobody_else() {
    let (port, pem) = server().await;
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("ca.pem");
    std::fs::write(&bundle, pem).unwrap();

    let answer = identity(port, &[("AWS_CA_BUNDLE", &bundle)]).await.unwrap();
    assert_eq!(answer.get("Account"), Some(Value::from("111122223333")));
    let config = folder.path().join("config");
    std::fs::write(&config, format!("[default]\nca_bundle = {}\n", bundle.display())).unwrap();
    let answer = identity(port, &[("AWS_CONFIG_FILE", &config)]).await.unwrap();
    assert_eq!(answer.get("Account"), Some(Value::from("111122223333")));

    let (_, other) = server().await;
    std::fs::write(&bundle, other).unwrap();
    for variables in [&[("AWS_CA_BUNDLE", bundle.as_path())][..], &[]] {
        let error = identity(port, variables).await.unwrap_err();
        assert_eq!(error.class(), "botocore.exceptions.SSLError", "{error}");
        assert!(error.to_string().contains(&format!("https://localhost:{port}")), "{error}");
        assert!(error.help().unwrap().contains("AWS_CA_BUNDLE"), "{:?}", error.help());
    }
}
