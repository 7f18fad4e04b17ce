//! `memory`: memory is taken, an amount or up to a use of the whole.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::quantity::show_bytes;
use squall_model::{Map, Value};
use squall_os::capability::Capability;
use squall_os::cgroup::{Group, Share};
use squall_os::{limits, memory};

use crate::crew::{self, Crew};
use crate::jobs::{Amount, Job, Memory as Hold};
use crate::place::{self, Place};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "memory",
    summary: "takes memory: an amount more, or what is missing up to a use of the whole",
    class: Class::Held,
    parameters: PARAMETERS,
    // the kernel gives back some ten gibibytes a second
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner, and its memory with it"),
};

const GONE: Duration = Duration::from_secs(30);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("bytes", Form::Bytes, "so much; either this or `percent`"),
    Parameter::new("percent", Form::Percent(100.0), "so much of the host's memory, or of the control group's limit"),
    Parameter::new(
        "strategy",
        Form::Choice(&["additional", "total"]),
        "additional: so much more; total: what is missing until so much is in use, held as others take and give",
    )
    .or("additional"),
    Parameter::new("lock", Form::Flag, "keep the pages from being swapped out").or("false"),
    Parameter::new(
        "overcommit",
        Form::Flag,
        "go on where memory runs out: the kernel then kills processes, the worker first",
    )
    .or("false"),
    place::CGROUP,
    place::OF_PROCESS,
];

/// Bytes that are taken in a second, at least.
const A_SECOND: u64 = 128 << 20;
/// What is left to others without `overcommit`: at most so many bytes, and this part of the whole.
const SPARE: (u64, u64) = (64 << 20, 64);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments, "memory")?;
    let host = memory::memory().map_err(|error| vec![Problem::new(format!("/proc/meminfo: {error}"))])?;
    let base = Base::of(&place, host);
    let target = match (arguments.whole("bytes"), arguments.number("percent")) {
        (Some(_), Some(_)) => return Err(vec![Problem::of("bytes", "cannot go together with `percent`")]),
        (None, None) => {
            return Err(vec![Problem::of("bytes", "is missing").help("give either `bytes` or `percent`")]);
        }
        (Some(0), None) => return Err(vec![Problem::of("bytes", "is nothing")]),
        (Some(bytes), None) => bytes,
        (None, Some(percent)) => (base.share.limit as f64 * percent / 100.0) as u64,
    };
    let (amount, taken) = match arguments.text("strategy") {
        Some("total") => (Amount::Total(target), target.saturating_sub(base.share.used)),
        _ => (Amount::Additional(target), target),
    };
    let flag = |name| arguments.flag(name);
    let (lock, overcommit) = (flag("lock"), flag("overcommit"));
    Ok(Box::new(Memory { amount, taken, lock, overcommit, base, place, crew: Crew::default() }))
}

/// What percentages are of, and what there is.
struct Base {
    share: Share,
    /// What can be had without anything being killed or swapped out.
    available: u64,
    group: Option<Group>,
}

impl Base {
    fn of(place: &Place, host: memory::Memory) -> Self {
        let group = place.group.as_ref().and_then(|group| Some((group, group.memory()?)));
        match group.filter(|(_, share)| share.limit < host.total) {
            Some((group, share)) => {
                Base { share, available: share.room().min(host.available), group: Some(group.clone()) }
            }
            None => Base {
                share: Share { limit: host.total, used: host.used() },
                available: host.available,
                group: None,
            },
        }
    }

    fn name(&self) -> String {
        match &self.group {
            Some(group) => format!("the memory of control group `{}`", group.folder.display()),
            None => "the memory of the host".to_owned(),
        }
    }

    fn percent(&self, bytes: u64) -> f64 {
        bytes as f64 * 100.0 / self.share.limit.max(1) as f64
    }
}

struct Memory {
    amount: Amount,
    /// What would be taken now.
    taken: u64,
    lock: bool,
    overcommit: bool,
    base: Base,
    place: Place,
    crew: Crew,
}

impl Memory {
    fn spare(&self) -> u64 {
        if self.overcommit { 0 } else { SPARE.0.min(self.base.share.limit / SPARE.1) }
    }

    fn need_of_lock(&self) -> Need {
        let what = "the right to keep pages in memory (`lock`)";
        match limits::locked_memory() {
            _ if Capability::IPC_LOCK.is_here() => Need::met(what),
            None => Need::met(what),
            Some(most) if most >= self.taken => Need::met(what),
            Some(most) => Need::unmet(
                what,
                format!("`ulimit -l` allows {}; raise it, or run with CAP_IPC_LOCK", show_bytes(most)),
            ),
        }
    }

    fn need(&self) -> Need {
        let (taken, spare) = (show_bytes(self.taken), show_bytes(self.spare()));
        if self.overcommit {
            return Need::met(format!("{taken} of memory, whoever has it (`overcommit`)"));
        }
        let what = format!("{taken} of memory that is available, with {spare} left to others");
        if self.base.available >= self.taken.saturating_add(self.spare()) {
            return Need::met(what);
        }
        let available = show_bytes(self.base.available);
        Need::unmet(
            what,
            format!(
                "{available} is available; take less, or allow `overcommit`: the kernel then kills the worker first, and \
                 if that does not help, others"
            ),
        )
    }
}

impl Fault for Memory {
    fn summary(&self) -> Summary {
        let (name, place) = (self.base.name(), self.place.describe());
        let (limit, used) = (show_bytes(self.base.share.limit), self.base.percent(self.base.share.used));
        let taken = show_bytes(self.taken);
        let title = match self.amount {
            Amount::Additional(_) => format!("{taken} of memory taken{place}"),
            Amount::Total(bytes) => {
                format!("{} of {name} in use, {taken} of it taken{place}", show_bytes(bytes))
            }
        };
        let mut notes = vec![
            "the worker has the highest OOM score: where memory runs out, the kernel kills it first, and the fault ends \
             before its time"
                .to_owned(),
        ];
        if let Amount::Total(_) = self.amount {
            notes.push("what others take or give is evened out ten times a second".to_owned());
            if self.taken == 0 {
                notes.push("more is in use already: nothing is taken until others give some back".to_owned());
            }
        }
        if !self.lock && memory::memory().is_ok_and(|memory| memory.swap > 0) {
            notes.push("there is swap, into which the memory may go; `lock` prevents that".to_owned());
        }
        let mut needs: Vec<Need> = self.place.need().into_iter().collect();
        needs.push(self.need());
        needs.extend(self.lock.then(|| self.need_of_lock()));
        let after = match self.amount {
            Amount::Total(bytes) => bytes.max(self.base.share.used),
            Amount::Additional(bytes) => self.base.share.used.saturating_add(bytes),
        };
        Summary {
            title,
            targets: vec![format!("{name}: {used:.1} % of {limit} is in use")],
            touches: vec![Touched::Percent("percent", self.base.percent(after).min(100.0))],
            needs,
            changes: vec![format!("a worker takes {taken} and writes to each page{place}")],
            undo: vec!["the worker is ended, and its memory is free again".to_owned()],
            notes,
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let of = self.base.group.as_ref().map(|group| group.folder.clone());
        let (amount, spare, lock, join) = (self.amount, self.spare(), self.lock, self.place.join());
        let (crew, undo) = Crew::start(vec![Job::Memory(Hold { amount, of, spare, lock, join })], GONE)?;
        self.crew = crew;
        Ok(undo)
    }

    fn applying(&self) -> Duration {
        crew::patience(self.taken, A_SECOND)
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        self.crew.go(self.applying())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let held = Crew::sum(&self.crew.reports()?, "held_bytes") as u64;
        match self.amount {
            Amount::Additional(bytes) if held < bytes => Err(FaultError::new(format!(
                "{} of {} could be taken: others were faster",
                show_bytes(held),
                show_bytes(bytes)
            ))),
            _ => Ok(()),
        }
    }

    fn interval(&self) -> Option<Duration> {
        Some(crew::LOOK)
    }

    fn tick(&mut self) -> Result<(), FaultError> {
        self.crew.reports().map(drop)
    }

    fn report(&mut self) -> Value {
        let Ok(reports) = self.crew.reports() else { return Value::Null };
        let number = |bytes: u64| Value::from(i64::try_from(bytes).unwrap_or(i64::MAX));
        let report = Map::new();
        match self.amount {
            Amount::Additional(bytes) => report.insert("asked_bytes", number(bytes)),
            Amount::Total(bytes) => {
                report.insert("asked_percent_used", Value::Float(self.base.percent(bytes)));
                report.insert("asked_bytes_used", number(bytes))
            }
        };
        report.insert("held_bytes", number(Crew::sum(&reports, "held_bytes") as u64));
        if let Ok(host) = memory::memory() {
            let now = Base::of(&self.place, host);
            report.insert("used_percent", Value::Float(now.percent(now.share.used)));
        }
        Value::Map(report)
    }
}
