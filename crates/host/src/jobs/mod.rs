//! What workers do. A job is one file.

mod fill;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

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
