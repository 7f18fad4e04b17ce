//! TLS: which certificates are trusted, and whether they are checked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use super::error::HttpError;

/// How a server's certificate is checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Verify {
    /// Against the bundle that `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE` names, else against the
    /// system's certificates, else against those of Mozilla's list that are built in.
    #[default]
    System,
    /// Against the certificates in this PEM file, or in all files of this folder.
    Bundle(PathBuf),
    /// Not at all.
    No,
}

/// The TLS configuration for a way of checking. Reads certificate files; nothing is kept.
///
/// # Errors
///
/// A bundle that cannot be read.
pub(super) fn client_config(verify: &Verify) -> Result<ClientConfig, HttpError> {
    let provider = Arc::new(crypto::ring::default_provider());
    let trusted = match verify {
        Verify::System => system_roots(),
        Verify::Bundle(path) => bundle(path)?,
        Verify::No => Vec::new(),
    };
    let verifier: Arc<dyn ServerCertVerifier> = match verify {
        Verify::No => Arc::new(Unchecked { provider: Arc::clone(&provider) }),
        _ => Arc::new(Checked::new(trusted, &provider)?),
    };
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the cipher suites of TLS 1.2 and 1.3");
    let mut config = versions.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn system_roots() -> Vec<CertificateDer<'static>> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        log::debug!("system certificates: {error}");
    }
    found.certs
}

fn bundle(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let missing = || {
        let shown = path.display();
        let message = format!("Could not find a suitable TLS CA certificate bundle, invalid path: {shown}");
        HttpError::other("OSError", message)
    };
    let files = if path.is_dir() {
        let entries = path.read_dir().map_err(|_| missing())?;
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|file| file.is_file()).collect()
    } else if path.exists() {
        vec![path.to_owned()]
    } else {
        return Err(missing());
    };
    let mut certificates = Vec::new();
    for file in files {
        let found = CertificateDer::pem_file_iter(&file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match found {
            Ok(found) => certificates.extend(found),
            Err(error) => log::debug!("no certificates in `{}`: {error}", file.display()),
        }
    }
    if certificates.is_empty() {
        let shown = path.display();
        return Err(HttpError::other(
            "OSError",
            format!("no PEM certificate in the TLS CA bundle `{shown}`"),
        ));
    }
    Ok(certificates)
}

/// Checks against trusted certificates.
#[derive(Debug)]
struct Checked {
    webpki: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Checked {
    fn new(trusted: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Result<Self, HttpError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(trusted.iter().cloned());
        if roots.is_empty() {
            roots.add_parsable_certificates(webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().cloned());
        }
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
            .build()
            .map_err(|error| HttpError::other("OSError", format!("TLS CA certificates: {error}")))?;
        Ok(Checked { webpki, trusted })
    }
}

impl ServerCertVerifier for Checked {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.webpki.verify_server_cert(leaf, intermediates, name, stapled, now);
        match &verdict {
            // A self-signed certificate as `openssl req -x509` makes it calls itself an authority. Where
            // it is itself in the trusted bundle, OpenSSL accepts it, and users have set it up so. Its
            // dates are checked before that error arises.
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                if other.to_string().contains("CaUsedAsEndEntity")
                    && self.trusted.iter().any(|trusted| trusted == leaf) =>
            {
                let leaf = ParsedCertificate::try_from(leaf)?;
                tokio_rustls::rustls::client::verify_server_name(&leaf, name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// Accepts any certificate, as `verify_tls: false` asks; that the server holds its key is still checked.
#[derive(Debug)]
struct Unchecked {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _stapled: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// A failed handshake in OpenSSL's words where it has some: the `repr` of Python's exception.
pub(super) fn failure_repr(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let verify = |what: &str| {
        format!(
            "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {what}')"
        )
    };
    match inner {
        Some(Error::InvalidCertificate(reason)) => match reason {
            CertificateError::UnknownIssuer => verify("unable to get local issuer certificate"),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                verify("certificate has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                verify("certificate is not yet valid")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                verify("Hostname mismatch, certificate is not valid for this name.")
            }
            other => verify(&other.to_string()),
        },
        Some(Error::InvalidMessage(_)) => {
            "SSLError(1, '[SSL: WRONG_VERSION_NUMBER] wrong version number')".to_owned()
        }
        Some(other) => format!("SSLError(1, {})", squall_model::python::str_repr(&other.to_string())),
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            "SSLEOFError(8, '[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol')"
                .to_owned()
        }
        None => super::error::os_error_repr(error),
    }
}
