//! An HTTP server that answers what it is told, in order, and keeps what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// It ends when it is dropped.
pub struct Server {
    address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

struct State {
    /// What comes next; connections are closed without an answer where it is empty text.
    answers: Mutex<VecDeque<String>>,
    requests: Mutex<Vec<String>>,
    connections: AtomicUsize,
    ended: AtomicUsize,
    /// Whether requests without an answer stay without one.
    silent: bool,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer as it goes over the wire.
pub fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

impl Server {
    /// Answers with these statuses and bodies.
    pub async fn new(answers: impl IntoIterator<Item = (u16, String)>) -> Server {
        Server::raw(answers.into_iter().map(|(status, body)| answer(status, &body))).await
    }

    /// Answers with these texts.
    pub async fn raw(answers: impl IntoIterator<Item = String>) -> Server {
        Server::start(answers.into_iter().collect(), false).await
    }

    /// Closes so many connections once it was asked something.
    pub async fn closing(times: usize) -> Server {
        Server::start(vec![String::new(); times].into(), false).await
    }

    /// Answers nothing.
    pub async fn silent() -> Server {
        Server::start(VecDeque::new(), true).await
    }

    async fn start(answers: VecDeque<String>, silent: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            answers: Mutex::new(answers),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            silent,
        });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    serve(stream, &shared).await;
                    shared.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Server { address, state, task: task.abort_handle() }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked so far: heads in lower-case names, and bodies.
    pub fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until all connections have ended.
    pub async fn closed(&self) {
        while self.state.ended.load(Ordering::SeqCst) < self.connections() {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: &State) {
    while let Some(request) = read(&mut stream).await {
        state.requests.lock().unwrap().push(request);
        let next = state.answers.lock().unwrap().pop_front();
        match next {
            Some(answer) if answer.is_empty() => return,
            Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
            None => assert!(state.silent, "there is no answer left"),
        }
    }
}

/// One request, `None` at the end of the connection.
async fn read(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
        }
    }
}
