//! Commands that run in a process group of their own and end with all their descendants.
//!
//! No hook runs between fork and exec, so the standard library starts the child with `posix_spawn`,
//! which does not copy the page tables of the runner.

use std::ffi::{OsStr, OsString};
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;

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
        let mut command = tokio::process::Command::new(&self.program);
        command.args(&self.arguments).envs(environment::overlay()).process_group(0);
        command.stdin(child_stdin()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::of(command.spawn()?);
        let stdout = group.child.stdout.take();
        let stderr = group.child.stderr.take();
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
    child: Child,
    running: bool,
}

impl Group {
    fn of(child: Child) -> Self {
        Group { child, running: true }
    }

    async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.running = false;
        Ok(status)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.running {
            return;
        }
        let leader = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(leader) = leader
            && let Err(error) = kill_process_group(leader, Signal::KILL)
        {
            log::debug!("cannot kill process group {leader:?}: {error}");
        }
    }
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
