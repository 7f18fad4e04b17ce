//! Letting stopped processes go on.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use squall_engine::fault::port::{FaultError, Ready};
use squall_engine::fault::record::Identity;
use squall_os::pidfd::{Handle, Signal};

/// Lets processes go on that we stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    /// The processes. None of them was stopped before.
    pub processes: Vec<Identity>,
}

/// How long a process may take to be seen running. The kernel wakes it at once.
const PATIENCE: Duration = Duration::from_millis(500);

impl Resume {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        let found = self.processes.iter().map(super::find).collect::<Result<Vec<_>, _>>()?;
        let count = found.len();
        Ok(Box::new(ReadyResume { processes: found.into_iter().flatten().collect(), count }))
    }
}

struct ReadyResume {
    processes: Vec<Handle>,
    count: usize,
}

impl Ready for ReadyResume {
    fn undo(&mut self) -> Result<String, FaultError> {
        let (mut resumed, mut left) = (0, Vec::new());
        for process in &self.processes {
            if process.look().is_none_or(|process| !process.is_stopped()) {
                continue;
            }
            match process.signal(Signal::CONT) {
                Ok(_) => resumed += 1,
                Err(error) => left.push(format!("process {} cannot be resumed: {error}", process.pid())),
            }
        }
        let end = Instant::now() + PATIENCE;
        for process in &self.processes {
            while process.look().is_some_and(|process| process.is_stopped()) && Instant::now() < end {
                // There is nothing to wait on for this; it is a matter of microseconds.
                std::thread::yield_now();
            }
            if process.look().is_some_and(|process| process.is_stopped()) {
                left.push(format!("process {} is still stopped", process.pid()));
            }
        }
        if !left.is_empty() {
            let pids: Vec<String> = self.processes.iter().map(|process| process.pid().to_string()).collect();
            return Err(FaultError::new(left.join(", ")).help(format!("`kill -CONT {}`", pids.join(" "))));
        }
        Ok(format!("{resumed} of {} processes resumed; the others ran or were gone", self.count))
    }
}
