//! What workers do. A job is one file.

mod cpu;
mod fill;
mod memory;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

pub use cpu::Cpu;
pub use fill::Fill;
pub use memory::Memory;

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Keeps processors busy.
    Cpu(Cpu),
    /// Fills a file system.
    Fill(Fill),
    /// Holds memory.
    Memory(Memory),
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
            Job::Cpu(job) => job.begin(),
            Job::Fill(job) => job.begin(),
            Job::Memory(job) => job.begin(),
        }
    }
}
