//! The ledger's file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use squall_engine::fault::ledger::Ledger;
use squall_engine::fault::port::{Lock, Store, StoreError};
use squall_engine::fault::record::{FaultId, Hand, Identity, Moment, Record};
use squall_engine::fault::step::Step;
use squall_os::durable::{self, Lines, LockFile, Locked};
use squall_os::{clock, procfs};

use super::stop::Stop;

/// How long another hand may hold a fault's lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// From this size on a ledger is begun anew, in bytes: some thousand faults.
const LARGE: u64 = 1024 * 1024;

/// The ledger of this user.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    lines: Lines,
    lock: LockFile,
    boot: String,
    patience: Duration,
    stop: Option<Stop>,
}

/// The folder that holds this user's ledger.
///
/// # Errors
/// Nothing says where.
pub fn folder() -> Result<PathBuf, StoreError> {
    squall_os::paths::durable_state_dir().ok_or_else(|| StoreError::Io {
        place: "~/.local/state/squall".to_owned(),
        what: "opened",
        source: io::Error::other("neither XDG_STATE_HOME nor HOME is set"),
    })
}

impl FileStore {
    /// Opens this user's ledger, or makes it.
    ///
    /// # Errors
    /// It cannot be written: then nothing may be changed.
    pub fn open() -> Result<Self, StoreError> {
        FileStore::open_in(folder()?)
    }

    /// Opens the ledger in that folder, or makes it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in(folder: PathBuf) -> Result<Self, StoreError> {
        let opened = durable::private_folder(&folder).and_then(|()| {
            let lines = Lines::open(&folder.join("faults.ledger"))?;
            Ok((lines, LockFile::open(&folder.join("faults.lock"))?, procfs::boot_id()?))
        });
        match opened {
            Ok((lines, lock, boot)) => {
                Ok(FileStore { folder, lines, lock, boot, patience: PATIENCE, stop: Stop::asked_for() })
            }
            Err(source) => {
                Err(StoreError::Io { place: folder.display().to_string(), what: "opened", source })
            }
        }
    }

    /// The same, waiting no longer than that for other hands.
    #[must_use]
    pub fn waiting(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Begins the ledger anew when it has grown large, all its faults are put back, and whoever made them is gone. What was
    /// there is kept beside it.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn renew(&self) -> Result<bool, StoreError> {
        let gone = |runner: &Identity| {
            let alive = procfs::process(runner.pid).is_ok_and(|process| process.start == runner.start);
            runner.boot != self.boot || !alive
        };
        let done = |content: &[u8]| {
            let ledger = Ledger::read(content);
            ledger.is_done() && ledger.all().all(|(_, entry)| gone(&entry.planned.runner))
        };
        let old = self.folder.join("faults.ledger.old");
        self.lines.renew(LARGE, &old, done).map_err(self.error("renewed"))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn error(&self, what: &'static str) -> impl FnOnce(io::Error) -> StoreError {
        let place = self.folder.display().to_string();
        move |source| StoreError::Io { place, what, source }
    }
}

struct Held(#[expect(dead_code, reason = "it is held until it is dropped")] Locked);

impl Lock for Held {}

impl Store for FileStore {
    fn append(&self, record: &Record) -> Result<(), StoreError> {
        self.lines.append(&record.to_line()).map_err(self.error("written"))
    }

    fn load(&self) -> Result<Ledger, StoreError> {
        Ok(Ledger::read(&self.lines.read().map_err(self.error("read"))?))
    }

    fn lock(&self, fault: &FaultId) -> Result<Box<dyn Lock>, StoreError> {
        let locked = self.lock.lock(fault.bits(), self.patience).map_err(self.error("locked"))?;
        let locked = locked.ok_or(StoreError::Busy(self.patience))?;
        Ok(Box::new(Held(locked)))
    }

    fn reached(&self, by: Hand, step: Step) {
        if let Some(stop) = &self.stop {
            stop.reached(by, step);
        }
    }

    fn now_micros(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_micros()).unwrap_or(i64::MAX)
    }

    fn now(&self) -> Moment {
        Moment { boot: self.boot.clone(), millis: clock::since_boot_millis() }
    }

    fn identity(&self) -> Identity {
        let pid = std::process::id();
        let start = procfs::process(pid).map(|process| process.start).unwrap_or_default();
        Identity { pid, start, boot: self.boot.clone() }
    }

    fn new_id(&self) -> FaultId {
        let (_, bits) = uuid::Uuid::new_v4().as_u64_pair();
        FaultId::from_bits(bits)
    }
}
