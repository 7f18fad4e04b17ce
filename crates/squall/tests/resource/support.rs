//! A ledger of its own for each test, faults in it, and the ways in which they end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value as Json;
use tempfile::TempDir;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until a condition holds.
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Says so, and gives `false`, where a test cannot do its work because it is not run by root.
pub fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        #[allow(clippy::print_stderr)]
        {
            eprintln!(
                "SKIPPED: this test mounts or makes control groups, which only root can; run it as root"
            );
        }
    }
    root
}

/// Where a test runs the binary: a ledger of its own.
pub struct Lab {
    folder: TempDir,
    state: PathBuf,
}

/// How the processes that hold a fault end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Ctrl-C.
    Interrupt,
    /// The runner is killed; the guard puts everything back.
    KillRunner,
    /// Runner and guard are killed at once; it ends by itself, and `squall undo` verifies that.
    KillBoth,
    /// Nobody does anything.
    ByItself,
}

impl End {
    /// All that somebody does.
    pub const ALL: [End; 3] = [End::Interrupt, End::KillRunner, End::KillBoth];
}

impl Lab {
    pub fn new() -> Lab {
        let folder = TempDir::new().expect("a folder");
        let state = folder.path().join("state");
        Lab { folder, state }
    }

    /// With the ledger in that folder.
    pub fn with_ledger_in(state: &Path) -> Lab {
        Lab { folder: TempDir::new().expect("a folder"), state: state.to_owned() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The binary with these arguments, in an environment of its own.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_squall"));
        self.prepare(&mut command);
        command.args(arguments);
        command
    }

    pub fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", &self.state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary runs")
    }

    /// What the fault of these words did, held for so long: its report.
    pub fn report(&self, words: &[&str], length: &str) -> Json {
        let arguments = [&["inject"], words, &["--for", length, "--json"]].concat();
        let output = self.run(&arguments);
        assert!(output.status.success(), "{output:?}");
        let outcome: Json = serde_json::from_slice(&output.stdout).expect("JSON");
        outcome["report"].clone()
    }

    /// What is needed and not there, when the fault of these words is planned; nothing is changed by that.
    pub fn plan(&self, words: &[&str]) -> (bool, String) {
        let known = self.facts();
        let output = self.run(&[&["inject"], words, &["--plan"]].concat());
        assert_eq!(self.facts(), known, "a plan changes nothing");
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    /// Injects the fault of these words, and waits until it is in force.
    pub fn inject(&self, words: &[&str]) -> Injected<'_> {
        self.start(self.command(&[&["inject"], words, &["--for", "10m"]].concat()))
    }

    /// As [`Self::inject`], by that command.
    pub fn start(&self, mut command: Command) -> Injected<'_> {
        let known = self.facts().len();
        let mut runner = command.spawn().expect("the binary runs");
        wait_for("the fault to be in force", || {
            if runner.try_wait().expect("it can be waited for").is_some() {
                let mut said = String::new();
                let mut errors = runner.stderr.take().expect("standard error");
                let _ = std::io::Read::read_to_string(&mut errors, &mut said);
                panic!("the runner ended: {said}");
            }
            self.facts()[known..].iter().any(|fact| fact["fact"] == "applied")
        });
        let planned = self.facts()[known..].iter().find(|fact| fact["fact"] == "planned").cloned();
        let undo = planned.expect("it was recorded before")["undo"].clone();
        let undo = undo.as_array().expect("undos").clone();
        let workers = undo.iter().filter_map(|undo| undo["worker"]["pid"].as_u64());
        let workers = workers.map(|pid| u32::try_from(pid).expect("a number")).collect();
        Injected { lab: self, runner, workers, undo }
    }

    /// What the ledger says, record by record.
    pub fn facts(&self) -> Vec<Json> {
        let lines = fs::read_to_string(self.state.join("squall/faults.ledger")).unwrap_or_default();
        lines.lines().filter_map(|line| serde_json::from_str(line.split_once(' ')?.1).ok()).collect()
    }

    fn is_closed(&self) -> bool {
        let facts = self.facts();
        let count = |name: &str| facts.iter().filter(|fact| fact["fact"] == name).count();
        count("undone") == count("planned")
    }
}

/// A fault in force.
pub struct Injected<'a> {
    lab: &'a Lab,
    runner: Child,
    /// Its workers' numbers.
    pub workers: Vec<u32>,
    /// Its undos, as the ledger has them.
    pub undo: Vec<Json>,
}

impl Injected<'_> {
    /// The first worker's number.
    pub fn worker(&self) -> u32 {
        self.workers[0]
    }

    /// Ends what holds it, and waits until the record is closed and the workers are gone.
    pub fn end(mut self, how: End) {
        match how {
            End::ByItself => {}
            End::Interrupt => signal(self.runner.id(), Signal::INT),
            End::KillRunner => signal(self.runner.id(), Signal::KILL),
            End::KillBoth => {
                let guard =
                    children(self.runner.id()).into_iter().find(|pid| command_line(*pid).contains("--guard"));
                let guard = guard.expect("there is a guard");
                // none of them sees the other one end
                for pid in [guard, self.runner.id()] {
                    signal(pid, Signal::STOP);
                }
                for pid in [guard, self.runner.id()] {
                    signal(pid, Signal::KILL);
                }
            }
        }
        let status = self.runner.wait().expect("it can be waited for");
        for worker in &self.workers {
            wait_for("the worker to be gone", || is_gone(*worker));
        }
        if how == End::KillBoth {
            let output = self.lab.run(&["undo", "--all"]);
            assert!(output.status.success(), "{output:?}");
        }
        if how == End::Interrupt {
            let mut said = String::new();
            let mut errors = self.runner.stderr.take().expect("standard error");
            let _ = std::io::Read::read_to_string(&mut errors, &mut said);
            assert!(status.success(), "{status}: {said}");
        }
        wait_for("the record to be closed", || self.lab.is_closed());
    }
}

impl Drop for Injected<'_> {
    fn drop(&mut self) {
        // a test that failed leaves it to the guard
        let _ = self.runner.kill();
        let _ = self.runner.wait();
    }
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).expect("a number")).expect("a process");
    kill_process(pid, signal).expect("it can be signalled");
}

/// Kills a process of ours.
pub fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

fn children(of: u32) -> Vec<u32> {
    let read = |path: String| fs::read_to_string(path).unwrap_or_default();
    let tasks = fs::read_dir(format!("/proc/{of}/task")).expect("it runs");
    let tasks = tasks.map(|task| task.expect("an entry").path().join("children"));
    let lists: Vec<String> = tasks.map(|path| read(path.display().to_string())).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}

fn command_line(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

/// Whether a process is over.
pub fn is_gone(pid: u32) -> bool {
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X'])),
        Err(_) => true,
    }
}

/// A field of `/proc/PID/stat`, counted from 1 as in its manual page; above 2.
pub fn stat(pid: u32, field: usize) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    rest.split(' ').nth(field - 3).and_then(|word| word.parse().ok()).expect("a number")
}

/// A number in a file of `name: number` or `name number` lines.
pub fn number(file: &str, name: &str) -> u64 {
    let told = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix([':', ' ']));
    let number = line.unwrap_or_else(|| panic!("{file} has no {name}")).split_whitespace().next();
    number.and_then(|number| number.parse().ok()).expect("a number")
}

/// A control group of version 1, removed at the end.
pub struct Group {
    pub folder: PathBuf,
}

impl Group {
    /// A group for that controller; `None`, and says so, where there are none here.
    pub fn new(controller: &str, settings: &[(&str, &str)]) -> Option<Group> {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let root = Path::new("/sys/fs/cgroup").join(controller);
        if !is_root() || !root.join("cgroup.procs").exists() {
            #[allow(clippy::print_stderr)]
            {
                eprintln!("SKIPPED: this host has no {controller} groups of version 1 that we may make");
            }
            return None;
        }
        let folder = root.join(format!("squall-test-{}-{count}", std::process::id()));
        fs::create_dir(&folder).expect("a group");
        for (name, value) in settings {
            fs::write(folder.join(name), value).expect("the group takes it");
        }
        Some(Group { folder })
    }

    pub fn text(&self) -> &str {
        self.folder.to_str().expect("text")
    }

    /// A number that the group tells.
    pub fn number(&self, file: &str) -> u64 {
        fs::read_to_string(self.folder.join(file)).expect("a file").trim().parse().expect("a number")
    }

    /// A command that is started in the group.
    pub fn command(&self, script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("echo $$ > {}/cgroup.procs; {script}", self.text()));
        command
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let end = Instant::now() + Duration::from_secs(5);
        // a process that just ended may still be in it
        while fs::remove_dir(&self.folder).is_err() && Instant::now() < end {
            std::thread::yield_now();
        }
    }
}
