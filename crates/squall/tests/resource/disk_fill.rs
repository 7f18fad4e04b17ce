//! `disk.fill`, on small file systems that the test makes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::support::{End, Lab, is_root, wait_for};

/// A small file system; unmounted at the end.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Of that kind and size in mebibytes; `None`, and says so, where we may not mount.
    fn new(kind: &str, mebibytes: u32) -> Option<Disk> {
        if !is_root() {
            return None;
        }
        let disk = Disk { folder: TempDir::new().expect("a folder") };
        fs::create_dir(disk.mounted()).expect("a folder");
        let image = disk.folder.path().join("image");
        let run = |program: &str, words: &[&str]| {
            let output = Command::new(program).args(words).output().expect("it runs");
            assert!(output.status.success(), "{program} {words:?}: {output:?}");
        };
        let mounted = disk.mounted();
        let mounted = mounted.to_str().expect("text");
        if kind == "tmpfs" {
            let size = format!("size={mebibytes}m,nr_inodes=2000");
            run("mount", &["-t", "tmpfs", "-o", &size, "none", mounted]);
        } else {
            let file = fs::File::create(&image).expect("a file");
            file.set_len(u64::from(mebibytes) << 20).expect("room");
            let image = image.to_str().expect("text");
            run(&format!("mkfs.{kind}"), &["-q", image]);
            run("mount", &["-o", "loop", image, mounted]);
        }
        Some(disk)
    }

    fn mounted(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    fn text(&self) -> String {
        self.mounted().to_str().expect("text").to_owned()
    }

    /// What `df` says: used, available (in KiB), percent; of inodes where that is asked for.
    fn df(&self, inodes: bool) -> (u64, u64, u64) {
        let fields = if inodes { "iused,iavail,ipcent" } else { "used,avail,pcent" };
        let output = Command::new("df").arg(format!("--output={fields}")).arg(self.mounted()).output();
        let output = String::from_utf8(output.expect("df runs").stdout).expect("text");
        let line = output.lines().nth(1).expect("a line").replace('%', "");
        let fields: Vec<u64> = line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        (fields[0], fields[1], fields[2])
    }

    /// Whether a block more can be written; nothing is left of the attempt.
    fn is_full(&self) -> bool {
        let probe = self.mounted().join("probe");
        let written = fs::write(&probe, vec![7; 64 * 1024]);
        let full = written.is_err_and(|error| error.kind() == ErrorKind::StorageFull);
        let _ = fs::remove_file(probe);
        full
    }

    /// The names on it.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.mounted()).expect("it is mounted");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // lazily: a test that failed may still have something open on it
        let _ = Command::new("umount").arg("-l").arg(self.mounted()).status();
    }
}

/// A service that writes its log to a file, line by line, and says elsewhere when that fails.
struct Service {
    process: Child,
    errors: PathBuf,
    log: PathBuf,
}

impl Service {
    fn start(log: &Path, errors: &Path) -> Service {
        let line = "x".repeat(400);
        let script = format!("while :; do echo {line} >> {}; sleep 0.005; done", log.display());
        let mut command = Command::new("/bin/bash");
        command.args(["-c", &script]).stderr(Stdio::from(fs::File::create(errors).expect("a file")));
        let process = command.spawn().expect("bash runs");
        Service { process, errors: errors.to_owned(), log: log.to_owned() }
    }

    fn is_told_so(&self) -> bool {
        fs::read_to_string(&self.errors).is_ok_and(|errors| errors.contains("No space left on device"))
    }

    fn logged(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The full-disk story, with the ledger on the disk that is filled.
fn full_disk(kind: &str, mebibytes: u32, end: End) {
    let Some(disk) = Disk::new(kind, mebibytes) else { return };
    let lab = Lab::with_ledger_in(&disk.mounted());
    let service = Service::start(&disk.mounted().join("log"), &lab.path().join("errors"));
    wait_for("the service to log", || service.logged() > 0);
    let (before, _, percent) = disk.df(false);
    assert!(percent < 40, "{percent}");
    let fault = lab.inject(&["disk.fill", "--directory", &disk.text(), "--percent", "100", "--reserved"]);
    let (_, available, percent) = disk.df(false);
    assert_eq!((available, percent), (0, 100));
    wait_for("the service to find no room", || service.is_told_so());
    assert!(disk.is_full());
    fault.end(end);
    let stopped_at = service.logged();
    wait_for("the service to log again", || service.logged() > stopped_at + 4096);
    let (after, _, _) = disk.df(false);
    // the log itself, and the ledger's reserve, have grown
    assert!(after < before + 2048, "{before} {after}");
    assert_eq!(disk.names().iter().filter(|name| name.starts_with(".squall")).count(), 0);
}

#[test]
fn a_full_disk_holds_the_ledger_and_ctrl_c_frees_it() {
    full_disk("ext4", 48, End::Interrupt);
}

#[test]
fn a_full_disk_holds_the_ledger_and_the_guard_frees_it() {
    full_disk("ext4", 48, End::KillRunner);
}

#[test]
fn a_full_disk_holds_the_ledger_and_frees_itself_when_both_are_killed() {
    full_disk("ext4", 48, End::KillBoth);
}

#[test]
fn a_full_file_system_in_memory_is_freed_however_it_ends() {
    for end in End::ALL {
        full_disk("tmpfs", 32, end);
    }
}

#[test]
fn percent_are_those_of_df() {
    let Some(disk) = Disk::new("ext4", 64) else { return };
    let lab = Lab::new();
    let before = disk.df(false);
    for percent in ["50", "80", "100"] {
        let fault =
            lab.inject(&["disk.fill", "--directory", &disk.text(), "--percent", percent, "--workers", "3"]);
        let (_, _, shown) = disk.df(false);
        assert_eq!(shown.to_string(), percent);
        fault.end(End::Interrupt);
        assert_eq!(disk.df(false), before);
    }
    assert_eq!(disk.names(), ["lost+found"]);
}

#[test]
fn what_is_kept_for_root_is_taken_on_request_only() {
    let Some(disk) = Disk::new("ext4", 64) else { return };
    let lab = Lab::new();
    let fault = lab.inject(&["disk.fill", "--directory", &disk.text()]);
    assert!(disk.df(false).1 == 0 && !disk.is_full(), "root may use its part");
    fault.end(End::Interrupt);
    let fault = lab.inject(&["disk.fill", "--directory", &disk.text(), "--reserved"]);
    assert!(disk.df(false).1 == 0 && disk.is_full());
    fault.end(End::Interrupt);
    assert!(!disk.is_full());
}

#[test]
fn inodes_are_taken_and_all_of_them_come_back() {
    for kind in ["tmpfs", "ext4"] {
        let Some(disk) = Disk::new(kind, 16) else { return };
        let lab = Lab::new();
        for end in End::ALL {
            let before = disk.df(true);
            let fault = lab.inject(&["disk.fill", "--directory", &disk.text(), "--inodes", "100"]);
            assert_eq!(disk.df(true).1, 0, "{kind}");
            let made = fs::File::create(disk.mounted().join("more"));
            assert_eq!(made.expect_err("no inode is left").kind(), ErrorKind::StorageFull);
            fault.end(end);
            assert_eq!(disk.df(true), before, "{kind}");
        }
    }
}

#[test]
fn room_that_others_make_is_filled_again_on_request() {
    let Some(disk) = Disk::new("tmpfs", 16) else { return };
    let lab = Lab::new();
    let old = disk.mounted().join("old");
    fs::write(&old, vec![7; 4 << 20]).expect("room");
    let fault = lab.inject(&["disk.fill", "--directory", &disk.text(), "--hold"]);
    assert!(disk.is_full());
    fs::remove_file(&old).expect("it is there");
    wait_for("it to be filled again", || disk.is_full());
    fault.end(End::Interrupt);
    assert!(!disk.is_full());
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_done() {
    let Some(disk) = Disk::new("tmpfs", 16) else { return };
    let lab = Lab::new();
    let text = disk.text();
    for (words, expected) in [
        (&["disk.fill", "--directory", &text, "--bytes", "17MiB"][..], "is available"),
        (&["disk.fill", "--directory", "/no/such"], "there is no folder"),
        (&["disk.fill", "--directory", &text, "--bytes", "1MiB", "--percent", "5"], "cannot go together"),
        (&["disk.fill", "--directory", &text, "--bytes", "1MiB", "--hold"], "goes with `percent` only"),
    ] {
        let (possible, text) = lab.plan(words);
        assert!(!possible && text.contains(expected), "{words:?}: {text}");
    }
    let (possible, plan) = lab.plan(&["disk.fill", "--directory", &text, "--percent", "50"]);
    assert!(possible && plan.contains("of memory, which is where"), "{plan}");
    assert!(disk.names().is_empty());
}
