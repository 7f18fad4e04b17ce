//! The client: what `requests.Session.request` does, on an asynchronous stack.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use squall_os::environment;
use tokio_rustls::rustls::ClientConfig;

use super::cookies::Jar;
use super::date;
use super::dial::{basic, dial};
use super::error::{Failure, HttpError};
use super::exchange::{Answer, Connection, Wire};
use super::netrc;
use super::pool::{Pool, Route};
use super::proxy::{Proxy, proxy_for};
use super::text::{Charset, undo_content_encoding};
use super::timeouts::Timeouts;
use super::tls::{self, Verify};
use super::url::Url;

/// More redirects than this are a loop.
const MOST_REDIRECTS: usize = 30;
/// The longest wait that a `Retry-After` header can ask for: six hours.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(6 * 60 * 60);

/// An HTTP/1.1 client with the manners of Python's `requests`.
///
/// What users rely on: proxies, netrc and certificate variables from the environment; redirects with the
/// method rewritten and credentials withheld from other hosts; cookies along redirects; `gzip` and `deflate`;
/// the default headers; header names in the case in which either side writes them.
///
/// What differs: connections are used again by later requests with safe methods (`GET`, `HEAD`, `OPTIONS`,
/// `PUT`, `DELETE`, `TRACE`) within four seconds; TLS is version 1.2 or later, and the system's certificates
/// are trusted, not those of the `certifi` package; the `User-Agent` names this program.
///
/// Clones share their connections. It must be used within a tokio runtime; dropping the future of a request
/// closes its connection.
#[derive(Clone, Default)]
pub struct HttpClient {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pool: Pool,
    /// Reading the system's certificates takes milliseconds: done for the first `https` request only.
    tls: Mutex<HashMap<Verify, Arc<ClientConfig>>>,
}

/// A request to make.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method, as it is to be sent.
    pub method: String,
    /// Where to, as the user wrote it.
    pub url: String,
    /// Encoded arguments to append to the URL's query.
    pub query: Option<String>,
    /// Headers beside the default ones; a default one is replaced by one of the same name, and left out
    /// where the value is `None`.
    pub headers: Vec<(String, Option<String>)>,
    /// The body.
    pub body: Option<Vec<u8>>,
    /// The `Content-Type` where the headers have none.
    pub content_type: Option<&'static str>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How to check the server's certificate.
    pub verify: Verify,
    /// How often to try again when the server cannot be reached, and, for safe methods, when it breaks
    /// off, takes too long, or answers 413, 429 or 503 with a `Retry-After` header.
    pub retries: u32,
}

/// A response, redirects followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names as received, each once; the values of repeated ones joined by `", "`.
    pub headers: Vec<(String, String)>,
    /// The content, its encoding undone.
    pub body: Vec<u8>,
    /// Where it came from in the end.
    pub url: String,
}

impl Response {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text: in the charset of the `Content-Type`, by default Latin-1 for `text/*` and UTF-8
    /// for JSON; with neither, see [`decode`](crate::process::decode::decode).
    pub fn text(&self) -> String {
        Charset::of(self.header("content-type")).text(&self.body)
    }

    /// Whether the `Content-Type` names a charset.
    pub fn declares_charset(&self) -> bool {
        matches!(Charset::of(self.header("content-type")), Charset::Declared(_))
    }
}

/// One request of a chain of redirects.
struct Hop {
    method: String,
    url: Url,
    headers: Headers,
    body: Option<Vec<u8>>,
}

/// Headers in order, found by name in any case.
#[derive(Clone, Default)]
struct Headers(Vec<(String, String)>);

impl Headers {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Sets a header; one that is there keeps its place and takes the new case.
    fn set(&mut self, name: &str, value: impl Into<String>) {
        let entry = (name.to_owned(), value.into());
        match self.0.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some(known) => *known = entry,
            None => self.0.push(entry),
        }
    }

    fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// For the wire, in Latin-1.
    fn encoded(&self) -> Result<Vec<(String, Vec<u8>)>, HttpError> {
        self.0.iter().map(|(name, value)| Ok((name.clone(), latin1(name, value)?))).collect()
    }
}

fn latin1(name: &str, value: &str) -> Result<Vec<u8>, HttpError> {
    value
        .chars()
        .enumerate()
        .map(|(at, character)| {
            u8::try_from(character).map_err(|_| {
                let code = u32::from(character);
                let shown = if code > 0xFFFF { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") };
                HttpError::other(
                    "UnicodeEncodeError",
                    format!(
                        "'latin-1' codec can't encode character '{shown}' in position {at}: ordinal not in \
                         range(256) (in header `{name}`)"
                    ),
                )
            })
        })
        .collect()
}

impl HttpClient {
    /// A client without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a request and follows its redirects.
    ///
    /// # Errors
    ///
    /// See [`HttpError`]. A status of 400 and above is no error.
    pub async fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut hop = first_hop(request)?;
        let mut jar = Jar::default();
        for redirects in 0.. {
            // On the heap, for it is large, and waiting for it is part of many calls that never come to it.
            let answer = Box::pin(self.deliver(request, &hop)).await?;
            let cookies = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
            jar.store(&hop.url, cookies.map(|(_, value)| value.as_str()));
            let Some(location) = redirect_target(&answer) else { return finish(answer, &hop.url) };
            if redirects >= MOST_REDIRECTS {
                break;
            }
            hop = next_hop(hop, answer.status, &location, &jar)?;
        }
        Err(HttpError::other(
            "requests.exceptions.TooManyRedirects",
            format!("Exceeded {MOST_REDIRECTS} redirects."),
        ))
    }

    /// Gets one answer, trying again as often as the request allows.
    async fn deliver(&self, request: &Request, hop: &Hop) -> Result<Answer, HttpError> {
        let proxy = proxy_for(&hop.url)?;
        let verify = effective_verify(&request.verify);
        if hop.url.is_https() {
            // A bundle that cannot be read is an error of its own, not one of the connection.
            self.tls(&verify)?;
        }
        let target = match &proxy {
            Some(_) if !hop.url.is_https() => hop.url.proxied_target(),
            _ => hop.url.target(),
        };
        let headers = wire_headers(hop, proxy.as_ref()).encoded()?;
        let wire =
            Wire { method: &hop.method, target: &target, headers: &headers, body: hop.body.as_deref() };
        let mut left = request.retries;
        loop {
            let safe = is_safe(&hop.method);
            match self.attempt(request, hop, proxy.as_ref(), &verify, &wire).await {
                Ok(answer) => match retry_after(&answer).filter(|_| left > 0 && safe) {
                    Some(wait) => {
                        left -= 1;
                        tokio::time::sleep(wait?).await;
                    }
                    None => return Ok(answer),
                },
                Err(failure) => {
                    let early = failure.before_request();
                    let again = early || (safe && request.retries > 0);
                    if left == 0 || !again || matches!(failure, Failure::Fatal(_)) {
                        let via = proxy.as_ref().map(|proxy| &proxy.peer);
                        return Err(failure.into_error(&hop.url.peer(), via, &target, again));
                    }
                    left -= 1;
                }
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request,
        hop: &Hop,
        proxy: Option<&Proxy>,
        verify: &Verify,
        wire: &Wire<'_>,
    ) -> Result<Answer, Failure> {
        let origin = hop.url.peer();
        let route = Route { origin: origin.clone(), proxy: proxy.cloned(), verify: verify.clone() };
        let read = request.timeouts.read.as_ref();
        if is_safe(&hop.method)
            && let Some(mut connection) = self.shared.pool.take(&route).await
        {
            match connection.exchange(wire, &origin, read).await {
                Ok(answer) => {
                    self.keep(route, connection, &answer).await;
                    return Ok(answer);
                }
                // The server closed it in the meantime: that is no failure of this request.
                Err(Failure::Aborted(_)) if connection.was_stale() => {}
                Err(failure) => return Err(failure),
            }
        }
        let limit = request.timeouts.connect.as_ref();
        let stream = dial(&origin, proxy, limit, || self.tls(verify)).await?;
        let mut connection = Connection::over(stream).await?;
        let answer = connection.exchange(wire, &origin, read).await?;
        self.keep(route, connection, &answer).await;
        Ok(answer)
    }

    async fn keep(&self, route: Route, mut connection: Connection, answer: &Answer) {
        let closes = answer.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case("connection") && value.to_ascii_lowercase().contains("close")
        });
        if !closes && connection.settle().await {
            self.shared.pool.keep(route, connection);
        }
    }

    fn tls(&self, verify: &Verify) -> Result<Arc<ClientConfig>, HttpError> {
        let mut known = self.shared.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = known.get(verify) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(tls::client_config(verify)?);
        known.insert(verify.clone(), Arc::clone(&config));
        Ok(config)
    }
}

/// Methods that may be sent twice, as `urllib3` has them.
fn is_safe(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"].contains(&method)
}

/// The variables count where the request asks for no bundle of its own.
fn effective_verify(verify: &Verify) -> Verify {
    let named = |name| environment::var(name).filter(|path| !path.is_empty());
    match verify {
        Verify::System => named("REQUESTS_CA_BUNDLE")
            .or_else(|| named("CURL_CA_BUNDLE"))
            .map_or(Verify::System, |path| Verify::Bundle(PathBuf::from(path))),
        other => other.clone(),
    }
}

fn first_hop(request: &Request) -> Result<Hop, HttpError> {
    let url = Url::prepare(&request.url, request.query.as_deref())?;
    let mut headers = Headers::default();
    headers.set("User-Agent", concat!("squall/", env!("CARGO_PKG_VERSION")));
    headers.set("Accept-Encoding", "gzip, deflate");
    headers.set("Accept", "*/*");
    headers.set("Connection", "keep-alive");
    for (name, value) in &request.headers {
        match value {
            Some(value) => {
                check_header(name, value)?;
                headers.set(name, value.as_str());
            }
            None => headers.remove(name),
        }
    }
    let may_have_body = !["GET", "HEAD"].contains(&request.method.as_str());
    match &request.body {
        Some(body) if body.is_empty() => {
            headers.0.insert(0, ("Transfer-Encoding".to_owned(), "chunked".to_owned()));
        }
        Some(body) => headers.set("Content-Length", body.len().to_string()),
        None if may_have_body && headers.get("Content-Length").is_none() => {
            headers.set("Content-Length", "0")
        }
        None => {}
    }
    if let Some(content_type) = request.content_type
        && headers.get("Content-Type").is_none()
    {
        headers.set("Content-Type", content_type);
    }
    let credentials = netrc::credentials(url.host_name()).or_else(|| url.credentials());
    if let Some((user, password)) = credentials {
        headers.set("Authorization", basic(&user, &password));
    }
    Ok(Hop { method: request.method.clone(), url, headers, body: request.body.clone() })
}

fn check_header(name: &str, value: &str) -> Result<(), HttpError> {
    let invalid = |part: String| {
        HttpError::other(
            "requests.exceptions.InvalidHeader",
            format!(
                "Invalid leading whitespace, reserved character(s), or return character(s) in header {part}"
            ),
        )
    };
    if name.is_empty() || name.starts_with(char::is_whitespace) || name.contains([':', '\r', '\n']) {
        return Err(invalid(format!("name: {}", squall_model::python::str_repr(name))));
    }
    if value.starts_with(char::is_whitespace) || value.contains(['\r', '\n']) {
        // The reference shows the value, which may be a secret.
        return Err(invalid(format!("value of `{name}`")));
    }
    Ok(())
}

/// The headers with what depends on the way: `Host`, the length of a body that is missing, and the
/// proxy's credentials.
fn wire_headers(hop: &Hop, proxy: Option<&Proxy>) -> Headers {
    let plain_proxy = proxy.filter(|_| !hop.url.is_https());
    let mut headers = Headers::default();
    if hop.headers.get("Host").is_none() {
        headers.set("Host", if plain_proxy.is_some() { hop.url.authority() } else { hop.url.host_header() });
    }
    let expects_body =
        !["GET", "HEAD", "DELETE", "TRACE", "OPTIONS", "CONNECT"].contains(&hop.method.as_str());
    if expects_body && hop.body.is_none() && hop.headers.get("Content-Length").is_none() {
        headers.set("Content-Length", "0");
    }
    headers.0.extend(hop.headers.0.iter().cloned());
    if let Some((user, password)) = plain_proxy.and_then(|proxy| proxy.credentials.as_ref()) {
        headers.set("Proxy-Authorization", basic(user, password));
    }
    headers
}

fn redirect_target(answer: &Answer) -> Option<String> {
    if ![301, 302, 303, 307, 308].contains(&answer.status) {
        return None;
    }
    let (_, location) = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
    // Servers write it in UTF-8, whatever the standard says.
    let bytes: Vec<u8> = location.chars().filter_map(|character| u8::try_from(character).ok()).collect();
    let location = String::from_utf8(bytes).unwrap_or_else(|_| location.clone());
    (!location.is_empty()).then_some(location)
}

fn next_hop(hop: Hop, status: u16, location: &str, jar: &Jar) -> Result<Hop, HttpError> {
    let url = hop.url.join(location)?;
    let method = match (status, hop.method.as_str()) {
        (303 | 302, method) if method != "HEAD" => "GET".to_owned(),
        (301, "POST") => "GET".to_owned(),
        _ => hop.method,
    };
    let mut headers = hop.headers;
    let mut body = hop.body;
    if !matches!(status, 307 | 308) {
        for name in ["Content-Length", "Content-Type", "Transfer-Encoding"] {
            headers.remove(name);
        }
        body = None;
    }
    headers.remove("Cookie");
    if let Some(cookies) = jar.header(&url) {
        headers.set("Cookie", cookies);
    }
    if leaves(&hop.url, &url) {
        headers.remove("Authorization");
    }
    if let Some((user, password)) = netrc::credentials(url.host_name()) {
        headers.set("Authorization", basic(&user, &password));
    }
    Ok(Hop { method, url, headers, body })
}

/// Whether a redirect leads to whom the credentials are not for: another host, port or scheme, other than
/// from `http` to `https` on their own ports.
fn leaves(from: &Url, to: &Url) -> bool {
    if from.host != to.host {
        return true;
    }
    let upgraded = from.scheme == "http"
        && from.port_or_default() == 80
        && to.scheme == "https"
        && to.port_or_default() == 443;
    !upgraded && (from.scheme != to.scheme || from.port_or_default() != to.port_or_default())
}

/// How long a server that is overloaded asks to wait before the request is made again.
fn retry_after(answer: &Answer) -> Option<Result<Duration, HttpError>> {
    if ![413, 429, 503].contains(&answer.status) {
        return None;
    }
    let (_, value) = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let seconds = value.trim();
    let wait = if !seconds.is_empty() && seconds.bytes().all(|byte| byte.is_ascii_digit()) {
        Some(seconds.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs))
    } else {
        date::parse(value).map(date::until)
    };
    Some(match wait {
        Some(wait) => Ok(wait.min(LONGEST_RETRY_AFTER)),
        None => Err(HttpError::other(
            "requests.exceptions.InvalidHeader",
            format!("Invalid Retry-After header: {value}"),
        )),
    })
}

fn finish(answer: Answer, url: &Url) -> Result<Response, HttpError> {
    let mut headers: Vec<(String, String)> = Vec::with_capacity(answer.headers.len());
    for (name, value) in answer.headers {
        match headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, known)) => {
                known.push_str(", ");
                known.push_str(&value);
            }
            None => headers.push((name, value)),
        }
    }
    let mut response = Response { status: answer.status, headers, body: answer.body, url: url.to_string() };
    if let Some(encodings) = response.header("content-encoding").map(str::to_owned) {
        response.body = undo_content_encoding(&encodings, response.body)?;
    }
    Ok(response)
}
