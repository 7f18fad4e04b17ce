//! The runner's side of the guard: starting it, and making it look into the ledger.

use std::cell::RefCell;
use std::future::pending;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use squall_engine::fault::port::{FaultError, Guard};
use squall_engine::fault::watch::{LEAVE, LOOK, SEEN};
use squall_os::{outlive, process};
use tokio::sync::Notify;

use super::guard::WORD;

/// How long the guard may take to answer. It may be undoing something just then.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts the guard of a run and talks to it.
pub struct Keeper {
    folder: PathBuf,
    run: String,
    guard: RefCell<Option<Running>>,
    started: Notify,
}

struct Running {
    child: Child,
    socket: OwnedFd,
}

impl Keeper {
    /// For that run, with the ledger in that folder. Nothing is started yet.
    pub fn new(folder: PathBuf, run: String) -> Self {
        Keeper { folder, run, guard: RefCell::default(), started: Notify::new() }
    }

    fn start(&self) -> Result<Running, FaultError> {
        let folder = self.folder.to_string_lossy();
        let started = outlive::start(&[WORD, &folder, &self.run]).map_err(|error| {
            FaultError::new(format!("the guard cannot be started, and without one no fault is safe: {error}"))
        })?;
        self.started.notify_one();
        Ok(Running { child: started.child, socket: started.socket })
    }

    /// Completes when the guard has ended; once for each guard.
    pub async fn lost(&self) {
        loop {
            let ended = self.guard.borrow_mut().as_mut().map(|guard| {
                // its number is this guard's as long as it is not reaped
                let over = guard.child.try_wait().is_ok_and(|status| status.is_some());
                (over, process::watch_child(&guard.child))
            });
            match ended {
                None => self.started.notified().await,
                Some((true, _)) => {
                    // Told once: without a fault nobody starts another one, and this would be told for ever.
                    self.guard.borrow_mut().take();
                    return;
                }
                Some((false, Ok(watched))) => {
                    if watched.ended().await.is_err() {
                        pending::<()>().await;
                    }
                }
                Some((false, Err(error))) => {
                    log::debug!("the guard cannot be watched: {error}");
                    pending::<()>().await;
                }
            }
        }
    }
}

impl Running {
    fn look(&self) -> Result<(), String> {
        let text = |error: std::io::Error| error.to_string();
        outlive::write(&self.socket, format!("{LOOK}\n").as_bytes()).map_err(text)?;
        let millis = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
        let mut answer = Vec::new();
        while !answer.ends_with(b"\n") {
            if !outlive::readable(&self.socket, Some(millis)).map_err(text)? {
                return Err(format!("no answer within {PATIENCE:?}"));
            }
            let mut buffer = [0; 256];
            match outlive::read(&self.socket, &mut buffer).map_err(text)? {
                0 => return Err("it ended".to_owned()),
                read => answer.extend_from_slice(&buffer[..read]),
            }
        }
        let answer = String::from_utf8_lossy(&answer);
        match answer.trim() {
            SEEN => Ok(()),
            other => Err(other.to_owned()),
        }
    }
}

impl Guard for Keeper {
    fn look(&self) -> Result<(), FaultError> {
        let mut guard = self.guard.borrow_mut();
        if let Some(running) = &mut *guard {
            match running.look() {
                Ok(()) => return Ok(()),
                Err(why) => log::warn!("The guard does not answer ({why}); starting another one"),
            }
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        let running = guard.insert(self.start()?);
        running.look().map_err(|why| FaultError::new(format!("the guard cannot watch over faults: {why}")))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Some(Running { mut child, socket }) = self.guard.borrow_mut().take() else { return };
        let _ = outlive::write(&socket, format!("{LEAVE}\n").as_bytes());
        drop(socket);
        // It ends at once, unless it still has to undo what the runner could not: then it goes on without us.
        let _ = child.try_wait();
    }
}
