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
}

const fn held(kind: &'static str, options: &'static [&'static str], seconds: u64) -> Subject {
    Subject { kind, options, bound: Duration::from_secs(seconds), once: false }
}

/// All kinds. One that is missing here fails the matrix.
pub const SUBJECTS: &[Subject] = &[
    held("cpu", &["--percent", "10"], 1),
    held("memory", &["--bytes", "16MiB"], 10),
    held("disk.fill", &["--directory", "{disk}"], 30),
    Subject {
        kind: "process.kill",
        options: &["--process", "{victim}"],
        bound: Duration::from_secs(1),
        once: true,
    },
    held("process.pause", &["--process", "{victim}"], 1),
];
