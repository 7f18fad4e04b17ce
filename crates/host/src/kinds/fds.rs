//! `fds`: places in the host's table of open files are taken, until others can open none.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::quantity::show_bytes;
use squall_model::{Map, Value};
use squall_os::limits::{self, Limit};
use squall_os::memory;

use crate::crew::{self, Crew};
use crate::jobs::{Job, OWN, Openings};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "fds",
    summary: "takes places in the host's table of open files, so that others can open none",
    class: Class::Held,
    parameters: PARAMETERS,
    // the kernel closes about a million files a second
    bound: GONE,
    orphaned: Orphaned::Ends("the workers end with the runner, and their files with them"),
};

const GONE: Duration = Duration::from_secs(30);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("count", Form::Whole(1, MOST), "so many; either this or `percent`"),
    Parameter::new("percent", Form::Percent(100.0), "so much of the host's limit, `fs.file-max`"),
    Parameter::new(
        "strategy",
        Form::Choice(&["additional", "total"]),
        "additional: so many more; total: what is missing until so many are open, held as others open and close",
    )
    .or("additional"),
];

/// The most that can be asked for; no host has memory for more.
const MOST: u64 = 1_000_000_000;
/// Files that are opened in a second, at least.
const A_SECOND: u64 = 50_000;
/// The kernel's memory for one open file, and for its place in the process's own table.
const MEMORY_OF_ONE: u64 = 320;
/// How many workers there may be.
const WORKERS: u64 = 256;

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let limit = limits::open_files().map_err(|error| vec![Problem::new(error.to_string())])?;
    let target = match (arguments.whole("count"), arguments.number("percent")) {
        (Some(_), Some(_)) => return Err(vec![Problem::of("count", "cannot go together with `percent`")]),
        (None, None) => {
            return Err(vec![Problem::of("count", "is missing").help("give either `count` or `percent`")]);
        }
        (Some(count), None) => count,
        (None, Some(_)) if limit.most > MOST => {
            let message = format!("this host has no limit to speak of: fs.file-max is {}", limit.most);
            return Err(vec![Problem::of("percent", message).help("give `count`")]);
        }
        (None, Some(percent)) => (limit.most as f64 * percent / 100.0).round() as u64,
    };
    let total = arguments.text("strategy") == Some("total");
    let each = limits::open_files_of_process().saturating_sub(OWN).max(1);
    Ok(Box::new(Fds { target, total, each, limit, crew: Crew::default() }))
}

struct Fds {
    target: u64,
    total: bool,
    /// How many a worker may have open.
    each: u64,
    limit: Limit,
    crew: Crew,
}

impl Fds {
    /// How many would be taken now, the host's limit aside.
    fn wanted(&self) -> u64 {
        if self.total { self.target.saturating_sub(self.limit.used) } else { self.target }
    }

    fn jobs(&self) -> Vec<Openings> {
        let mut jobs = Vec::new();
        let mut left = self.wanted();
        while left > self.each {
            jobs.push(Openings { count: self.each, total: None });
            left -= self.each;
        }
        // The last one evens out what others do.
        let total = self.total.then_some(self.target);
        jobs.push(Openings { count: if self.total { self.each } else { left }, total });
        jobs
    }

    /// How many the workers need: one more where others are to be followed.
    fn workers(&self) -> u64 {
        self.wanted().div_ceil(self.each).max(1)
    }
}

impl Fault for Fds {
    fn summary(&self) -> Summary {
        let (wanted, workers) = (self.wanted(), self.workers());
        let Limit { name, most, used } = &self.limit;
        let title = if self.total {
            format!("{} of {most} files open, {wanted} of them by us", self.target)
        } else {
            format!("{wanted} files opened")
        };
        let taken = wanted.min(self.limit.room());
        let what = format!("{} of memory, for the kernel's part of {taken} open files", {
            show_bytes(taken * MEMORY_OF_ONE)
        });
        let memory_need = match memory::memory() {
            Ok(memory) if memory.available < taken * MEMORY_OF_ONE => {
                Need::unmet(what, format!("{} is available; take fewer", show_bytes(memory.available)))
            }
            _ => Need::met(what),
        };
        let what = format!("{workers} workers, each with at most {} files", self.each);
        let workers_need = if workers > WORKERS {
            Need::unmet(
                what,
                format!("at most {WORKERS}; `ulimit -Hn` or CAP_SYS_RESOURCE allow more files for each"),
            )
        } else {
            Need::met(what)
        };
        let mut notes = Vec::new();
        if wanted >= self.limit.room() {
            notes.push(format!(
                "{name} is reached: nobody can open a file (ENFILE), except root and CAP_SYS_ADMIN, whom the kernel lets \
                 go on"
            ));
        }
        let after = (used + taken) as f64 * 100.0 / (*most).max(1) as f64;
        Summary {
            title,
            targets: vec![format!("{name}: {used} of {most} are open")],
            touches: vec![Touched::Percent("percent", after.min(100.0))],
            needs: vec![memory_need, workers_need],
            changes: vec![format!("{workers} workers open /dev/null {taken} times")],
            undo: vec!["the workers are ended, and their files closed with them".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let (crew, undo) = Crew::start(self.jobs().into_iter().map(Job::Openings).collect(), GONE)?;
        self.crew = crew;
        Ok(undo)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.wanted(), A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let held = Crew::sum(&self.crew.reports()?, "held");
        if held < 1.0 && self.wanted() > 0 && !self.total {
            return Err(FaultError::new("no file could be opened: the host's table was full before"));
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
        let number = |count: u64| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        let report = Map::new();
        report.insert(if self.total { "asked_open" } else { "asked" }, number(self.target));
        report.insert("held", number(Crew::sum(&reports, "held") as u64));
        if let Ok(now) = limits::open_files() {
            report.insert("open", number(now.used));
            report.insert("used_percent", Value::Float(now.used as f64 * 100.0 / now.most.max(1) as f64));
        }
        Value::Map(report)
    }
}
