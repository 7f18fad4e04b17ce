//! `disk.io`: a disk is kept busy with reading and writing.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::quantity::show_bytes;
use squall_model::{Map, Value};
use squall_os::space::{self, Room};

use crate::crew::{self, Crew};
use crate::jobs::{Churn, Job};
use crate::nameless;
use crate::place::{self, Place};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "disk.io",
    summary: "keeps a disk busy with reading and writing",
    class: Class::Held,
    parameters: PARAMETERS,
    // a block that is under way is waited for, and the kernel frees the files
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner, and its files have no name"),
};

const GONE: Duration = Duration::from_secs(10);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("directory", Form::Text, "a folder on the file system").or("/tmp"),
    Parameter::new("workers", Form::Whole(1, 256), "threads, each with a file of its own").or("1"),
    Parameter::new("mode", Form::Choice(&["r", "w", "rw"]), "read, write, or both in turn").or("rw"),
    Parameter::new("block_size", Form::Bytes, "bytes read or written at a time: a multiple of 512")
        .or("4KiB"),
    Parameter::new("block_count", Form::Whole(1, 1 << 40), "blocks in each file").or("256"),
    Parameter::new("order", Form::Choice(&["sequential", "random"]), "the order of the blocks")
        .or("sequential"),
    Parameter::new("cached", Form::Flag, "go through the kernel's cache, and flush each block written")
        .or("false"),
    Parameter::new("rate", Form::Bytes, "at most so much a second, all workers together, such as 10MiB"),
    place::CGROUP,
    place::OF_PROCESS,
];

/// Bytes that are written in a second, at least, when the files are made.
const A_SECOND: u64 = 16 << 20;

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments, "blkio").or_else(|_| Place::of(arguments, "io"))?;
    let given = PathBuf::from(arguments.text("directory").unwrap_or("/tmp"));
    let seen = fs::canonicalize(&given).ok().filter(|folder| folder.is_dir());
    let seen = seen.and_then(|folder| Some((space::room(&folder).ok()?, folder)));
    let (room, directory) = seen
        .ok_or_else(|| vec![Problem::of("directory", format!("there is no folder `{}`", given.display()))])?;
    let block = arguments.whole("block_size").unwrap_or(4096);
    if block == 0 || !block.is_multiple_of(512) || block > 1 << 30 {
        let problem = Problem::of("block_size", format!("found {block} bytes"));
        return Err(vec![problem.help("expected a multiple of 512, at most 1 GiB")]);
    }
    let rate = arguments.whole("rate");
    if rate == Some(0) {
        return Err(vec![Problem::of("rate", "is nothing")]);
    }
    let mode = arguments.text("mode").unwrap_or("rw");
    let job = Churn {
        directory,
        workers: usize::try_from(arguments.whole("workers").unwrap_or(1)).unwrap_or(1),
        read: mode.contains('r'),
        write: mode.contains('w'),
        block: usize::try_from(block).unwrap_or(4096),
        blocks: arguments.whole("block_count").unwrap_or(1),
        random: arguments.text("order") == Some("random"),
        direct: !arguments.flag("cached"),
        rate,
        name: None,
        join: place.join(),
    };
    Ok(Box::new(DiskIo { room, job, place, crew: Crew::default() }))
}

struct DiskIo {
    room: Room,
    job: Churn,
    place: Place,
    crew: Crew,
}

impl DiskIo {
    fn size(&self) -> u64 {
        (self.job.block as u64).saturating_mul(self.job.blocks).saturating_mul(self.job.workers as u64)
    }
}

impl Fault for DiskIo {
    fn summary(&self) -> Summary {
        let job = &self.job;
        let directory = job.directory.display();
        let what = match (job.read, job.write) {
            (true, true) => "reading and writing",
            (true, false) => "reading",
            _ => "writing",
        };
        let block = show_bytes(job.block as u64);
        let most =
            job.rate.map(|rate| format!(", at most {} a second", show_bytes(rate))).unwrap_or_default();
        let place = self.place.describe();
        let size = show_bytes(self.size());
        let space = format!("{size} of free space in `{directory}`");
        let mut needs: Vec<Need> = self.place.need().into_iter().collect();
        needs.push(if self.room.available < self.size() {
            Need::unmet(space, format!("{} is available; take fewer blocks", show_bytes(self.room.available)))
        } else {
            Need::met(space)
        });
        let mut notes = Vec::new();
        if space::is_in_memory(&job.directory).unwrap_or_default() {
            notes.push(format!("`{directory}` keeps its files in memory: no disk is kept busy by this"));
        }
        if job.direct {
            notes.push(
                "it passes by the kernel's cache (O_DIRECT); where the file system cannot, each block is flushed instead"
                    .to_owned(),
            );
        }
        let after = self.room.used_percent() + self.size() as f64 * 100.0 / self.room.total.max(1) as f64;
        Summary {
            title: format!("{what} without end in `{directory}`, by {} workers{most}{place}", job.workers),
            targets: vec![format!("the file system of `{directory}`")],
            touches: vec![Touched::Percent("directory", after.min(100.0))],
            needs,
            changes: vec![format!(
                "a worker with {} threads: {what} blocks of {block} in files without a name, {size} in all{most}{place}",
                job.workers
            )],
            undo: vec!["the worker is ended, and its files with it".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, fault: &FaultId) -> Result<Vec<Json>, FaultError> {
        if nameless::is_impossible(&self.job.directory)? {
            self.job.name = Some(nameless::prefix(fault));
        }
        let mut undos = nameless::removals(&self.job.directory, &self.job.names())?;
        let (crew, ends) = Crew::start(vec![Job::Churn(self.job.clone())], GONE)?;
        self.crew = crew;
        undos.extend(ends);
        Ok(undos)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.size(), A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let reports = self.crew.reports()?;
        let (bytes, errors) = (Crew::sum(&reports, "bytes"), Crew::sum(&reports, "errors"));
        if errors > 0.0 && bytes < 1.0 {
            let error = std::io::Error::from_raw_os_error(Crew::sum(&reports, "last_error") as i32);
            return Err(FaultError::new(format!("`{}`: {error}", self.job.directory.display())));
        }
        Ok(())
    }

    fn interval(&self) -> Option<Duration> {
        Some(crew::LOOK)
    }

    fn tick(&mut self) -> Result<(), FaultError> {
        self.crew.reports().map(drop)
    }

    fn report(&mut self) -> Value {
        let Ok(reports) = self.crew.reports() else { return Value::Null };
        let sum = |name| Crew::sum(&reports, name);
        let number = |count: f64| Value::from(count as i64);
        let seconds = sum("seconds").max(1e-9);
        let report = Map::new();
        if let Some(rate) = self.job.rate {
            report.insert("asked_bytes_per_second", number(rate as f64));
        }
        report.insert("bytes_per_second", number(sum("bytes") / seconds));
        report.insert("operations_per_second", Value::Float((sum("reads") + sum("writes")) / seconds));
        for name in ["reads", "writes", "bytes", "errors"] {
            report.insert(name, number(sum(name)));
        }
        report.insert("direct", Value::Bool(sum("direct") > 0.0));
        Value::Map(report)
    }
}
