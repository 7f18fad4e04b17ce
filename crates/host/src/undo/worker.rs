//! Ending a worker of ours, and with it what it holds: memory, open files, files without a name.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use squall_engine::fault::port::{FaultError, Ready};
use squall_engine::fault::record::Identity;
use squall_os::pidfd::{Handle, Signal};

/// Ends a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndWorker {
    /// The worker.
    pub worker: Identity,
    /// How long it may take to be gone, in milliseconds.
    pub patience_millis: u64,
}

impl EndWorker {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        let handle = super::find(&self.worker)?;
        Ok(Box::new(ReadyWorker { undo: self, handle }))
    }
}

struct ReadyWorker {
    undo: EndWorker,
    handle: Option<Handle>,
}

impl Ready for ReadyWorker {
    fn undo(&mut self) -> Result<String, FaultError> {
        let pid = self.undo.worker.pid;
        let by_hand = || format!("`kill -9 {pid}` ends it");
        let gone = || Ok(format!("worker {pid} was gone"));
        let Some(handle) = &self.handle else { return gone() };
        let error = |error| FaultError::new(format!("worker {pid} cannot be ended: {error}")).help(by_hand());
        // Nothing is opened for this, and nothing is started: the fault may be that neither can be done.
        if !handle.signal(Signal::KILL).map_err(error)? {
            return gone();
        }
        let patience = Duration::from_millis(self.undo.patience_millis);
        if handle.wait(patience).map_err(error)? {
            Ok(format!("worker {pid} ended"))
        } else {
            Err(FaultError::new(format!("worker {pid} is still there after {patience:?}")).help(by_hand()))
        }
    }
}
