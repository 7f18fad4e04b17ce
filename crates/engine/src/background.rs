//! What goes on beside the main line of a run.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use squall_model::event::{Place, Section, Status};
use squall_model::{List, Value};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use crate::activity::Execution;
use crate::critical;
use crate::halt::{Halt, UNGRACEFUL};
use crate::log::LOG;
use crate::ports::Lane;
use crate::run::{Run, background_count};

/// How long the continuous hypothesis may take to finish its evaluation once it is told to stop by a
/// signal.
const GRACE: Duration = Duration::from_secs(2);

/// The hypothesis that is evaluated beside the method.
pub(crate) struct Background {
    task: JoinHandle<()>,
    stop: Rc<Stop>,
}

/// A request to come to an end after the evaluation in progress.
#[derive(Default)]
pub(crate) struct Stop {
    requested: Cell<bool>,
    changed: Notify,
}

impl Stop {
    pub(crate) fn is_requested(&self) -> bool {
        self.requested.get()
    }

    pub(crate) async fn requested(&self) {
        while !self.requested.get() {
            self.changed.notified().await;
        }
    }
}

impl Background {
    pub(crate) fn new(task: JoinHandle<()>, stop: Rc<Stop>) -> Self {
        Background { task, stop }
    }

    /// Asks for the end after the evaluation in progress.
    pub(crate) fn stop(&self) {
        self.stop.requested.set(true);
        self.stop.changed.notify_one();
    }

    /// Waits for the end; after a signal only for a while.
    pub(crate) async fn settle(run: &Run, mut continuous: Background) {
        continuous.stop();
        let interrupted = run.recorder.status().is_some_and(|status| &*status == "interrupted");
        let waited = if interrupted {
            tokio::select! {
                _ = &mut continuous.task => true,
                () = run.world.clock.sleep(GRACE) => false,
            }
        } else {
            run.world.interrupts.guard(&mut continuous.task).await.is_ok()
        };
        if !waited {
            continuous.task.abort();
        }
    }
}

/// The background activities of the method or the rollbacks.
pub(crate) struct Pool {
    tasks: Vec<JoinHandle<Result<Execution, Halt>>>,
    /// As many run at once as are declared, whatever controls add.
    slots: Rc<Semaphore>,
    declared: bool,
}

impl Pool {
    pub(crate) fn new(activities: &List) -> Self {
        let count = background_count(activities);
        Pool { tasks: Vec::new(), slots: Rc::new(Semaphore::new(count.max(1))), declared: count > 0 }
    }

    pub(crate) fn submit(&mut self, run: &Rc<Run>, activity: Value, section: Section) {
        let run = Rc::clone(run);
        let slots = Rc::clone(&self.slots);
        self.tasks.push(tokio::task::spawn_local(async move {
            let _slot = slots.acquire().await.ok();
            run.execute(&activity, Lane::Background, Place::Section(section)).await
        }));
    }

    /// Waits until all are done, unless the run is to end without them; `halt` is why the main line
    /// was left, if it was.
    pub(crate) async fn finish(self, run: &Run, halt: Option<&Halt>) -> Result<(), Halt> {
        if matches!(halt, Some(Halt::Exit(code)) if code == UNGRACEFUL) {
            if self.declared {
                log::debug!(target: LOG, "Harshly trying to interrupt remaining background activities still running");
                log::debug!(target: LOG, "Do not wait for the background activities to finish as per signal");
            }
            self.end();
            return Ok(());
        }
        if self.declared {
            log::debug!(target: LOG, "Waiting for background activities to complete");
        }
        let mut tasks = self.tasks.into_iter();
        while let Some(mut task) = tasks.next() {
            match run.world.interrupts.guard(&mut task).await {
                Ok(Ok(Err(halt))) => run.note_background(halt),
                Ok(_) => {}
                Err(halt) => {
                    task.abort();
                    tasks.for_each(|task| task.abort());
                    return Err(halt);
                }
            }
        }
        Ok(())
    }

    fn end(self) {
        for task in self.tasks {
            task.abort();
        }
    }
}

impl Run {
    /// An error that nothing is prepared for counts in the background as it does elsewhere; the
    /// reference loses it.
    fn note_background(&self, halt: Halt) {
        match halt {
            Halt::Error(failure, _) => {
                self.recorder.set_status(Status::Aborted);
                self.log_fatal(&failure);
            }
            Halt::Interrupted(text) => {
                self.recorder.set_status(Status::Interrupted);
                critical!("{text}");
            }
            Halt::Keyboard => {
                self.recorder.set_status(Status::Interrupted);
                log::warn!(target: LOG, "Received a termination signal (Ctrl-C)...");
            }
            Halt::Exit(code) => {
                self.recorder.set_status(Status::Interrupted);
                log::warn!(target: LOG, "Received the exit signal: {code}");
            }
        }
    }
}
