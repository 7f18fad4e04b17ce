//! What can go wrong with a request, in the words of the `requests` library: users match on them.

use std::io;

use squall_model::python;

/// Why a request gave no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The server (or the proxy) could not be reached, or broke off: `requests`' `ConnectionError`.
    #[error("{0}")]
    Connection(String),
    /// The server was reached and took too long to answer: `requests`' `ReadTimeout`.
    #[error("{0}")]
    ReadTimeout(String),
    /// The request cannot be made, or the answer not be understood.
    #[error("{message}")]
    Other {
        /// The name of the Python exception class that the reference meets here.
        class: &'static str,
        /// What happened.
        message: String,
    },
}

impl HttpError {
    /// An error of the named Python exception class.
    pub fn other(class: &'static str, message: impl Into<String>) -> Self {
        HttpError::Other { class, message: message.into() }
    }

    /// The name of the Python exception class.
    pub fn class(&self) -> &'static str {
        match self {
            HttpError::Connection(_) => "requests.exceptions.ConnectionError",
            HttpError::ReadTimeout(_) => "requests.exceptions.ReadTimeout",
            HttpError::Other { class, .. } => class,
        }
    }

    pub(super) fn invalid_url(message: impl Into<String>) -> Self {
        HttpError::other("requests.exceptions.InvalidURL", message)
    }
}

/// Whom a connection is for, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Peer {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Peer {
    fn place(&self) -> String {
        format!("(host={}, port={})", python::str_repr(&self.host), self.port)
    }

    fn scheme(&self) -> &'static str {
        if self.tls { "HTTPS" } else { "HTTP" }
    }

    fn pool(&self) -> String {
        format!("{}ConnectionPool{}", self.scheme(), self.place())
    }

    fn connection(&self) -> String {
        format!("{}Connection{}", self.scheme(), self.place())
    }
}

/// Why one attempt failed.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The name has no address.
    Resolve(String),
    /// No address took the connection.
    Connect(String),
    /// No address took it in time; the limit as it was given.
    ConnectTimeout(String),
    /// The TLS handshake failed.
    Tls(String),
    /// The proxy refused the tunnel.
    Tunnel(String),
    /// The answer, or the handshake, did not come in time; the limit as it was given.
    ReadTimeout(String),
    /// The connection ended before the answer; Python's `repr` of the cause.
    Aborted(String),
    /// Trying again cannot help.
    Fatal(HttpError),
}

impl Failure {
    /// Whether nothing of the request can have reached the server.
    pub(super) fn before_request(&self) -> bool {
        matches!(
            self,
            Failure::Resolve(_)
                | Failure::Connect(_)
                | Failure::ConnectTimeout(_)
                | Failure::Tls(_)
                | Failure::Tunnel(_)
        )
    }

    /// The error when it is not (or no longer) tried again: `origin` is the server, `via` the host
    /// that was dialled where that is a proxy, `target` the request's target. `retried` says that the
    /// failure came out of a sequence of attempts.
    pub(super) fn into_error(
        self,
        origin: &Peer,
        via: Option<&Peer>,
        target: &str,
        retried: bool,
    ) -> HttpError {
        let exhausted = |cause: String| {
            HttpError::Connection(format!(
                "{}: Max retries exceeded with url: {target} (Caused by {cause})",
                origin.pool()
            ))
        };
        match self {
            Failure::Fatal(error) => error,
            Failure::ReadTimeout(limit) => {
                let text = format!("{}: Read timed out. (read timeout={limit})", origin.pool());
                if retried {
                    exhausted(format!("ReadTimeoutError({})", python::str_repr(&text)))
                } else {
                    HttpError::ReadTimeout(text)
                }
            }
            Failure::Aborted(cause) if retried => {
                exhausted(format!("ProtocolError('Connection aborted.', {cause})"))
            }
            Failure::Aborted(cause) => HttpError::Connection(format!("('Connection aborted.', {cause})")),
            before => {
                let dialled =
                    via.map_or_else(|| origin.clone(), |via| Peer { tls: origin.tls, ..via.clone() });
                let cause = before.cause(&dialled);
                exhausted(match via {
                    Some(_) => format!("ProxyError('Unable to connect to proxy', {cause})"),
                    None => cause,
                })
            }
        }
    }

    /// Python's `repr` of the exception that this is.
    fn cause(&self, dialled: &Peer) -> String {
        let connection = dialled.connection();
        let host = &dialled.host;
        match self {
            Failure::Resolve(reason) => {
                let text = format!("{connection}: Failed to resolve {} ({reason})", python::str_repr(host));
                format!("NameResolutionError({})", python::str_repr(&text))
            }
            Failure::Connect(reason) => {
                let text = format!("{connection}: Failed to establish a new connection: {reason}");
                format!("NewConnectionError({})", python::str_repr(&text))
            }
            Failure::ConnectTimeout(limit) => {
                let text = format!("Connection to {host} timed out. (connect timeout={limit})");
                format!("ConnectTimeoutError(<{connection}>, {})", python::str_repr(&text))
            }
            Failure::Tls(reason) => format!("SSLError({reason})"),
            Failure::Tunnel(reason) => format!("OSError({})", python::str_repr(reason)),
            Failure::ReadTimeout(_) | Failure::Aborted(_) | Failure::Fatal(_) => String::new(),
        }
    }
}

/// The error when a body does not come in time.
pub(super) fn body_timeout(origin: &Peer) -> HttpError {
    HttpError::Connection(format!("{}: Read timed out.", origin.pool()))
}

/// The system's error as Python shows it: `[Errno 111] Connection refused`.
pub(super) fn errno_text(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", os_text(error, number)),
        None => error.to_string(),
    }
}

/// Python's `repr` of the exception for a system error: `ConnectionResetError(104, 'Connection ...')`.
pub(super) fn os_error_repr(error: &io::Error) -> String {
    let Some(number) = error.raw_os_error() else {
        return format!("OSError({})", python::str_repr(&error.to_string()));
    };
    let class = match error.kind() {
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        io::ErrorKind::ConnectionAborted => "ConnectionAbortedError",
        io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
        io::ErrorKind::BrokenPipe => "BrokenPipeError",
        io::ErrorKind::TimedOut => "TimeoutError",
        _ => "OSError",
    };
    format!("{class}({number}, {})", python::str_repr(&os_text(error, number)))
}

/// The words of glibc, which users know; a static build links another C library with other words.
fn os_text(error: &io::Error, number: i32) -> String {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable => "Network is unreachable".to_owned(),
        io::ErrorKind::HostUnreachable => "No route to host".to_owned(),
        io::ErrorKind::TimedOut => "Connection timed out".to_owned(),
        io::ErrorKind::AddrNotAvailable => "Cannot assign requested address".to_owned(),
        _ => {
            let text = error.to_string();
            text.strip_suffix(&format!(" (os error {number})")).unwrap_or(&text).to_owned()
        }
    }
}
