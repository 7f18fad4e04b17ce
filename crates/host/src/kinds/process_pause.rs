//! `process.pause`: processes are stopped, and go on when it is undone.

use std::time::{Duration, Instant};

use serde_json::Value as Json;
use squall_engine::fault::arguments::{Arguments, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, FaultError, Need, Orphaned, Summary};
use squall_engine::fault::record::{Class, FaultId, Identity};
use squall_os::pidfd::{Handle, Signal};
use squall_os::procfs::Process;

use crate::target::{self, Selector};
use crate::undo::{Resume, Undo, find, identity};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "process.pause",
    summary: "stops processes (SIGSTOP); they hang, keep their connections, and go on afterwards",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: Duration::from_secs(1),
    orphaned: Orphaned::Waits,
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
];

/// How long the kernel may take to stop a process: one in an uninterruptible wait stops when that is over.
const PATIENCE: Duration = Duration::from_secs(2);

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let selector = Selector::of(arguments)?;
    let found = selector.find().map_err(|error| vec![Problem::new(format!("/proc: {error}"))])?;
    let (stopped, targets) = found.into_iter().partition(Process::is_stopped);
    Ok(Box::new(Pause { selector, targets, stopped, held: Vec::new() }))
}

struct Pause {
    selector: Selector,
    targets: Vec<Process>,
    /// Those that somebody else has stopped: they are left alone.
    stopped: Vec<Process>,
    held: Vec<Handle>,
}

impl Pause {
    fn identities(&self) -> Result<Vec<Identity>, FaultError> {
        self.targets
            .iter()
            .map(|process| Ok(Identity { start: process.start, ..identity(process.pid)? }))
            .collect()
    }
}

impl Fault for Pause {
    fn summary(&self) -> Summary {
        let targets: Vec<String> = self.targets.iter().map(target::show).collect();
        let some = Need { what: self.selector.describe(), unmet: None };
        let need = if targets.is_empty() {
            Need::unmet(some.what, "there is none that runs now; `ps -e` shows what there is")
        } else {
            some
        };
        let mut notes: Vec<String> = self
            .stopped
            .iter()
            .map(|process| format!("{} is stopped already, and stays so", target::show(process)))
            .collect();
        notes.push("processes that are started later are not stopped".to_owned());
        Summary {
            title: format!("{} stopped", targets.join(", ")),
            touches: self.targets.iter().map(target::touched).collect(),
            needs: vec![need],
            changes: targets.iter().map(|process| format!("SIGSTOP to {process}")).collect(),
            undo: targets.iter().map(|process| format!("SIGCONT to {process}")).collect(),
            targets,
            notes,
        }
    }

    fn prepare(&mut self, _: &FaultId) -> Result<Vec<Json>, FaultError> {
        let processes = self.identities()?;
        self.held =
            processes.iter().filter_map(|process| find(process).transpose()).collect::<Result<_, _>>()?;
        Ok(vec![Undo::Resume(Resume { processes }).to_json()])
    }

    fn apply(&mut self) -> Result<(), FaultError> {
        for process in &self.held {
            process.signal(Signal::STOP).map_err(|error| {
                FaultError::new(format!("process {} cannot be stopped: {error}", process.pid()))
                    .help("only its own user and root may")
            })?;
        }
        Ok(())
    }

    fn verify(&mut self) -> Result<(), FaultError> {
        let end = Instant::now() + PATIENCE;
        for process in &self.held {
            while process.look().is_some_and(|process| !process.is_stopped()) {
                if Instant::now() > end {
                    return Err(FaultError::new(format!("process {} does not stop", process.pid())));
                }
                std::thread::yield_now();
            }
        }
        if self.held.iter().all(|process| process.look().is_none()) {
            return Err(FaultError::new("all of the processes are gone"));
        }
        Ok(())
    }
}
