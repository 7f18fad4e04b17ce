//! Having files open: each takes a place in the host's table of open files.

use std::fs::File;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::{limits, memory};

use super::Work;

/// Has files open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Openings {
    /// So many; with `total`, at most so many.
    pub count: u64,
    /// As many as are missing until the host has so many open.
    pub total: Option<u64>,
}

/// What is opened. It takes nothing but the place.
const FILE: &str = "/dev/null";
/// How often it is looked whether others opened or closed some.
const LOOK: Duration = Duration::from_millis(100);
/// Files that a worker needs for itself.
pub const OWN: u64 = 32;

impl Openings {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let fail =
            |error: &dyn std::fmt::Display| FaultError::new(format!("files cannot be opened: {error}"));
        memory::be_killed_first().map_err(|error| fail(&error))?;
        limits::allow_open_files(self.count + OWN).map_err(|error| fail(&error))?;
        let mut files = Vec::new();
        self.step(&mut files).map_err(|error| fail(&error))?;
        let files = Arc::new(Mutex::new(files));
        let holding = Arc::clone(&files);
        let body = move || {
            loop {
                thread::sleep(LOOK);
                let _ = self.step(&mut holding.lock().unwrap_or_else(PoisonError::into_inner));
            }
        };
        thread::Builder::new().stack_size(256 * 1024).spawn(body).map_err(|error| fail(&error))?;
        Ok(Box::new(Opened { files }))
    }

    /// Opens what is missing, and closes what is too much. The host's table being full is no error.
    fn step(&self, files: &mut Vec<File>) -> std::io::Result<()> {
        let held = files.len() as u64;
        let wanted = match self.total {
            None => self.count,
            Some(total) => (held + total).saturating_sub(limits::open_files()?.used).min(self.count),
        };
        // The kernel counts in batches for each processor; within those, nothing is done.
        let slack = if self.total.is_some() && held > 0 { 64 } else { 0 };
        if held > wanted + slack {
            files.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        }
        if held + slack >= wanted {
            return Ok(());
        }
        while (files.len() as u64) < wanted {
            match File::open(FILE) {
                Ok(file) => files.push(file),
                Err(error) if limits::is_reached(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

struct Opened {
    files: Arc<Mutex<Vec<File>>>,
}

impl Work for Opened {
    fn report(&mut self) -> Json {
        json!({ "held": self.files.lock().unwrap_or_else(PoisonError::into_inner).len() })
    }
}
