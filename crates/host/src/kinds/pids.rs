//! `pids`: places in the tables of processes are taken, until others can start none.

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
use crate::jobs::{Counted, Crowd, Job};
use crate::place::{self, Place};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "pids",
    summary: "takes places in the tables of processes, so that others can start none",
    class: Class::Held,
    parameters: PARAMETERS,
    // to end a thread takes the kernel some ten microseconds
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner, and its threads with it"),
};

const GONE: Duration = Duration::from_secs(10);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("count", Form::Whole(1, 4_194_304), "so many; either this or `percent`"),
    Parameter::new("percent", Form::Percent(100.0), "so much of the limit that is nearest to being reached"),
    Parameter::new(
        "strategy",
        Form::Choice(&["additional", "total"]),
        "additional: so many more; total: what is missing until there are so many, held as others come and go",
    )
    .or("additional"),
    place::CGROUP,
    place::OF_PROCESS,
];

/// Threads that are started in a second, at least.
const A_SECOND: u64 = 1000;
/// Memory for one: a stack in the kernel, its entry there, and a page or two of its own.
const MEMORY_OF_ONE: u64 = 40 * 1024;

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments, "pids")?;
    let all = limit(&place).map_err(|error| vec![Problem::new(format!("/proc: {error}"))])?;
    let Some((limit, counted)) = all else { return Err(vec![Problem::new("this host limits no processes")]) };
    let target = match (arguments.whole("count"), arguments.number("percent")) {
        (Some(_), Some(_)) => return Err(vec![Problem::of("count", "cannot go together with `percent`")]),
        (None, None) => {
            return Err(vec![Problem::of("count", "is missing").help("give either `count` or `percent`")]);
        }
        (Some(count), None) => count,
        (None, Some(percent)) => (limit.most as f64 * percent / 100.0).round() as u64,
    };
    let total = arguments.text("strategy") == Some("total");
    Ok(Box::new(Pids { target, total, limit, counted, place, crew: Crew::default() }))
}

/// The limit that is reached first, and who counts.
fn limit(place: &Place) -> std::io::Result<Option<(Limit, Counted)>> {
    let mut all: Vec<(Limit, Counted)> =
        limits::tasks()?.into_iter().map(|limit| (limit, Counted::Host)).collect();
    all.extend(limits::tasks_of_user()?.map(|limit| (limit, Counted::User)));
    if let Some(group) = &place.group
        && let Some(share) = group.pids()
    {
        let name = format!("the `pids.max` of control group `{}`", group.folder.display());
        let limit = Limit { name, most: share.limit, used: share.used };
        all.push((limit, Counted::Group(group.folder.clone())));
    }
    Ok(all.into_iter().min_by_key(|(limit, _)| limit.room()))
}

struct Pids {
    target: u64,
    total: bool,
    limit: Limit,
    counted: Counted,
    place: Place,
    crew: Crew,
}

impl Pids {
    /// How many would be taken now, limits aside.
    fn wanted(&self) -> u64 {
        if self.total { self.target.saturating_sub(self.limit.used) } else { self.target }
    }

    /// How many there is room for.
    fn taken(&self) -> u64 {
        self.wanted().min(self.limit.room())
    }
}

impl Fault for Pids {
    fn summary(&self) -> Summary {
        let (place, taken) = (self.place.describe(), self.taken());
        let Limit { name, most, used } = &self.limit;
        let title = if self.total {
            format!("{} of {most} places for processes in use, {taken} of them taken{place}", self.target)
        } else {
            format!("{taken} places for processes taken{place}")
        };
        let memory_needed = show_bytes(taken * MEMORY_OF_ONE);
        let what = format!("{memory_needed} of memory, for the kernel's part of {taken} threads");
        let need = match memory::memory() {
            Ok(memory) if memory.available < taken * MEMORY_OF_ONE => {
                Need::unmet(what, format!("{} is available; take fewer", show_bytes(memory.available)))
            }
            _ => Need::met(what),
        };
        let mut needs: Vec<Need> = self.place.need().into_iter().collect();
        needs.push(need);
        let mut notes = vec![
            "they are threads of one worker: each counts as a process in every limit, and none of them can outlive it"
                .to_owned(),
        ];
        if self.wanted() >= self.limit.room() {
            notes.push(format!(
                "{name} is reached: nobody it binds can start a process or a thread; the undo needs none"
            ));
        }
        if taken == 0 {
            notes.push("more is in use already: nothing is taken until others end".to_owned());
        }
        let after = (used + taken) as f64 * 100.0 / (*most).max(1) as f64;
        Summary {
            title,
            targets: vec![format!("{name}: {used} of {most} are in use")],
            touches: vec![Touched::Percent("percent", after.min(100.0))],
            needs,
            changes: vec![format!("a worker starts {taken} threads that do nothing{place}")],
            undo: vec!["the worker is ended, and its threads with it".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let counted = self.total.then(|| self.counted.clone());
        let job = Crowd { count: self.target, counted, join: self.place.join() };
        let (crew, undo) = Crew::start(vec![Job::Crowd(job)], GONE)?;
        self.crew = crew;
        Ok(undo)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.taken(), A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let held = Crew::sum(&self.crew.reports()?, "held");
        if held < 1.0 && self.taken() > 0 {
            return Err(FaultError::new("no thread could be started: a limit was reached before"));
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
        report.insert(if self.total { "asked_in_use" } else { "asked" }, number(self.target));
        report.insert("held", number(Crew::sum(&reports, "held") as u64));
        if let Some(now) = self.counted.now() {
            report.insert("in_use", number(now));
            report.insert("used_percent", Value::Float(now as f64 * 100.0 / self.limit.most.max(1) as f64));
        }
        Value::Map(report)
    }
}
