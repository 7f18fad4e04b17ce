//! Commands that run in a process group of their own and end with all their descendants.
//!
//! No hook runs between fork and exec, so the standard library starts the child with `posix_spawn`,
//! which does not copy the page tables of the runner.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{self, Child, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};

use crate::environment;

/// How much of each output stream is kept unless [`Command::output_limit`] says otherwise: 16 MiB.
pub const DEFAULT_OUTPUT_LIMIT: usize = 16 * 1024 * 1024;

/// A program with its arguments, to be run with captured output.
///
/// The child inherits working directory and environment (with the [overlay](environment)). Standard
/// input is inherited too, except where it is a terminal: the child's process group is not the
/// terminal's foreground group, so reading from it would stop the child; it reads `/dev/null` then.
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    output_limit: usize,
}

/// What a finished command left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit code, or `-n` when signal `n` ended it (Python's `returncode`).
    pub status: i32,
    /// What it wrote to standard output.
    pub stdout: Captured,
    /// What it wrote to standard error.
    pub stderr: Captured,
}

/// The beginning of an output stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    /// The first bytes, at most as many as the limit.
    pub bytes: Vec<u8>,
    /// How many more there were; they were read and dropped.
    pub dropped: u64,
}

impl Command {
    /// A command without arguments. A `program` without a slash is looked up on `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Command {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            output_limit: DEFAULT_OUTPUT_LIMIT,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Keeps at most `bytes` of each output stream; what follows is drained and counted.
    pub fn output_limit(mut self, bytes: usize) -> Self {
        self.output_limit = bytes;
        self
    }

    /// Runs the command: completes when it has ended *and* every process that holds its output streams
    /// has closed them.
    ///
    /// Dropping the future before that kills the whole process group at once. After a normal end,
    /// descendants that let go of the output streams live on.
    ///
    /// # Errors
    ///
    /// The program cannot be started, or its output not be read.
    pub async fn output(&self) -> io::Result<Output> {
        let mut command = process::Command::new(&self.program);
        command.args(&self.arguments).envs(environment::overlay()).process_group(0);
        command.stdin(child_stdin()).stdout(Stdio::piped()).stderr(Stdio::piped());
        reap_orphans();
        let mut group = Group::of(command.spawn()?);
        let stdout = group.child().stdout.take().map(ChildStdout::from_std).transpose()?;
        let stderr = group.child().stderr.take().map(ChildStderr::from_std).transpose()?;
        let (stdout, stderr) =
            tokio::try_join!(capture(stdout, self.output_limit), capture(stderr, self.output_limit))?;
        // Only now is the leader reaped: as long as it was not, its number named this group and no other.
        let status = group.wait().await?;
        Ok(Output { status: returncode(status), stdout, stderr })
    }
}

/// The exit code, or `-n` when signal `n` ended the process: Python's `returncode`.
pub fn returncode(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

fn child_stdin() -> Stdio {
    if io::stdin().is_terminal() { Stdio::null() } else { Stdio::inherit() }
}

/// A running child that leads a process group; dropped before its end, the group is killed.
struct Group {
    /// Gone when it was reaped.
    child: Option<Child>,
}

impl Group {
    fn of(child: Child) -> Self {
        Group { child: Some(child) }
    }

    fn child(&mut self) -> &mut Child {
        self.child.as_mut().expect("only `wait` takes the child, and it comes last")
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        // Its streams are closed, so it is over already, or nearly always is in a moment.
        let status = match self.child().try_wait()? {
            Some(status) => status,
            None => {
                ended(pid(self.child())).await?;
                self.child().wait()?
            }
        };
        self.child = None;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(child) = self.child.take() else { return };
        let leader = pid(&child);
        if let Err(error) = kill_process_group(leader, Signal::KILL) {
            log::debug!("cannot kill process group {leader:?}: {error}");
        }
        orphans().push(child);
        reap_orphans();
    }
}

/// Stops this process until somebody lets it go on (SIGCONT).
pub fn stop_self() {
    // It fails in no way that this process could do something about.
    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::STOP);
}

/// Sees when a child ends, without reaping it.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub struct WatchedChild(tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>);

#[cfg(target_os = "linux")]
impl WatchedChild {
    /// Completes when it has ended.
    ///
    /// # Errors
    ///
    /// The runtime is shutting down.
    pub async fn ended(&self) -> io::Result<()> {
        self.0.readable().await?.retain_ready();
        Ok(())
    }
}

/// Takes hold of a child to see when it ends.
///
/// # Errors
///
/// The kernel does not tell.
#[cfg(target_os = "linux")]
pub fn watch_child(child: &Child) -> io::Result<WatchedChild> {
    watched(pid(child)).map(WatchedChild)
}

/// Completes when the child of that number has ended; it is not reaped.
#[cfg(target_os = "linux")]
async fn ended(child: Pid) -> io::Result<()> {
    watched(child)?.readable().await?.retain_ready();
    Ok(())
}

#[cfg(target_os = "linux")]
fn watched(child: Pid) -> io::Result<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>> {
    use rustix::process::{PidfdFlags, pidfd_open};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    let child = pidfd_open(child, PidfdFlags::NONBLOCK)?;
    #[allow(unsafe_code)]
    // SAFETY: an `OwnedFd` names one open descriptor, the same until it is dropped.
    let child = unsafe { AsyncFd::register_with_interest(child, Interest::READABLE) }?;
    Ok(child)
}

/// Completes when the child of that number may have ended.
#[cfg(not(target_os = "linux"))]
async fn ended(_child: Pid) -> io::Result<()> {
    // The streams are closed: what is left takes a moment, for which the caller may block.
    tokio::task::yield_now().await;
    Ok(())
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Killed children whose end was not seen yet: a process in the middle of a system call may take its time.
fn orphans() -> MutexGuard<'static, Vec<Child>> {
    static ORPHANS: Mutex<Vec<Child>> = Mutex::new(Vec::new());
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reap_orphans() {
    orphans().retain_mut(|child| matches!(child.try_wait(), Ok(None)));
}

/// Reads a stream to its end, keeping at most `limit` bytes.
async fn capture(stream: Option<impl AsyncRead + Unpin>, limit: usize) -> io::Result<Captured> {
    let mut captured = Captured::default();
    let Some(mut stream) = stream else { return Ok(captured) };
    while captured.bytes.len() < limit {
        let room = (limit - captured.bytes.len()).min(64 * 1024);
        captured.bytes.reserve(room.min(8 * 1024));
        if (&mut stream).take(room as u64).read_buf(&mut captured.bytes).await? == 0 {
            return Ok(captured);
        }
    }
    let mut rest = vec![0; 64 * 1024];
    loop {
        match stream.read(&mut rest).await? {
            0 => return Ok(captured),
            read => captured.dropped += read as u64,
        }
    }
}
