//! A folder with a ledger of its own, processes to hit, and patience.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Where a test runs the binary, with its own ledger.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Place {
        Place { folder: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state/squall")
    }

    /// The binary with these arguments, and this folder as its world.
    pub fn squall(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_squall"));
        command
            .arg("--no-log-file")
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.squall(arguments).output().unwrap())
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        Running(self.squall(arguments).spawn().unwrap())
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The faults that are not put back, or all.
    pub fn faults(&self, all: bool) -> Vec<Value> {
        let arguments: &[&str] = if all { &["faults", "--json", "--all"] } else { &["faults", "--json"] };
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Waits until a fault stands like this.
    pub fn wait_for_standing(&self, standing: &str) {
        wait_for(&format!("a fault that is {standing}"), || {
            self.faults(true).iter().any(|fault| fault["standing"] == standing)
        });
    }

    /// The processes that the binary started for this place: guards by their folder, workers by their environment.
    pub fn companions(&self, word: &str) -> Vec<u32> {
        let state = self.path("state");
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&read("cmdline")).into_owned();
            if arguments.split('\0').nth(1) != Some(word) || state_of(pid).is_none_or(|state| state == 'Z') {
                continue;
            }
            let environment = String::from_utf8_lossy(&read("environ")).into_owned();
            if environment.split('\0').any(|entry| entry == format!("XDG_STATE_HOME={}", state.display())) {
                found.push(pid);
            }
        }
        found
    }
}

/// What the binary printed, and its code.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A process of this test, ended when it is dropped.
pub struct Running(pub Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn signal(&self, name: &str) {
        send(name, self.pid());
    }

    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for the end.
    pub fn end(mut self) -> Ran {
        wait_for("the end of the process", || self.0.try_wait().unwrap().is_some());
        let status = self.0.wait().unwrap();
        let mut ran = Ran { code: status.code(), stdout: String::new(), stderr: String::new() };
        use std::io::Read;
        if let Some(mut stream) = self.0.stdout.take() {
            let _ = stream.read_to_string(&mut ran.stdout);
        }
        if let Some(mut stream) = self.0.stderr.take() {
            let _ = stream.read_to_string(&mut ran.stderr);
        }
        ran
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that does nothing, to be hit.
pub fn victim() -> Running {
    Running(Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap())
}

pub fn send(signal: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{signal}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{signal} {pid}");
}

/// The state letter of a process, if it is there.
pub fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim().chars().next()
}

pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// A file system of so many megabytes in memory, gone when it is dropped. Needs root.
pub struct SmallDisk(pub PathBuf);

impl SmallDisk {
    pub fn mount(path: &Path, megabytes: u32) -> SmallDisk {
        fs::create_dir_all(path).unwrap();
        let options = format!("size={megabytes}m,mode=0755");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "none"]).arg(path).status();
        assert!(status.unwrap().success(), "mounting needs root");
        SmallDisk(path.to_owned())
    }

    /// Bytes that are free.
    pub fn free(&self) -> u64 {
        let output = Command::new("df").args(["-B1", "--output=avail"]).arg(&self.0).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().nth(1).unwrap().trim().parse().unwrap()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
