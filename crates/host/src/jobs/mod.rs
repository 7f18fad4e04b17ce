//! What workers do. A job is one file.

mod churn;
mod crowd;
mod fill;
mod memory;
mod names;
mod openings;
mod packets;
mod shutdown;
mod spin;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

use crate::network::place::Space;

pub use churn::Churn;
pub use crowd::{Counted, Crowd};
pub use fill::{Fill, Filling, missing};
pub use memory::{Amount, Memory};
pub use names::{Answer, Names};
pub use openings::{OWN, Openings};
pub use packets::Packets;
pub use shutdown::{Shutdown, graceful};
pub use spin::Spin;

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Reads and writes.
    Churn(Churn),
    /// Takes places in the tables of processes.
    Crowd(Crowd),
    /// Fills a file system.
    Fill(Fill),
    /// Holds memory.
    Memory(Memory),
    /// Answers questions for names.
    Names(Names),
    /// Holds packets back.
    Packets(Packets),
    /// Ends this host.
    Shutdown(Shutdown),
    /// Has files open.
    Openings(Openings),
    /// Keeps processors busy.
    Spin(Spin),
}

/// A job on its way; what it holds ends with the process.
pub trait Work {
    /// What it did so far.
    fn report(&mut self) -> Json;
}

impl Job {
    /// Tells the job what is known only when the fault has its id: where it works, the queue that it listens to, the mark
    /// that its own packets carry.
    pub(crate) fn settle(&mut self, space: &Space, queue: Option<u16>, mark: u32) {
        match self {
            Job::Packets(job) => {
                job.space = Some(space.clone());
                job.number = queue.unwrap_or_default();
            }
            Job::Names(job) => {
                job.space = Some(space.clone());
                job.mark = mark;
            }
            _ => {}
        }
    }

    /// Begins; returns when it is in force.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        match self {
            Job::Fill(job) => job.begin(),
            Job::Memory(job) => job.begin(),
            Job::Names(job) => job.begin(),
            Job::Packets(job) => job.begin(),
            Job::Shutdown(job) => job.begin(),
            Job::Churn(job) => job.begin(),
            Job::Crowd(job) => job.begin(),
            Job::Openings(job) => job.begin(),
            Job::Spin(job) => job.begin(),
        }
    }
}
