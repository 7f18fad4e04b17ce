//! A server that answers AWS calls as it is told, and remembers them: for operations that moto does not have,
//! and for answers that moto does not give.

use std::collections::BTreeMap;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::json::Json;
use crate::server::Reply;

use super::call::{Call, Request};
use super::http;

/// What is answered to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `service operation` of the call, see [`Call::name`].
    pub to: String,
    /// The answer.
    pub reply: Reply,
}

impl Answer {
    /// Reads the answer of a case: `to`, and what [`Reply::read`] knows.
    pub fn read(value: &Json) -> Result<Answer, String> {
        let known = ["to", "status", "headers", "body", "bytes", "delay_ms", "hang_up"];
        if let Some((key, _)) =
            value.as_object().into_iter().flatten().find(|(key, _)| !known.contains(&key.as_str()))
        {
            return Err(format!("unknown key `{key}` in `answers`, expected one of {}", known.join(", ")));
        }
        let to = value.get("to").and_then(Json::as_str).ok_or("an answer needs `to`: `service operation`")?;
        Ok(Answer { to: to.to_owned(), reply: Reply::read(value)? })
    }
}

/// A running server; it ends when dropped.
///
/// Several answers to the same call are given one after the other, and the last one again and again. What has no
/// answer gets the status 501 and the name of the call.
#[derive(Debug)]
pub struct Recording {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    answers: Mutex<BTreeMap<String, Vec<Reply>>>,
    requests: Mutex<Vec<Request>>,
    open: Mutex<Vec<TcpStream>>,
    ended: AtomicBool,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recording {
    /// Starts a server on a free port of the loopback interface.
    pub fn start(answers: &[Answer]) -> io::Result<Recording> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let mut known: BTreeMap<String, Vec<Reply>> = BTreeMap::new();
        for answer in answers.iter().rev() {
            known.entry(answer.to.clone()).or_default().push(answer.reply.clone());
        }
        let shared = Arc::new(Shared {
            answers: Mutex::new(known),
            requests: Mutex::default(),
            open: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if of_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                if let Ok(handle) = stream.try_clone() {
                    lock(&of_thread.open).push(handle);
                }
                let shared = Arc::clone(&of_thread);
                std::thread::spawn(move || {
                    // a client that goes away is not this server's matter
                    let _gone = serve(&stream, &shared);
                });
            }
        });
        Ok(Recording { address, shared, thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, in the order of their arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// The calls so far, in the order of their arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.requests().iter().map(Call::of).collect()
    }

    /// How many connections were made so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        lock(&self.shared.open).len()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for stream in lock(&self.shared.open).iter() {
            // it may be closed already
            let _closed = stream.shutdown(Shutdown::Both);
        }
        // wakes the listener
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(mut request) = http::read(&mut reader)? {
        let name = Call::of(&request).name();
        let reply = match lock(&shared.answers).get_mut(&name) {
            Some(replies) if replies.len() > 1 => replies.pop(),
            Some(replies) => replies.last().cloned(),
            None => None,
        };
        let method = request.method.clone();
        request.status = Some(reply.as_ref().map_or(501, |reply| reply.status));
        lock(&shared.requests).push(request);
        let mut stream = stream;
        match reply {
            None => http::write(&mut stream, &method, 501, &[], format!("no answer to `{name}`").as_bytes())?,
            Some(reply) => {
                std::thread::sleep(reply.delay);
                if reply.hang_up {
                    return stream.shutdown(Shutdown::Both);
                }
                http::write(&mut stream, &method, reply.status, &reply.headers, &reply.body)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn answer(text: &str) -> Answer {
        Answer::read(&Json::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn answers_come_in_their_order_on_one_connection() {
        let recording = Recording::start(&[
            answer(r#"{"to": "svc Do", "status": 503, "body": "busy"}"#),
            answer(r#"{"to": "svc Do", "body": {"ok": true}}"#),
        ])
        .unwrap();
        let mut stream = TcpStream::connect(recording.address).unwrap();
        let ask = "POST / HTTP/1.1\r\nX-Amz-Target: A.Do\r\nAuthorization: AWS4 Credential=K/1/r/svc/aws4_request, x\r\n\r\n";
        for expected in ["busy", r#"{"ok": true}"#, r#"{"ok": true}"#] {
            stream.write_all(ask.as_bytes()).unwrap();
            let mut got = vec![0; 4096];
            let mut text = String::new();
            while !text.ends_with(expected) {
                let length = stream.read(&mut got).unwrap();
                assert_ne!(length, 0, "{text}");
                text.push_str(&String::from_utf8_lossy(&got[..length]));
            }
        }
        assert_eq!(recording.connections(), 1);
        let statuses: Vec<_> = recording.calls().iter().map(|call| call.status).collect();
        assert_eq!(statuses, [Some(503), Some(200), Some(200)]);
    }
}
