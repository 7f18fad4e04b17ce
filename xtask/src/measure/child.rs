//! What one process costs.
//!
//! The kernel sums up the children of a process; so a helper (this program, called anew) starts
//! exactly one child, waits for it, and tells what the kernel then knows.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

use crate::process::read;
use crate::{Failure, say};

/// The hidden command of this program that [`measure`] calls.
pub const COMMAND: &str = "measure-one-child";

/// The hidden command of this program that starts another one again and again, and does nothing else.
pub const SPAWN_LOOP: &str = "measure-spawn-loop";

/// A program under measurement.
#[derive(Clone)]
pub struct Subject {
    program: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// What a process cost.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time of the process and of the children that it waited for.
    pub cpu: Duration,
    /// That of its children alone, in the kernel's ticks (10 ms).
    pub cpu_of_children: Duration,
    /// Peak resident memory of the process or of its largest child, in KiB.
    pub peak: i64,
    /// Peak resident memory of the helper, in KiB: the kernel lets a new process inherit it, so that
    /// no smaller peak can be seen.
    pub floor: i64,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
}

impl Cost {
    /// User and system time without children.
    pub fn own_cpu(&self) -> Duration {
        self.cpu.saturating_sub(self.cpu_of_children)
    }
}

impl Subject {
    /// A program that is run in `folder`, with a home of its own there.
    pub fn new(program: &Path, folder: &Path) -> Self {
        Subject { program: program.to_owned(), folder: folder.to_owned(), environment: Vec::new() }
    }

    /// The same program with more environment variables.
    pub fn with(&self, environment: &[(String, String)]) -> Self {
        Subject { environment: environment.to_vec(), ..self.clone() }
    }

    /// Where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Runs the program and gives what it cost; it must exit with 0.
    pub fn run(&self, arguments: &[&str]) -> Result<Cost, Failure> {
        let this = env::current_exe().map_err(|error| Failure::Found(format!("this program: {error}")))?;
        let path = env::var_os("PATH").unwrap_or_default();
        let said = read(
            Command::new(this)
                .arg(COMMAND)
                .arg(&self.program)
                .args(arguments)
                .current_dir(&self.folder)
                .env_clear()
                .env("PATH", path)
                .env("HOME", self.folder.join("home"))
                .env("LC_ALL", "C.UTF-8")
                .envs(self.environment.iter().cloned()),
        )?;
        let cost: Cost = serde_json::from_str(&said)
            .map_err(|error| Failure::Found(format!("cannot read what the helper says: {error}")))?;
        if cost.code == Some(0) {
            return Ok(cost);
        }
        let name = self.program.file_name().unwrap_or_default().to_string_lossy();
        Err(Failure::Found(format!(
            "`{name} {}` ended with {:?}; a figure of it would mean nothing",
            arguments.join(" "),
            cost.code
        )))
    }
}

/// The helper: runs the program that the arguments name, and prints its [`Cost`] as JSON.
pub fn execute(arguments: &[String]) -> ExitCode {
    match measure(arguments) {
        Ok(cost) => {
            say(&cost);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&error);
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &[String]) -> Result<String, String> {
    let (program, arguments) = arguments.split_first().ok_or("which program is missing")?;
    let text = |error: &dyn std::error::Error| error.to_string();
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("`{program}`: {error}"))?;
    let pid = i32::try_from(child.id()).map_err(|error| text(&error))?;
    // It has ended, and still can be asked about.
    waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
        .map_err(|error| text(&error))?;
    let wall = start.elapsed();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).map_err(|error| text(&error))?;
    let ticks = ticks_of_children(&stat).ok_or("the kernel's `stat` of a process has an unknown form")?;
    let status = child.wait().map_err(|error| text(&error))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| text(&error))?;
    let own = getrusage(UsageWho::RUSAGE_SELF).map_err(|error| text(&error))?;
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    let cost = Cost {
        wall,
        cpu: duration(usage.user_time()) + duration(usage.system_time()),
        cpu_of_children: Duration::from_secs(ticks) / u32::try_from(per_second).unwrap_or(100),
        peak: usage.max_rss(),
        floor: own.max_rss(),
        code: status.code(),
    };
    serde_json::to_string(&cost).map_err(|error| text(&error))
}

/// The spawn loop: starts the program that the second argument names as often as the first one says,
/// one after the other, without reading what it says.
pub fn spawn_loop(arguments: &[String]) -> ExitCode {
    let [count, program] = arguments else { return ExitCode::FAILURE };
    let Ok(count) = count.parse::<usize>() else { return ExitCode::FAILURE };
    let all = (0..count).all(|_| Command::new(program).status().is_ok_and(|status| status.success()));
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// `cutime` and `cstime` of a process, in ticks, as proc(5) orders the fields.
fn ticks_of_children(stat: &str) -> Option<u64> {
    // The name in parentheses may hold anything; `state`, the third field, follows it.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(13).map(str::parse::<u64>);
    Some(fields.next()?.ok()? + fields.next()?.ok()?)
}

fn duration(time: TimeVal) -> Duration {
    let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_children_is_read_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 200 0 0 11 12 13 14 20 0 1 0 99";
        assert_eq!(ticks_of_children(stat), Some(13 + 14));
        assert_eq!(ticks_of_children("7 (a) S 1"), None);
    }

    #[test]
    fn a_process_is_measured() {
        let arguments: Vec<String> = ["sh", "-c", "exit 3"].map(str::to_owned).into();
        let said = measure(&arguments).expect("a shell that can be started");
        let cost: Cost = serde_json::from_str(&said).expect("the cost of a process");
        assert_eq!(cost.code, Some(3));
        assert!(cost.wall > Duration::ZERO && cost.peak > 0, "{cost:?}");
    }
}
