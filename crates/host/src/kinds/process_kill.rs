//! `process.kill`: processes are ended by a signal; with a duration, again and again.

use std::time::Duration;

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary};
use squall_engine::fault::record::{Class, FaultId};
use squall_model::{Map, Value};
use squall_os::pidfd::{self, Handle, Signal};
use squall_os::procfs::{self, Process};

use crate::target::{self, Selector};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "process.kill",
    summary: "ends processes by a signal; with a duration, whatever matches is ended again and again",
    class: Class::OneShot,
    parameters: PARAMETERS,
    bound: Duration::from_secs(1),
    orphaned: Orphaned::Ends("nobody but the runner sends signals"),
};

const PARAMETERS: &[Parameter] = &[
    target::NAME.required(),
    target::EXACT,
    target::FULL,
    target::USER,
    target::GROUP,
    target::NEWEST,
    target::OLDEST,
    target::CHILDREN,
    Parameter::new("signal", Form::Text, "name or number of the signal").or("KILL"),
    Parameter::new("interval", Form::Duration, "with a duration: how often it is looked for processes")
        .or("1s"),
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let selector = Selector::of(arguments)?;
    let name = arguments.text("signal").unwrap_or("KILL");
    let signal = pidfd::signal(name).ok_or_else(|| {
        let help = "use a name such as KILL, TERM or SIGINT, or a number from 1 to 31";
        vec![Problem::of("signal", format!("there is no signal `{name}`")).help(help)]
    })?;
    let interval = arguments.duration("interval").unwrap_or(Duration::from_secs(1));
    if interval < Duration::from_millis(10) {
        return Err(vec![Problem::of("interval", "must be at least 10ms")]);
    }
    let targets = selector.find().map_err(|error| vec![Problem::new(format!("/proc: {error}"))])?;
    Ok(Box::new(Kill { selector, signal, interval, targets, killed: Vec::new() }))
}

struct Kill {
    selector: Selector,
    signal: Signal,
    interval: Duration,
    targets: Vec<Process>,
    /// What was hit: number and name.
    killed: Vec<(u32, String)>,
}

impl Kill {
    /// Sends the signal to these processes, or those of them that are still there.
    fn hit(&mut self, processes: &[Process]) -> Result<(), FaultError> {
        for process in processes {
            let error = |error| {
                FaultError::new(format!("process {} cannot be sent a signal: {error}", target::show(process)))
                    .help("only its own user and root may")
            };
            let Some(handle) = Handle::open(process.pid, process.start).map_err(error)? else { continue };
            if handle.signal(self.signal).map_err(error)? {
                self.killed.push((process.pid, process.name.clone()));
            }
        }
        Ok(())
    }
}

impl Fault for Kill {
    fn summary(&self) -> Summary {
        let targets: Vec<String> = self.targets.iter().map(target::show).collect();
        let what = self.selector.describe();
        let signal = pidfd::signal_name(self.signal);
        let mut needs = vec![if targets.is_empty() {
            Need::unmet(what.clone(), "there is none now; `ps -e` shows what there is")
        } else {
            Need::met(what.clone())
        }];
        let own = procfs::process(std::process::id()).map(|process| process.user).unwrap_or_default();
        if let Some(other) = self.targets.iter().find(|process| own != 0 && process.user != own) {
            let why = format!("{} runs as user {}", target::show(other), other.user);
            needs.push(Need::unmet("the right to send them signals", why));
        }
        Summary {
            title: format!("SIG{signal} to {what}"),
            touches: self.targets.iter().map(target::touched).collect(),
            needs,
            changes: targets.iter().map(|process| format!("SIG{signal} to {process}")).collect(),
            undo: vec!["none: who was ended does not come back by us".to_owned()],
            targets,
            notes: vec!["with a duration, processes that match later are hit, too".to_owned()],
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        Ok(Vec::new())
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        let targets = std::mem::take(&mut self.targets);
        self.hit(&targets)
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        Ok(())
    }

    fn interval(&self) -> Option<Duration> {
        Some(self.interval)
    }

    fn tick(&mut self) -> Result<(), FaultError> {
        let found = self.selector.find().map_err(|error| FaultError::new(format!("/proc: {error}")))?;
        self.hit(&found)
    }

    fn report(&mut self) -> Value {
        let report = Map::new();
        report.insert("count", Value::from(i64::try_from(self.killed.len()).unwrap_or(i64::MAX)));
        let shown = self.killed.iter().map(|(pid, name)| {
            Value::map([("pid", Value::from(i64::from(*pid))), ("name", Value::from(name.as_str()))])
        });
        report.insert("processes", Value::list(shown));
        Value::Map(report)
    }
}
