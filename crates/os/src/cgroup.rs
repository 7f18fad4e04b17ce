//! Control groups, of both versions: which one a process is in, what it may use there, and joining one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A group, as a folder that can be seen from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its folder.
    pub folder: PathBuf,
}

/// What a group may use of something, and what it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The most that it may use.
    pub limit: u64,
    /// What it uses now.
    pub used: u64,
}

impl Share {
    /// What is left.
    pub fn room(self) -> u64 {
        self.limit.saturating_sub(self.used)
    }
}

/// Version 1 writes "no limit" as the largest multiple of a page.
const NO_LIMIT: u64 = 1 << 62;
/// Lists the processes of a group; to write into it is to join.
const MEMBERS: &str = "cgroup.procs";

impl Group {
    /// The group that limits what a process (`self`, or a number) uses of a resource: `cpu`, `memory`, `pids`,
    /// `blkio`. `None` where the kernel has no such groups or they are not mounted here.
    ///
    /// # Errors
    /// There is no such process.
    pub fn of(process: &str, controller: &str) -> io::Result<Option<Self>> {
        let groups = fs::read_to_string(format!("/proc/{process}/cgroup"))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        Ok(find(&groups, &mounts, controller).filter(|group| group.exists()))
    }

    /// The group whose folder this is.
    pub fn at(folder: &Path) -> Option<Self> {
        Some(Group { folder: folder.to_owned() }).filter(Group::exists)
    }

    fn exists(&self) -> bool {
        self.folder.join(MEMBERS).exists()
    }

    /// The group and those that it is in.
    fn levels(&self) -> impl Iterator<Item = &Path> {
        self.folder.ancestors().take_while(|folder| folder.join(MEMBERS).exists())
    }

    /// How many cores the group may keep busy, fractions included; `None` without a limit.
    pub fn cores(&self) -> Option<f64> {
        self.levels().filter_map(cores).reduce(f64::min)
    }

    /// Memory in bytes, without what could be dropped at once: of the group, or of the one around it that has least
    /// left. `None` without a limit.
    pub fn memory(&self) -> Option<Share> {
        self.levels().filter_map(memory).min_by_key(|share| share.room())
    }

    /// Processes and threads: of the group, or of the one around it that has least left. `None` without a limit.
    pub fn pids(&self) -> Option<Share> {
        let pids = |folder: &Path| {
            let limit = number(&folder.join("pids.max"))?;
            Some(Share { limit, used: number(&folder.join("pids.current"))? })
        };
        self.levels().filter_map(pids).min_by_key(|share| share.room())
    }

    /// Whether this user may put processes into it.
    ///
    /// # Errors
    /// Why not.
    pub fn may_join(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.folder.join(MEMBERS)).map(drop)
    }

    /// Puts this process into the group, with all of its threads.
    ///
    /// # Errors
    /// This user may not, or the group takes no processes.
    pub fn join(&self) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.folder.join(MEMBERS))?.write_all(b"0")
    }
}

fn number(file: &Path) -> Option<u64> {
    let number: u64 = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    (number < NO_LIMIT).then_some(number)
}

fn cores(folder: &Path) -> Option<f64> {
    let (quota, period) = match fs::read_to_string(folder.join("cpu.max")) {
        Ok(limit) => {
            let (quota, period) = limit.trim().split_once(' ')?;
            (quota.parse::<f64>().ok()?, period.parse::<f64>().ok()?)
        }
        // version 1 says -1 for "no limit", which is no number here
        Err(_) => {
            let quota = number(&folder.join("cpu.cfs_quota_us"))?;
            (quota as f64, number(&folder.join("cpu.cfs_period_us"))? as f64)
        }
    };
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

fn memory(folder: &Path) -> Option<Share> {
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let told = |name: &str| {
        stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse::<u64>().ok())
    };
    let (limit, used, droppable) = match number(&folder.join("memory.current")) {
        Some(used) => (number(&folder.join("memory.max"))?, used, told("inactive_file")),
        None => {
            let used = number(&folder.join("memory.usage_in_bytes"))?;
            (number(&folder.join("memory.limit_in_bytes"))?, used, told("total_inactive_file"))
        }
    };
    Some(Share { limit, used: used.saturating_sub(droppable.unwrap_or_default()) })
}

/// Finds a group's folder from `/proc/PID/cgroup` and `/proc/self/mountinfo`.
fn find(groups: &str, mounts: &str, controller: &str) -> Option<Group> {
    let lines = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    let lines: Vec<(&str, &str)> = lines.collect();
    let named = |list: &str| list.split(',').any(|name| name == controller);
    // version 1 where it has the controller; else version 2, if the controller is on there
    if let Some((_, path)) = lines.iter().find(|(controllers, _)| named(controllers)) {
        return mounts.lines().find_map(|line| {
            let (kind, options, folder) = mount(line, path)?;
            (kind == "cgroup" && named(options)).then_some(Group { folder })
        });
    }
    let (_, path) = lines.iter().find(|(controllers, _)| controllers.is_empty())?;
    let folder = mounts.lines().find_map(|line| {
        let (kind, _, folder) = mount(line, path)?;
        (kind == "cgroup2").then_some(folder)
    })?;
    let on = fs::read_to_string(folder.join("cgroup.controllers")).unwrap_or_default();
    on.split_whitespace().any(|name| name == controller).then_some(Group { folder })
}

/// The kind and options of a mounted file system, and where it shows the group of that path.
fn mount<'a>(line: &'a str, path: &str) -> Option<(&'a str, &'a str, PathBuf)> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(3);
    let (root, point) = (before.next()?, before.next()?);
    let mut after = after.split(' ');
    let (kind, options) = (after.next()?, after.nth(1)?);
    // inside a container the path may be the host's, and the mount shows only what is below the container's group
    let below = Path::new(path).strip_prefix(root).unwrap_or(Path::new(""));
    Some((kind, options, Path::new(point).join(below)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
31 25 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn groups_are_found_on_the_host_and_in_containers() {
        let groups = "5:memory:/docker/abc/x\n4:cpu,cpuacct:/a/b\n0::/\n";
        let folder = |controller| find(groups, MOUNTS, controller).map(|group| group.folder);
        assert_eq!(folder("cpu"), Some(PathBuf::from("/sys/fs/cgroup/cpu/a/b")));
        assert_eq!(folder("memory"), Some(PathBuf::from("/sys/fs/cgroup/memory/x")));
        assert_eq!(folder("no-such"), None);
    }

    #[test]
    fn limits_are_those_of_the_tightest_level_in_both_versions() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).expect("a folder");
        let write = |at: &Path, files: &[(&str, &str)]| {
            for (name, content) in files {
                fs::write(at.join(name), content).expect("a file");
            }
        };
        write(folder.path(), &[(MEMBERS, ""), ("cpu.max", "150000 100000\n"), ("pids.max", "max\n")]);
        write(&inner, &[(MEMBERS, ""), ("cpu.max", "max 100000\n")]);
        write(&inner, &[("memory.max", "1000\n"), ("memory.current", "700\n")]);
        write(&inner, &[("memory.stat", "anon 5\ninactive_file 300\n"), ("pids.max", "max\n")]);
        let group = Group::at(&inner).expect("a group");
        assert_eq!(group.cores(), Some(1.5));
        assert_eq!(group.memory(), Some(Share { limit: 1000, used: 400 }));
        assert_eq!(group.pids(), None);

        let old = folder.path().join("old");
        fs::create_dir(&old).expect("a folder");
        write(&old, &[(MEMBERS, ""), ("cpu.cfs_quota_us", "50000\n"), ("cpu.cfs_period_us", "100000\n")]);
        write(&old, &[("memory.limit_in_bytes", "9223372036854771712\n"), ("pids.max", "9\n")]);
        write(&old, &[("pids.current", "4\n"), ("memory.usage_in_bytes", "9\n")]);
        let group = Group::at(&old).expect("a group");
        assert_eq!(group.cores(), Some(0.5));
        assert_eq!(group.memory(), None);
        assert_eq!(group.pids().map(Share::room), Some(5));
    }
}
