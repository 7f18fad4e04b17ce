//! Undoing: the same for the runner, the guard and `squall undo`.

use super::ledger::{Ledger, Standing};
use super::port::{Ready, Store, StoreError, Undoer};
use super::record::{Class, Fact, FaultId, Hand, Record};
use super::step::Step;

/// What came of undoing one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CleanUp {
    /// Which fault.
    pub fault: FaultId,
    /// Its kind.
    pub kind: String,
    /// What it did to what.
    pub title: String,
    /// How it went.
    pub result: Restored,
}

/// Whether everything is as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// It is; what was found and done.
    Verified {
        /// Who did it: another hand may have been first.
        by: Hand,
        /// A line for each undo.
        found: Vec<String>,
    },
    /// It is not, or could not be shown to be; what is left, and how to remove it by hand.
    Unverified {
        /// A line each.
        left: Vec<String>,
    },
}

impl CleanUp {
    /// Whether the guard was first, as it is when the runner hung past the fault's time.
    pub fn is_by_guard(&self) -> bool {
        matches!(self.result, Restored::Verified { by: Hand::Guard, .. })
    }

    /// Whether everything is as it was before.
    pub fn is_verified(&self) -> bool {
        matches!(self.result, Restored::Verified { .. })
    }
}

/// Undoes a fault, unless another hand has done so, and closes its record. `ready` is what was opened for
/// it beforehand, one for each undo of the record and in the same order; without it, it is opened now.
///
/// # Errors
/// The ledger cannot be locked or read: nothing was done. A fault that the ledger does not know is nothing to be
/// undone, and an error too.
pub fn undo(
    store: &dyn Store,
    undoer: &dyn Undoer,
    fault: &FaultId,
    by: Hand,
    ready: Option<Vec<Box<dyn Ready>>>,
) -> Result<CleanUp, StoreError> {
    let _lock = store.lock(fault)?;
    let ledger = store.load()?;
    store.reached(by, Step::UndoLocked);
    let Some(entry) = ledger.get(fault) else {
        return Err(match ledger.newer().find(|(newer, _)| *newer == fault) {
            Some((fault, schema)) => StoreError::Newer { fault: fault.clone(), schema },
            None => StoreError::Unknown(fault.clone()),
        });
    };
    let clean_up = |result| CleanUp {
        fault: fault.clone(),
        kind: entry.planned.kind.clone(),
        title: entry.planned.title.clone(),
        result,
    };
    if let Standing::Undone { by, found } = &entry.standing {
        return Ok(clean_up(Restored::Verified { by: *by, found: found.clone() }));
    }
    if entry.planned.class == Class::OneShot && entry.planned.undo.is_empty() {
        let found = vec!["nothing to put back".to_owned()];
        store.reached(by, Step::Undone);
        store.append(&record(store, fault, by, Fact::Undone { found: found.clone() }))?;
        store.reached(by, Step::Closed);
        return Ok(clean_up(Restored::Verified { by, found }));
    }
    let ready = ready
        .filter(|ready| ready.len() == entry.planned.undo.len())
        .map(|ready| ready.into_iter().map(Ok).collect::<Vec<_>>());
    let ready = ready.unwrap_or_else(|| entry.planned.undo.iter().map(|undo| undoer.ready(undo)).collect());
    let (mut found, mut left) = (Vec::new(), Vec::new());
    // from the last change to the first, past failures
    for undo in ready.into_iter().rev() {
        match undo.and_then(|mut undo| undo.undo()) {
            Ok(line) => found.push(line),
            Err(failure) => left.push(failure.to_string()),
        }
    }
    store.reached(by, Step::Undone);
    if left.is_empty() {
        // The state is restored even if this cannot be written, as on a full or broken disk: it is then undone
        // again by the next hand, which finds nothing to do.
        store.append(&record(store, fault, by, Fact::Undone { found: found.clone() }))?;
        store.reached(by, Step::Closed);
        Ok(clean_up(Restored::Verified { by, found }))
    } else {
        // That this cannot be written changes nothing: the record is open as it is. What is left must be told.
        if let Err(error) = store.append(&record(store, fault, by, Fact::Stuck { left: left.clone() })) {
            left.push(error.to_string());
        }
        Ok(clean_up(Restored::Unverified { left }))
    }
}

/// A record of this moment.
pub(crate) fn record(store: &dyn Store, fault: &FaultId, by: Hand, fact: Fact) -> Record {
    Record { fault: fault.clone(), at: store.now_micros(), by, fact }
}

/// Undoes the faults that `wanted` accepts, the latest first.
///
/// # Errors
/// The ledger cannot be read.
pub fn undo_all(
    store: &dyn Store,
    undoer: &dyn Undoer,
    by: Hand,
    wanted: impl Fn(&Ledger, &FaultId) -> bool,
) -> Result<Vec<Result<CleanUp, StoreError>>, StoreError> {
    let ledger = store.load()?;
    let open = ledger.open().rev().map(|(fault, _)| fault);
    // what only a newer version can undo is told as an error
    let open: Vec<FaultId> = open.chain(ledger.newer().map(|(fault, _)| fault)).cloned().collect();
    Ok(open
        .iter()
        .filter(|fault| wanted(&ledger, fault))
        .map(|fault| undo(store, undoer, fault, by, None))
        .collect())
}
