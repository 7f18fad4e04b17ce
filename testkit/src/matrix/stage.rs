//! Where a cell is played: a process to hit, a small file system, a network namespace, and a ledger of its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use super::Subject;

/// Needs root, for the file system and the namespace.
pub struct Stage {
    folder: TempDir,
    subject: Subject,
    victim: Child,
    disk: bool,
    netns: Option<String>,
}

impl Stage {
    /// Makes what the subject needs.
    ///
    /// # Errors
    /// It cannot be made, for want of rights for example.
    pub fn new(subject: &Subject) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let victim = victim()?;
        let needs = |word: &str| subject.options.contains(&word);
        let mut stage = Stage { folder, subject: *subject, victim, disk: false, netns: None };
        if needs("{disk}") {
            let disk = stage.folder.path().join("disk");
            fs::create_dir(&disk).map_err(|error| error.to_string())?;
            called("mount", &["-t", "tmpfs", "-o", "size=8m", "none", &disk.to_string_lossy()])?;
            stage.disk = true;
        }
        if needs("{netns}") {
            let name = format!("sqm{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            called("ip", &["netns", "add", &name])?;
            stage.netns = Some(name.clone());
            called("ip", &["-n", &name, "link", "set", "lo", "up"])?;
            called("ip", &["-n", &name, "link", "add", "sq0", "type", "veth", "peer", "name", "sq1"])?;
            called("ip", &["-n", &name, "addr", "add", "10.99.0.1/24", "dev", "sq0"])?;
            called("ip", &["-n", &name, "link", "set", "sq0", "up"])?;
            called("ip", &["-n", &name, "link", "set", "sq1", "up"])?;
        }
        Ok(stage)
    }

    /// The program, with the ledger of this stage.
    pub fn command(&self, squall: &Path) -> Command {
        let mut command = Command::new(squall);
        command
            .arg("--no-log-file")
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("HOME", self.folder.path());
        command
    }

    /// The subject's options on this stage.
    pub fn arguments(&self) -> Vec<String> {
        let filled = |option: &&str| match *option {
            "{victim}" => self.victim.id().to_string(),
            "{disk}" => self.folder.path().join("disk").display().to_string(),
            "{netns}" => self.netns.clone().unwrap_or_default(),
            other => other.to_owned(),
        };
        self.subject.options.iter().map(filled).collect()
    }

    /// Everything that a fault could have changed here, as text to compare.
    pub fn state(&self) -> String {
        let mut state = vec![format!("workers {:?}", self.companions("--worker"))];
        if !self.subject.once {
            let stopped = state_of(self.victim.id()).map(|state| state == 'T');
            state.push(format!("victim stopped: {stopped:?}"));
        }
        if self.disk {
            let disk = self.folder.path().join("disk").display().to_string();
            state.push(said("df", &["-B1", "--output=used,avail", &disk]));
        }
        if let Some(netns) = &self.netns {
            let inside = |words: &[&str]| said("ip", &[&["netns", "exec", netns], words].concat());
            state.push(inside(&["nft", "list", "ruleset"]));
            state.push(inside(&["tc", "qdisc", "show"]));
            state.push(inside(&["tc", "filter", "show", "dev", "sq0"]));
            state.push(inside(&["ip", "-o", "link"]));
        }
        state.join("\n")
    }

    /// Guards or workers of this stage, by number: those whose environment has its ledger.
    pub fn companions(&self, word: &str) -> Vec<u32> {
        let mark = format!("XDG_STATE_HOME={}", self.folder.path().join("state").display());
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
        let belongs = |pid: &u32| {
            let read = |name: &str| {
                String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default())
                    .into_owned()
            };
            read("cmdline").split('\0').nth(1) == Some(word)
                && !matches!(state_of(*pid), None | Some('Z' | 'X'))
                && read("environ").split('\0').any(|entry| entry == mark)
        };
        pids.filter(belongs).collect()
    }

    /// Whether the ledger has nothing open.
    ///
    /// # Errors
    /// What is.
    pub fn is_closed(&self, squall: &Path) -> Result<(), String> {
        let output =
            self.command(squall).args(["faults", "--json"]).output().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if text.trim() == "[]" { Ok(()) } else { Err(format!("the ledger has open faults: {text}")) }
    }

    /// For what happens once: that nobody repeats it on who comes later in the place of the victim.
    ///
    /// # Errors
    /// It was repeated.
    pub fn once(&self) -> Result<(), String> {
        if !self.subject.once {
            return Ok(());
        }
        let mut later = victim()?;
        let alive = later.try_wait().is_ok_and(|status| status.is_none());
        let _ = later.kill();
        let _ = later.wait();
        if alive { Ok(()) } else { Err("it happened again".to_owned()) }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for pid in [self.companions("--guard"), self.companions("--worker")].concat() {
            super::kill(pid);
        }
        let _ = self.victim.kill();
        let _ = self.victim.wait();
        if self.disk {
            let _ = called("umount", &["-l", &self.folder.path().join("disk").to_string_lossy()]);
        }
        if let Some(netns) = &self.netns {
            let _ = called("ip", &["netns", "del", netns]);
        }
    }
}

fn victim() -> Result<Child, String> {
    let spawned = Command::new("sleep").arg("900").stdin(Stdio::null()).spawn();
    spawned.map_err(|error| format!("`sleep`: {error}"))
}

/// The state letter of a process, if it is there.
pub fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.trim().chars().next()
}

fn called(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output =
        Command::new(program).args(arguments).output().map_err(|error| format!("`{program}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("`{program} {}` (needs root): {said}", arguments.join(" ")))
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map_or_else(|error| error.to_string(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}
