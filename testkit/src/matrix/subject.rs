//! The kinds of faults, and how each is called for the matrix.

use std::time::Duration;

/// A kind, as the matrix calls it.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Its name.
    pub kind: &'static str,
    /// Its options. `{victim}` is a process of the stage, `{disk}` a small file system, `{netns}` a network namespace.
    pub options: &'static [&'static str],
    /// How long its undo may take, as the catalogue says.
    pub bound: Duration,
    /// Whether it happens once, and is called without a duration.
    pub once: bool,
    /// Whether it needs the kernel's netem.
    pub netem: bool,
}

const fn held(kind: &'static str, options: &'static [&'static str], seconds: u64) -> Subject {
    Subject { kind, options, bound: Duration::from_secs(seconds), once: false, netem: false }
}

const NETNS: &str = "{netns}";

/// All kinds. One that is missing here fails the matrix.
pub const SUBJECTS: &[Subject] = &[
    held("cpu", &["--percent", "10"], 1),
    held("memory", &["--bytes", "16MiB"], 30),
    held("disk.fill", &["--directory", "{disk}"], 30),
    held("disk.io", &["--directory", "{disk}", "--rate", "1MiB"], 10),
    held("fds", &["--count", "500"], 30),
    held("pids", &["--count", "50"], 10),
    Subject {
        kind: "process.kill",
        options: &["--process", "{victim}"],
        bound: Duration::from_secs(1),
        once: true,
        netem: false,
    },
    held("process.pause", &["--process", "{victim}"], 1),
    // so long that it is called off in every cell
    held("shutdown", &["--forced", "--delay", "10h"], 1),
    held("network.bandwidth", &["--netns", NETNS, "--rate", "1mbit"], 1),
    held("network.blackhole", &["--netns", NETNS, "--to-port", "6379"], 1),
    held("network.corrupt", &["--netns", NETNS, "--percent", "10", "--to-port", "6379"], 1),
    held("network.dns", &["--netns", NETNS, "--answer", "nxdomain", "--names", "cache.example"], 1),
    Subject { netem: true, ..held("network.duplicate", &["--netns", NETNS, "--percent", "10"], 1) },
    held("network.latency", &["--netns", NETNS, "--delay", "100ms", "--to-port", "6379"], 1),
    held("network.loss", &["--netns", NETNS, "--percent", "10"], 1),
    held("network.partition", &["--netns", NETNS, "--one", "10.99.0.1", "--other", "10.99.0.2"], 1),
    held("network.reject", &["--netns", NETNS, "--to-port", "6379"], 1),
    held("network.reorder", &["--netns", NETNS, "--percent", "10", "--to-port", "6379"], 1),
    held("network.reset", &["--netns", NETNS, "--to-port", "6379"], 1),
];
