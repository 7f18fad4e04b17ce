//! A file of lines that is only added to, by several processes, each line on the disk before anybody goes on.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, FlockOperation, OFlags, fallocate, flock};

/// How much room is kept for lines that have to be written when the disk is full.
const RESERVE: u64 = 256 * 1024;

/// A folder that belongs to this user alone, made where it is not there. Others may look for a file in it whose name they
/// know, and for no more.
///
/// # Errors
/// It cannot be made; or it is somebody else's, or others may write in it: what stands there could be theirs.
pub fn private_folder(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o711).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let found = fs::symlink_metadata(path)?;
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why.to_owned()));
    if !found.is_dir() {
        return refuse("it is no folder");
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if found.mode() & 0o022 != 0 {
        return refuse("others may write in it; `chmod go-w` ends that");
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<File> {
    let no_link = i32::try_from((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(no_link);
    let file = options.open(path)?;
    let found = file.metadata()?;
    if !found.is_file() || found.uid() != rustix::process::geteuid().as_raw() || found.nlink() != 1 {
        let why = "it is no file of this user's own, or has several names";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(file)
}

/// The file. Each process that uses it opens it for itself.
#[derive(Debug)]
pub struct Lines {
    file: File,
}

impl Lines {
    /// Opens the file, or makes it, and keeps room for what will have to be written. Its folder must be
    /// [private](private_folder).
    ///
    /// # Errors
    /// It cannot be opened for writing, or the disk has no room to keep.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = open(path)?;
        let lines = Lines { file };
        lines.reserve()?;
        // the name of a new file has to be on the disk, too
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(lines)
    }

    /// Adds a line, which ends in a line end, and waits until it is on the disk. A torn line before it is ended.
    ///
    /// # Errors
    /// It may not be on the disk.
    pub fn append(&self, line: &str) -> io::Result<()> {
        let _alone = Alone::enter(&self.file)?;
        let length = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            self.file.read_exact_at(&mut last, length - 1)?;
        }
        if last == [b'\n'] {
            (&self.file).write_all(line.as_bytes())?;
        } else {
            (&self.file).write_all(format!("\n{line}").as_bytes())?;
        }
        self.file.sync_data()?;
        // This line is on the disk. Where there is no room for more to come, the next one says so.
        let _ = self.reserve();
        Ok(())
    }

    /// All that is in the file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let length = self.file.metadata()?.len();
        let mut content = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        let mut filled = 0;
        while filled < content.len() {
            match self.file.read_at(&mut content[filled..], filled as u64)? {
                0 => break,
                more => filled += more,
            }
        }
        content.truncate(filled);
        Ok(content)
    }

    /// Keeps blocks for what comes behind the end, without making the file longer.
    fn reserve(&self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, length, RESERVE) {
            // a file system that keeps nothing for anybody
            Err(rustix::io::Errno::OPNOTSUPP) => Ok(()),
            other => Ok(other?),
        }
    }
}

/// Keeps other processes out as long as it lives; also when this process is killed, it lives no longer.
#[derive(Debug)]
pub struct LockFile {
    file: File,
}

impl LockFile {
    /// Opens the file that stands for the lock, or makes it.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(LockFile { file: open(path)? })
    }

    /// Waits for the lock, for at most so long: `None` then.
    ///
    /// # Errors
    /// It cannot be locked at all.
    pub fn lock(&self, patience: Duration) -> io::Result<Option<Locked>> {
        let end = Instant::now() + patience;
        loop {
            match flock(&self.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(Locked { file: self.file.try_clone()? })),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < end => {
                    // The kernel has no lock with a time limit; who holds it undoes one fault, in milliseconds.
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A lock that is held.
#[derive(Debug)]
pub struct Locked {
    file: File,
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// Being the only one for a moment.
struct Alone<'a>(&'a File);

impl<'a> Alone<'a> {
    fn enter(file: &'a File) -> io::Result<Self> {
        loop {
            match flock(file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(Alone(file)),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let _ = flock(self.0, FlockOperation::Unlock);
    }
}
