//! What workers do. A job is one file.

mod fill;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

use crate::network::place::Space;

pub use fill::Fill;

/// What a worker is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Fills a file system.
    Fill(Fill),
}

/// A job on its way; what it holds ends with the process.
pub trait Work {
    /// What it did so far.
    fn report(&mut self) -> Json;
}

impl Job {
    /// Tells the job what is known only when the fault has its id: where it works, and the queue that it listens to.
    pub(crate) fn settle(&mut self, _space: &Space, _queue: Option<u16>) {}

    /// Begins; returns when it is in force.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        match self {
            Job::Fill(job) => job.begin(),
        }
    }
}
