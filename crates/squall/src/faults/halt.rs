//! Stopping everything: runs are ended, and new ones refused until they are allowed again.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use squall_os::pidfd::{Handle, Signal};
use squall_os::procfs::{self, Process};

use super::{guard, store};

/// Root's folder: what is halted there is halted for everybody.
const ROOTS: &str = "/var/lib/squall";
const MARK: &str = "halted";

/// The marks that hold for this user, where they are set.
pub fn marks() -> Vec<PathBuf> {
    let own = store::folder().ok().map(|folder| folder.join(MARK));
    let mut marks: Vec<PathBuf> = own.into_iter().chain([Path::new(ROOTS).join(MARK)]).collect();
    marks.dedup();
    marks.retain(|mark| mark.exists());
    marks
}

/// Why nothing new may be started, if so.
pub fn refusal() -> Option<String> {
    let mark = marks().into_iter().next()?;
    Some(format!("everything is halted (`{}`); `squall resume` allows new runs again", mark.display()))
}

/// Refuses new runs from now on.
///
/// # Errors
/// The mark cannot be made.
pub fn set() -> io::Result<PathBuf> {
    let folder = store::folder().map_err(io::Error::other)?;
    squall_os::durable::private_folder(&folder)?;
    let mark = folder.join(MARK);
    std::fs::write(&mark, b"")?;
    Ok(mark)
}

/// Allows new runs again; whether they were refused by this user's own mark.
///
/// # Errors
/// The mark cannot be removed.
pub fn clear() -> io::Result<bool> {
    let folder = store::folder().map_err(io::Error::other)?;
    match std::fs::remove_file(folder.join(MARK)) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// The runs that go on now: of this user, or of everybody for root. A run is known by its run log or its ledger,
/// which it holds open.
///
/// # Errors
/// `/proc` cannot be read.
pub fn runs() -> io::Result<Vec<Process>> {
    let own = std::process::id();
    let runs = procfs::processes()?.into_iter().filter(|process| {
        let is_guard = || process.arguments().get(1).is_some_and(|word| word == guard::WORD);
        process.pid != own && procfs::open_files(process.pid).iter().any(|file| belongs(file)) && !is_guard()
    });
    Ok(runs.collect())
}

fn belongs(file: &Path) -> bool {
    let Some(folder) = file.parent() else { return false };
    let run_log =
        file.extension().is_some_and(|extension| extension == "jsonl") && folder.ends_with("squall/runs");
    run_log || (folder.ends_with("squall") && file.file_name().is_some_and(|name| name == "faults.ledger"))
}

/// What became of a run that was asked to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Its process.
    pub pid: u32,
    /// Whether it is over.
    pub over: bool,
}

/// Asks runs to end, and waits for them, for at most so long.
///
/// # Errors
/// The kernel gives no hold on a process, or this user may not.
pub fn stop(runs: &[Process], patience: Duration) -> io::Result<Vec<Stopped>> {
    let mut handles = Vec::new();
    for run in runs {
        if let Some(handle) = Handle::open(run.pid, run.start)? {
            handle.signal(Signal::TERM)?;
            // a run that hangs because it is stopped cannot heed it
            handle.signal(Signal::CONT)?;
            handles.push(handle);
        }
    }
    let end = Instant::now() + patience;
    let mut stopped = Vec::new();
    for handle in handles {
        let over = handle.wait(end.saturating_duration_since(Instant::now()))?;
        stopped.push(Stopped { pid: handle.pid(), over });
    }
    Ok(stopped)
}
