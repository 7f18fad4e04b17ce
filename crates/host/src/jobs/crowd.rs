//! Being many: threads that only exist, each of which counts against every limit on processes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::cgroup::Group;
use squall_os::limits;
use squall_os::memory;
use squall_os::sleepers::Sleepers;

use super::Work;
use crate::place::Join;

/// Takes places in the tables of processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crowd {
    /// So many threads, or, with `counted`, as many as are missing until so many are counted.
    pub count: u64,
    /// Who counts, where the whole is asked for.
    pub counted: Option<Counted>,
    /// The control group to join.
    #[serde(default)]
    pub join: Join,
}

/// Who counts processes and threads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Counted {
    /// The kernel, all of the host's.
    Host,
    /// The kernel, this user's.
    User,
    /// A control group.
    Group(PathBuf),
}

/// How often it is looked whether there is room for more.
const LOOK: Duration = Duration::from_millis(100);

impl Counted {
    /// How many there are.
    pub fn now(&self) -> Option<u64> {
        match self {
            Counted::Host => limits::tasks_now().ok(),
            Counted::User => limits::tasks_of_user().ok()?.map(|limit| limit.used),
            Counted::Group(folder) => Group::at(folder)?.pids().map(|share| share.used),
        }
    }
}

impl Crowd {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let fail =
            |error: &dyn std::fmt::Display| FaultError::new(format!("threads cannot be started: {error}"));
        memory::be_killed_first().map_err(|error| fail(&error))?;
        self.join.enter()?;
        let crowd = Arc::new(Mutex::new(Sleepers::new()));
        // This thread is started before there is no room for it any more.
        let (holding, job) = (Arc::clone(&crowd), self.clone());
        let body = move || {
            loop {
                thread::sleep(LOOK);
                let _ = job.step(&mut holding.lock().unwrap_or_else(PoisonError::into_inner));
            }
        };
        thread::Builder::new().stack_size(256 * 1024).spawn(body).map_err(|error| fail(&error))?;
        self.step(&mut crowd.lock().unwrap_or_else(PoisonError::into_inner)).map_err(|error| fail(&error))?;
        Ok(Box::new(Crowding { crowd }))
    }

    /// Starts what is missing, and ends what is too much.
    fn step(&self, crowd: &mut Sleepers) -> std::io::Result<()> {
        let wanted = match &self.counted {
            None => self.count,
            Some(counted) => {
                let Some(now) = counted.now() else { return Ok(()) };
                (crowd.count() as u64 + self.count).saturating_sub(now)
            }
        };
        crowd.become_many(usize::try_from(wanted).unwrap_or(usize::MAX))
    }
}

struct Crowding {
    crowd: Arc<Mutex<Sleepers>>,
}

impl Work for Crowding {
    fn report(&mut self) -> Json {
        json!({ "held": self.crowd.lock().unwrap_or_else(PoisonError::into_inner).count() })
    }
}
