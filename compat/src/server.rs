//! A small HTTP server for the cases that talk to one: answers what the case says, remembers what
//! it was asked. One connection a request, on a free loopback port.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::json::{Json, Members};

/// What is answered at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) hang_up: bool,
}

impl Reply {
    /// Reads the reply of a case: `status` (200), `headers` (a list gives a header several times),
    /// `body` (a text, or a structure that is sent as JSON), `bytes` (a body of numbers),
    /// `delay_ms`, `hang_up` (close without an answer). Unless `headers` names a content type it is
    /// `application/json` for structures and `text/plain` for texts; `Content-Type: null` sends none.
    pub fn read(value: &Json) -> Result<Reply, String> {
        let mut body = Vec::new();
        let mut kind = "text/plain";
        match value.get("body") {
            None => {}
            Some(Json::String(text)) => body = text.clone().into_bytes(),
            Some(structure) => {
                kind = "application/json";
                body = structure.to_string().into_bytes();
            }
        }
        for byte in value.get("bytes").and_then(Json::as_array).into_iter().flatten() {
            body.push(
                byte.as_int().and_then(|n| n.try_into().ok()).ok_or("`bytes` must be numbers up to 255")?,
            );
        }
        let mut headers = Vec::new();
        let mut typed = false;
        for (name, value) in value.get("headers").and_then(Json::as_object).into_iter().flatten() {
            typed |= name.eq_ignore_ascii_case("content-type");
            match value {
                Json::Null => {}
                Json::Array(values) => {
                    headers
                        .extend(values.iter().filter_map(|v| Some((name.clone(), v.as_str()?.to_owned()))));
                }
                value => {
                    headers.push((name.clone(), value.as_str().ok_or("a header must be a text")?.to_owned()))
                }
            }
        }
        if !typed {
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        let number = |key: &str| value.get(key).and_then(Json::as_int);
        Ok(Reply {
            status: number("status").unwrap_or(200).try_into().map_err(|_| "bad `status`")?,
            headers,
            body,
            delay: Duration::from_millis(number("delay_ms").unwrap_or(0).unsigned_abs()),
            hang_up: value.get("hang_up").and_then(Json::as_bool).unwrap_or(false),
        })
    }
}

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Json>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server with these answers; other paths answer with an echo of the request.
    pub fn start(replies: BTreeMap<String, Reply>) -> std::io::Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (requests, ended, replies) = (Arc::clone(&seen), Arc::clone(&stop), Arc::new(replies));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (replies, requests) = (Arc::clone(&replies), Arc::clone(&requests));
                std::thread::spawn(move || {
                    // a client that goes away in the middle is a part of some cases
                    let _gone = serve(stream, &replies, &requests);
                });
            }
        });
        Ok(Server { address, seen, stop, thread: Some(thread) })
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far, in the order of their arrival.
    #[must_use]
    pub fn seen(&self) -> Vec<Json> {
        lock(&self.seen).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // wakes the listener
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn lock(seen: &Mutex<Vec<Json>>) -> MutexGuard<'_, Vec<Json>> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    mut stream: TcpStream,
    replies: &BTreeMap<String, Reply>,
    seen: &Mutex<Vec<Json>>,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(());
    }
    let mut words = line.split_whitespace();
    let (method, target) =
        (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = Members::new();
    let mut length = 0;
    let mut chunked = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        match name.as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "transfer-encoding" => chunked = true,
            "content-type" | "authorization" | "accept" => headers.push((name, Json::String(value))),
            _ if name.starts_with("x-") => headers.push((name, Json::String(value))),
            _ => {}
        }
    }
    let body = if chunked { read_chunks(&mut reader)? } else { read_exactly(&mut reader, length)? };
    headers.sort_by(|a, b| a.0.cmp(&b.0));
    let request = Json::Object(vec![
        ("method".to_owned(), Json::text(&method)),
        ("target".to_owned(), Json::text(&target)),
        ("headers".to_owned(), Json::Object(headers)),
        ("body".to_owned(), Json::text(String::from_utf8_lossy(&body))),
    ]);
    lock(seen).push(request.clone());
    let path = target.split('?').next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let echo = || Reply {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: request.to_string().into_bytes(),
        delay: Duration::ZERO,
        hang_up: false,
    };
    let reply = replies.get(path).cloned().unwrap_or_else(echo);
    std::thread::sleep(reply.delay);
    if reply.hang_up {
        return stream.shutdown(Shutdown::Both);
    }
    let mut head = format!("HTTP/1.1 {} Reply\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let bodiless = reply.status == 204 || reply.status == 304;
    if !bodiless {
        head.push_str(&format!("Content-Length: {}\r\n", reply.body.len()));
    }
    head.push_str("Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" && !bodiless {
        stream.write_all(&reply.body)?;
    }
    stream.shutdown(Shutdown::Write)
}

fn read_exactly(reader: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    let mut body = vec![0; length.min(1 << 24)];
    reader.read_exact(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        body.extend(read_exactly(reader, size)?);
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(server: &Server, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn declared_paths_answer_and_others_echo() {
        let reply = Reply::read(
            &Json::parse(r#"{"status": 503, "body": [1], "headers": {"X-A": ["1", "2"]}}"#).unwrap(),
        );
        let server = Server::start(BTreeMap::from([("/busy".to_owned(), reply.unwrap())])).unwrap();
        let answer = ask(&server, "GET /busy?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains("X-A: 1\r\nX-A: 2\r\nContent-Type: application/json\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n[1]"), "{answer}");
        let echo = ask(&server, "POST /else HTTP/1.1\r\nX-Q: q\r\nContent-Length: 2\r\n\r\nhi");
        assert!(
            echo.ends_with(r#"{"method": "POST", "target": "/else", "headers": {"x-q": "q"}, "body": "hi"}"#),
            "{echo}"
        );
        assert_eq!(server.seen().len(), 2);
    }
}
