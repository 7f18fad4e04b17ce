//! What workers do. A job is one file.

mod churn;
mod crowd;
mod fill;
mod memory;
mod openings;
mod spin;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

pub use churn::Churn;
pub use crowd::{Counted, Crowd};
pub use fill::{Fill, Filling, missing};
pub use memory::{Amount, Memory};
pub use openings::{OWN, Openings};
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
    /// Begins; returns when it is in force.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        match self {
            Job::Churn(job) => job.begin(),
            Job::Crowd(job) => job.begin(),
            Job::Fill(job) => job.begin(),
            Job::Memory(job) => job.begin(),
            Job::Openings(job) => job.begin(),
            Job::Spin(job) => job.begin(),
        }
    }
}
