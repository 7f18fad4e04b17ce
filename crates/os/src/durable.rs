//! A file of lines that is only added to, by several processes, each line on the disk before anybody goes on.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FallocateFlags, FlockOperation, OFlags, fallocate, flock};

/// How much room is kept for lines that have to be written when the disk is full.
const RESERVE: u64 = 256 * 1024;

/// How long a process may take to write its line until others write beside it.
const OTHERS: Duration = Duration::from_secs(1);

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
        let alone = Alone::enter(&self.file)?;
        let length = self.file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 && alone.truly {
            self.file.read_exact_at(&mut last, length - 1)?;
        }
        let whole = alone.truly && last == [b'\n'];
        let written = if whole {
            (&self.file).write_all(line.as_bytes())
        } else {
            (&self.file).write_all(format!("\n{line}").as_bytes())
        };
        if written.is_err() && alone.truly {
            // no half a line, which would take up room and be shown as damage
            let _ = self.file.set_len(length);
        }
        written?;
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

    /// Begins anew when the file is larger than `limit` and `done` says of its content that nobody needs it any more. What
    /// was there is kept in the file `old`, which is replaced. Whether it was begun anew.
    ///
    /// # Errors
    /// It cannot be read, or what was there not be kept: then all of it is still there.
    pub fn renew(&self, limit: u64, old: &Path, done: impl FnOnce(&[u8]) -> bool) -> io::Result<bool> {
        if self.file.metadata()?.len() <= limit {
            return Ok(false);
        }
        // Nobody adds a line between the look and the cut: not this file is replaced, which others have open.
        let alone = Alone::enter(&self.file)?;
        let content = self.read()?;
        if !alone.truly || content.len() as u64 <= limit || !done(&content) {
            return Ok(false);
        }
        // as readable as the file itself; as long as it is not whole, the content is still here
        let mut kept = open(old)?;
        kept.set_len(0)?;
        kept.write_all(&content)?;
        kept.sync_all()?;
        self.file.set_len(0)?;
        self.file.sync_all()?;
        self.reserve()?;
        Ok(true)
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

/// Keeps other processes out of numbered places as long as it lives; also when this process is killed, it lives no
/// longer.
#[derive(Debug)]
pub struct LockFile {
    file: File,
}

impl LockFile {
    /// Opens the file that stands for the locks, or makes it. It stays empty.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(LockFile { file: open(path)? })
    }

    /// Waits for the lock of a place, for at most so long: `None` then. A place is a number below 2⁶³. Through one
    /// `LockFile`, a place must not be locked twice at a time.
    ///
    /// # Errors
    /// It cannot be locked at all.
    pub fn lock(&self, place: u64, patience: Duration) -> io::Result<Option<Locked>> {
        let end = Instant::now() + patience;
        loop {
            match lock_place(&self.file, place, libc::F_WRLCK) {
                Ok(()) => return Ok(Some(Locked { file: self.file.try_clone()?, place })),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() >= end {
                        return Ok(None);
                    }
                    // The kernel has no lock with a time limit; who holds it undoes one fault, in milliseconds.
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// Locks or unlocks one byte, which need not exist. Such a lock belongs to the opened file, not to the process: it ends
/// with the last descriptor, and closing another one for the same file does not end it.
fn lock_place(file: &File, place: u64, kind: libc::c_int) -> io::Result<()> {
    #[allow(unsafe_code)]
    // SAFETY: the structure is plain numbers, for which zeros are valid; the kernel only reads it.
    let result = unsafe {
        let mut lock: libc::flock = std::mem::zeroed();
        lock.l_type = kind as libc::c_short;
        lock.l_whence = libc::SEEK_SET as libc::c_short;
        lock.l_start = libc::off_t::try_from(place).map_err(io::Error::other)?;
        lock.l_len = 1;
        libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A lock that is held.
#[derive(Debug)]
pub struct Locked {
    file: File,
    place: u64,
}

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = lock_place(&self.file, self.place, libc::F_UNLCK);
    }
}

/// Being the only one that writes for a moment.
struct Alone<'a> {
    file: &'a File,
    /// Whether nobody else writes meanwhile.
    truly: bool,
}

impl<'a> Alone<'a> {
    /// Waits for the others. One that was stopped in the middle of its line must not stop everybody: after a while we
    /// write beside it, for which lines that are written at once and checked by their sums are made.
    fn enter(file: &'a File) -> io::Result<Self> {
        let end = Instant::now() + OTHERS;
        loop {
            match flock(file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Alone { file, truly: true }),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < end => {
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Alone { file, truly: false }),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        if self.truly {
            let _ = flock(self.file, FlockOperation::Unlock);
        }
    }
}
