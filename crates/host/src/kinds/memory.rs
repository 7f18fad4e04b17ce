//! `memory`: memory is taken and held.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::Value;
use squall_model::quantity::show_bytes;
use squall_os::limits;

use crate::jobs::{Job, Memory};
use crate::worker::{self, Worker};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "memory",
    summary: "takes memory and holds it",
    class: Class::Held,
    parameters: PARAMETERS,
    // the kernel frees some ten gigabytes a second
    bound: GONE,
    orphaned: Orphaned::Ends("the worker ends with the runner"),
};

const GONE: Duration = Duration::from_secs(10);

const PARAMETERS: &[Parameter] = &[
    Parameter::new("bytes", Form::Bytes, "how much, such as 512MiB"),
    Parameter::new("percent", Form::Percent(100.0), "how much of what there is, or of the limit inside a cgroup"),
    Parameter::new(
        "strategy",
        Form::Choice(&["additional", "total"]),
        "`additional` takes so much more; `total` takes what is missing until so much is used in all, and follows it",
    )
    .or("additional"),
    Parameter::new("overcommit", Form::Flag, "take it although less is available: the kernel may end processes")
        .or("false"),
];

/// How long taking it may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let memory = limits::memory().map_err(|error| vec![Problem::new(format!("/proc/meminfo: {error}"))])?;
    let total = arguments.text("strategy") == Some("total");
    let bytes = match (arguments.whole("bytes"), arguments.number("percent")) {
        (Some(_), Some(_)) => return Err(vec![Problem::of("bytes", "cannot go together with `percent`")]),
        (Some(bytes), None) => bytes,
        (None, Some(percent)) => (memory.total as f64 * percent / 100.0) as u64,
        (None, None) => {
            return Err(vec![
                Problem::of("bytes", "is missing").help("give `bytes` or `percent`: how much?"),
            ]);
        }
    };
    Ok(Box::new(Hold { memory, bytes, total, overcommit: arguments.flag("overcommit"), worker: None }))
}

struct Hold {
    memory: limits::Memory,
    bytes: u64,
    total: bool,
    overcommit: bool,
    worker: Option<Worker>,
}

impl Hold {
    /// What is taken at first.
    fn taken(&self) -> u64 {
        if self.total { self.bytes.saturating_sub(self.memory.used()) } else { self.bytes }
    }
}

impl Fault for Hold {
    fn summary(&self) -> Summary {
        let (amount, available) = (show_bytes(self.taken()), show_bytes(self.memory.available));
        let what = format!("{amount} of memory");
        let need = if self.taken() > self.memory.available && !self.overcommit {
            let way = "`overcommit` takes it all the same";
            Need::unmet(what, format!("{available} is available; {way}"))
        } else if self.taken() == 0 {
            Need::unmet(what, format!("{} is used already", show_bytes(self.memory.used())))
        } else {
            Need::met(what)
        };
        let after = self.memory.used() + self.taken();
        let title = if self.total {
            format!("memory used up to {}", show_bytes(self.bytes))
        } else {
            format!("{amount} of memory taken")
        };
        Summary {
            title,
            targets: vec![format!(
                "this host, or this process' cgroup: {available} of {} is available",
                show_bytes(self.memory.total)
            )],
            touches: vec![
                Touched::Host,
                Touched::Percent("percent", (after as f64 * 100.0 / self.memory.total.max(1) as f64).min(100.0)),
            ],
            needs: vec![need],
            changes: vec![format!("a worker that holds {amount}, every page of it written")],
            undo: vec!["the worker is ended".to_owned()],
            notes: vec![
                "when memory runs out the kernel ends the worker first; the fault has then ended before its time"
                    .to_owned(),
            ],
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let worker = Worker::start(Job::Memory(Memory { bytes: self.bytes, total: self.total }), GONE)?;
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
        worker::told(self.worker.as_mut())
    }
}
