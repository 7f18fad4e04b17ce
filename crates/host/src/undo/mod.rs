//! What undos are as data, and carrying them out.
//!
//! The data outlive the program that wrote them: names and meanings stay, and what is added has a default.

mod network;
mod remove;
mod resume;
mod worker;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::{FaultError, Ready};
use squall_engine::fault::record::Identity;
use squall_os::{pidfd, procfs};

pub use network::{RemoveLink, RemoveQdisc, RemoveTable};
pub use remove::RemoveFile;
pub use resume::Resume;
pub use worker::EndWorker;

/// An undo as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "undo", rename_all = "kebab-case")]
pub enum Undo {
    /// Ends a worker, and with it what it holds.
    EndWorker(EndWorker),
    /// Removes an interface.
    RemoveLink(RemoveLink),
    /// Removes a queueing discipline.
    RemoveQdisc(RemoveQdisc),
    /// Removes a table of nftables.
    RemoveTable(RemoveTable),
    /// Removes a file of ours that kept its name.
    RemoveFile(RemoveFile),
    /// Lets stopped processes go on.
    Resume(Resume),
}

impl Undo {
    /// The undo as the ledger keeps it.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Opens what an undo needs.
///
/// # Errors
/// It is no undo that this program knows.
pub fn ready(undo: &Json) -> Result<Box<dyn Ready>, FaultError> {
    let undo = Undo::deserialize(undo).map_err(|error| {
        FaultError::new(format!("this program does not know the undo {undo}: {error}"))
            .help("a newer version of Squall wrote it, and undoes it")
    })?;
    match undo {
        Undo::EndWorker(undo) => undo.ready(),
        Undo::RemoveLink(undo) => undo.ready(),
        Undo::RemoveQdisc(undo) => undo.ready(),
        Undo::RemoveTable(undo) => undo.ready(),
        Undo::RemoveFile(undo) => undo.ready(),
        Undo::Resume(undo) => undo.ready(),
    }
}

/// Takes hold of a process that was recorded; `None` when it is gone, as all are after a reboot.
///
/// # Errors
/// `/proc` or the kernel does not tell.
pub fn find(process: &Identity) -> Result<Option<pidfd::Handle>, FaultError> {
    let boot = procfs::boot_id().map_err(|error| FaultError::new(format!("/proc: {error}")))?;
    if boot != process.boot {
        return Ok(None);
    }
    pidfd::Handle::open(process.pid, process.start)
        .map_err(|error| FaultError::new(format!("process {}: {error}", process.pid)))
}

/// The identity of a process that runs now.
///
/// # Errors
/// It is gone, or `/proc` does not tell.
pub fn identity(pid: u32) -> Result<Identity, FaultError> {
    let told = procfs::boot_id().and_then(|boot| Ok((boot, procfs::process(pid)?)));
    let (boot, process) = told.map_err(|error| FaultError::new(format!("process {pid}: {error}")))?;
    Ok(Identity { pid, start: process.start, boot })
}
