//! The runner's part: a fault from its plan to its closed record.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use squall_model::Value;

use super::arguments::{Arguments, Problem};
use super::hands::{self, CleanUp, Restored, record};
use super::ledger::Standing;
use super::port::{Catalogue, Description, Fault, FaultError, Guard, Ready, Store, Summary, Undoer};
use super::rails::{Rails, Request};
use super::record::{Fact, FaultId, Hand, Moment, Planned, SCHEMA};
use super::step::Step;

/// How much later than the runner the guard acts. It is for runners that hang.
pub const GRACE: Duration = Duration::from_secs(1);

/// Why a fault was not injected. Nothing is left of it, unless [`Self::NotApplied`] says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// There is no such kind; what there is.
    Kind(String),
    /// The arguments do not fit.
    Arguments(Vec<Problem>),
    /// This host lacks something.
    Needs(Vec<String>),
    /// A guard rail forbids it.
    Rails(Vec<String>),
    /// The ledger or the guard cannot be had, so its undo would not be safe.
    Unsafe(String),
    /// It could not be applied; how its clean-up went.
    NotApplied {
        /// Why.
        why: String,
        /// How what was done is put back.
        clean_up: Box<CleanUp>,
    },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Kind(message) | Refusal::Unsafe(message) => f.write_str(message),
            Refusal::Arguments(problems) => {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&problems.join("\n"))
            }
            Refusal::Needs(needs) => write!(f, "this host cannot do that: {}", needs.join("; ")),
            Refusal::Rails(rails) => write!(f, "the guard rails forbid it: {}", rails.join("; ")),
            Refusal::NotApplied { why, clean_up } => match &clean_up.result {
                Restored::Verified { .. } => write!(f, "{why}; what was done is put back"),
                Restored::Unverified { left } => write!(f, "{why}; left behind: {}", left.join("; ")),
            },
        }
    }
}

/// A plan that was accepted.
pub struct Plan {
    /// Its kind.
    pub kind: &'static Description,
    /// How long it is held; `None` until the end of the run.
    pub duration: Option<Duration>,
    /// What it is about to do.
    pub summary: Summary,
    /// What guard rails say against it.
    pub objections: Vec<String>,
    fault: Box<dyn Fault>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan").field("kind", &self.kind.name).field("summary", &self.summary).finish()
    }
}

impl Plan {
    /// What this host lacks.
    pub fn unmet(&self) -> Vec<String> {
        let unmet = |need: &super::port::Need| Some(format!("{}: {}", need.what, need.unmet.as_ref()?));
        self.summary.needs.iter().filter_map(unmet).collect()
    }
}

/// A fault in force.
struct Held {
    id: FaultId,
    fault: Box<dyn Fault>,
    /// What the undos need, opened before the fault could take it away.
    ready: Option<ReadyUndos>,
}

/// The undos of a fault with all that they need.
type ReadyUndos = Vec<Box<dyn Ready>>;

/// Injects the faults of one run, holds them, and puts them back.
pub struct Injector {
    catalogue: Rc<dyn Catalogue>,
    undoer: Rc<dyn Undoer>,
    store: Rc<dyn Store>,
    guard: Rc<dyn Guard>,
    rails: Rails,
    run: String,
    held: RefCell<Vec<Held>>,
    clean_ups: RefCell<Vec<CleanUp>>,
}

impl Injector {
    /// For the run of that id. Nothing is opened or started before the first fault.
    pub fn new(
        catalogue: Rc<dyn Catalogue>,
        undoer: Rc<dyn Undoer>,
        store: Rc<dyn Store>,
        guard: Rc<dyn Guard>,
        rails: Rails,
        run: String,
    ) -> Self {
        let (held, clean_ups) = (RefCell::default(), RefCell::default());
        Injector { catalogue, undoer, store, guard, rails, run, held, clean_ups }
    }

    /// The kinds that there are.
    pub fn catalogue(&self) -> &dyn Catalogue {
        &*self.catalogue
    }

    /// Finds out what a fault would do. Nothing is changed.
    ///
    /// # Errors
    /// The kind or the arguments do not fit. What the host lacks and what rails forbid is in the plan.
    pub fn plan(
        &self,
        kind: &str,
        arguments: &Arguments,
        duration: Option<Duration>,
    ) -> Result<Plan, Refusal> {
        let kind = self.catalogue.kind(kind).ok_or_else(|| no_such_kind(&*self.catalogue, kind))?;
        let fault = self.catalogue.plan(kind.name, arguments).map_err(Refusal::Arguments)?;
        let summary = fault.summary();
        let request = Request { kind: kind.name, duration, touches: &summary.touches };
        let objections = self.rails.objections(&request, self.store.now_micros());
        Ok(Plan { kind, duration, summary, objections, fault })
    }

    /// Carries a plan out: from here on the fault is in force, and its undo is on the disk and with the guard.
    ///
    /// # Errors
    /// Why it is not in force.
    pub fn inject(&self, plan: Plan) -> Result<FaultId, Refusal> {
        if !plan.objections.is_empty() {
            return Err(Refusal::Rails(plan.objections));
        }
        let unmet = plan.unmet();
        if !unmet.is_empty() {
            return Err(Refusal::Needs(unmet));
        }
        let Plan { kind, duration, summary, mut fault, .. } = plan;
        let id = self.store.new_id();
        let unsafe_because = |error: &dyn std::fmt::Display| Refusal::Unsafe(error.to_string());
        // Before anything is written: a record that nobody watches over would stay open if we died after it.
        self.guard.look().map_err(|error| unsafe_because(&error))?;
        let undo = fault.prepare(&id).map_err(|error| unsafe_because(&error))?;
        self.reached(Step::Prepared);
        let ready = undo.iter().map(|undo| self.undoer.ready(undo)).collect::<Result<ReadyUndos, _>>().ok();
        let planned = Planned {
            schema: SCHEMA,
            run: self.run.clone(),
            kind: kind.name.to_owned(),
            class: kind.class,
            title: summary.title.clone(),
            runner: self.store.identity(),
            deadline: self.deadline(duration, fault.applying()),
            bound_millis: u64::try_from(kind.bound.as_millis()).unwrap_or(u64::MAX),
            undo,
        };
        let planned = record(&*self.store, &id, Hand::Runner, Fact::Planned(Box::new(planned)));
        // Until it is in force, no other hand may undo it: it would be applied after that, with its record closed.
        let lock = self.store.lock(&id).map_err(|error| unsafe_because(&error))?;
        self.store.append(&planned).map_err(|error| unsafe_because(&error))?;
        self.reached(Step::Recorded);
        if let Err(error) = self.guard.look() {
            drop(lock);
            return Err(self.give_up(&id, fault, ready, &error));
        }
        self.reached(Step::Watched);
        let applied = fault.apply().inspect(|()| self.reached(Step::Applied)).and_then(|()| fault.verify());
        match applied {
            Ok(()) => {
                self.reached(Step::Verified);
                let deadline = Some(self.deadline(duration, Duration::ZERO));
                // In force already: that this cannot be written does not make it less so.
                let fact = Fact::Applied { deadline };
                let _ = self.store.append(&record(&*self.store, &id, Hand::Runner, fact));
                drop(lock);
                if let Err(error) = self.guard.look() {
                    return Err(self.give_up(&id, fault, ready, &error));
                }
                self.held.borrow_mut().push(Held { id: id.clone(), fault, ready });
                self.reached(Step::Held);
                Ok(id)
            }
            Err(error) => {
                let why = error.to_string();
                let fact = Fact::NotApplied { why: why.clone() };
                let _ = self.store.append(&record(&*self.store, &id, Hand::Runner, fact));
                drop(lock);
                let clean_up = self.put_back(&id, fault, ready);
                self.clean_ups.borrow_mut().push(clean_up.clone());
                Err(Refusal::NotApplied { why, clean_up: Box::new(clean_up) })
            }
        }
    }

    fn reached(&self, step: Step) {
        self.store.reached(Hand::Runner, step);
    }

    /// Puts back what has no guard.
    fn give_up(
        &self,
        id: &FaultId,
        fault: Box<dyn Fault>,
        ready: Option<ReadyUndos>,
        why: &FaultError,
    ) -> Refusal {
        let clean_up = self.put_back(id, fault, ready);
        self.clean_ups.borrow_mut().push(clean_up.clone());
        Refusal::NotApplied { why: why.to_string(), clean_up: Box::new(clean_up) }
    }

    fn deadline(&self, duration: Option<Duration>, applying: Duration) -> Moment {
        let length = duration.unwrap_or(self.rails.longest()) + applying + GRACE;
        let mut deadline = self.store.now();
        deadline.millis += u64::try_from(length.as_millis()).unwrap_or(u64::MAX / 2);
        deadline
    }

    /// How often [`Self::tick`] is to be called for a fault.
    pub fn interval(&self, id: &FaultId) -> Option<Duration> {
        self.held.borrow().iter().find(|held| held.id == *id).and_then(|held| held.fault.interval())
    }

    /// Does what is to be done again and again.
    ///
    /// # Errors
    /// Why it was not possible; also that another hand has put it back.
    pub fn tick(&self, id: &FaultId) -> Result<(), FaultError> {
        if !self.held.borrow().iter().any(|held| held.id == *id) {
            return Ok(());
        }
        let failed = |error: &dyn std::fmt::Display| FaultError::new(error.to_string());
        // What another hand has put back must not be made again.
        let _lock = self.store.lock(id).map_err(|error| failed(&error))?;
        let ledger = self.store.load().map_err(|error| failed(&error))?;
        if let Some(Standing::Undone { by, .. }) = ledger.get(id).map(|entry| &entry.standing) {
            return Err(FaultError::new(format!("{} has put it back", by.name())));
        }
        self.with(id, |fault| fault.tick()).unwrap_or(Ok(()))
    }

    /// Looks whether a fault is still in force.
    ///
    /// # Errors
    /// What is not as it should be.
    pub fn verify(&self, id: &FaultId) -> Result<(), FaultError> {
        self.with(id, |fault| fault.verify()).unwrap_or(Ok(()))
    }

    /// What a fault did so far.
    pub fn report(&self, id: &FaultId) -> Value {
        self.with(id, |fault| fault.report()).unwrap_or(Value::Null)
    }

    fn with<T>(&self, id: &FaultId, ask: impl FnOnce(&mut dyn Fault) -> T) -> Option<T> {
        let mut held = self.held.borrow_mut();
        held.iter_mut().find(|held| held.id == *id).map(|held| ask(&mut *held.fault))
    }

    /// The faults in force, the latest last.
    pub fn held(&self) -> Vec<FaultId> {
        self.held.borrow().iter().map(|held| held.id.clone()).collect()
    }

    /// Puts a fault back. Nothing is done for one that is not held any more.
    pub fn undo(&self, id: &FaultId) -> Option<CleanUp> {
        let index = self.held.borrow().iter().position(|held| held.id == *id)?;
        let held = self.held.borrow_mut().remove(index);
        let clean_up = self.put_back(id, held.fault, held.ready);
        self.clean_ups.borrow_mut().push(clean_up.clone());
        Some(clean_up)
    }

    /// Puts all faults back, the latest first.
    pub fn undo_all(&self) {
        // the list is not borrowed while one of it is undone
        while let Some(id) = self.latest() {
            self.undo(&id);
        }
    }

    fn latest(&self) -> Option<FaultId> {
        self.held.borrow().last().map(|held| held.id.clone())
    }

    fn put_back(&self, id: &FaultId, fault: Box<dyn Fault>, ready: Option<ReadyUndos>) -> CleanUp {
        let undone = hands::undo(&*self.store, &*self.undoer, id, Hand::Runner, ready);
        // what is left of our own workers ends here, when the undo has been tried
        drop(fault);
        match undone {
            Ok(clean_up) => {
                // Should the guard not hear of it: it finds the record closed when its time comes.
                let _ = self.guard.look();
                clean_up
            }
            Err(error) => {
                let left = vec![format!("{error}; `squall undo {id}` tries again")];
                let (kind, title) = (String::new(), String::new());
                CleanUp { fault: id.clone(), kind, title, result: Restored::Unverified { left } }
            }
        }
    }

    /// Sees to it that there is a guard, after one was lost.
    ///
    /// # Errors
    /// There is none; the faults have been put back.
    pub fn ensure_guard(&self) -> Result<(), FaultError> {
        if self.held.borrow().is_empty() {
            return Ok(());
        }
        self.guard.look().inspect_err(|_| self.undo_all())
    }

    /// How the clean-ups went, so far.
    pub fn clean_ups(&self) -> Vec<CleanUp> {
        self.clean_ups.borrow().clone()
    }
}

impl Drop for Injector {
    fn drop(&mut self) {
        self.undo_all();
    }
}

/// What is said when there is no kind of that name.
pub fn no_such_kind(catalogue: &dyn Catalogue, name: &str) -> Refusal {
    let kinds: Vec<&str> = catalogue.kinds().iter().map(|kind| kind.name).collect();
    Refusal::Kind(format!("there is no kind of fault `{name}`; known are: {}", kinds.join(", ")))
}
