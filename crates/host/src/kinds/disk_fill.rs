//! `disk.fill`: a file system is filled with a file that has no name and ends with its worker.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::quantity::show_bytes;
use squall_model::{Map, Value};
use squall_os::space::{self, Room};

use crate::jobs::{Fill, Job};
use crate::worker::Worker;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "disk.fill",
    summary: "fills a file system up to a share of it, or with an amount",
    class: Class::Held,
    parameters: PARAMETERS,
    // the kernel frees the blocks of a large file one extent after the other
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner, and its file has no name"),
};

const GONE: Duration = Duration::from_secs(30);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("directory", Form::Text, "a folder on the file system that is filled").or("/tmp"),
    Parameter::new("percent", Form::Percent(100.0), "fill until so much of it is used [default: 100]"),
    Parameter::new("bytes", Form::Bytes, "fill with so much, instead of `percent`"),
    Parameter::new("block_size", Form::Bytes, "bytes written at a time, where blocks cannot be reserved")
        .or("4KiB"),
];

/// How long filling may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let directory = PathBuf::from(arguments.text("directory").unwrap_or("/tmp"));
    let room = space::room(&directory).ok().filter(|_| directory.is_dir());
    let room = room.ok_or_else(|| {
        vec![Problem::of("directory", format!("there is no folder `{}`", directory.display()))]
    })?;
    let percent = arguments.number("percent");
    if percent.is_some() && arguments.has("bytes") {
        return Err(vec![Problem::of("bytes", "cannot go together with `percent`")]);
    }
    let (bytes, percent) = match arguments.whole("bytes") {
        Some(bytes) => (bytes, None),
        None => (missing(&room, percent.unwrap_or(100.0)), Some(percent.unwrap_or(100.0))),
    };
    let block = usize::try_from(arguments.whole("block_size").unwrap_or(4096)).unwrap_or(4096);
    Ok(Box::new(DiskFill { directory, room, bytes, percent, block, worker: None }))
}

/// How much has to be taken until so much is used.
fn missing(room: &Room, percent: f64) -> u64 {
    let used = room.total - room.free;
    let usable = used + room.available;
    ((usable as f64 * percent / 100.0) as u64).saturating_sub(used).min(room.available)
}

struct DiskFill {
    directory: PathBuf,
    room: Room,
    bytes: u64,
    percent: Option<f64>,
    block: usize,
    worker: Option<Worker>,
}

impl Fault for DiskFill {
    fn summary(&self) -> Summary {
        let directory = self.directory.display();
        let amount = show_bytes(self.bytes);
        let used = self.room.used_percent();
        let need = format!("{amount} of free space in `{directory}`");
        let need = match self.room.available {
            available if available < self.bytes => {
                Need::unmet(need, format!("{} is available", show_bytes(available)))
            }
            _ if self.bytes == 0 => Need::unmet(need, format!("{used:.1} % is used already")),
            _ => Need::met(need),
        };
        let after = self.room.used_percent()
            + self.bytes as f64 * 100.0
                / (self.room.total - self.room.free + self.room.available).max(1) as f64;
        Summary {
            title: match self.percent {
                Some(percent) => format!("`{directory}` filled to {percent} % with {amount}"),
                None => format!("`{directory}` filled with {amount}"),
            },
            targets: vec![format!("the file system of `{directory}`: {used:.1} % of it is used")],
            touches: vec![Touched::Percent("percent", after.min(100.0))],
            needs: vec![need],
            changes: vec![format!("a file without a name in `{directory}`, of {amount}, held by a worker")],
            undo: vec!["the worker is ended, and its file with it".to_owned()],
            notes: vec!["the ledger keeps room for itself, so the undo works on a full disk".to_owned()],
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let job = Job::Fill(Fill { directory: self.directory.clone(), bytes: self.bytes, block: self.block });
        let worker = Worker::start(job, GONE)?;
        let undo = worker.undo()?.to_json();
        self.worker = Some(worker);
        Ok(vec![undo])
    }

    fn setup(&self) -> Duration {
        PATIENCE
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.worker.as_mut().map_or(Ok(()), |worker| worker.go(PATIENCE))
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        self.worker.as_mut().map_or(Ok(()), |worker| worker.report().map(drop))
    }

    fn report(&mut self) -> Value {
        let report = Map::new();
        if let Ok(room) = space::room(&self.directory) {
            report.insert("used_percent", Value::Float(room.used_percent()));
            report.insert("available_bytes", Value::from(i64::try_from(room.available).unwrap_or(i64::MAX)));
        }
        Value::Map(report)
    }
}
