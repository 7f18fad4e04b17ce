//! What faults ask of the world: the kinds of the host, the ledger's file, the guard's process.

use std::fmt;
use std::time::Duration;

use serde_json::Value as Json;
use squall_model::Value;

use super::arguments::{Arguments, Parameter, Problem};
use super::record::{Class, FaultId, Hand, Identity, Moment, Record, SCHEMA};
use super::step::Step;

/// A kind of fault, as the catalogue shows it.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// Its name: `network.latency`.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// How it ends.
    pub class: Class,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// How long its undo may take until it is verified.
    pub bound: Duration,
    /// What becomes of it when runner and guard are both killed at once.
    pub orphaned: Orphaned,
}

/// What becomes of a fault when runner and guard are both killed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orphaned {
    /// It ends by itself, by this means.
    Ends(&'static str),
    /// It stays until `squall undo`, which `squall guard install` has run at boot too.
    Waits,
}

/// Something that a fault needs of this host, looked at now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What: `CAP_NET_ADMIN`, `the kernel's sch_netem`, `512 MiB of free space in /tmp`.
    pub what: String,
    /// Why it is not met and what to do; `None` where it is met.
    pub unmet: Option<String>,
}

impl Need {
    /// A need that is met.
    pub fn met(what: impl Into<String>) -> Self {
        Need { what: what.into(), unmet: None }
    }

    /// A need that is not met, with the reason and the way out.
    pub fn unmet(what: impl Into<String>, why: impl Into<String>) -> Self {
        Need { what: what.into(), unmet: Some(why.into()) }
    }
}

/// What a fault is about to do, found out without changing anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// In one line, for the ledger and people.
    pub title: String,
    /// What is hit: processes, addresses, folders, as they are now.
    pub targets: Vec<String>,
    /// What guard rails are asked about.
    pub touches: Vec<Touched>,
    /// What is needed, and whether it is there.
    pub needs: Vec<Need>,
    /// The exact changes, in order.
    pub changes: Vec<String>,
    /// The exact undo, in order of execution.
    pub undo: Vec<String>,
    /// What is exempted, or otherwise to be known.
    pub notes: Vec<String>,
}

/// Something of the host that guard rails may protect.
#[derive(Clone, Debug, PartialEq)]
pub enum Touched {
    /// A process, with its name.
    Process {
        /// Its number.
        pid: u32,
        /// Its name (`/proc/PID/comm`).
        name: String,
    },
    /// Traffic to or from these addresses (CIDR); `0.0.0.0/0` and `::/0` where all are meant.
    Address(String),
    /// Traffic to or from these ports.
    Ports {
        /// The first.
        first: u16,
        /// The last.
        last: u16,
    },
    /// This host as a whole.
    Host,
    /// A magnitude, as a share of what there is (0 to 100), under the parameter's name.
    Percent(&'static str, f64),
}

/// Why a step of a fault failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultError {
    /// What happened.
    pub message: String,
    /// What to do about it, where that is known.
    pub help: Option<String>,
}

impl FaultError {
    /// A failure without advice.
    pub fn new(message: impl Into<String>) -> Self {
        FaultError { message: message.into(), help: None }
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for FaultError {}

/// A fault on its way through its steps. Dropping it ends what would otherwise only end with this process.
pub trait Fault {
    /// What it is about to do. Nothing is changed.
    fn summary(&self) -> Summary;

    /// Makes what has to be there before the record can be written, such as a worker that waits to begin; it
    /// must end by itself if this process dies now. Gives the undos, in the order of the changes.
    ///
    /// # Errors
    /// Why it cannot be; what was made is gone.
    fn prepare(&mut self, fault: &FaultId) -> Result<Vec<Json>, FaultError>;

    /// Makes the changes. What was done when it fails, the undos put back.
    ///
    /// # Errors
    /// The first change that failed.
    fn apply(&mut self) -> Result<(), FaultError>;

    /// Looks whether it is in force.
    ///
    /// # Errors
    /// What is not as it should be.
    fn verify(&mut self) -> Result<(), FaultError>;

    /// How long applying and verifying may take. The guard undoes it after that, though the runner is still at it.
    fn applying(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// How often [`Self::tick`] is to be called while it is held.
    fn interval(&self) -> Option<Duration> {
        None
    }

    /// What is to be done again and again while it is held.
    ///
    /// # Errors
    /// Why that was not possible; the fault is undone then.
    fn tick(&mut self) -> Result<(), FaultError> {
        Ok(())
    }

    /// What it did so far, for the activity's output.
    fn report(&mut self) -> Value {
        Value::Null
    }
}

/// The kinds of faults that there are, and planning one.
pub trait Catalogue {
    /// All kinds, in the order in which they are shown.
    fn kinds(&self) -> &'static [&'static Description];

    /// Resolves targets and looks at what is needed, without changing anything.
    ///
    /// # Errors
    /// All that is wrong with the arguments, seen on this host.
    fn plan(&self, kind: &str, arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>>;

    /// The kind of that name.
    fn kind(&self, name: &str) -> Option<&'static Description> {
        self.kinds().iter().copied().find(|kind| kind.name == name)
    }
}

/// An undo with all that it needs at hand.
pub trait Ready {
    /// Puts back and verifies. Doing it again finds nothing to do; so does doing it where the change was never made or
    /// its target is gone. Gives what was found and done, as a line.
    ///
    /// # Errors
    /// What is left, and how to remove it by hand.
    fn undo(&mut self) -> Result<String, FaultError>;
}

/// Carries out undos from their data.
pub trait Undoer {
    /// Opens what the undo will need, so that it can be carried out when nothing can be opened any more.
    ///
    /// # Errors
    /// It is no undo that this program knows.
    fn ready(&self, undo: &Json) -> Result<Box<dyn Ready>, FaultError>;
}

/// Why the ledger cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its folder cannot be used.
    #[error("the ledger of faults in `{place}` cannot be {what}: {source}")]
    Io {
        /// Its folder.
        place: String,
        /// `opened`, `written`, `locked`, `read`.
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// Another hand holds the fault's lock and does not give it back.
    #[error("another hand has been at it for {0:?} and does not come to an end; is its process stopped?")]
    Busy(Duration),
    /// A newer version recorded it.
    #[error(
        "fault `{fault}` was recorded by a newer version of Squall (schema {schema}, known is {SCHEMA}); only that \
         version can undo it, and its record is kept for it"
    )]
    Newer {
        /// The fault.
        fault: FaultId,
        /// The schema of its record.
        schema: u32,
    },
    /// No such fault was recorded.
    #[error("the ledger knows no fault `{0}`")]
    Unknown(FaultId),
}

/// Keeps others out as long as it lives.
pub trait Lock {}

/// The ledger's file and its clocks.
pub trait Store {
    /// Writes a record; it is on the disk when this returns.
    ///
    /// # Errors
    /// It is not, and nothing may be changed.
    fn append(&self, record: &Record) -> Result<(), StoreError>;

    /// All records.
    ///
    /// # Errors
    /// The file cannot be read. Damaged lines are no error: the ledger names them.
    fn load(&self) -> Result<super::ledger::Ledger, StoreError>;

    /// Keeps other hands from this fault until the lock is dropped; waits for them. Other faults are not concerned.
    ///
    /// # Errors
    /// It cannot be had.
    fn lock(&self, fault: &FaultId) -> Result<Box<dyn Lock>, StoreError>;

    /// This hand has come to that moment. Tests stop a process there.
    fn reached(&self, _by: Hand, _step: Step) {}

    /// Microseconds since 1970, by the wall clock.
    fn now_micros(&self) -> i64;

    /// Now, by the clock that no fault sets.
    fn now(&self) -> Moment;

    /// This process.
    fn identity(&self) -> Identity;

    /// An id that nobody has.
    fn new_id(&self) -> FaultId;
}

/// The guard's process, as the runner sees it. It reads the ledger itself.
pub trait Guard {
    /// Makes the guard look into the ledger. It watches over what is open there, and has opened what the undos need, when
    /// this returns. Starts the guard where there is none.
    ///
    /// # Errors
    /// There is no guard and none can be started: nothing may be changed.
    fn look(&self) -> Result<(), FaultError>;
}
