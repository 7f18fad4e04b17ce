//! Where load is put: beside us, or into the control group of somebody else.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{FaultError, Need};
use squall_os::cgroup::Group;
use squall_os::procfs;

/// A control group by its folder.
pub const CGROUP: Parameter = Parameter::new(
    "cgroup",
    Form::Text,
    "put the load into this control group: its folder, such as /sys/fs/cgroup/app; limits are then its",
);
/// A control group by one of its processes.
pub const OF_PROCESS: Parameter = Parameter::new(
    "of_process",
    Form::Text,
    "put the load into the control group of this process: its whole name, or its id",
);

/// Where load is put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The group whose limits count; `None` where there are no groups.
    pub group: Option<Group>,
    /// Whether workers have to join it.
    chosen: bool,
}

/// What a worker has to join before it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// The group's folder; `None` where it stays in ours.
    pub group: Option<PathBuf>,
}

impl Place {
    /// Reads the arguments, for a resource that control groups limit under this name (`cpu`, `memory`, `pids`, `blkio`).
    ///
    /// # Errors
    /// What does not go together, or is not there.
    pub fn of(arguments: &Arguments, controller: &str) -> Result<Self, Vec<Problem>> {
        let found = match (arguments.text("cgroup"), arguments.text("of_process")) {
            (Some(_), Some(_)) => {
                return Err(vec![Problem::of("cgroup", "cannot go together with `of_process`")]);
            }
            (Some(folder), None) => Some(by_folder(folder)),
            (None, Some(process)) => Some(by_process(process, controller)),
            (None, None) => None,
        };
        match found {
            Some(group) => Ok(Place { group: Some(group.map_err(|problem| vec![problem])?), chosen: true }),
            None => Ok(Place { group: Group::of("self", controller).ok().flatten(), chosen: false }),
        }
    }

    /// What workers have to join.
    pub fn join(&self) -> Join {
        let group = self.group.as_ref().filter(|_| self.chosen);
        Join { group: group.map(|group| group.folder.clone()) }
    }

    /// What it needs.
    pub fn need(&self) -> Option<Need> {
        let group = self.group.as_ref().filter(|_| self.chosen)?;
        let what = format!("the right to put processes into `{}`", group.folder.display());
        Some(match group.may_join() {
            Ok(()) => Need::met(what),
            Err(error) => Need::unmet(what, format!("{error}; root may")),
        })
    }

    /// Where that is, in words: empty, or `, in control group ...`.
    pub fn describe(&self) -> String {
        match self.group.as_ref().filter(|_| self.chosen) {
            Some(group) => format!(", in control group `{}`", group.folder.display()),
            None => String::new(),
        }
    }
}

impl Join {
    /// Joins.
    ///
    /// # Errors
    /// The group is gone, or takes us not.
    pub fn enter(&self) -> Result<(), FaultError> {
        let Some(folder) = &self.group else { return Ok(()) };
        let joined =
            Group::at(folder).ok_or(std::io::ErrorKind::NotFound.into()).and_then(|group| group.join());
        joined.map_err(|error| {
            FaultError::new(format!("control group `{}` cannot be joined: {error}", folder.display()))
        })
    }
}

fn by_folder(folder: &str) -> Result<Group, Problem> {
    Group::at(Path::new(folder)).ok_or_else(|| {
        Problem::of("cgroup", format!("`{folder}` is no control group"))
            .help("it is a folder that holds `cgroup.procs`")
    })
}

fn by_process(process: &str, controller: &str) -> Result<Group, Problem> {
    let problem = |message: String| Problem::of("of_process", message);
    let all = procfs::processes().map_err(|error| problem(format!("/proc: {error}")))?;
    let pid: Option<u32> = process.parse().ok();
    let wanted = |known: &&procfs::Process| match pid {
        Some(pid) => known.pid == pid,
        None => known.name == process && !known.is_over(),
    };
    let mut groups: Vec<Group> = Vec::new();
    for found in all.iter().filter(wanted) {
        if let Ok(Some(group)) = Group::of(&found.pid.to_string(), controller)
            && !groups.contains(&group)
        {
            groups.push(group);
        }
    }
    match (groups.pop(), groups.is_empty()) {
        (Some(group), true) => Ok(group),
        (Some(_), false) => Err(problem(format!("processes `{process}` are in several control groups"))
            .help("name one by its id, or give `cgroup`")),
        (None, _) => Err(problem(format!("there is no process `{process}` with a `{controller}` group"))
            .help("`ps -e` shows what runs; the group must be mounted under /sys/fs/cgroup")),
    }
}
