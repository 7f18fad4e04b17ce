//! `shutdown`: this host is ended after a while, or starts again. Until then it can be put off.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary, Touched};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::Value;
use squall_model::quantity::show_duration;
use squall_os::capability::Capability;

use crate::jobs::{Job, Shutdown, graceful};
use crate::need;
use crate::worker::{self, Worker};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "shutdown",
    summary: "ends this host after a delay, or starts it again; until then the undo calls it off",
    class: Class::SelfEnding,
    parameters: PARAMETERS,
    bound: Duration::from_secs(1),
    orphaned: Orphaned::Ends("the worker that waits ends with the runner, and nothing happens"),
};

const PARAMETERS: &[Parameter] = &[
    Parameter::new("delay", Form::Duration, "how long until then; hold the fault for longer than that")
        .or("1m"),
    Parameter::new("reboot", Form::Flag, "start again afterwards").or("false"),
    Parameter::new("forced", Form::Flag, "the kernel does it at once, services are not asked").or("false"),
];

const PATIENCE: Duration = Duration::from_secs(10);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    Ok(Box::new(End {
        delay: arguments.duration("delay").unwrap_or(Duration::from_secs(60)),
        reboot: arguments.flag("reboot"),
        forced: arguments.flag("forced"),
        worker: None,
    }))
}

struct End {
    delay: Duration,
    reboot: bool,
    forced: bool,
    worker: Option<Worker>,
}

impl Fault for End {
    fn summary(&self) -> Summary {
        let what = if self.reboot { "reboots" } else { "is switched off" };
        let delay = show_duration(self.delay);
        let mut needs = vec![need::capability(Capability::SYS_BOOT, "CAP_SYS_BOOT")];
        let how = match graceful(self.reboot) {
            _ if self.forced => "sync(2), then reboot(2): services are not asked".to_owned(),
            Some((program, words)) => format!("`{program} {}`", words.join(" ")),
            None => {
                let why = "neither systemd nor `shutdown` is there; `forced` makes the kernel do it";
                needs.push(Need::unmet("an init that can be asked", why));
                "nothing".to_owned()
            }
        };
        Summary {
            title: format!("this host {what} in {delay}"),
            targets: vec!["this host".to_owned()],
            touches: vec![Touched::Host],
            needs,
            changes: vec![format!("a worker waits {delay}"), how],
            undo: vec!["the worker is ended: it does not happen. Once it has, nothing is undone".to_owned()],
            notes: vec!["nobody sees to it that the host comes back".to_owned()],
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let delay_millis = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
        let job = Job::Shutdown(Shutdown { delay_millis, reboot: self.reboot, forced: self.forced });
        let worker = Worker::start(job, worker::GONE)?;
        let undo = worker.undo()?.to_json();
        self.worker = Some(worker);
        Ok(vec![undo])
    }

    fn applying(&self) -> Duration {
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
