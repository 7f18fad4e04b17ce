//! Answering questions for names in the place of name servers: some names do not exist, fail or stay without an answer;
//! the others are asked for where they were to be asked for.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::marked;

use super::Work;
use crate::network::place::Space;

/// How long a name server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many questions are looked after at once; more of them stay without an answer, as with a busy server.
const MOST: usize = 256;
/// The longest message.
const LONGEST: usize = 65_535;

/// What chosen names get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// That they do not exist.
    Nxdomain,
    /// That something went wrong.
    Servfail,
    /// Nothing.
    Silence,
}

/// Answers questions for names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Names {
    /// Where.
    pub space: Option<Space>,
    /// The mark of our own questions, which are not redirected to us.
    pub mark: u32,
    /// The name servers in whose place it answers.
    pub servers: Vec<IpAddr>,
    /// The names, in small letters, without a dot at the end; those below them as well. All, where it is empty.
    pub names: Vec<String>,
    /// What they get.
    pub answer: Answer,
}

#[derive(Debug, Default)]
struct Counts {
    hit: AtomicU64,
    passed: AtomicU64,
    busy: AtomicUsize,
}

impl Names {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let told = |why: &dyn std::fmt::Display| FaultError::new(format!("names cannot be answered: {why}"));
        let space = match &self.space {
            Some(space) => space.open()?,
            None => None,
        };
        let space = space.ok_or_else(|| told(&"the network namespace is gone"))?;
        let job = Arc::new(self);
        let counts = Arc::new(Counts::default());
        let mut ports = BTreeMap::new();
        for server in &job.servers {
            let bound = space.within(|| bind(*server)).and_then(|bound| bound);
            let (udp, tcp, port) = bound.map_err(|error| told(&error))?;
            ports.insert(server.to_string(), port);
            let place = space.path().to_owned();
            for way in [Listening::Udp(udp), Listening::Tcp(tcp)] {
                let one = One {
                    job: Arc::clone(&job),
                    counts: Arc::clone(&counts),
                    server: SocketAddr::new(*server, 53),
                };
                // Sockets to name servers are opened in the namespace as well: the thread stays in it.
                let inside = squall_os::netspace::Netspace::open(&place).map_err(|error| told(&error))?;
                let serve = move || inside.within(|| way.serve(&one));
                std::thread::Builder::new().spawn(serve).map_err(|error| told(&error))?;
            }
        }
        Ok(Box::new(Serving { counts, ports }))
    }

    /// Whether a name is one of those.
    fn is_hit(&self, name: &str) -> bool {
        let below = |of: &String| {
            name == of || name.strip_suffix(of.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        self.names.is_empty() || self.names.iter().any(below)
    }
}

/// Sockets on this host at one port for both protocols.
fn bind(server: IpAddr) -> io::Result<(UdpSocket, TcpListener, u16)> {
    let own: IpAddr = if server.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let mut last = io::Error::other("no port is free");
    for _ in 0..50 {
        let udp = UdpSocket::bind((own, 0))?;
        let port = udp.local_addr()?.port();
        match TcpListener::bind((own, port)) {
            Ok(tcp) => return Ok((udp, tcp, port)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

enum Listening {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

/// What looks after the questions for one server.
#[derive(Clone)]
struct One {
    job: Arc<Names>,
    counts: Arc<Counts>,
    server: SocketAddr,
}

impl Listening {
    fn serve(self, one: &One) {
        match self {
            Listening::Udp(socket) => {
                let mut buffer = vec![0; LONGEST];
                // an error is that of a caller who is gone, and no reason to end
                loop {
                    let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
                    let (Some(question), Ok(socket)) = (buffer.get(..length), socket.try_clone()) else {
                        continue;
                    };
                    let question = question.to_vec();
                    one.aside(move |one| {
                        if let Some(answer) = one.answer(&question, One::ask_by_udp) {
                            let _ = socket.send_to(&answer, from);
                        }
                    });
                }
            }
            Listening::Tcp(listener) => {
                for stream in listener.incoming().flatten() {
                    one.aside(move |one| {
                        let _ = one.converse(stream);
                    });
                }
            }
        }
    }
}

impl One {
    /// Does work in a thread of its own, in this thread's namespace, unless there are too many.
    fn aside(&self, work: impl FnOnce(&One) + Send + 'static) {
        let one = self.clone();
        if self.counts.busy.fetch_add(1, Ordering::Relaxed) >= MOST {
            self.counts.busy.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let started = std::thread::Builder::new().spawn(move || {
            work(&one);
            one.counts.busy.fetch_sub(1, Ordering::Relaxed);
        });
        if started.is_err() {
            self.counts.busy.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn converse(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        loop {
            let question = receive(&mut stream)?;
            if let Some(answer) = self.answer(&question, One::ask_by_tcp) {
                send(&mut stream, &answer)?;
            }
        }
    }

    /// The answer, if there is one.
    fn answer(&self, question: &[u8], ask: fn(&One, &[u8]) -> io::Result<Vec<u8>>) -> Option<Vec<u8>> {
        match asked(question) {
            Some((name, end)) if self.job.is_hit(&name) => {
                self.counts.hit.fetch_add(1, Ordering::Relaxed);
                match self.job.answer {
                    Answer::Nxdomain => Some(reply(question, end, 3)),
                    Answer::Servfail => Some(reply(question, end, 2)),
                    Answer::Silence => None,
                }
            }
            _ => {
                self.counts.passed.fetch_add(1, Ordering::Relaxed);
                ask(self, question).ok()
            }
        }
    }

    fn ask_by_udp(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        let socket = marked::udp(self.server, self.job.mark, PATIENCE)?;
        socket.send(question)?;
        let mut buffer = vec![0; LONGEST];
        let length = socket.recv(&mut buffer)?;
        buffer.truncate(length);
        Ok(buffer)
    }

    fn ask_by_tcp(&self, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut stream = marked::tcp(self.server, self.job.mark, PATIENCE)?;
        send(&mut stream, question)?;
        receive(&mut stream)
    }
}

fn receive(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut message)?;
    Ok(message)
}

fn send(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    let mut bytes = length.to_be_bytes().to_vec();
    bytes.extend_from_slice(message);
    stream.write_all(&bytes)
}

/// The name that a message asks for, in small letters, and where its question ends (RFC 1035, 4.1).
fn asked(message: &[u8]) -> Option<(String, usize)> {
    // a question, and exactly one
    if message.get(2)? & 0x80 != 0 || message.get(4..6)? != [0, 1] {
        return None;
    }
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1;
        match length {
            0 => break,
            // nothing stands before the name that it could point at
            64.. => return None,
            _ => labels.push(String::from_utf8_lossy(message.get(at..at + length)?).to_ascii_lowercase()),
        }
        at += length;
    }
    // its type and class
    message.get(at..at + 4)?;
    Some((labels.join("."), at + 4))
}

/// An answer that says only how it went.
fn reply(question: &[u8], end: usize, code: u8) -> Vec<u8> {
    let mut answer = question[..end].to_vec();
    // an answer, to the same kind of question, recursion as it was asked for
    answer[2] = 0x80 | (answer[2] & 0x79);
    // recursion is to be had
    answer[3] = 0x80 | code;
    // no answers, no authorities, nothing besides
    answer[6..12].fill(0);
    answer
}

struct Serving {
    counts: Arc<Counts>,
    ports: BTreeMap<String, u16>,
}

impl Work for Serving {
    fn report(&mut self) -> Json {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "ports": self.ports,
            "questions_hit": count(&self.counts.hit),
            "questions_passed": count(&self.counts.passed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question for the address of `Redis.Example`.
    const QUESTION: &[u8] =
        b"\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\x05Redis\x07Example\0\0\x01\0\x01\0\0\x29\x10\0\0\0\0\0\0\0";

    #[test]
    fn questions_are_read_and_torn_ones_are_none() {
        assert_eq!(asked(QUESTION), Some(("redis.example".to_owned(), 31)));
        for length in 0..31 {
            assert_eq!(asked(&QUESTION[..length]), None, "{length}");
        }
        let mut pointing = QUESTION.to_vec();
        pointing[12] = 0xc0;
        assert_eq!(asked(&pointing), None);
    }

    #[test]
    fn an_answer_keeps_the_question_and_says_how_it_went() {
        let answer = reply(QUESTION, 31, 3);
        assert_eq!(&answer[..12], b"\x12\x34\x81\x83\0\x01\0\0\0\0\0\0");
        assert_eq!(&answer[12..], &QUESTION[12..31]);
    }

    #[test]
    fn names_below_are_hit_and_others_that_end_alike_are_not() {
        let names = vec!["example.com".to_owned()];
        let job = Names { space: None, mark: 0, servers: Vec::new(), names, answer: Answer::Nxdomain };
        assert!(job.is_hit("example.com") && job.is_hit("a.b.example.com"));
        assert!(!job.is_hit("anexample.com") && !job.is_hit("com"));
    }
}
