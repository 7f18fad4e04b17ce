//! `cpu`: processors are kept busy for a share of the time.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::Value;
use squall_os::limits;

use crate::jobs::{Cpu, Job};
use crate::worker::{self, Worker};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "cpu",
    summary: "keeps processors busy for a share of the time",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: Duration::from_secs(1),
    orphaned: Orphaned::Ends("the worker ends with the runner"),
};

const PARAMETERS: &[Parameter] = &[
    Parameter::new("cores", Form::Whole(1, 4096), "how many processors [default: 1]"),
    Parameter::new("all_cores", Form::Flag, "all that this process may use, fractions included").or("false"),
    Parameter::new("percent", Form::Percent(100.0), "share of each of them; of the limit inside a cgroup")
        .or("100"),
];

const PATIENCE: Duration = Duration::from_secs(10);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let cores = arguments.whole("cores");
    if cores.is_some() && arguments.flag("all_cores") {
        return Err(vec![Problem::of("cores", "cannot go together with `all_cores`")]);
    }
    let available = limits::processors();
    let wanted = if arguments.flag("all_cores") { available } else { cores.unwrap_or(1) as f64 };
    let percent = arguments.number("percent").unwrap_or(100.0);
    Ok(Box::new(Load { available, wanted, percent, worker: None }))
}

struct Load {
    /// Processors that this process may use.
    available: f64,
    wanted: f64,
    percent: f64,
    worker: Option<Worker>,
}

impl Load {
    /// One entry a thread: whole processors, and a last one for what is left of a fraction.
    fn shares(&self) -> Vec<f64> {
        let (whole, rest) = (self.wanted.floor(), self.wanted.fract());
        let mut shares = vec![self.percent; whole as usize];
        if rest > 1e-6 {
            shares.push(self.percent * rest);
        }
        shares
    }
}

impl Fault for Load {
    fn summary(&self) -> Summary {
        let Load { available, wanted, percent, .. } = self;
        let what = format!("{wanted} of {available} processors");
        let need = if wanted > available {
            Need::unmet(what, format!("there are {available}; `all_cores` takes them all"))
        } else {
            Need::met(what)
        };
        let threads = self.shares().len();
        Summary {
            title: format!("{wanted} processors busy for {percent} % of the time"),
            targets: vec![format!("this host, or this process' cgroup: {available} processors")],
            touches: vec![Touched::Host, Touched::Percent("percent", *percent)],
            needs: vec![need],
            changes: vec![format!(
                "a worker with {threads} threads, each busy for its share by its own CPU time"
            )],
            undo: vec!["the worker is ended".to_owned()],
            notes: vec!["the load comes on top of what is there, and competes with it".to_owned()],
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let worker = Worker::start(Job::Cpu(Cpu { shares: self.shares() }), worker::GONE)?;
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
