//! The workers of one fault: most have one, some need several.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;

use crate::jobs::Job;
use crate::worker::Worker;

/// How often it is looked whether they are still there: the kernel may have killed one for want of memory.
pub const LOOK: Duration = Duration::from_secs(1);

/// How long workers may take until such an amount is in force, of which they do at least so much a second. The guard's
/// deadline is so much later.
pub fn patience(amount: u64, a_second: u64) -> Duration {
    Duration::from_secs(10 + amount / a_second.max(1))
}

/// Workers that begin together and end together. Dropping it ends them.
#[derive(Debug, Default)]
pub struct Crew {
    workers: Vec<Worker>,
}

impl Crew {
    /// Starts a worker for each job; they wait. Gives their undos. `gone` is how long each may take to be gone.
    ///
    /// # Errors
    /// One cannot be started; then none is left.
    pub fn start(jobs: Vec<Job>, gone: Duration) -> Result<(Self, Vec<Json>), FaultError> {
        let mut crew = Crew::default();
        let mut undos = Vec::new();
        for job in jobs {
            let worker = Worker::start(job, gone)?;
            undos.push(worker.undo()?.to_json());
            crew.workers.push(worker);
        }
        Ok((crew, undos))
    }

    /// Makes them begin, one after the other; each has so long.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn go(&mut self, patience: Duration) -> Result<(), FaultError> {
        self.workers.iter_mut().try_for_each(|worker| worker.go(patience))
    }

    /// What each of them did so far.
    ///
    /// # Errors
    /// One of them is gone, or does not answer.
    pub fn reports(&mut self) -> Result<Vec<Json>, FaultError> {
        self.workers.iter_mut().map(Worker::report).collect()
    }

    /// The sum of what they say under a name; 0 for those that say nothing.
    pub fn sum(reports: &[Json], name: &str) -> f64 {
        reports.iter().filter_map(|report| report.get(name)?.as_f64()).sum()
    }

    /// Their numbers.
    pub fn pids(&self) -> Vec<u32> {
        self.workers.iter().map(Worker::pid).collect()
    }
}
