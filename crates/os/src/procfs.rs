//! Processes as `/proc` shows them.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// A process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub parent: u32,
    /// Its name, of which the kernel keeps 15 bytes.
    pub name: String,
    /// `R`, `S`, `D`, `T`, `Z` and so on.
    pub state: char,
    /// When it was started, in clock ticks since the boot.
    pub start: u64,
    /// The user that it runs as (effective).
    pub user: u32,
    /// The group that it runs as (effective).
    pub group: u32,
}

impl Process {
    /// Whether it is stopped (by a signal, not by a tracer).
    pub fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    /// Whether it has ended and only waits for its parent to take note.
    pub fn is_over(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }

    /// Its arguments; none for kernel threads and processes that are over.
    pub fn arguments(&self) -> Vec<String> {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
        if bytes.is_empty() {
            return Vec::new();
        }
        bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
    }

    /// Whether it is a thread of the kernel.
    pub fn is_kernel(&self) -> bool {
        self.pid == 2 || self.parent == 2
    }
}

/// The process of that number.
///
/// # Errors
/// There is none (any more), or `/proc` cannot be read.
pub fn process(pid: u32) -> io::Result<Process> {
    let stat = fs::read(format!("/proc/{pid}/stat"))?;
    let owner = fs::metadata(format!("/proc/{pid}"))?;
    let stat = String::from_utf8_lossy(&stat);
    read_stat(&stat, owner.uid(), owner.gid())
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat: `{stat}`")))
}

fn read_stat(stat: &str, user: u32, group: u32) -> Option<Process> {
    // The name may hold anything, parentheses and line ends included: it ends at the last one.
    let (before, after) = stat.rsplit_once(')')?;
    let (pid, name) = before.split_once('(')?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    Some(Process {
        pid: pid.trim().parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
        user,
        group,
    })
}

/// All processes that can be seen, by number. One that ends meanwhile is left out.
///
/// # Errors
/// `/proc` is not there.
pub fn processes() -> io::Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(entry) = entry else { continue };
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        found.extend(process(pid));
    }
    found.sort_by_key(|process: &Process| process.pid);
    Ok(found)
}

/// The files that a process has open, as far as this user may see.
pub fn open_files(pid: u32) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()).collect()
}

/// The id of this boot.
///
/// # Errors
/// `/proc` is not there.
pub fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let stat = "12 (a) b (c)) T 3 12 12 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 777 1 1";
        let process = read_stat(stat, 5, 6).expect("it can be read");
        assert_eq!((process.pid, process.name.as_str(), process.parent), (12, "a) b (c)", 3));
        assert!(process.is_stopped() && process.start == 777 && process.user == 5);
    }

    #[test]
    fn this_process_is_among_them_and_has_its_arguments() {
        let own = std::process::id();
        let found = processes().expect("/proc can be read");
        let own = found.iter().find(|process| process.pid == own).expect("it runs");
        let arguments: Vec<String> = std::env::args().collect();
        assert_eq!(own.arguments(), arguments);
        assert_eq!(process(own.pid).map(|process| process.start).ok(), Some(own.start));
        assert!(process(u32::MAX - 1).is_err());
    }
}
