//! What this process may use: the host's, or less inside a cgroup.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All that this process could use.
    pub total: u64,
    /// What is free, or can be freed without harm.
    pub available: u64,
}

impl Memory {
    /// What is used and cannot be freed.
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.available)
    }
}

/// The memory of this host, or of this process' cgroup where that is less.
///
/// # Errors
/// `/proc` does not tell.
pub fn memory() -> io::Result<Memory> {
    let info = fs::read_to_string("/proc/meminfo")?;
    let field = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib: Option<u64> = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("there is no `{name}`")))
    };
    let host = Memory { total: field("MemTotal")?, available: field("MemAvailable")? };
    let files = [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")];
    let mut least = host;
    for folder in cgroups("memory") {
        for (limit, usage) in files {
            let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<u64>().ok();
            if let (Some(limit), Some(usage)) = (number(limit), number(usage))
                && limit < least.total
            {
                let available = limit.saturating_sub(usage).min(host.available);
                least = Memory { total: limit, available };
            }
        }
    }
    Ok(least)
}

/// How many processors this process may use, fractions included: by affinity and by its cgroups' quotas.
pub fn processors() -> f64 {
    let mut least = thread::available_parallelism().map_or(1.0, |count| count.get() as f64);
    for folder in cgroups("cpu") {
        let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let two = text("cpu.max").and_then(|text| quota(text.split_whitespace()));
        let one = || Some([text("cpu.cfs_quota_us")?, text("cpu.cfs_period_us")?]);
        let quota = two.or_else(|| quota(one()?.iter().map(|text| text.trim())));
        if let Some(quota) = quota {
            least = least.min(quota);
        }
    }
    least
}

/// A quota and its period, as processors; `None` where there is no limit.
fn quota<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<f64> {
    let quota: f64 = fields.next()?.parse().ok()?;
    let period: f64 = fields.next()?.parse().ok()?;
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

/// The folders of this process' cgroups that a controller can have limits in, from its own up to the root.
fn cgroups(controller: &str) -> Vec<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut folders = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let roots: Vec<PathBuf> = if controllers.is_empty() {
            vec!["/sys/fs/cgroup".into(), "/sys/fs/cgroup/unified".into()]
        } else if controllers.split(',').any(|known| known == controller) {
            vec![Path::new("/sys/fs/cgroup").join(controllers), Path::new("/sys/fs/cgroup").join(controller)]
        } else {
            continue;
        };
        let path = Path::new(path.trim_start_matches('/'));
        for root in roots {
            folders.extend(path.ancestors().map(|part| root.join(part)).filter(|folder| folder.is_dir()));
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_are_processors() {
        assert_eq!(quota("150000 100000".split(' ')), Some(1.5));
        assert_eq!(quota("max 100000".split(' ')), None);
        assert_eq!(quota(["-1", "100000"].into_iter()), None);
    }

    #[test]
    fn this_host_has_some_of_both() {
        assert!(processors() > 0.0);
        let memory = memory().expect("/proc tells");
        assert!(memory.total >= memory.available && memory.available > 0, "{memory:?}");
    }
}
