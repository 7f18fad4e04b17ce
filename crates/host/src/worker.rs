//! Processes of our own that make load or hold something. A worker is started before its fault is recorded and waits;
//! it begins when it is told to, and ends with whoever started it: by the end of its socket, and by the kernel.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;
use squall_model::Value;
use squall_os::outlive;

use crate::jobs::Job;
use crate::undo::{EndWorker, Undo, identity};

/// The word on the command line that makes this program a worker.
pub const WORD: &str = "--worker";

/// How long a worker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long it may take to be gone when it is killed, where its job says nothing else.
pub const GONE: Duration = Duration::from_millis(900);

/// What a worker is told first.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    /// The process that it ends with.
    parent: u32,
    job: Job,
}

/// A worker's answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// It waits to begin.
    Ready,
    /// It does what it is to do.
    Running,
    /// What it did so far.
    Report(Json),
    /// It cannot.
    Failed(String),
}

/// A worker, as its owner sees it. Dropping it ends it.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    socket: BufReader<Socket>,
    gone: Duration,
}

impl Worker {
    /// Starts a worker that waits to begin; `gone` is how long it may take to be gone once it is killed.
    ///
    /// # Errors
    /// It cannot be started, or its job is none for this host.
    pub fn start(job: Job, gone: Duration) -> Result<Self, FaultError> {
        let started = outlive::start(&[WORD])
            .map_err(|error| FaultError::new(format!("a worker cannot be started: {error}")))?;
        let mut worker =
            Worker { child: started.child, socket: BufReader::new(Socket(started.socket)), gone };
        let order = Order { parent: std::process::id(), job };
        worker.say(&serde_json::to_string(&order).unwrap_or_default())?;
        match worker.answer(PATIENCE)? {
            Answer::Ready => Ok(worker),
            other => Err(unexpected(&other)),
        }
    }

    /// What ends it, for the ledger.
    ///
    /// # Errors
    /// It is gone already.
    pub fn undo(&self) -> Result<Undo, FaultError> {
        let worker = identity(self.child.id())?;
        let patience_millis = u64::try_from(self.gone.as_millis()).unwrap_or(u64::MAX);
        Ok(Undo::EndWorker(EndWorker { worker, patience_millis }))
    }

    /// Makes it begin; returns when it does what it is to do, for which it has so long.
    ///
    /// # Errors
    /// It cannot.
    pub fn go(&mut self, patience: Duration) -> Result<(), FaultError> {
        self.say("go")?;
        match self.answer(patience)? {
            Answer::Running => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Whether it is there and answers, and what it did so far.
    ///
    /// # Errors
    /// It is gone, or does not answer.
    pub fn report(&mut self) -> Result<Json, FaultError> {
        if let Ok(Some(_)) = self.child.try_wait() {
            return Err(self.ended());
        }
        self.say("report")?;
        match self.answer(PATIENCE)? {
            Answer::Report(report) => Ok(report),
            other => Err(unexpected(&other)),
        }
    }

    /// How it ended, after its socket did.
    fn ended(&mut self) -> FaultError {
        let end = Instant::now() + GONE;
        let status = loop {
            match self.child.try_wait() {
                // what it held is being freed
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                Ok(Some(status)) => break status.to_string(),
                _ => break "nobody can tell how".to_owned(),
            }
        };
        FaultError::new(format!("the worker ended ({status})"))
            .help("was it killed for want of memory? `dmesg` tells")
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn say(&mut self, line: &str) -> Result<(), FaultError> {
        let sent = self.socket.get_mut().write_all(format!("{line}\n").as_bytes());
        sent.map_err(|error| FaultError::new(format!("the worker does not listen: {error}")))
    }

    fn answer(&mut self, patience: Duration) -> Result<Answer, FaultError> {
        let gone =
            |why: &dyn std::fmt::Display| FaultError::new(format!("the worker does not answer: {why}"));
        let millis = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        if self.socket.buffer().is_empty() {
            match outlive::readable(&self.socket.get_ref().0, Some(millis)) {
                Ok(true) => {}
                Ok(false) => return Err(gone(&format_args!("nothing within {patience:?}"))),
                Err(error) => return Err(gone(&error)),
            }
        }
        let mut line = String::new();
        self.socket.read_line(&mut line).map_err(|error| gone(&error))?;
        if line.is_empty() {
            return Err(self.ended());
        }
        serde_json::from_str(&line).map_err(|error| gone(&error))
    }
}

/// What a worker did so far, for an activity's output; null where it does not answer.
pub fn told(worker: Option<&mut Worker>) -> Value {
    let report = worker.and_then(|worker| worker.report().ok());
    report.and_then(|report| squall_model::json::parse(&report.to_string()).ok()).unwrap_or(Value::Null)
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Whoever undid the fault has killed it. Where nobody did, it must not stay either.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unexpected(answer: &Answer) -> FaultError {
    match answer {
        Answer::Failed(why) => FaultError::new(why.clone()),
        other => FaultError::new(format!("the worker answered {other:?}")),
    }
}

#[derive(Debug)]
struct Socket(OwnedFd);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        outlive::read(&self.0, buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        outlive::write(&self.0, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Is a worker: until its socket ends.
///
/// # Errors
/// It cannot talk to who started it; there is nobody to tell.
pub fn be_one() -> io::Result<()> {
    let input = io::stdin();
    let mut lines = input.lock().lines();
    let mut answer = {
        let mut socket = outlive::standard_input()?;
        move |answer: &Answer| {
            let line = serde_json::to_string(answer).unwrap_or_default() + "\n";
            socket.write_all(line.as_bytes())
        }
    };
    let Some(order) = lines.next().transpose()? else { return Ok(()) };
    let order: Order = serde_json::from_str(&order).map_err(io::Error::other)?;
    outlive::end_with_parent(order.parent)?;
    answer(&Answer::Ready)?;
    if lines.next().transpose()?.as_deref() != Some("go") {
        return Ok(());
    }
    let mut work = match order.job.begin() {
        Ok(work) => work,
        Err(error) => return answer(&Answer::Failed(error.to_string())),
    };
    answer(&Answer::Running)?;
    while let Some(_question) = lines.next().transpose()? {
        answer(&Answer::Report(work.report()))?;
    }
    Ok(())
}
