//! `cpu`: processors are kept busy, so much of each.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::{Map, Value};
use squall_os::capability::Capability;
use squall_os::cpu;

use crate::crew::{self, Crew};
use crate::jobs::{Job, Spin};
use crate::place::{self, Place};
use crate::worker::GONE;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "cpu",
    summary: "keeps processors busy, so many percent of each",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: Duration::from_secs(1),
    orphaned: Orphaned::Ends("the worker ends with the runner"),
};

const PARAMETERS: &[Parameter] = &[
    Parameter::new("cores", Form::Whole(1, 4096), "how many cores are kept busy [default: 1]"),
    Parameter::new("all", Form::Flag, "all cores that we may use, each by a thread that stays on it")
        .or("false"),
    Parameter::new(
        "cpus",
        Form::Texts,
        "these processors, by number: 0,2-3; each by a thread that stays on it",
    ),
    Parameter::new("percent", Form::Percent(100.0), "how much of each core's time is used").or("100"),
    Parameter::new("nice", Form::Text, "from -20, before all others, to 19, after them [default: unchanged]"),
    place::CGROUP,
    place::OF_PROCESS,
];

/// Threads that are started in a second, at least.
const A_SECOND: u64 = 50;

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments, "cpu")?;
    let allowed = cpu::allowed().map_err(|error| vec![Problem::new(format!("processors: {error}"))])?;
    let limit = place.group.as_ref().and_then(squall_os::cgroup::Group::cores);
    let given = [arguments.has("cores"), arguments.flag("all"), !arguments.texts("cpus").is_empty()];
    if given.iter().filter(|given| **given).count() > 1 {
        return Err(vec![Problem::of("cores", "only one of `cores`, `all` and `cpus` can be given")]);
    }
    let threads: Vec<Option<usize>> = if arguments.flag("all") {
        match limit {
            // More threads than the limit has cores would only take turns.
            Some(limit) if limit.ceil() < allowed.len() as f64 => vec![None; limit.ceil() as usize],
            _ => allowed.iter().copied().map(Some).collect(),
        }
    } else if arguments.texts("cpus").is_empty() {
        vec![None; usize::try_from(arguments.whole("cores").unwrap_or(1)).unwrap_or(1)]
    } else {
        processors(arguments.texts("cpus"), &allowed)?.into_iter().map(Some).collect()
    };
    let nice = arguments.text("nice").map(|text| {
        text.trim().parse().ok().filter(|nice| (-20..=19).contains(nice)).ok_or_else(|| {
            vec![Problem::of("nice", format!("found `{text}`")).help("expected a whole number, -20 to 19")]
        })
    });
    let percent = arguments.number("percent").unwrap_or(100.0);
    Ok(Box::new(Cpu {
        threads,
        percent,
        limit,
        allowed: allowed.len(),
        nice: nice.transpose()?,
        place,
        crew: Crew::default(),
    }))
}

/// Numbers and ranges of processors.
fn processors(texts: &[String], allowed: &[usize]) -> Result<Vec<usize>, Vec<Problem>> {
    let mut found = Vec::new();
    for text in texts {
        let problem = |message: String| vec![Problem::of("cpus", message)];
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (Ok(first), Ok(last)) = (first.trim().parse::<usize>(), last.trim().parse::<usize>()) else {
            return Err(problem(format!("found `{text}`, expected a number or a range such as 0-3")));
        };
        for processor in first..=last.min(first.saturating_add(65_536)) {
            if !allowed.contains(&processor) {
                let last = allowed.iter().max().copied().unwrap_or_default();
                let message = format!("there is no processor {processor} that we may use");
                return Err(vec![Problem::of("cpus", message).help(format!("the last one is {last}"))]);
            }
            if !found.contains(&processor) {
                found.push(processor);
            }
        }
    }
    if found.is_empty() { Err(vec![Problem::of("cpus", "names no processor")]) } else { Ok(found) }
}

struct Cpu {
    threads: Vec<Option<usize>>,
    percent: f64,
    /// The cores of the control group, fractions included.
    limit: Option<f64>,
    allowed: usize,
    nice: Option<i32>,
    place: Place,
    crew: Crew,
}

impl Cpu {
    /// The cores that percent are of: as many as threads, or the group's if those are fewer.
    fn base(&self) -> f64 {
        let threads = self.threads.len() as f64;
        self.limit.map_or(threads, |limit| limit.min(threads))
    }

    /// How many cores' worth of time is asked for.
    fn asked(&self) -> f64 {
        self.base() * self.percent / 100.0
    }

    fn job(&self) -> Job {
        let share = (self.asked() / self.threads.len().max(1) as f64).min(1.0);
        Job::Spin(Spin { threads: self.threads.clone(), share, nice: self.nice, join: self.place.join() })
    }

    fn of_what(&self) -> String {
        let threads = self.threads.len();
        let pinned: Vec<String> = self.threads.iter().flatten().map(usize::to_string).collect();
        let cores = match pinned.as_slice() {
            [] => format!("{threads} of {} cores", self.allowed),
            some => format!("processor {}", some.join(", ")),
        };
        match self.limit.filter(|limit| *limit < threads as f64) {
            Some(limit) => format!("the {limit} cores of the control group, by {threads} threads"),
            None => cores,
        }
    }
}

impl Fault for Cpu {
    fn summary(&self) -> Summary {
        let mut needs: Vec<Need> = self.place.need().into_iter().collect();
        if let Some(nice) = self.nice {
            let need = format!("the right to set nice {nice}");
            let may = nice >= cpu::nice() || Capability::SYS_NICE.is_here();
            needs.push(if may {
                Need::met(need)
            } else {
                Need::unmet(need, "only root and CAP_SYS_NICE may")
            });
        }
        let mut notes = vec![
            "the load comes on top of what runs; on busy cores it gets the share that the scheduler gives it"
                .to_owned(),
        ];
        if cpu::weighs_sessions() {
            notes.push(
                "this kernel weighs sessions (sched_autogroup): the load is one of its own, and `nice` is set for it \
                 as a whole"
                    .to_owned(),
            );
        }
        let threads = self.threads.len();
        if self.limit.is_none() && threads > self.allowed {
            notes.push(format!("there are {} cores for {threads} threads", self.allowed));
        }
        let of = self.limit.unwrap_or(self.allowed as f64).min(self.allowed as f64);
        let place = self.place.describe();
        Summary {
            title: format!("{} % of {} kept busy{place}", self.percent, self.of_what()),
            targets: vec![self.of_what()],
            touches: vec![Touched::Percent("percent", (self.asked() * 100.0 / of.max(0.001)).min(100.0))],
            needs,
            changes: vec![format!(
                "a worker with {threads} threads uses {:.2} cores' worth of processor time{place}",
                self.asked()
            )],
            undo: vec!["the worker is ended".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let (crew, undo) = Crew::start(vec![self.job()], GONE)?;
        self.crew = crew;
        Ok(undo)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.threads.len() as u64, A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        self.crew.reports().map(drop)
    }

    fn interval(&self) -> Option<Duration> {
        Some(crew::LOOK)
    }

    fn tick(&mut self) -> Result<(), FaultError> {
        self.crew.reports().map(drop)
    }

    fn report(&mut self) -> Value {
        let Ok(reports) = self.crew.reports() else { return Value::Null };
        let seconds = Crew::sum(&reports, "seconds").max(1e-9);
        let used = Crew::sum(&reports, "cpu_seconds");
        let report = Map::new();
        report.insert("asked_percent", Value::Float(self.percent));
        report.insert("got_percent", Value::Float(used * 100.0 / (seconds * self.base())));
        report.insert("asked_cores", Value::Float(self.asked()));
        report.insert("got_cores", Value::Float(used / seconds));
        report.insert("cpu_seconds", Value::Float(used));
        Value::Map(report)
    }
}
