//! Choosing processes.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::Touched;
use squall_os::procfs::{self, Process};

/// The parameters that choose processes.
pub const NAME: Parameter =
    Parameter::new("process", Form::Text, "name of the process, or a part of it; a number is a process id");
/// See [`NAME`].
pub const EXACT: Parameter =
    Parameter::new("exact", Form::Flag, "the name must be the whole name").or("false");
/// See [`NAME`].
pub const FULL: Parameter =
    Parameter::new("full", Form::Flag, "look at the whole command line, not at the name").or("false");
/// See [`NAME`].
pub const USER: Parameter =
    Parameter::new("user", Form::Text, "only processes of this user, by name or number");
/// See [`NAME`].
pub const GROUP: Parameter =
    Parameter::new("group", Form::Text, "only processes of this group, by name or number");
/// See [`NAME`].
pub const NEWEST: Parameter = Parameter::new("newest", Form::Flag, "only the one started last").or("false");
/// See [`NAME`].
pub const OLDEST: Parameter = Parameter::new("oldest", Form::Flag, "only the one started first").or("false");
/// See [`NAME`].
pub const CHILDREN: Parameter =
    Parameter::new("children", Form::Flag, "their descendants as well").or("false");

/// How processes are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: String,
    exact: bool,
    full: bool,
    user: Option<u32>,
    group: Option<u32>,
    newest: bool,
    oldest: bool,
    children: bool,
}

impl Selector {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What does not go together, or names nobody.
    pub fn of(arguments: &Arguments) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let name = arguments.text("process").unwrap_or_default().to_owned();
        if name.is_empty() {
            problems.push(Problem::of("process", "is empty, which would be every process"));
        }
        if arguments.flag("newest") && arguments.flag("oldest") {
            problems.push(Problem::of("newest", "cannot go together with `oldest`"));
        }
        let mut number = |parameter: &'static str, file: &str| {
            let name = arguments.text(parameter)?;
            let found = id(name, file);
            if found.is_none() {
                problems.push(Problem::of(parameter, format!("there is no {parameter} `{name}`")));
            }
            found
        };
        let (user, group) = (number("user", "/etc/passwd"), number("group", "/etc/group"));
        let flag = |name| arguments.flag(name);
        let selector = Selector {
            name,
            user,
            group,
            exact: flag("exact"),
            full: flag("full"),
            newest: flag("newest"),
            oldest: flag("oldest"),
            children: flag("children"),
        };
        if problems.is_empty() { Ok(selector) } else { Err(problems) }
    }

    /// The processes that are chosen now. Never this one, those it descends from, the first process, or threads of the
    /// kernel.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn find(&self) -> std::io::Result<Vec<Process>> {
        let all = procfs::processes()?;
        let spared = ancestors(&all, std::process::id());
        let pid: Option<u32> = self.name.parse().ok();
        let wanted = |process: &&Process| {
            let fits = match pid {
                Some(pid) => process.pid == pid,
                None if self.full => self.fits(&process.arguments().join(" ")),
                None => self.fits(&process.name),
            };
            fits && self.user.is_none_or(|user| process.user == user)
                && self.group.is_none_or(|group| process.group == group)
        };
        let touchable = |process: &&Process| {
            process.pid != 1 && !process.is_kernel() && !process.is_over() && !spared.contains(&process.pid)
        };
        let mut found: Vec<Process> = all.iter().filter(touchable).filter(wanted).cloned().collect();
        found.sort_by_key(|process| (process.start, process.pid));
        if self.oldest {
            found.truncate(1);
        }
        if self.newest {
            found.drain(..found.len().saturating_sub(1));
        }
        if self.children {
            let mut index = 0;
            while let Some(parent) = found.get(index).map(|process| process.pid) {
                let more = all.iter().filter(touchable).filter(|process| process.parent == parent);
                let more: Vec<Process> = more.filter(|process| !found.contains(process)).cloned().collect();
                found.extend(more);
                index += 1;
            }
        }
        Ok(found)
    }

    fn fits(&self, text: &str) -> bool {
        if self.exact {
            // the kernel keeps 15 bytes of a name
            return text == self.name || (!self.full && text.len() == 15 && self.name.starts_with(text));
        }
        text.contains(&self.name)
    }

    /// The choice in words.
    pub fn describe(&self) -> String {
        let what = if self.full { "command line" } else { "name" };
        let how = if self.exact { "is" } else { "contains" };
        let mut text = match self.name.parse::<u32>() {
            Ok(pid) => format!("process {pid}"),
            Err(_) => format!("processes whose {what} {how} `{}`", self.name),
        };
        for (chosen, words) in [
            (self.newest, ", the newest"),
            (self.oldest, ", the oldest"),
            (self.children, ", with descendants"),
        ] {
            if chosen {
                text.push_str(words);
            }
        }
        text
    }
}

/// A process as it is shown.
pub fn show(process: &Process) -> String {
    format!("{} ({})", process.pid, process.name)
}

/// A process for guard rails.
pub fn touched(process: &Process) -> Touched {
    Touched::Process { pid: process.pid, name: process.name.clone() }
}

/// A process and those that it descends from.
fn ancestors(all: &[Process], of: u32) -> Vec<u32> {
    let mut found = vec![of];
    while let Some(process) = all.iter().find(|process| Some(&process.pid) == found.last()) {
        if process.parent == 0 || found.contains(&process.parent) {
            break;
        }
        found.push(process.parent);
    }
    found
}

/// The number of a user or a group: the number itself, or that of a name in `file`.
pub(crate) fn id(name: &str, file: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let known = std::fs::read_to_string(file).ok()?;
    known.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then(|| fields.nth(1)?.parse().ok())?
    })
}
