//! `disk.fill`: a file system is filled with files that have no name and end with their worker.

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
use squall_os::{limits, memory};

use crate::crew::{self, Crew};
use crate::jobs::{Fill, Filling, Job, OWN, missing};
use crate::nameless;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "disk.fill",
    summary: "fills a file system up to a share of it, or with an amount; its inodes too",
    class: Class::Held,
    parameters: PARAMETERS,
    // the kernel frees the blocks of a large file one extent after the other
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner, and its files have no name"),
};

const GONE: Duration = Duration::from_secs(30);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("directory", Form::Text, "a folder on the file system that is filled").or("/tmp"),
    Parameter::new("percent", Form::Percent(100.0), "until `df` shows so much used [default: 100]"),
    Parameter::new("bytes", Form::Bytes, "with so much, instead of `percent`"),
    Parameter::new(
        "inodes",
        Form::Percent(100.0),
        "until so much of the inodes is used: alone, or with one of the above",
    ),
    Parameter::new("reserved", Form::Flag, "also what the file system keeps for root (only root can)")
        .or("false"),
    Parameter::new("hold", Form::Flag, "keep it at `percent`, as others take room and make some").or("false"),
    Parameter::new("block_size", Form::Bytes, "bytes written at a time, where blocks cannot be reserved")
        .or("64KiB"),
    Parameter::new("workers", Form::Whole(1, 64), "files that are filled side by side").or("1"),
];

/// Bytes that are taken in a second, at least: reserving them is faster, writing them need not be.
const A_SECOND: u64 = 32 << 20;

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let given = PathBuf::from(arguments.text("directory").unwrap_or("/tmp"));
    let seen = fs::canonicalize(&given).ok().filter(|folder| folder.is_dir());
    let seen = seen.and_then(|folder| Some((space::room(&folder).ok()?, folder)));
    let (room, directory) = seen
        .ok_or_else(|| vec![Problem::of("directory", format!("there is no folder `{}`", given.display()))])?;
    let percent = arguments.number("percent");
    if percent.is_some() && arguments.has("bytes") {
        return Err(vec![Problem::of("bytes", "cannot go together with `percent`")]);
    }
    let reserved = arguments.flag("reserved");
    let inodes = arguments.number("inodes");
    if inodes.is_some() && room.files == 0 {
        let message = format!("the file system of `{}` has no limit of inodes", directory.display());
        return Err(vec![Problem::of("inodes", message).help("fill its room instead")]);
    }
    let amount = match (arguments.whole("bytes"), percent) {
        (Some(bytes), _) => Filling::Bytes(bytes),
        (None, Some(percent)) => Filling::Percent(percent),
        (None, None) if inodes.is_some() => Filling::Bytes(0),
        (None, None) => Filling::Percent(100.0),
    };
    let hold = arguments.flag("hold");
    if hold && !matches!(amount, Filling::Percent(_)) {
        return Err(vec![Problem::of("hold", "goes with `percent` only")]);
    }
    let bytes = match amount {
        Filling::Bytes(bytes) => bytes,
        Filling::Percent(percent) => missing(&room, percent, reserved),
    };
    let number =
        |name, otherwise| arguments.whole(name).and_then(|n| usize::try_from(n).ok()).unwrap_or(otherwise);
    let job = Fill {
        directory,
        amount,
        reserved,
        block: number("block_size", 65_536).clamp(512, 64 << 20),
        workers: number("workers", 1),
        hold,
        inodes: inodes.map_or(0, |percent| missing_inodes(&room, percent)),
        name: None,
    };
    let asked_inodes = inodes.is_some();
    Ok(Box::new(DiskFill { room, bytes, asked_inodes, job, crew: Crew::default() }))
}

fn missing_inodes(room: &Room, percent: f64) -> u64 {
    let used = room.files - room.files_free;
    ((room.files as f64 * percent / 100.0) as u64).saturating_sub(used).min(room.files_free)
}

struct DiskFill {
    room: Room,
    /// How much has to be taken, as it is now.
    bytes: u64,
    asked_inodes: bool,
    job: Fill,
    crew: Crew,
}

impl DiskFill {
    fn needs(&self) -> Vec<Need> {
        let directory = self.job.directory.display();
        let amount = show_bytes(self.bytes);
        let used = self.room.used_percent();
        let free = if self.job.reserved { self.room.free } else { self.room.available };
        let mut needs = Vec::new();
        let what = format!("{amount} of free space in `{directory}`");
        let nothing = self.bytes == 0 && !self.job.hold && !self.asked_inodes;
        needs.push(match free {
            free if free < self.bytes => Need::unmet(what, format!("{} is available", show_bytes(free))),
            _ if nothing => Need::unmet(what, format!("{used:.1} % is used already: ask for more")),
            _ => Need::met(what),
        });
        if self.job.reserved {
            let what = "root, for what the file system keeps for it (`reserved`)";
            let root = limits::is_root();
            needs.push(if root { Need::met(what) } else { Need::unmet(what, "leave `reserved` out") });
        }
        if self.job.inodes > 0 {
            let most = limits::open_files_of_process().saturating_sub(OWN * 4);
            let what = format!("{} files open in one worker, one for each inode", self.job.inodes);
            needs.push(match most {
                most if most < self.job.inodes => {
                    Need::unmet(what, format!("at most {most}; `ulimit -Hn` or CAP_SYS_RESOURCE allow more"))
                }
                _ => Need::met(what),
            });
        }
        if space::is_in_memory(&self.job.directory).unwrap_or_default()
            && let Ok(memory) = memory::memory()
        {
            let what = format!("{amount} of memory, which is where `{directory}` keeps its files");
            needs.push(match memory.available {
                available if available < self.bytes => Need::unmet(
                    what,
                    format!(
                        "{} is available; the kernel would have to kill processes",
                        show_bytes(available)
                    ),
                ),
                _ => Need::met(what),
            });
        }
        needs
    }
}

impl Fault for DiskFill {
    fn summary(&self) -> Summary {
        let directory = self.job.directory.display();
        let (amount, inodes) = (show_bytes(self.bytes), self.job.inodes);
        let used = self.room.used_percent();
        let all = (self.room.total - self.room.free + self.room.available).max(1);
        let after = (used + self.bytes as f64 * 100.0 / all as f64).min(100.0);
        let inodes_after = self.room.files_percent() + inodes as f64 * 100.0 / self.room.files.max(1) as f64;
        let mut title = match self.job.amount {
            Filling::Percent(percent) => format!("`{directory}` filled to {percent} % with {amount}"),
            Filling::Bytes(0) => format!("`{directory}` filled"),
            Filling::Bytes(_) => format!("`{directory}` filled with {amount}"),
        };
        let mut changes = Vec::new();
        if self.bytes > 0 || self.job.hold {
            let files = match self.job.workers {
                1 => "a file".to_owned(),
                some => format!("{some} files"),
            };
            changes.push(format!("{files} without a name in `{directory}`, of {amount}, held by a worker"));
        }
        if inodes > 0 {
            title.push_str(&format!(" with {inodes} empty files"));
            changes.push(format!("{inodes} empty files without a name in `{directory}`, held by the worker"));
        }
        let mut notes = vec!["the ledger keeps room for itself, so the undo works on a full disk".to_owned()];
        let kept = self.room.free - self.room.available;
        if kept > 0 && !self.job.reserved {
            notes.push(format!(
                "the file system keeps {} for root, who can still write; `reserved` takes that too",
                show_bytes(kept)
            ));
        }
        notes.push(
            "where the file system has no files without a name, they have one that carries the fault's id, and the undo \
             knows it before they are made"
                .to_owned(),
        );
        let mut touches = vec![Touched::Percent("percent", after)];
        if inodes > 0 {
            touches.push(Touched::Percent("inodes", inodes_after.min(100.0)));
        }
        let mut target = format!("the file system of `{directory}`: {used:.1} % of it is used");
        if self.room.files > 0 {
            target.push_str(&format!(", and {:.1} % of its inodes", self.room.files_percent()));
        }
        Summary {
            title,
            targets: vec![target],
            touches,
            needs: self.needs(),
            changes,
            undo: vec!["the worker is ended, and its files with it".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, fault: &FaultId) -> Result<Vec<Json>, FaultError> {
        if nameless::is_impossible(&self.job.directory)? {
            if self.job.inodes > 0 {
                return Err(FaultError::new(
                    "this file system has no files without a name, which `inodes` needs",
                )
                .help("fill its room instead"));
            }
            self.job.name = Some(nameless::prefix(fault));
        }
        let mut undos = nameless::removals(&self.job.directory, &self.job.names())?;
        let (crew, ends) = Crew::start(vec![Job::Fill(self.job.clone())], GONE)?;
        self.crew = crew;
        // carried out from the last to the first: the worker goes before its files
        undos.extend(ends);
        Ok(undos)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.bytes, A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let reports = self.crew.reports()?;
        let (bytes, inodes) = (Crew::sum(&reports, "taken_bytes"), Crew::sum(&reports, "taken_inodes"));
        if (self.bytes > self.room.unit && bytes < 1.0) || (self.job.inodes > 0 && inodes < 1.0) {
            return Err(FaultError::new(
                "nothing could be taken: it was full already, or this user's share was",
            ));
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
        let number = |count: f64| Value::from(count as i64);
        let report = Map::new();
        match self.job.amount {
            Filling::Percent(percent) => report.insert("asked_percent", Value::Float(percent)),
            Filling::Bytes(bytes) => report.insert("asked_bytes", number(bytes as f64)),
        };
        if let Ok(reports) = self.crew.reports() {
            report.insert("taken_bytes", number(Crew::sum(&reports, "taken_bytes")));
            report.insert("taken_inodes", number(Crew::sum(&reports, "taken_inodes")));
        }
        if let Ok(room) = space::room(&self.job.directory) {
            report.insert("used_percent", Value::Float(room.used_percent()));
            report.insert("inodes_used_percent", Value::Float(room.files_percent()));
            report.insert("available_bytes", number(room.available as f64));
        }
        Value::Map(report)
    }
}
