//! The run log: every event of a run, one JSON line each, as it happens.

use std::cell::{Cell, RefCell};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use squall_engine::EventSink;
use squall_model::event::{Place, RecordError, RunEvent, RunEventKind};
use squall_model::{Value, json};

/// Writes the events of a run to a file of its own, and on the disk where the outcome changes.
///
/// A run goes on without its log where none can be written: that is said once.
pub struct RunLog {
    path: PathBuf,
    file: RefCell<File>,
    line: RefCell<Vec<u8>>,
    failed: Cell<bool>,
    /// Whether an activity of the method or the rollbacks was noted.
    acted: Cell<bool>,
}

impl RunLog {
    /// Creates the log of run `id` in the folder for run logs (`$XDG_STATE_HOME/squall/runs`).
    ///
    /// # Errors
    /// When there is no such folder and it cannot be made, or the file cannot be created.
    pub fn create(id: &str) -> io::Result<RunLog> {
        let folder = folder()?;
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("{id}.jsonl"));
        // Outputs of activities may hold what is nobody else's business.
        let file = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path)?;
        Ok(RunLog {
            path,
            file: RefCell::new(file),
            line: RefCell::default(),
            failed: Cell::new(false),
            acted: Cell::new(false),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&self, event: &RunEvent) -> io::Result<()> {
        let mut line = self.line.borrow_mut();
        line.clear();
        json::write_to(&event.to_value(), &json::Style::COMPACT, &mut *line)?;
        line.push(b'\n');
        let mut file = self.file.borrow_mut();
        // One call for the whole line, so that a kill leaves no half of it behind.
        file.write_all(&line)?;
        let decisive = match event.kind {
            RunEventKind::StatusChanged { .. } | RunEventKind::RunEnded { .. } => true,
            // From the first activity of the method on, the system is changed.
            RunEventKind::ActivityStarted { place: Place::Section(_), .. } => !self.acted.replace(true),
            _ => false,
        };
        if decisive { file.sync_data() } else { Ok(()) }
    }
}

impl EventSink for RunLog {
    fn record(&self, event: &RunEvent) {
        if self.failed.get() {
            return;
        }
        if let Err(error) = self.write(event) {
            self.failed.set(true);
            let path = self.path.display();
            log::warn!(
                "the run log `{path}` cannot be written any more: {error}; the journal is not affected"
            );
        }
    }
}

/// The folder of the run logs.
fn folder() -> io::Result<PathBuf> {
    let state = squall_os::paths::state_dir();
    let state = state.ok_or_else(|| io::Error::other("neither XDG_STATE_HOME nor HOME is set"))?;
    Ok(state.join("runs"))
}

/// What a run log holds.
#[derive(Debug)]
pub struct Recorded {
    /// The events, in order.
    pub events: Vec<RunEvent>,
    /// Whether the last line was cut off, as it is when the machine stopped in the middle of it.
    pub torn: bool,
}

/// A run log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read the run log `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no JSON.
    #[error("`{}` is not a run log: line {line} is not JSON: {message}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A line is no event.
    #[error("`{}`: line {line} is no event of a run: {source}", path.display())]
    NotEvent {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        source: RecordError,
    },
    /// There is no event at all.
    #[error("the run log `{}` is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the run log at `path`. A last line without its end is left out and noted.
pub fn read(path: &Path) -> Result<Recorded, ReadError> {
    let io_error = |source| ReadError::Io { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(io_error)?);
    let mut recorded = Recorded { events: Vec::new(), torn: false };
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes).map_err(io_error)? == 0 {
            break;
        }
        if bytes.last() != Some(&b'\n') {
            recorded.torn = true;
            break;
        }
        recorded.events.push(parse(path, line, &bytes)?);
    }
    if recorded.events.is_empty() {
        return Err(ReadError::Empty { path: path.to_owned() });
    }
    Ok(recorded)
}

fn parse(path: &Path, line: usize, bytes: &[u8]) -> Result<RunEvent, ReadError> {
    let not_json = |message: String| ReadError::NotJson { path: path.to_owned(), line, message };
    let text = std::str::from_utf8(bytes).map_err(|error| not_json(error.to_string()))?;
    let record: Value = json::parse(text).map_err(|error| not_json(error.to_string()))?;
    RunEvent::from_value(&record).map_err(|source| ReadError::NotEvent {
        path: path.to_owned(),
        line,
        source,
    })
}
