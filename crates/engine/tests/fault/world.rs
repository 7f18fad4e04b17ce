//! A world in memory: a host that is a set of changes, a disk that is bytes, and processes that can be killed at each
//! thing that they ask of either. A killed process goes on in the test, but nothing that it asks for has an effect.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::ledger::Ledger;
use squall_engine::fault::port::{
    Catalogue, Description, Fault, FaultError, Lock, Orphaned, Ready, Store, StoreError, Summary, Undoer,
};
use squall_engine::fault::record::{Class, FaultId, Hand, Identity, Moment, Record};

pub const BOUND: Duration = Duration::from_millis(1000);

/// What all processes share.
#[derive(Default)]
pub struct World {
    /// What is changed of the host: by which fault, and which of its changes.
    pub changes: BTreeSet<(FaultId, u64)>,
    /// How often one-shot faults happened.
    pub happened: BTreeMap<FaultId, u32>,
    pub disk: Vec<u8>,
    pub millis: u64,
    locks: BTreeMap<FaultId, u32>,
    pids: u32,
    ids: u64,
}

/// What is done in the middle of things: by another hand, while a process waits for its answer.
pub type Meddling = Box<dyn FnOnce()>;

/// A process. Its clones are the same process.
#[derive(Clone)]
pub struct Process {
    pub world: Rc<RefCell<World>>,
    hand: Hand,
    pid: u32,
    alive: Rc<Cell<bool>>,
    /// How often it has asked for something.
    asked: Rc<Cell<usize>>,
    dies_at: Option<usize>,
    /// How many bytes of a record are written when it dies while writing.
    torn: usize,
    meddling: Rc<RefCell<Option<(usize, Meddling)>>>,
}

impl Process {
    pub fn start(world: &Rc<RefCell<World>>, hand: Hand, dies_at: Option<usize>, torn: usize) -> Self {
        world.borrow_mut().pids += 1;
        let pid = world.borrow().pids;
        let (alive, asked) = (Rc::new(Cell::new(true)), Rc::default());
        Process { world: Rc::clone(world), hand, pid, alive, asked, dies_at, torn, meddling: Rc::default() }
    }

    /// Lets something else happen when it asks for the so manieth thing.
    pub fn meddle(&self, at: usize, meddling: Meddling) {
        *self.meddling.borrow_mut() = Some((at, meddling));
    }

    pub fn is_alive(&self) -> bool {
        self.alive.get()
    }

    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    pub fn die(&self) {
        self.alive.set(false);
        self.world.borrow_mut().locks.retain(|_, pid| *pid != self.pid);
    }

    /// Something is asked for; whether the process lives to see it.
    fn ask(&self) -> bool {
        if !self.is_alive() {
            return false;
        }
        self.asked.set(self.asked.get() + 1);
        let due = self.meddling.borrow_mut().take_if(|(at, _)| *at == self.asked.get());
        if let Some((_, meddling)) = due {
            meddling();
        }
        if self.dies_at == Some(self.asked.get()) {
            self.die();
        }
        self.is_alive()
    }

    fn dead() -> StoreError {
        StoreError::Io { place: String::new(), what: "used", source: std::io::Error::other("killed") }
    }

    fn killed() -> FaultError {
        FaultError::new("killed")
    }

    fn ledger(&self) -> Ledger {
        Ledger::read(&self.world.borrow().disk)
    }
}

struct Held(Process, FaultId);

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        if self.0.ask() {
            self.0.world.borrow_mut().locks.remove(&self.1);
        }
    }
}

impl Store for Process {
    fn append(&self, record: &Record) -> Result<(), StoreError> {
        if !self.ask() {
            return Err(Process::dead());
        }
        assert_eq!(record.by, self.hand, "a record under another hand's name");
        let line = record.to_line();
        let torn = self.world.borrow().disk.last().is_some_and(|byte| *byte != b'\n');
        let line = if torn { format!("\n{line}") } else { line };
        let whole = self.ask();
        let kept = if whole { line.len() } else { self.torn % (line.len() + 1) };
        self.world.borrow_mut().disk.extend_from_slice(&line.as_bytes()[..kept]);
        if whole && self.ask() { Ok(()) } else { Err(Process::dead()) }
    }

    fn load(&self) -> Result<Ledger, StoreError> {
        if self.ask() { Ok(self.ledger()) } else { Err(Process::dead()) }
    }

    fn lock(&self, fault: &FaultId) -> Result<Box<dyn Lock>, StoreError> {
        if !self.ask() {
            return Err(Process::dead());
        }
        let holder = self.world.borrow().locks.get(fault).copied();
        assert_ne!(holder, Some(self.pid), "it would wait for itself");
        if holder.is_some() {
            return Err(StoreError::Busy(Duration::ZERO));
        }
        self.world.borrow_mut().locks.insert(fault.clone(), self.pid);
        Ok(Box::new(Held(self.clone(), fault.clone())))
    }

    fn now_micros(&self) -> i64 {
        i64::try_from(self.world.borrow().millis * 1000).expect("a small number")
    }

    fn now(&self) -> Moment {
        Moment { boot: "b".to_owned(), millis: self.world.borrow().millis }
    }

    fn identity(&self) -> Identity {
        Identity { pid: self.pid, start: 0, boot: "b".to_owned() }
    }

    fn new_id(&self) -> FaultId {
        self.world.borrow_mut().ids += 1;
        FaultId::from_bits(self.world.borrow().ids << 32)
    }
}

impl Undoer for Process {
    fn ready(&self, undo: &Json) -> Result<Box<dyn Ready>, FaultError> {
        if !self.ask() {
            return Err(Process::killed());
        }
        let fault = undo["fault"].as_str().and_then(FaultId::parse).expect("an undo of ours");
        Ok(Box::new(Removal(self.clone(), (fault, undo["change"].as_u64().expect("a number")))))
    }
}

struct Removal(Process, (FaultId, u64));

impl Ready for Removal {
    fn undo(&mut self) -> Result<String, FaultError> {
        let Removal(process, change) = self;
        if !process.ask() {
            return Err(Process::killed());
        }
        let holder = process.world.borrow().locks.get(&change.0).copied();
        assert_eq!(holder, Some(process.pid), "undone without the lock");
        process.world.borrow_mut().changes.remove(change);
        if process.ask() { Ok(format!("{} removed", change.1)) } else { Err(Process::killed()) }
    }
}

const CHANGES: Parameter = Parameter::new("changes", Form::Whole(0, 9), "how many changes it makes").or("2");
const FAILS_AT: Parameter = Parameter::new("fails_at", Form::Whole(0, 9), "which of them fails");

const fn kind(name: &'static str, class: Class) -> Description {
    let orphaned = Orphaned::Waits;
    Description { name, summary: "", class, parameters: &[CHANGES, FAILS_AT], bound: BOUND, orphaned }
}

static HELD: Description = kind("held", Class::Held);
static ONCE: Description = kind("once", Class::OneShot);
static KINDS: [&Description; 2] = [&HELD, &ONCE];

impl Catalogue for Process {
    fn kinds(&self) -> &'static [&'static Description] {
        &KINDS
    }

    fn plan(&self, kind: &str, arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
        let changes = arguments.whole("changes").unwrap_or(2);
        let fails_at = arguments.whole("fails_at");
        let once = kind == "once";
        Ok(Box::new(Breaking { process: self.clone(), id: None, once, changes, fails_at }))
    }
}

struct Breaking {
    process: Process,
    id: Option<FaultId>,
    once: bool,
    changes: u64,
    fails_at: Option<u64>,
}

impl Breaking {
    /// Changes the host; the law is that its undo is on the disk then, in a record that is open.
    fn change(&self, index: u64) -> Result<(), FaultError> {
        let id = self.id.clone().expect("it was prepared");
        if !self.process.ask() {
            return Err(Process::killed());
        }
        if self.fails_at == Some(index) {
            return Err(FaultError::new("this change fails"));
        }
        let ledger = self.process.ledger();
        let entry = ledger.get(&id).expect("it is recorded before it is applied");
        assert!(entry.standing.is_open(), "applied when its record is closed: {entry:?}");
        if self.once {
            *self.process.world.borrow_mut().happened.entry(id).or_default() += 1;
        } else {
            assert_eq!(entry.planned.undo.get(index as usize), Some(&undo(&id, index)));
            self.process.world.borrow_mut().changes.insert((id, index));
        }
        if self.process.ask() { Ok(()) } else { Err(Process::killed()) }
    }
}

fn undo(id: &FaultId, change: u64) -> Json {
    json!({"fault": id.as_str(), "change": change})
}

impl Fault for Breaking {
    fn summary(&self) -> Summary {
        Summary { title: "breaks".to_owned(), ..Summary::default() }
    }

    fn prepare(&mut self, fault: &FaultId) -> Result<Vec<Json>, FaultError> {
        self.id = Some(fault.clone());
        if !self.process.ask() {
            return Err(Process::killed());
        }
        Ok(if self.once { Vec::new() } else { (0..self.changes).map(|change| undo(fault, change)).collect() })
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        if self.once { self.change(0) } else { (0..self.changes).try_for_each(|change| self.change(change)) }
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        if self.process.ask() { Ok(()) } else { Err(Process::killed()) }
    }

    fn interval(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }

    fn tick(&mut self) -> Result<(), FaultError> {
        if self.once { Ok(()) } else { (0..self.changes).try_for_each(|change| self.change(change)) }
    }
}
