//! Turns what happens into events: applied to the journal, handed to the sink.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use squall_model::event::{EntryId, RunEvent, RunEventKind, StateId, Status, Target};
use squall_model::journal::Journal;
use squall_model::{List, Map, Str, Value};

use crate::ports::Clock;

/// Takes the events of a run as they happen.
pub trait EventSink {
    /// Takes one event. Must not block for long; what cannot be kept is the sink's to report.
    fn record(&self, event: &RunEvent);
}

/// The journal of the run, and the way into it.
pub(crate) struct Recorder {
    clock: Rc<dyn Clock>,
    sinks: Vec<Rc<dyn EventSink>>,
    started: Duration,
    next: Cell<u64>,
    journal: RefCell<Journal>,
    /// The journal as the noted events alone make it; kept only where code outside the engine may
    /// change the live one.
    noted: Option<RefCell<Journal>>,
}

impl Recorder {
    pub(crate) fn new(clock: Rc<dyn Clock>, sinks: Vec<Rc<dyn EventSink>>, shared: bool) -> Self {
        Recorder {
            started: clock.elapsed(),
            clock,
            sinks,
            next: Cell::new(1),
            journal: RefCell::default(),
            noted: shared.then(RefCell::default),
        }
    }

    /// A number that no other execution or evaluation of this run has.
    pub(crate) fn next_id(&self) -> u64 {
        let id = self.next.get();
        self.next.set(id + 1);
        id
    }

    /// Microseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now_micros()
    }

    /// Time since the run started.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed().saturating_sub(self.started)
    }

    /// The live journal.
    pub(crate) fn journal(&self) -> Map {
        self.journal.borrow().root().clone()
    }

    pub(crate) fn emit(&self, kind: RunEventKind) {
        self.journal.borrow_mut().apply(&kind);
        let event = RunEvent { at: self.now(), elapsed: self.elapsed(), kind };
        if let Some(noted) = &self.noted {
            // A copy through the record's form shares nothing with the live journal.
            if let Ok(copy) = RunEvent::from_value(&event.to_value().deep_clone()) {
                noted.borrow_mut().apply(&copy.kind);
            }
        }
        for sink in &self.sinks {
            sink.record(&event);
        }
    }

    pub(crate) fn entry(&self, entry: EntryId) -> Option<Map> {
        self.journal.borrow().entry(entry).cloned()
    }

    /// The status that the live journal has: a control may have changed it.
    pub(crate) fn status(&self) -> Option<Str> {
        match self.journal().get("status") {
            Some(Value::Str(status)) => Some(status),
            _ => None,
        }
    }

    pub(crate) fn deviated(&self) -> bool {
        self.journal().get("deviated").is_some_and(|deviated| deviated.is_truthy())
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.emit(RunEventKind::StatusChanged { status: Some(status), deviated: self.deviated() });
    }

    pub(crate) fn set_deviated(&self, status: Status) {
        self.emit(RunEventKind::StatusChanged { status: Some(status), deviated: true });
    }

    /// Whether the run is to stop before the next activity.
    pub(crate) fn is_over(&self) -> bool {
        self.status().is_some_and(|status| matches!(&*status, "aborted" | "failed" | "interrupted"))
    }

    /// Notes what controls changed in an entry since it was noted.
    pub(crate) fn note_entry(&self, entry: EntryId) {
        self.note(Target::Entry(entry), self.entry(entry), |noted| noted.entry(entry).cloned());
    }

    /// Notes what controls changed in an evaluation's state since it was noted.
    pub(crate) fn note_state(&self, state: StateId) {
        let live = self.journal.borrow().state(state).cloned();
        self.note(Target::State(state), live, |noted| noted.state(state).cloned());
    }

    /// Notes every remaining difference between the live journal and what was noted.
    pub(crate) fn note_journal(&self) {
        let Some(noted) = &self.noted else { return };
        let ids = self.journal.borrow().entry_ids();
        ids.into_iter().for_each(|entry| self.note_entry(entry));
        for (key, live) in self.journal().entries() {
            let known = noted.borrow().root().get_key(&key);
            if known.is_none_or(|known| !known.identical(&live)) {
                self.emit(RunEventKind::Amended { target: Target::Journal(key), value: live });
            }
        }
    }

    fn note(&self, target: Target, live: Option<Map>, noted: impl Fn(&Journal) -> Option<Map>) {
        let (Some(live), Some(journal)) = (live, &self.noted) else { return };
        let live = Value::Map(live);
        let known = noted(&journal.borrow()).map(Value::Map);
        if known.is_some_and(|known| !known.identical(&live)) {
            self.emit(RunEventKind::Amended { target, value: live });
        }
    }

    /// The entries of a section, live.
    pub(crate) fn section(&self, key: &str) -> List {
        match self.journal().get(key) {
            Some(Value::List(entries)) => entries,
            _ => List::new(),
        }
    }
}
