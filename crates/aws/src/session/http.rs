//! Connections: made when they are needed, kept, and shared by all clients of a session.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::error::AwsError;

/// Connections whose servers are checked against the certificates in the file or folder `bundle`, else
/// against the system's. They go through proxies if `proxied`, as `HTTP_PROXY`, `HTTPS_PROXY` and
/// `NO_PROXY` say.
pub(super) fn client(bundle: Option<PathBuf>, proxied: bool) -> SharedHttpClient {
    SharedHttpClient::new(Http(Arc::new(Shared { bundle, proxied, connectors: Mutex::default() })))
}

#[derive(Debug)]
struct Http(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    bundle: Option<PathBuf>,
    proxied: bool,
    connectors: Mutex<HashMap<Kind, SharedHttpConnector>>,
}

/// What tells connectors apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    tls: bool,
    connect: Option<Duration>,
    read: Option<Duration>,
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Choice { shared: Arc::clone(&self.0), settings: settings.clone() })
    }
}

/// Chooses the connector by the request. Certificates are only read for `https`.
#[derive(Debug)]
struct Choice {
    shared: Arc<Shared>,
    settings: HttpConnectorSettings,
}

impl HttpConnector for Choice {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let tls = self.shared.proxied || !request.uri().starts_with("http://");
        match self.shared.connector(tls, &self.settings) {
            Ok(connector) => connector.call(request),
            Err(error) => HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        }
    }
}

impl Shared {
    fn connector(
        &self,
        tls: bool,
        settings: &HttpConnectorSettings,
    ) -> Result<SharedHttpConnector, AwsError> {
        let kind = Kind { tls, connect: settings.connect_timeout(), read: settings.read_timeout() };
        let mut connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connector) = connectors.get(&kind) {
            return Ok(connector.clone());
        }
        let mut builder = Connector::builder().connector_settings(settings.clone());
        builder.set_enable_tcp_nodelay(true);
        if self.proxied {
            builder.set_proxy_config(Some(ProxyConfig::from_env()));
        }
        let connector = if tls {
            let trust = TrustStore::empty().with_pem_certificate(trusted(self.bundle.as_deref())?);
            let context = TlsContext::builder().with_trust_store(trust).build();
            let context = context.map_err(|error| unusable(error.to_string()))?;
            builder.tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).tls_context(context).build()
        } else {
            builder.build_http()
        };
        let connector = SharedHttpConnector::new(connector);
        connectors.insert(kind, connector.clone());
        Ok(connector)
    }
}

/// The certificates that servers are checked against, as PEM: those of `bundle`, else the system's, else, where it has
/// none as in an empty container, Mozilla's as they were when this program was built.
fn trusted(bundle: Option<&Path>) -> Result<String, AwsError> {
    let found = match bundle {
        None => rustls_native_certs::load_native_certs(),
        Some(path) if path.is_dir() => rustls_native_certs::load_certs_from_paths(None, Some(path)),
        Some(path) if path.exists() => rustls_native_certs::load_certs_from_paths(Some(path), None),
        Some(path) => {
            let shown = path.display();
            let message =
                format!("Could not find a suitable TLS CA certificate bundle, invalid path: {shown}");
            return Err(AwsError::Other { class: "OSError", message });
        }
    };
    for error in &found.errors {
        log::debug!("certificates: {error}");
    }
    let pem = pem_of(found.certs);
    match (pem.is_empty(), bundle) {
        (false, _) => Ok(pem),
        (true, Some(path)) => Err(unusable(format!("`{}` holds no PEM certificate", path.display()))),
        (true, None) => {
            log::debug!("this system has no certificates; servers are checked against those of this program");
            Ok(pem_of(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec()))
        }
    }
}

fn pem_of(certificates: Vec<CertificateDer<'static>>) -> String {
    let mut pem = String::new();
    for certificate in certificates {
        let encoded = BASE64_STANDARD.encode(&certificate);
        // The connector takes it for certain that each of them can be used.
        if RootCertStore::empty().add(certificate).is_ok() {
            let _ = writeln!(pem, "-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----");
        }
    }
    pem
}

fn unusable(reason: String) -> AwsError {
    AwsError::Other {
        class: "botocore.exceptions.SSLError",
        message: format!("no certificates to check servers against: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{pem_of, trusted};

    #[test]
    fn this_program_has_certificates_of_its_own() {
        let pem = pem_of(webpki_root_certs::TLS_SERVER_ROOT_CERTS.to_vec());
        assert!(pem.matches("BEGIN CERTIFICATE").count() > 100);
    }

    #[test]
    fn a_bundle_must_hold_certificates() {
        let error = trusted(Some("/nowhere/ca.pem".as_ref())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Could not find a suitable TLS CA certificate bundle, invalid path: /nowhere/ca.pem"
        );
        let error = trusted(Some(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").as_ref())).unwrap_err();
        assert!(error.to_string().ends_with("Cargo.toml` holds no PEM certificate"), "{error}");
    }
}
