//! A connection as hyper sees it, with the names of headers as users and servers write them.
//!
//! hyper knows header names in lower case only. Users compare a response's headers with the names that
//! the server sent, and some servers are particular about the names that they get. A [`Tap`] sits between
//! hyper and the stream: it keeps what arrives until the head of the response is known, and puts the
//! names of a request's headers, which change neither length nor place, into the case that was asked for.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What a response's head is at most; hyper itself refuses longer ones.
const LONGEST_HEAD: usize = 512 * 1024;
const HEAD_END: &[u8] = b"\r\n\r\n";

/// A byte stream to a server, plain or TLS.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// The stream, wrapped.
pub(super) struct Tap {
    stream: Box<dyn Stream>,
    view: TapView,
}

/// The other end of a [`Tap`], for whoever makes the requests.
#[derive(Clone)]
pub(super) struct TapView(Arc<Mutex<State>>);

struct State {
    /// What arrived since the request began; `None` while nobody asks for a head.
    arrived: Option<Vec<u8>>,
    /// Names for the head of the next request.
    names: Vec<String>,
    /// The head that is being written with its new names, and how much of it is out.
    head: Option<(Vec<u8>, usize)>,
    /// When bytes last went in or out.
    active: Instant,
}

impl Tap {
    pub(super) fn new(stream: Box<dyn Stream>) -> (Tap, TapView) {
        let state = State { arrived: None, names: Vec::new(), head: None, active: Instant::now() };
        let view = TapView(Arc::new(Mutex::new(state)));
        (Tap { stream, view: view.clone() }, view)
    }
}

impl TapView {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares for a request whose headers have these names.
    pub(super) fn begin(&self, names: Vec<String>) {
        let mut state = self.state();
        state.arrived = Some(Vec::new());
        state.names = names;
        state.head = None;
        state.active = Instant::now();
    }

    /// What arrived since the request began; nothing is kept from now on.
    pub(super) fn take_arrived(&self) -> Vec<u8> {
        self.state().arrived.take().unwrap_or_default()
    }

    /// When bytes last went in or out.
    pub(super) fn active(&self) -> Instant {
        self.state().active
    }
}

impl Read for Tap {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut to: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut bytes = [0; 16 * 1024];
        let room = to.remaining().min(bytes.len());
        let mut buffer = ReadBuf::new(&mut bytes[..room]);
        ready!(Pin::new(&mut this.stream).poll_read(cx, &mut buffer))?;
        let read = buffer.filled();
        to.put_slice(read);
        if !read.is_empty() {
            let mut state = this.view.state();
            state.active = Instant::now();
            if let Some(arrived) = state.arrived.as_mut().filter(|arrived| arrived.len() < LONGEST_HEAD) {
                arrived.extend_from_slice(read);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Tap {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut state = this.view.state();
        // hyper hands over the whole head at once, perhaps with the body behind it.
        if !state.names.is_empty()
            && let Some(end) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END)
        {
            let names = std::mem::take(&mut state.names);
            state.head = Some((renamed(&bytes[..end + HEAD_END.len()], &names), 0));
        }
        let written = match &mut state.head {
            Some((head, sent)) => {
                let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &head[*sent..]))?;
                *sent += written;
                if *sent == head.len() {
                    state.head = None;
                }
                written
            }
            None => ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?,
        };
        state.active = Instant::now();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The head with the names of its headers as `names` has them.
fn renamed(head: &[u8], names: &[String]) -> Vec<u8> {
    let mut head = head.to_vec();
    let mut line_start = 0;
    while let Some(length) = head[line_start..].windows(2).position(|end| end == b"\r\n") {
        let line = &mut head[line_start..line_start + length];
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Some(name) = names.iter().find(|name| line[..colon].eq_ignore_ascii_case(name.as_bytes()))
        {
            line[..colon].copy_from_slice(name.as_bytes());
        }
        line_start += length + 2;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_case_and_nothing_else_changes() {
        let head = b"GET /x-key: HTTP/1.1\r\nhost: h\r\nx-key: x-key: y\r\nother: 1\r\n\r\n";
        let names = ["Host".to_owned(), "X-KEY".to_owned()];
        assert_eq!(
            String::from_utf8(renamed(head, &names)).unwrap(),
            "GET /x-key: HTTP/1.1\r\nHost: h\r\nX-KEY: x-key: y\r\nother: 1\r\n\r\n"
        );
    }
}
