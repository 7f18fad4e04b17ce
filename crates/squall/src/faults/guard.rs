//! The guard's process: it watches over the faults of one run, and puts back what the runner does not.
//!
//! It is this program once more, with no runtime and no second thread. Its standard input is a socket to the runner.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use squall_engine::fault::hands;
use squall_engine::fault::port::{Ready, Store, Undoer};
use squall_engine::fault::record::{FaultId, Hand};
use squall_engine::fault::watch::{Duty, LEAVE, LOOK, SEEN, Watch};
use squall_host::Host;
use squall_os::outlive;

use super::store::FileStore;

/// The word on the command line that makes this program a guard; the ledger's folder and the run's id follow.
pub const WORD: &str = "--guard";

/// Is a guard, until there is nothing left to watch over and nobody who might ask for more.
///
/// # Errors
/// The ledger or the socket cannot be used. The runner notices.
pub fn be_one(folder: PathBuf, run: &str) -> io::Result<()> {
    outlive::protect();
    let store = FileStore::open_in(folder).map_err(io::Error::other)?;
    let mut guard =
        Guarding { store, run, watch: Watch::default(), ready: BTreeMap::new(), attempts: BTreeMap::new() };
    guard.serve()
}

struct Guarding<'a> {
    store: FileStore,
    run: &'a str,
    watch: Watch,
    /// What is opened for the undos, so that they need nothing more.
    ready: BTreeMap<FaultId, Vec<Box<dyn Ready>>>,
    attempts: BTreeMap<FaultId, u32>,
}

impl Guarding<'_> {
    fn serve(&mut self) -> io::Result<()> {
        let mut input = Vec::new();
        loop {
            match self.watch.duty(&self.store.now()) {
                Duty::End => return Ok(()),
                Duty::Undo(fault) => self.undo(&fault),
                Duty::Wait(millis) if self.watch.is_alone() => {
                    // nobody speaks to us any more: only time passes
                    outlive::pause(millis.unwrap_or(Watch::RETRY_MILLIS));
                }
                Duty::Wait(millis) => {
                    if outlive::readable(io::stdin(), millis)? {
                        self.listen(&mut input);
                    }
                }
            }
        }
    }

    fn listen(&mut self, input: &mut Vec<u8>) {
        let mut buffer = [0; 256];
        // A socket that was reset is one that has ended.
        let read = outlive::read(io::stdin(), &mut buffer).unwrap_or(0);
        if read == 0 {
            self.runner_gone();
            return;
        }
        input.extend_from_slice(&buffer[..read]);
        while let Some(end) = input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = input.drain(..=end).collect();
            match line.strip_suffix(b"\n") {
                Some(line) if line == LOOK.as_bytes() => {
                    let answer = match self.look() {
                        Ok(()) => SEEN.to_owned(),
                        Err(why) => why.replace('\n', " "),
                    };
                    // A runner that is gone by now does not hear it; the end of its socket comes next.
                    let _ = outlive::write(io::stdin(), format!("{answer}\n").as_bytes());
                }
                Some(line) if line == LEAVE.as_bytes() => self.runner_gone(),
                _ => {}
            }
        }
    }

    fn runner_gone(&mut self) {
        // What it had recorded and not told us yet.
        let _ = self.look();
        self.watch.runner_gone();
    }

    /// Takes over what is open in the ledger, and opens what its undos need.
    fn look(&mut self) -> Result<(), String> {
        let ledger = self.store.load().map_err(|error| error.to_string())?;
        let mut open = Vec::new();
        for fault in ledger.open_of(self.run) {
            let Some(entry) = ledger.get(fault) else { continue };
            open.push((fault.clone(), entry.planned.deadline.clone()));
            if !self.ready.contains_key(fault) {
                let ready: Result<Vec<_>, _> =
                    entry.planned.undo.iter().map(|undo| Host.ready(undo)).collect();
                self.ready.insert(fault.clone(), ready.map_err(|error| error.to_string())?);
            }
        }
        self.ready.retain(|fault, _| open.iter().any(|(known, _)| known == fault));
        self.watch.look(&open);
        Ok(())
    }

    fn undo(&mut self, fault: &FaultId) {
        let ready = self.ready.remove(fault);
        let undone = hands::undo(&self.store, &Host, fault, Hand::Guard, ready);
        if undone.is_ok_and(|clean_up| clean_up.is_verified()) {
            self.watch.done(fault);
            return;
        }
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
