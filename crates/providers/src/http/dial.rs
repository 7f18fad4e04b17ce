//! Opening connections: names, addresses, proxies' tunnels, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::error::{Failure, HttpError, Peer, errno_text};
use super::proxy::Proxy;
use super::tap::Stream;
use super::timeouts::Limit;
use super::tls;

/// A longer answer to `CONNECT` is no answer.
const LONGEST_TUNNEL_HEAD: usize = 64 * 1024;

/// Opens the byte stream for requests to `origin`: through the proxy where there is one (a tunnel for
/// `https`), with TLS where the origin or the proxy speaks it.
pub(super) async fn dial(
    origin: &Peer,
    proxy: Option<&Proxy>,
    limit: Option<&Limit>,
    tls: impl Fn() -> Result<Arc<ClientConfig>, HttpError>,
) -> Result<Box<dyn Stream>, Failure> {
    let Some(proxy) = proxy else {
        let stream = connect(origin, limit).await?;
        return if origin.tls {
            secure(Box::new(stream), &origin.host, limit, &tls).await
        } else {
            Ok(Box::new(stream))
        };
    };
    let mut stream: Box<dyn Stream> = Box::new(connect(&proxy.peer, limit).await?);
    if proxy.peer.tls {
        stream = secure(stream, &proxy.peer.host, limit, &tls).await?;
    }
    if !origin.tls {
        return Ok(stream);
    }
    limited(limit, tunnel(&mut stream, origin, proxy)).await??;
    secure(stream, &origin.host, limit, &tls).await
}

/// The value of an `Authorization` or `Proxy-Authorization` header.
pub(super) fn basic(user: &str, password: &str) -> String {
    let text = format!("{user}:{password}");
    // Latin-1 where it reaches, as Python's client has it.
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(character).ok()).collect();
    format!("Basic {}", BASE64_STANDARD.encode(bytes.unwrap_or_else(|| text.into_bytes())))
}

/// Tries the addresses of a host one after the other; each has the whole limit.
async fn connect(peer: &Peer, limit: Option<&Limit>) -> Result<TcpStream, Failure> {
    let mut last = Failure::Connect("getaddrinfo returns an empty list".to_owned());
    for address in resolve(&peer.host, peer.port).await? {
        let connected = match limit {
            Some(limit) => tokio::time::timeout(limit.duration, TcpStream::connect(address)).await,
            None => Ok(TcpStream::connect(address).await),
        };
        last = match connected {
            Ok(Ok(stream)) => {
                // Only latency is at stake.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => Failure::Connect(errno_text(&error)),
            Err(_) => Failure::ConnectTimeout(limit.map(|limit| limit.shown.clone()).unwrap_or_default()),
        };
    }
    Err(last)
}

async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    match tokio::net::lookup_host((host, port)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(Failure::Resolve(resolve_text(&error))),
    }
}

/// The resolver's error with glibc's number and words; C libraries word it differently.
fn resolve_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    match text {
        "Name or service not known" | "Name does not resolve" => {
            "[Errno -2] Name or service not known".to_owned()
        }
        "Temporary failure in name resolution" | "Try again" => {
            "[Errno -3] Temporary failure in name resolution".to_owned()
        }
        "No address associated with hostname" => "[Errno -5] No address associated with hostname".to_owned(),
        other => other.to_owned(),
    }
}

/// Runs a step of the handshake within the limit; exceeding it counts as a late answer.
async fn limited<F: Future>(limit: Option<&Limit>, step: F) -> Result<F::Output, Failure> {
    match limit {
        Some(limit) => tokio::time::timeout(limit.duration, step)
            .await
            .map_err(|_| Failure::ReadTimeout(limit.shown.clone())),
        None => Ok(step.await),
    }
}

async fn secure(
    stream: Box<dyn Stream>,
    host: &str,
    limit: Option<&Limit>,
    tls: impl Fn() -> Result<Arc<ClientConfig>, HttpError>,
) -> Result<Box<dyn Stream>, Failure> {
    let config = tls().map_err(Failure::Fatal)?;
    let name = ServerName::try_from(host.trim_end_matches('.').to_owned()).map_err(|_| {
        Failure::Fatal(HttpError::invalid_url(format!("`{host}` is no name that a certificate can have")))
    })?;
    match limited(limit, TlsConnector::from(config).connect(name, stream)).await? {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(Failure::Tls(tls::failure_repr(&error))),
    }
}

/// Asks a proxy for a tunnel.
async fn tunnel(stream: &mut Box<dyn Stream>, origin: &Peer, proxy: &Proxy) -> Result<(), Failure> {
    let host = if origin.host.contains(':') { format!("[{}]", origin.host) } else { origin.host.clone() };
    let place = format!("{host}:{}", origin.port);
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n");
    if let Some((user, password)) = &proxy.credentials {
        request.push_str(&format!("Proxy-Authorization: {}\r\n", basic(user, password)));
    }
    request.push_str("\r\n");
    let failed = |error: io::Error| Failure::Tunnel(errno_text(&error));
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    stream.flush().await.map_err(failed)?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) if head.len() < LONGEST_TUNNEL_HEAD => head.push(byte),
            Ok(_) => {
                return Err(Failure::Tunnel("Tunnel connection failed: the answer has no end".to_owned()));
            }
            Err(error) => return Err(failed(error)),
        }
    }
    let mut headers = [httparse::EMPTY_HEADER; 128];
    let mut response = httparse::Response::new(&mut headers);
    match response.parse(&head) {
        Ok(_) if response.code == Some(200) => Ok(()),
        Ok(_) => {
            let (code, reason) = (response.code.unwrap_or_default(), response.reason.unwrap_or_default());
            Err(Failure::Tunnel(format!("Tunnel connection failed: {code} {reason}").trim_end().to_owned()))
        }
        Err(error) => Err(Failure::Tunnel(format!("Tunnel connection failed: {error}"))),
    }
}
