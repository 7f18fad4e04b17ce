//! Accounts on moto, a stand-in for AWS on this machine.
//!
//! One server process makes the account ready once, and a child of it is forked for whoever asks: a fresh
//! account costs a fraction of a second. Test processes share the server; it ends by itself when nobody has had
//! an account for a while. `compat/aws/moto` holds its code.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::case;
use crate::json::{Json, Members};
use crate::reference::{self, ReferenceError};

use super::call::Request;

/// Names a venv that holds moto already.
pub const VENV_VARIABLE: &str = "SQUALL_MOTO_VENV";

/// How long the server may need to make the account ready.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often it is looked whether it is.
const TICK: Duration = Duration::from_millis(20);

/// How long an account may need for an answer.
const ANSWER: Duration = Duration::from_secs(60);

/// The region that the account's resources are in.
pub const REGION: &str = "us-east-1";

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum MotoError {
    /// The venv with moto is not at hand.
    #[error(transparent)]
    Venv(#[from] ReferenceError),
    /// The named venv has no interpreter.
    #[error(
        "`{VENV_VARIABLE}` is `{0}`, which has no `bin/python`; name a venv that holds moto, or unset it"
    )]
    NotThere(PathBuf),
    /// A file, a process or a socket failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The server did not become ready.
    #[error("the moto server did not start; it said:\n{0}")]
    Dead(String),
    /// The server said what it does not say.
    #[error("the moto server answered `{0}`")]
    Answer(String),
}

fn failed(what: impl Into<String>) -> impl FnOnce(io::Error) -> MotoError {
    let what = what.into();
    move |source| MotoError::Io { what, source }
}

/// The venv with moto. It is made under `target/compat/moto` from `compat/aws/requirements.txt` unless
/// [`VENV_VARIABLE`] names one.
pub fn venv() -> Result<PathBuf, MotoError> {
    if let Some(named) = std::env::var_os(VENV_VARIABLE) {
        let named = PathBuf::from(named);
        return if named.join("bin/python").exists() { Ok(named) } else { Err(MotoError::NotThere(named)) };
    }
    Ok(reference::installed("moto", &case::home().join("aws/requirements.txt"))?)
}

/// A fresh account with the resources of `compat/aws/moto/account.py`, at an address of its own. It ends when
/// dropped.
#[derive(Debug)]
pub struct Account {
    line: Mutex<BufReader<UnixStream>>,
    url: String,
    names: Vec<(String, String)>,
}

impl Account {
    /// Opens an account; the first one of a test run waits for the server.
    pub fn open() -> Result<Account, MotoError> {
        let server = Server::find()?;
        let start = Instant::now();
        loop {
            if let Some(account) = server.ask()? {
                return Ok(account);
            }
            if start.elapsed() > PATIENCE {
                return Err(MotoError::Dead(server.said()));
            }
            server.provide()?;
        }
    }

    /// `http://127.0.0.1:<port>`, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The names that the account gives to the ids of its resources.
    #[must_use]
    pub fn names(&self) -> &[(String, String)] {
        &self.names
    }

    /// The id that the account calls by `name`.
    #[must_use]
    pub fn name(&self, name: &str) -> Option<&str> {
        self.names.iter().find(|(known, _)| known == name).map(|(_, id)| id.as_str())
    }

    /// The requests since the account was opened, or this was asked last, in the order of their arrival.
    pub fn requests(&self) -> Result<Vec<Request>, MotoError> {
        let answer = self.ask(&Json::Object(vec![("trace".to_owned(), Json::Bool(true))]))?;
        let requests = answer.as_array().map(|items| items.iter().map(Request::read).collect());
        requests.flatten().ok_or_else(|| MotoError::Answer(answer.to_string()))
    }

    /// Calls an operation with boto3, by its name there (`stop_instances`), and gives what it gives. It is not
    /// among the [requests](Account::requests).
    pub fn call(&self, service: &str, operation: &str, arguments: Json) -> Result<Json, MotoError> {
        let call = vec![
            ("service".to_owned(), Json::text(service)),
            ("operation".to_owned(), Json::text(operation)),
            ("arguments".to_owned(), arguments),
        ];
        let answer = self.ask(&Json::Object(vec![("call".to_owned(), Json::Object(call))]))?;
        answer.get("result").cloned().ok_or_else(|| MotoError::Answer(answer.to_string()))
    }

    fn ask(&self, question: &Json) -> Result<Json, MotoError> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answer = String::new();
        writeln!(line.get_mut(), "{question}")
            .and_then(|()| line.read_line(&mut answer))
            .map_err(failed("the account does not answer"))?;
        Json::parse(&answer).map_err(|_| MotoError::Answer(answer))
    }
}

/// The server that all test processes of this source tree share.
struct Server {
    python: PathBuf,
    code: PathBuf,
    socket: PathBuf,
    lock: PathBuf,
    log: PathBuf,
}

impl Server {
    fn find() -> Result<Server, MotoError> {
        let python = venv()?.join("bin/python");
        let code = case::home().join("aws/moto/server.py");
        let mut identity = python.display().to_string();
        for file in ["server.py", "account.py"] {
            let path = code.with_file_name(file);
            identity +=
                &fs::read_to_string(&path).map_err(failed(format!("cannot read `{}`", path.display())))?;
        }
        // the path of a socket may have about a hundred bytes, which a folder of the tree may exceed
        let name = format!(
            "squall-moto-{}-{:016x}",
            rustix::process::getuid().as_raw(),
            super::normal::hash(&identity)
        );
        let socket = std::env::temp_dir().join(format!("{name}.sock"));
        let folder = reference::target().join("compat");
        fs::create_dir_all(&folder).map_err(failed(format!("cannot make `{}`", folder.display())))?;
        Ok(Server {
            python,
            code,
            lock: socket.with_extension("lock"),
            log: folder.join(format!("{name}.log")),
            socket,
        })
    }

    /// A fresh account; nothing where no server answers.
    fn ask(&self) -> Result<Option<Account>, MotoError> {
        let Ok(stream) = UnixStream::connect(&self.socket) else { return Ok(None) };
        stream.set_read_timeout(Some(ANSWER)).map_err(failed("cannot prepare a socket"))?;
        let mut line = BufReader::new(stream);
        let mut hello = String::new();
        // a server that is about to end takes connections until it has ended
        if line.read_line(&mut hello).is_err() || hello.is_empty() {
            return Ok(None);
        }
        let wrong = || MotoError::Answer(hello.clone());
        let hello = Json::parse(&hello).map_err(|_| wrong())?;
        let port = hello.get("port").and_then(Json::as_int).ok_or_else(wrong)?;
        let names: &Members = hello.get("names").and_then(Json::as_object).ok_or_else(wrong)?;
        let names = names.iter().filter_map(|(name, id)| Some((name.clone(), id.as_str()?.to_owned())));
        Ok(Some(Account {
            url: format!("http://127.0.0.1:{port}"),
            names: names.collect(),
            line: Mutex::new(line),
        }))
    }

    /// Starts the server where there is none, and waits until it is ready. Who comes second waits for the one
    /// that starts it.
    fn provide(&self) -> Result<(), MotoError> {
        let cannot = |path: &Path| failed(format!("cannot make `{}`", path.display()));
        let lock = File::create(&self.lock).map_err(cannot(&self.lock))?;
        lock.lock().map_err(cannot(&self.lock))?;
        if UnixStream::connect(&self.socket).is_ok() {
            return Ok(());
        }
        let log = File::create(&self.log).map_err(cannot(&self.log))?;
        let mut child = Command::new(&self.python)
            .arg("-B")
            .arg(&self.code)
            .arg(&self.socket)
            .env("PYTHONHASHSEED", "0")
            .env("HOME", std::env::temp_dir())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .map_err(failed(format!("cannot start `{}`", self.python.display())))?;
        let start = Instant::now();
        while UnixStream::connect(&self.socket).is_err() {
            let ended = child.try_wait().map_err(failed("cannot wait for the moto server"))?.is_some();
            if ended || start.elapsed() > PATIENCE {
                end(child);
                return Err(MotoError::Dead(self.said()));
            }
            std::thread::sleep(TICK);
        }
        // it outlives this process, or is reaped when it ends before
        std::thread::spawn(move || child.wait());
        Ok(())
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn end(mut child: Child) {
    // it may have ended already
    let _ended = child.kill();
    let _reaped = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_alike_and_apart() {
        let (one, other) = (Account::open().unwrap(), Account::open().unwrap());
        assert_ne!(one.url(), other.url());
        assert_eq!(one.name("web_a"), other.name("web_a"));
        let arguments = |id: &str| Json::parse(&format!(r#"{{"InstanceIds": ["{id}"]}}"#)).unwrap();
        let id = one.name("web_a").unwrap();
        one.call("ec2", "stop_instances", arguments(id)).unwrap();
        let state =
            |account: &Account| account.call("ec2", "describe_instances", arguments(id)).unwrap().to_string();
        assert!(state(&one).contains(r#""Name": "stopped""#));
        assert!(state(&other).contains(r#""Name": "running""#));
        assert!(one.requests().unwrap().is_empty());
    }
}
