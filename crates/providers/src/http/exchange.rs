//! One request and its response on one connection.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HeaderName, HeaderValue};
use tokio::task::AbortHandle;

use super::error::{Failure, HttpError, Peer, body_timeout, os_error_repr};
use super::tap::{Stream, Tap, TapView};
use super::timeouts::Limit;

/// An open connection on which nothing is under way. Dropping it closes it.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    view: TapView,
    driver: AbortHandle,
    /// Since when nothing is under way.
    idle_since: Instant,
    /// Whether it has carried a request before.
    used: bool,
    /// Whether the server said anything to the last request.
    heard: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// A request as it goes over the wire.
pub(super) struct Wire<'a> {
    pub(super) method: &'a str,
    pub(super) target: &'a str,
    pub(super) headers: &'a [(String, Vec<u8>)],
    pub(super) body: Option<&'a [u8]>,
}

/// The response as it came over the wire.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// In order, with the names as received, values as Latin-1.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    /// Takes over a stream.
    pub(super) async fn over(stream: Box<dyn Stream>) -> Result<Connection, Failure> {
        let (tap, view) = Tap::new(stream);
        let (sender, connection) = http1::Builder::new()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .handshake(tap)
            .await
            .map_err(|error| Failure::Aborted(cause_repr(&error, &[])))?;
        let driver = tokio::spawn(async move {
            // Whoever waits for the response gets the error.
            let _ = connection.await;
        });
        Ok(Connection {
            sender,
            view,
            driver: driver.abort_handle(),
            idle_since: Instant::now(),
            used: false,
            heard: false,
        })
    }

    /// Whether another request may go over it.
    pub(super) fn is_fit(&self, longest_idle: Duration) -> bool {
        self.sender.is_ready() && !self.driver.is_finished() && self.idle_since.elapsed() < longest_idle
    }

    /// Whether a failure may be due to the server having closed it before the request came.
    pub(super) fn was_stale(&self) -> bool {
        self.used && !self.heard
    }

    /// Makes one exchange. Dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// [`Failure::ReadTimeout`] and [`Failure::Aborted`] before the response began,
    /// [`Failure::Fatal`] for what cannot be sent or ends in the middle.
    pub(super) async fn exchange(
        &mut self,
        wire: &Wire<'_>,
        origin: &Peer,
        read: Option<&Limit>,
    ) -> Result<Answer, Failure> {
        let request = wire.request().map_err(Failure::Fatal)?;
        self.view.begin(wire.headers.iter().map(|(name, _)| name.clone()).collect());
        let view = self.view.clone();
        let sent = within(self.sender.send_request(request), read, &view).await;
        self.idle_since = Instant::now();
        let arrived = view.take_arrived();
        self.heard = !arrived.is_empty();
        let response = match sent {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(Failure::Aborted(cause_repr(&error, &arrived))),
            Err(limit) => return Err(Failure::ReadTimeout(limit)),
        };
        self.used = true;
        let (status, headers) = head_of(&arrived).unwrap_or_else(|| hyper_head(&response));
        let length = response.body().size_hint().exact();
        let body = collect(response.into_body(), read, &view).await;
        let body = body.map_err(|cut| Failure::Fatal(cut.into_error(origin, length)))?;
        self.idle_since = Instant::now();
        Ok(Answer { status, headers, body })
    }

    /// Waits until the connection can take another request; `false` when it cannot any more.
    pub(super) async fn settle(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }
}

impl Wire<'_> {
    fn request(&self) -> Result<hyper::Request<RequestBody>, HttpError> {
        let method = hyper::Method::from_bytes(self.method.as_bytes())
            .map_err(|_| HttpError::other("ValueError", format!("invalid HTTP method `{}`", self.method)))?;
        let uri: hyper::Uri = self
            .target
            .parse()
            .map_err(|error| HttpError::invalid_url(format!("Failed to parse: {}: {error}", self.target)))?;
        let mut request = hyper::Request::new(RequestBody::new(self.body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        for (name, value) in self.headers {
            let invalid = |part: &str| {
                HttpError::other(
                    "requests.exceptions.InvalidHeader",
                    format!(
                        "Invalid leading whitespace, reserved character(s), or return character(s) in header {part}"
                    ),
                )
            };
            let header =
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid(&format!("name: `{name}`")))?;
            // The value may be a secret.
            let value = HeaderValue::from_bytes(value).map_err(|_| invalid(&format!("value of `{name}`")))?;
            request.headers_mut().append(header, value);
        }
        Ok(request)
    }
}

/// Waits for `future`, but at most `limit` after bytes last went in or out; gives the limit as it was
/// written when it was exceeded.
async fn within<F: Future>(future: F, limit: Option<&Limit>, view: &TapView) -> Result<F::Output, String> {
    let Some(limit) = limit else { return Ok(future.await) };
    tokio::pin!(future);
    let mut deadline = Instant::now() + limit.duration;
    loop {
        if let Ok(output) = tokio::time::timeout_at(deadline.into(), &mut future).await {
            return Ok(output);
        }
        let next = view.active() + limit.duration;
        if next <= Instant::now() {
            return Err(limit.shown.clone());
        }
        deadline = next;
    }
}

/// A body that ended too early.
enum Cut {
    Late,
    Broken { error: hyper::Error, read: usize },
}

impl Cut {
    fn into_error(self, origin: &Peer, length: Option<u64>) -> HttpError {
        let cause = match self {
            Cut::Late => return body_timeout(origin),
            Cut::Broken { error, read } => match (source_io(&error), length) {
                (Some(io), _) if io.kind() != io::ErrorKind::UnexpectedEof => os_error_repr(io),
                (_, Some(length)) => {
                    let missing = length.saturating_sub(read as u64);
                    format!("IncompleteRead({read} bytes read, {missing} more expected)")
                }
                _ if error.is_incomplete_message() => format!("IncompleteRead({read} bytes read)"),
                _ => format!("InvalidChunkLength({read} bytes read)"),
            },
        };
        HttpError::other(
            "requests.exceptions.ChunkedEncodingError",
            format!("('Connection broken: {cause}', {cause})"),
        )
    }
}

async fn collect(mut body: Incoming, read: Option<&Limit>, view: &TapView) -> Result<Vec<u8>, Cut> {
    let mut bytes = Vec::new();
    loop {
        let frame = within(poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)), read, view).await;
        match frame.map_err(|_| Cut::Late)? {
            None => return Ok(bytes),
            Some(Ok(frame)) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            Some(Err(error)) => return Err(Cut::Broken { error, read: bytes.len() }),
        }
    }
}

/// Status and headers of the final response in `arrived`, interim ones passed over.
fn head_of(mut arrived: &[u8]) -> Option<(u16, Vec<(String, String)>)> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Response::new(&mut headers);
        let parsed = httparse::ParserConfig::default()
            .allow_spaces_after_header_name_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .ignore_invalid_headers_in_responses(true)
            .parse_response(&mut head, arrived)
            .ok()?;
        let httparse::Status::Complete(length) = parsed else { return None };
        let status = head.code?;
        if status >= 200 || status == 101 {
            let headers = head.headers.iter();
            return Some((
                status,
                headers.map(|header| (header.name.to_owned(), latin1(header.value))).collect(),
            ));
        }
        arrived = &arrived[length..];
    }
}

/// The head as hyper has it, for responses whose own was not kept.
fn hyper_head(response: &hyper::Response<Incoming>) -> (u16, Vec<(String, String)>) {
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| (name.as_str().to_owned(), latin1(value.as_bytes())));
    (response.status().as_u16(), headers.collect())
}

fn latin1(bytes: &[u8]) -> String {
    crate::process::decode::latin1(bytes)
}

fn source_io(error: &hyper::Error) -> Option<&io::Error> {
    std::error::Error::source(error)?.downcast_ref()
}

/// Python's `repr` of what ended the connection before the response.
fn cause_repr(error: &hyper::Error, arrived: &[u8]) -> String {
    if let Some(io) = source_io(error) {
        return os_error_repr(io);
    }
    if error.is_parse() {
        let end = arrived.iter().position(|byte| *byte == b'\n').map_or(arrived.len(), |at| at + 1);
        return format!("BadStatusLine({})", squall_model::python::str_repr(&latin1(&arrived[..end])));
    }
    "RemoteDisconnected('Remote end closed connection without response')".to_owned()
}

/// The body of a request: all at once.
pub(super) struct RequestBody {
    bytes: Option<Bytes>,
    /// A body that is there and empty has no length: it is sent in chunks, none in number.
    chunked: bool,
}

impl RequestBody {
    fn new(bytes: Option<&[u8]>) -> Self {
        RequestBody {
            chunked: bytes.is_some_and(<[u8]>::is_empty),
            bytes: bytes.filter(|bytes| !bytes.is_empty()).map(Bytes::copy_from_slice),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.chunked = false;
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.chunked
    }

    fn size_hint(&self) -> SizeHint {
        if self.chunked {
            SizeHint::new()
        } else {
            SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
        }
    }
}
