//! What the kernel counts and limits: processes, threads, open files.

use std::fs;
use std::io;

use crate::capability::Capability;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Something that is counted, the most that there may be, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name: `kernel.pid_max`.
    pub name: String,
    /// The most.
    pub most: u64,
    /// How many there are now.
    pub used: u64,
}

impl Limit {
    /// How many more there may be.
    pub fn room(&self) -> u64 {
        self.most.saturating_sub(self.used)
    }
}

fn numbers(file: &str) -> io::Result<Vec<u64>> {
    let told = fs::read_to_string(file)?;
    Ok(told.split_whitespace().map_while(|word| word.parse().ok()).collect())
}

fn number(file: &str) -> io::Result<u64> {
    numbers(file)?.first().copied().ok_or_else(|| io::Error::other(format!("{file} holds no number")))
}

/// The limits of this host on processes and threads together.
///
/// # Errors
/// `/proc` is not there.
pub fn tasks() -> io::Result<Vec<Limit>> {
    let used = tasks_now()?;
    let limit = |name: &str, most: u64| Limit { name: name.to_owned(), most, used };
    Ok(vec![
        limit("kernel.pid_max", number("/proc/sys/kernel/pid_max")?),
        limit("kernel.threads-max", number("/proc/sys/kernel/threads-max")?),
    ])
}

/// How many processes and threads there are on this host.
///
/// # Errors
/// `/proc` is not there.
pub fn tasks_now() -> io::Result<u64> {
    let told = fs::read_to_string("/proc/loadavg")?;
    let counts = told.split_whitespace().nth(3).and_then(|counts| counts.split_once('/'));
    let count = counts.and_then(|(_, all)| all.parse().ok());
    count.ok_or_else(|| io::Error::other(format!("/proc/loadavg says `{told}`")))
}

/// The limit on processes and threads of this user (`ulimit -u`), where there is one. It does not bind root,
/// who has none here.
///
/// # Errors
/// `/proc` is not there.
pub fn tasks_of_user() -> io::Result<Option<Limit>> {
    let Some(most) = getrlimit(Resource::Nproc).current else { return Ok(None) };
    let user = rustix::process::getuid().as_raw();
    if user == 0 {
        return Ok(None);
    }
    let own = |process: &crate::procfs::Process| process.user == user;
    let threads = |pid: u32| fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count) as u64;
    let processes = crate::procfs::processes()?;
    let used = processes.iter().filter(|process| own(process)).map(|process| threads(process.pid)).sum();
    Ok(Some(Limit { name: "the user's `ulimit -u`".to_owned(), most, used }))
}

/// The limit of this host on open files, all processes together (`fs.file-max`).
///
/// # Errors
/// `/proc` is not there.
pub fn open_files() -> io::Result<Limit> {
    let told = numbers("/proc/sys/fs/file-nr")?;
    let (Some(used), Some(most)) = (told.first(), told.get(2)) else {
        return Err(io::Error::other("/proc/sys/fs/file-nr does not hold three numbers"));
    };
    Ok(Limit { name: "fs.file-max".to_owned(), most: *most, used: *used })
}

/// How many files one process of this user may have open, if it asks for it.
pub fn open_files_of_process() -> u64 {
    let most = getrlimit(Resource::Nofile).maximum;
    let host = number("/proc/sys/fs/nr_open").unwrap_or(1024);
    // its own limit may be raised with that, up to the host's
    if Capability::SYS_RESOURCE.is_here() { host } else { most.unwrap_or(host).min(host) }
}

/// Lets this process have so many files open.
///
/// # Errors
/// It may not.
pub fn allow_open_files(count: u64) -> io::Result<()> {
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let maximum = now.maximum.map(|maximum| maximum.max(count));
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum })?)
}

/// How many bytes this process may keep in memory (`ulimit -l`); `None` without a limit.
pub fn locked_memory() -> Option<u64> {
    getrlimit(Resource::Memlock).current
}

/// Whether this process is root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The user that this process runs as (effective).
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether this says that there may be no more open files, of this process or of the host.
pub fn is_reached(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENFILE | libc::EMFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells() {
        for limit in tasks().expect("/proc") {
            assert!(limit.used > 0 && limit.used <= limit.most, "{limit:?}");
        }
        let files = open_files().expect("/proc");
        assert!(files.used > 0 && files.most > 0);
        assert!(open_files_of_process() >= 20);
    }
}
