//! Doubles of the places that AWS credentials come from, on the loopback interface, and the built program asked
//! who it is.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test program uses its part; a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub target: String,
    /// By lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The id of the key that signed it.
    pub fn key(&self) -> &str {
        let credential = self.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
        credential.split('/').next().unwrap_or_default()
    }

    /// The operation of the query protocol.
    pub fn action(&self) -> &str {
        let action = self.body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        action.unwrap_or_default()
    }
}

/// What wraps a connection: TLS, or nothing.
type Wrap = dyn Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync;

pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A server that answers by what it was asked; its threads end with the test's process.
pub struct Double {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Double {
    /// Answers with a status and a body.
    pub fn start(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Double {
        Double::wrapped(answer, |stream| Some(Box::new(stream)))
    }

    /// The same over whatever `wrap` makes of a connection.
    pub fn wrapped(
        answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static,
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let kept = Arc::clone(&seen);
        let (answer, wrap): (Arc<_>, Arc<Wrap>) = (Arc::new(answer), Arc::new(wrap));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, wrap, kept) = (Arc::clone(&answer), Arc::clone(&wrap), Arc::clone(&kept));
                thread::spawn(move || {
                    let mut stream = wrap(stream)?;
                    let request = read(&mut stream)?;
                    kept.lock().unwrap().push(request.clone());
                    let (status, body) = answer(&request);
                    // What a token of the instance metadata service is worth goes with it.
                    let head = format!(
                        "HTTP/1.1 {status} Status\r\ncontent-length: {}\r\nconnection: close\r\n\
                         x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n\r\n",
                        body.len()
                    );
                    stream.write_all((head + &body).as_bytes()).ok()?;
                    stream.flush().ok()
                });
            }
        });
        Double { address, seen }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Methods and targets, without the question who is calling.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.seen();
        let asked = asked.iter().filter(|seen| seen.action() != "GetCallerIdentity");
        asked.map(|seen| format!("{} {}{}", seen.method, seen.target, seen.action())).collect()
    }
}

fn read(stream: &mut Box<dyn Stream>) -> Option<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen { method, target, headers, body: String::from_utf8(body).unwrap() })
}

/// STS: says which key called, and gives the keys of roles.
pub fn sts(seen: &Seen) -> Option<(u16, String)> {
    let answer = |action: &str, result: &str| {
        format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
    };
    match seen.action() {
        action @ "GetCallerIdentity" => {
            let who = format!("<Arn>{}</Arn><UserId>u</UserId><Account>1</Account>", seen.key());
            Some((200, answer(action, &who)))
        }
        action @ ("AssumeRole" | "AssumeRoleWithWebIdentity") => {
            let keys = format!(
                "<Credentials><AccessKeyId>{action}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
                 <SessionToken>t</SessionToken><Expiration>{LATE}</Expiration></Credentials>"
            );
            Some((200, answer(action, &keys)))
        }
        _ => None,
    }
}

/// A time that no test lives to see.
pub const LATE: &str = "2099-01-01T00:00:00Z";

/// What came of asking who is calling.
#[derive(Debug)]
pub struct Outcome {
    /// The outputs of the activities: ids of keys.
    pub keys: Vec<Value>,
    /// The last line of the first activity's exception.
    pub exception: String,
    /// The log.
    pub log: String,
}

/// A folder with the shared files, from which the built program is started.
pub struct Home(tempfile::TempDir);

impl Home {
    pub fn new() -> Home {
        Home(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file below the folder, and gives its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Asks `times` times who is calling, in one run, with these variables and nothing else of AWS.
    pub fn who(&self, times: usize, variables: &[(&str, &str)]) -> Outcome {
        let probe = json!({
            "type": "probe",
            "name": "who",
            "provider": {"type": "aws", "service": "sts", "operation": "get_caller_identity", "query": "Arn"},
        });
        let experiment = json!({
            "version": "1.0.0", "title": "Who?", "description": "Who is calling?", "method": vec![probe; times],
        });
        self.file("who.json", &experiment.to_string());
        let output = Command::new(env!("CARGO_BIN_EXE_squall"))
            .args(["--no-log-file", "run", "who.json"])
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("AWS_REGION", "eu-west-3")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let log = String::from_utf8_lossy(&output.stderr).into_owned();
        let journal =
            fs::read_to_string(self.path().join("journal.json")).unwrap_or_else(|_| panic!("{log}"));
        let journal: Value = serde_json::from_str(&journal).unwrap();
        let runs = journal["run"].as_array().unwrap();
        let last = runs[0]["exception"].as_array().and_then(|lines| lines.last());
        Outcome {
            keys: runs.iter().map(|run| run["output"].clone()).collect(),
            exception: last.and_then(Value::as_str).unwrap_or_default().trim().to_owned(),
            log,
        }
    }

    /// The id of the key with which calls are signed.
    pub fn key(&self, variables: &[(&str, &str)]) -> String {
        let outcome = self.who(1, variables);
        let key = outcome.keys[0].as_str();
        key.unwrap_or_else(|| panic!("{}", outcome.log)).to_owned()
    }
}
