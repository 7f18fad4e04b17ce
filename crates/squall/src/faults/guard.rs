//! The guard's process: it watches over the faults of one run, and puts back what the runner does not.
//!
//! It is this program once more, with no runtime and no second thread. Its standard input is a socket to the runner.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use squall_engine::fault::guardian::Guardian;
use squall_engine::fault::record::Identity;
use squall_engine::fault::watch::{Duty, LEAVE, LOOK, SEEN, Watch};
use squall_host::Host;
use squall_os::pidfd::{Handle, Signal};
use squall_os::{outlive, procfs};

use super::store::FileStore;

/// The word on the command line that makes this program a guard; the ledger's folder and the run's id follow.
pub const WORD: &str = "--guard";

/// How long it waits for another hand. Meanwhile it hears nothing, so not for long; it tries again.
const PATIENCE: Duration = Duration::from_millis(500);

/// Is a guard, until there is nothing left to watch over and nobody who might ask for more.
///
/// # Errors
/// The ledger or the socket cannot be used. The runner notices.
pub fn be_one(folder: PathBuf, run: &str) -> io::Result<()> {
    outlive::protect();
    let store = FileStore::open_in(folder).map_err(io::Error::other)?.waiting(PATIENCE);
    serve(&mut Guardian::new(&store, &Host, run, &end_runner))
}

/// Ends a runner that hangs, which is the parent of this process and no other.
fn end_runner(runner: &Identity) {
    if !procfs::boot_id().is_ok_and(|boot| boot == runner.boot) || outlive::parent() != Some(runner.pid) {
        return;
    }
    if let Ok(Some(handle)) = Handle::open(runner.pid, runner.start) {
        let _ = handle.signal(Signal::KILL);
    }
}

fn serve(guardian: &mut Guardian) -> io::Result<()> {
    let mut input = Vec::new();
    loop {
        match guardian.duty() {
            Duty::End => return Ok(()),
            Duty::Undo(fault) => guardian.undo(&fault),
            Duty::Wait(millis) if guardian.is_alone() => {
                // nobody speaks to us any more: only time passes
                outlive::pause(millis.unwrap_or(Watch::RETRY_MILLIS));
            }
            Duty::Wait(millis) => {
                // An error is for the read to tell.
                if outlive::readable(io::stdin(), millis).unwrap_or(true) {
                    listen(guardian, &mut input)?;
                }
            }
        }
    }
}

fn listen(guardian: &mut Guardian, input: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 256];
    // A runner that was killed with an answer of ours unread ends the socket with an error.
    let read = outlive::read(io::stdin(), &mut buffer).unwrap_or(0);
    if read == 0 {
        guardian.runner_gone();
        return Ok(());
    }
    input.extend_from_slice(&buffer[..read]);
    while let Some(end) = input.iter().position(|byte| *byte == b'\n') {
        let line: Vec<u8> = input.drain(..=end).collect();
        match line.strip_suffix(b"\n") {
            Some(line) if line == LOOK.as_bytes() => {
                let answer = match guardian.look() {
                    Ok(()) => SEEN.to_owned(),
                    Err(why) => why.replace('\n', " "),
                };
                // Whoever asked and is gone is noticed by the next read: what it left must be undone first.
                let _ = outlive::write(io::stdin(), format!("{answer}\n").as_bytes());
            }
            Some(line) if line == LEAVE.as_bytes() => guardian.runner_gone(),
            _ => {}
        }
    }
    Ok(())
}
