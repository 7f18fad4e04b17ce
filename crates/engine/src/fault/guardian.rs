//! The guard's part: undoing, with what was opened beforehand. Processes and pipes are its adapter's.

use std::collections::BTreeMap;

use super::hands;
use super::ledger::Entry;
use super::port::{Ready, Store, StoreError, Undoer};
use super::record::{FaultId, Hand, Identity};
use super::step::Step;
use super::watch::{Duty, Watch};

/// The guard of one run.
pub struct Guardian<'a> {
    store: &'a dyn Store,
    undoer: &'a dyn Undoer,
    run: &'a str,
    /// Ends a runner for good.
    end_runner: &'a dyn Fn(&Identity),
    watch: Watch,
    /// What is opened for the undos, so that they need nothing more.
    ready: BTreeMap<FaultId, Vec<Box<dyn Ready>>>,
    attempts: BTreeMap<FaultId, u32>,
}

impl<'a> Guardian<'a> {
    /// For that run. Nothing is read before the first [`Self::look`].
    pub fn new(
        store: &'a dyn Store,
        undoer: &'a dyn Undoer,
        run: &'a str,
        end_runner: &'a dyn Fn(&Identity),
    ) -> Self {
        let (ready, attempts) = (BTreeMap::new(), BTreeMap::new());
        Guardian { store, undoer, run, end_runner, watch: Watch::default(), ready, attempts }
    }

    /// Takes over what is open in the ledger, and opens what its undos need.
    ///
    /// # Errors
    /// The ledger cannot be read; or something cannot be opened: it is taken over even so, and opened when its time
    /// comes.
    pub fn look(&mut self) -> Result<(), String> {
        let ledger = self.store.load().map_err(|error| error.to_string())?;
        let mut open = Vec::new();
        let mut failed = None;
        for fault in ledger.open_of(self.run) {
            let Some(entry) = ledger.get(fault) else { continue };
            open.push((fault.clone(), entry.planned.deadline.clone()));
            if !self.ready.contains_key(fault) {
                let ready: Result<Vec<_>, _> =
                    entry.planned.undo.iter().map(|undo| self.undoer.ready(undo)).collect();
                match ready {
                    Ok(ready) => drop(self.ready.insert(fault.clone(), ready)),
                    Err(error) => failed = Some(error.to_string()),
                }
            }
        }
        self.ready.retain(|fault, _| open.iter().any(|(known, _)| known == fault));
        self.watch.look(&open);
        self.store.reached(Hand::Guard, Step::Looked);
        failed.map_or(Ok(()), Err)
    }

    /// The runner is gone: its pipe is closed.
    pub fn runner_gone(&mut self) {
        // What it had recorded and not told us yet.
        let _ = self.look();
        self.watch.runner_gone();
    }

    /// Whether the runner is gone.
    pub fn is_alone(&self) -> bool {
        self.watch.is_alone()
    }

    /// What is to be done now.
    pub fn duty(&self) -> Duty {
        self.watch.duty(&self.store.now())
    }

    /// Undoes a fault, or leaves it for later.
    pub fn undo(&mut self, fault: &FaultId) {
        let ready = self.ready.remove(fault);
        match hands::undo(self.store, self.undoer, fault, Hand::Guard, ready) {
            Ok(clean_up) if clean_up.is_verified() => self.watch.done(fault),
            // Another hand is at it, which is no attempt of ours.
            Err(StoreError::Busy(_)) => {
                self.end_hanging_runner(fault);
                self.watch.failed(fault, &self.store.now());
            }
            _ => {
                let attempts = self.attempts.entry(fault.clone()).or_default();
                *attempts += 1;
                if *attempts >= Watch::ATTEMPTS {
                    // It stays in the ledger as stuck, for `squall undo`.
                    self.watch.done(fault);
                } else {
                    self.watch.failed(fault, &self.store.now());
                }
            }
        }
    }

    /// A runner that hangs while it applies or undoes a fault keeps everybody else from undoing it, and might apply it
    /// after all. When the time for its undo is over as well, it is ended, and its lock with it.
    fn end_hanging_runner(&self, fault: &FaultId) {
        if self.is_alone() {
            return;
        }
        let Ok(ledger) = self.store.load() else { return };
        let Some(Entry { planned, .. }) = ledger.get(fault) else { return };
        let now = self.store.now();
        if planned.deadline.boot == now.boot
            && planned.deadline.millis.saturating_add(planned.bound_millis) <= now.millis
        {
            (self.end_runner)(&planned.runner);
        }
    }
}
