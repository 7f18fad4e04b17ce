//! The built program calls AWS over TLS: which servers it trusts, and what it says of others.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aws_double;

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use self::aws_double::{Double, Home, Stream, sts};

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIATLS"), ("AWS_SECRET_ACCESS_KEY", "s")];

/// A server whose certificate an authority of this test has signed, and the authority's certificate as PEM.
fn server() -> (Double, String) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut leaf = CertificateParams::new(Vec::new()).unwrap();
    leaf.subject_alt_names = vec![SanType::IpAddress(IpAddr::from([127, 0, 0, 1]))];
    let key = KeyPair::generate().unwrap();
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        );
    let config = Arc::new(config.unwrap());
    let double = Double::wrapped(
        |seen| sts(seen).unwrap(),
        move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
            let stream: Box<dyn Stream> = Box::new(StreamOwned::new(connection, stream));
            Some(stream)
        },
    );
    (double, pem)
}

#[test]
fn an_authority_that_users_name_is_trusted() {
    let (home, (double, pem)) = (Home::new(), server());
    let url = format!("https://{}", double.address);
    let bundle = home.file("ca.pem", &pem);
    let bundle = bundle.to_str().unwrap();
    let set = [KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", &*url)];
    for variable in ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] {
        assert_eq!(home.key(&[&set[..], &[(variable, bundle)]].concat()), "AKIATLS", "{variable}");
    }
    home.file(".aws/config", &format!("[default]\nca_bundle = {bundle}\n"));
    assert_eq!(home.key(&set), "AKIATLS");
    // The variable goes before the profile.
    let other = home.file("other.pem", &server().1);
    let refused = home.who(1, &[&set[..], &[("AWS_CA_BUNDLE", other.to_str().unwrap())]].concat());
    assert!(refused.exception.contains("SSLError: SSL validation failed"), "{}", refused.exception);
}

#[test]
fn places_that_give_credentials_are_called_by_the_same_rules() {
    let (home, (double, pem)) = (Home::new(), server());
    let url = format!("https://{}", double.address);
    let (bundle, token) = (home.file("ca.pem", &pem), home.file("token", "j.w.t"));
    let set = [
        ("AWS_ENDPOINT_URL", &*url),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pods"),
    ];
    let trusting = [&set[..], &[("AWS_CA_BUNDLE", bundle.to_str().unwrap())]].concat();
    assert_eq!(home.key(&trusting), "AssumeRoleWithWebIdentity");
    let refused = home.who(1, &set);
    assert!(refused.exception.contains("UnknownIssuer"), "{}", refused.exception);
}

#[test]
fn an_unknown_authority_is_told_with_a_way_out() {
    let (home, (double, _)) = (Home::new(), server());
    let url = format!("https://{}", double.address);
    let set = [KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", &*url)];
    let empty = home.file("empty.pem", "");
    let nobody = home.file("nobody/.keep", "");
    // A system without certificates of its own trusts those that are built in, which did not sign this one.
    let bare = [
        ("SSL_CERT_FILE", empty.to_str().unwrap()),
        ("SSL_CERT_DIR", nobody.parent().unwrap().to_str().unwrap()),
    ];
    for more in [&[][..], &bare] {
        let refused = home.who(1, &[&set[..], more].concat());
        let text = format!("SSL validation failed for {url}/ invalid peer certificate: UnknownIssuer");
        assert!(refused.exception.ends_with(&text), "{}", refused.exception);
        assert!(
            refused.log.contains("name a PEM file with that authority in AWS_CA_BUNDLE"),
            "{}",
            refused.log
        );
    }
    assert!(double.seen().is_empty(), "nothing is sent to a server that is not trusted");

    let lost = home.who(1, &[&set[..], &[("AWS_CA_BUNDLE", "/nowhere/ca.pem")]].concat());
    let text = "Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere/ca.pem";
    assert!(lost.exception.ends_with(text), "{}", lost.exception);
    let blank = home.who(1, &[&set[..], &[("AWS_CA_BUNDLE", empty.to_str().unwrap())]].concat());
    assert!(blank.exception.contains("empty.pem` holds no PEM certificate"), "{}", blank.exception);
}
