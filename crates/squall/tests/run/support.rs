//! A folder, a home, and the binary in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use squall_model::{Value, json};
use tempfile::TempDir;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a test runs the binary.
pub struct Place {
    folder: TempDir,
}

/// What a run printed, and its code.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: TempDir::new().expect("a folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the folder can be written to");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the file is there")
    }

    pub fn journal(&self) -> Value {
        json::parse(&self.read("journal.json")).expect("the journal is JSON")
    }

    /// The binary with these arguments, in an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_squall"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        done(self.command(arguments).output().expect("the binary runs"))
    }

    /// The run logs, oldest first.
    pub fn run_logs(&self) -> Vec<PathBuf> {
        let folder = self.path("home/.local/state/squall/runs");
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut logs: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        logs.sort_by_key(|log| fs::metadata(log).and_then(|data| data.modified()).expect("a time"));
        logs
    }

    /// Waits until `condition` holds.
    pub fn wait_for(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
            std::thread::yield_now();
        }
    }

    /// Waits until a file is there and has something in it; gives it without blanks around.
    pub fn wait_for_file(&self, name: &str) -> String {
        let path = self.path(name);
        let content = || fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
        self.wait_for(name, || !content().is_empty());
        content()
    }
}

pub fn done(output: Output) -> Ran {
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sends a signal by its name to a process.
pub fn send(signal: &str, pid: u32) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success(), "{signal} to {pid}");
}

/// Whether the process lives: neither gone nor dead and only waiting to be noted.
pub fn is_alive(pid: &str) -> bool {
    let status = fs::read_to_string(Path::new("/proc").join(pid).join("status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// Ends a process when the test is over, however it goes.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The text at a path of keys and indexes, or what it is otherwise.
pub fn at(value: &Value, path: &[&str]) -> Value {
    path.iter().fold(value.clone(), |value, step| match (&value, step.parse::<usize>()) {
        (Value::List(list), Ok(index)) => list.get(index).unwrap_or_default(),
        _ => value.get(step).unwrap_or_default(),
    })
}
