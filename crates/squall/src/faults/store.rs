//! The ledger's file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use squall_engine::fault::ledger::Ledger;
use squall_engine::fault::port::{Lock, Step, Store, StoreError};
use squall_engine::fault::record::{FaultId, Hand, Identity, Moment, Record};
use squall_os::durable::{self, Lines, LockFile, Locked};
use squall_os::{clock, outlive, procfs};

/// How long another hand may hold the lock.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ledger of this user.
#[derive(Debug)]
pub struct FileStore {
    folder: PathBuf,
    lines: Lines,
    lock: LockFile,
    boot: String,
    stop_at: Option<String>,
}

/// A test aid: `runner:recorded` stops (SIGSTOP) the runner at that step, so that it can be killed right there.
const STOP_AT: &str = "SQUALL_STOP_AT";

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
                let stop_at = squall_os::environment::var(STOP_AT);
                Ok(FileStore { folder, lines, lock, boot, stop_at })
            }
            Err(source) => {
                Err(StoreError::Io { place: folder.display().to_string(), what: "opened", source })
            }
        }
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
    fn reached(&self, by: Hand, step: Step) {
        let Some((hand, name)) = self.stop_at.as_deref().and_then(|place| place.split_once(':')) else {
            return;
        };
        let known = match by {
            Hand::Runner => "runner",
            Hand::Guard => "guard",
            Hand::Undo => "undo",
        };
        if hand == known && name == step.name() {
            outlive::stop_here();
        }
    }

    fn append(&self, record: &Record) -> Result<(), StoreError> {
        self.lines.append(&record.to_line()).map_err(self.error("written"))
    }

    fn load(&self) -> Result<Ledger, StoreError> {
        Ok(Ledger::read(&self.lines.read().map_err(self.error("read"))?))
    }

    fn lock(&self) -> Result<Box<dyn Lock>, StoreError> {
        let locked = self.lock.lock(PATIENCE).map_err(self.error("locked"))?;
        let locked = locked.ok_or(StoreError::Busy(PATIENCE))?;
        Ok(Box::new(Held(locked)))
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
