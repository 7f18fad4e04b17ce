//! The program under test, running one case in a folder of its own.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions};

use crate::case::{self, Case, Moment};
use crate::json::Json;
use crate::server::Server;

/// How often a running program is looked at.
const TICK: Duration = Duration::from_millis(5);

/// A program that understands the command line of Chaos Toolkit.
#[derive(Clone, Debug)]
pub struct Program {
    /// The executable.
    pub path: PathBuf,
    /// The venv of the reference, whose interpreter runs user code in Python.
    pub venv: Option<PathBuf>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code; below zero, by that signal.
    Code(i32),
    /// It did not end in time.
    TimedOut,
}

/// What was left behind, with the names of temporary places replaced by `@WORK@` and so on.
#[derive(Debug)]
pub struct Outcome {
    /// How the program ended.
    pub exit: Exit,
    /// How long it took.
    pub wall: Duration,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The text of the journal, if one was written.
    pub journal: Option<String>,
    /// Files that were made or changed, besides the journal and the log file, sorted by path.
    pub files: Vec<(String, String)>,
    /// The log file `chaostoolkit.log`.
    pub log_file: String,
    /// What stands in the folder for state, run logs for one.
    pub state: String,
    /// What the test server was asked.
    pub requests: Vec<Json>,
    /// Signals that never became due.
    pub unsent: usize,
}

/// Why a case could not be run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file or a process of the harness failed.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A case names an unknown signal.
    #[error("unknown signal `{0}`")]
    Signal(String),
}

fn io<T>(what: impl FnOnce() -> String, result: std::io::Result<T>) -> Result<T, RunError> {
    result.map_err(|source| RunError::Io { what: what(), source })
}

/// Names that stand for places of one run.
struct Places(Vec<(&'static str, String)>);

impl Places {
    fn put(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, place)| text.replace(name, place))
    }

    fn back(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, place)| text.replace(place.as_str(), name))
    }
}

impl Program {
    /// Runs a case and looks at what it left.
    pub fn run(&self, case: &Case) -> Result<Outcome, RunError> {
        let root =
            io(|| "cannot make a folder".to_owned(), tempfile::Builder::new().prefix("compat-").tempdir())?;
        let root_path = io(|| "cannot resolve the folder".to_owned(), root.path().canonicalize())?;
        let folder = |name: &str| {
            let path = root_path.join(name);
            io(|| format!("cannot make `{}`", path.display()), fs::create_dir(&path)).map(|()| path)
        };
        let (work, home, state) = (folder("work")?, folder("home")?, folder("state")?);
        let server = case.server.clone().map(Server::start).transpose();
        let server = io(|| "cannot start the test server".to_owned(), server)?;
        let mut places = Places(vec![
            ("@WORK@", work.display().to_string()),
            ("@HOME@", home.display().to_string()),
            ("@STATE@", state.display().to_string()),
            ("@MODULES@", case::home().join("modules").display().to_string()),
        ]);
        if let Some(server) = &server {
            places.0.push(("@SERVER@", server.address()));
        }
        for (name, text) in &case.files {
            let path = work.join(name);
            if let Some(parent) = path.parent() {
                io(|| format!("cannot make `{}`", parent.display()), fs::create_dir_all(parent))?;
            }
            io(|| format!("cannot write `{name}`"), fs::write(&path, places.put(text)))?;
            if case.programs.contains(name) {
                io(
                    || format!("cannot mark `{name}`"),
                    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)),
                )?;
            }
        }
        let mut child = self.start(case, &places, &root_path)?;
        let stderr = root_path.join("stderr");
        let has_come = |moment: &Moment| match moment {
            Moment::Wrote(name) => work.join(name).exists(),
            Moment::Said(text) => fs::read(&stderr).is_ok_and(|b| String::from_utf8_lossy(&b).contains(text)),
            Moment::Asked(path) => server
                .iter()
                .flat_map(Server::seen)
                .any(|request| request.get("target").and_then(Json::as_str) == Some(path)),
        };
        let watched = watch(&mut child, case, &has_come)?;
        let read = |path: &Path| {
            fs::read(path).map(|b| places.back(&String::from_utf8_lossy(&b))).unwrap_or_default()
        };
        let journal_path = work.join(&case.journal);
        let journal = journal_path.is_file().then(|| read(&journal_path));
        let mut outcome = Outcome {
            exit: watched.exit,
            wall: watched.wall,
            stdout: read(&root_path.join("stdout")),
            stderr: read(&root_path.join("stderr")),
            journal: journal.filter(|text| case.files.get(&case.journal) != Some(text)),
            files: Vec::new(),
            log_file: String::new(),
            state: String::new(),
            requests: Vec::new(),
            unsent: watched.unsent,
        };
        for (name, path) in walk(&work) {
            if path == journal_path {
                continue;
            }
            let text = read(&path);
            if name == "chaostoolkit.log" {
                outcome.log_file = text;
            } else if case.files.get(&name) != Some(&text) {
                outcome.files.push((name, text));
            }
        }
        outcome.state = walk(&state).iter().map(|(_, path)| read(path)).collect();
        for request in server.iter().flat_map(Server::seen) {
            let text = places.back(&request.to_string());
            outcome.requests.push(Json::parse(&text).unwrap_or(request));
        }
        Ok(outcome)
    }

    fn start(&self, case: &Case, places: &Places, root: &Path) -> Result<Child, RunError> {
        let open = |name: &str| io(|| format!("cannot make `{name}`"), File::create(root.join(name)));
        let (stdout, stderr) = (open("stdout")?, open("stderr")?);
        io(|| "cannot write the input".to_owned(), fs::write(root.join("stdin"), &case.stdin))?;
        let stdin = io(|| "cannot open the input".to_owned(), File::open(root.join("stdin")))?;
        let mut path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
        let mut command = Command::new(&self.path);
        command.env_clear();
        if let Some(venv) = &self.venv {
            path = format!("{}:{path}", venv.join("bin").display());
            command.env("VIRTUAL_ENV", venv);
        }
        command
            .arg("--no-version-check")
            .args(case.args.iter().map(|arg| places.put(arg)))
            .current_dir(root.join("work"))
            .env("PATH", path)
            .env("HOME", root.join("home"))
            .env("XDG_STATE_HOME", root.join("state"))
            .env("PYTHONPATH", case::home().join("modules"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("LANG", "C.UTF-8")
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC")
            .envs(case.env.iter().map(|(name, value)| (name, places.put(value))))
            .stdin(stdin)
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0);
        io(|| format!("cannot start `{}`", self.path.display()), command.spawn())
    }
}

struct Watched {
    exit: Exit,
    wall: Duration,
    unsent: usize,
}

/// Waits for the end of the program, sends the signals that become due, and ends what is left of
/// its process group.
fn watch(child: &mut Child, case: &Case, has_come: &dyn Fn(&Moment) -> bool) -> Result<Watched, RunError> {
    let pid = Pid::from_child(child);
    let start = Instant::now();
    let mut due = case.signals.iter();
    let mut next = due.next();
    let mut timed_out = false;
    // the exit is seen before the child is reaped: its id, and so the group's, cannot be taken
    let seen = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    while rustix::process::waitid(WaitId::Pid(pid), seen).is_ok_and(|status| status.is_none()) {
        if let Some(signal) = next
            && has_come(&signal.when)
        {
            let number = number(&signal.name).ok_or_else(|| RunError::Signal(signal.name.clone()))?;
            // it may have ended in this moment
            let _ended = rustix::process::kill_process(pid, number);
            next = due.next();
        }
        if start.elapsed() > Duration::from_secs(case.seconds) {
            timed_out = true;
            break;
        }
        std::thread::sleep(TICK);
    }
    let wall = start.elapsed();
    let _empty = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    let status = io(|| "cannot wait for the program".to_owned(), child.wait())?;
    let exit = if timed_out { Exit::TimedOut } else { Exit::Code(code(status)) };
    Ok(Watched { exit, wall, unsent: usize::from(next.is_some()) + due.len() })
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

fn number(name: &str) -> Option<rustix::process::Signal> {
    use rustix::process::Signal;
    Some(match name {
        "INT" => Signal::INT,
        "TERM" => Signal::TERM,
        "HUP" => Signal::HUP,
        "USR1" => Signal::USR1,
        "USR2" => Signal::USR2,
        "KILL" => Signal::KILL,
        _ => return None,
    })
}

/// All regular files below a folder, by their path in it, sorted.
fn walk(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && entry.file_name() != "__pycache__" => open.push(path),
                Ok(kind) if kind.is_file() => {
                    let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
                    found.push((name, path));
                }
                _ => {}
            }
        }
    }
    found.sort();
    found
}
