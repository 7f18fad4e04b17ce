//! Processes of our own that outlive this one, or end with it.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal, setsid};

/// This program, as it was started: not what stands under its name by now.
const SELF: &str = "/proc/self/exe";

/// A process that this program started from itself, with a socket to it.
#[derive(Debug)]
pub struct Companion {
    /// The process. It is not ended by dropping this.
    pub child: Child,
    /// Our end; the other is its standard input. Closed when this process ends, however it ends.
    pub socket: OwnedFd,
}

/// Starts this program once more. Its standard input is a socket to us; it has no other output than that. It must
/// [stand apart](stand_apart) first of all.
///
/// # Errors
/// It cannot be started.
pub fn start(words: &[&str]) -> io::Result<Companion> {
    let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    let mut command = Command::new(SELF);
    command.args(words).stdin(Stdio::from(theirs)).stdout(Stdio::null()).stderr(Stdio::null());
    // Not in the folder of ours: it could not be unmounted or removed as long as the other process lives.
    let child = command.current_dir("/").spawn()?;
    Ok(Companion { child, socket: ours })
}

/// Makes this process end with the one that started it: the kernel kills it then. `parent` is who that was; if it
/// is gone already, so should this process be, and this is an error.
///
/// # Errors
/// The parent is gone, or the kernel does not do that.
pub fn end_with_parent(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = i32::try_from(parent).ok().and_then(Pid::from_raw);
    if getppid() == parent { Ok(()) } else { Err(io::Error::other("the parent process is gone")) }
}

/// The number of the process that started this one; `None` when it is gone and this one was given to another.
pub fn parent() -> Option<u32> {
    getppid().and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
}

/// What a process that must survive was granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// It is the last that the kernel kills when memory runs out.
    pub from_oom: bool,
    /// Its pages stay in memory.
    pub locked: bool,
}

/// Gives this process a session of its own: a terminal's Ctrl-C does not reach it, and the kernel does not wake it when
/// the one who started it is gone (what is stopped in a group that loses its last parent gets SIGHUP and SIGCONT).
pub fn stand_apart() {
    // It fails for the leader of a group only, who stands apart from its parent's already.
    let _ = setsid();
}

/// Makes this process hard to end by accident: no signal from terminals, spared when memory runs
/// out, pages that stay in memory. Each as far as this user may.
pub fn protect() -> Protection {
    for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGQUIT, libc::SIGPIPE, libc::SIGTSTP] {
        #[allow(unsafe_code)]
        // SAFETY: to ignore a signal installs no code that could run.
        unsafe {
            libc::signal(signal, libc::SIG_IGN);
        }
    }
    let from_oom = fs::write("/proc/self/oom_score_adj", "-1000").is_ok();
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE;
    // Without the right to lock all of it, at least what was used stays.
    let locked = mlockall(all).is_ok() || mlockall(all | MlockAllFlags::ONFAULT).is_ok();
    Protection { from_oom, locked }
}

/// Makes this process the first that the kernel ends when memory runs out.
pub fn offer_to_oom() {
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
}

/// Waits until something can be read, for at most so many milliseconds; whether it can.
///
/// # Errors
/// The kernel does not tell.
pub fn readable(socket: impl AsFd, millis: Option<u64>) -> io::Result<bool> {
    let mut polled = [PollFd::from_borrowed_fd(socket.as_fd(), PollFlags::IN)];
    let timeout = millis.map(|millis| Timespec {
        tv_sec: i64::try_from(millis / 1000).unwrap_or(i64::MAX),
        tv_nsec: i64::try_from(millis % 1000 * 1_000_000).unwrap_or_default(),
    });
    match poll(&mut polled, timeout.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Lets so many milliseconds pass.
pub fn pause(millis: u64) {
    std::thread::sleep(std::time::Duration::from_millis(millis));
}

/// Reads from a socket.
///
/// # Errors
/// It cannot be read.
pub fn read(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(socket.as_fd(), &mut *buffer) {
            Err(rustix::io::Errno::INTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Writes to a socket; a reader that is gone is an error, not a signal.
///
/// # Errors
/// It cannot be written.
pub fn write(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, rustix::net::SendFlags::NOSIGNAL)?)
}

/// The socket that [`start`] made this process's standard input, for writing.
///
/// # Errors
/// There is none.
pub fn standard_input() -> io::Result<fs::File> {
    Ok(fs::File::from(io::stdin().as_fd().try_clone_to_owned()?))
}
