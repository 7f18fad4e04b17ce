//! Room on file systems.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{Advice, FallocateFlags, OFlags, fadvise, fallocate, statfs, statvfs};
use rustix::io::Errno;

/// Makes a file in a folder that has no name: it ends with the last process that holds it. With `direct`, what is read and
/// written goes past the kernel's cache.
///
/// # Errors
/// The file system [has no such files](is_without_support), or nothing can be written there.
pub fn without_a_name(folder: &Path, direct: bool) -> io::Result<File> {
    open(folder, OFlags::TMPFILE, direct)
}

/// Makes a file of that name, which must not be there, for those file systems that have no files without one. It loses its
/// name at once, where the file system keeps such files: [`without_a_name`].
///
/// # Errors
/// It is there already, or nothing can be written there.
pub fn with_a_name(path: &Path, direct: bool) -> io::Result<File> {
    let file = open(path, OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW, direct)?;
    // Where that fails the file keeps its name, and the undo knows it.
    let _ = std::fs::remove_file(path);
    Ok(file)
}

fn open(path: &Path, flags: OFlags, direct: bool) -> io::Result<File> {
    let direct = if direct { OFlags::DIRECT } else { OFlags::empty() };
    let flags = i32::try_from((flags | direct | OFlags::CLOEXEC).bits()).unwrap_or_default();
    OpenOptions::new().read(true).write(true).mode(0o600).custom_flags(flags).open(path)
}

/// Whether a file system has no files without a name.
pub fn is_without_support(error: &io::Error) -> bool {
    // the kernel, file systems in user space, and kernels of before 3.11
    let none = [Errno::OPNOTSUPP, Errno::NOSYS, Errno::INVAL, Errno::ISDIR];
    none.iter().any(|none| error.raw_os_error() == Some(none.raw_os_error()))
}

/// Whether a file system keeps its files in memory.
///
/// # Errors
/// There is no such path.
pub fn is_in_memory(path: &Path) -> io::Result<bool> {
    const TMPFS: i64 = 0x0102_1994;
    const RAMFS: i64 = 0x8584_58f6;
    #[allow(clippy::unnecessary_cast)]
    let kind = statfs(path)?.f_type as i64;
    Ok(kind == TMPFS || kind == RAMFS)
}

/// The room of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// All of it, in bytes.
    pub total: u64,
    /// What is free, in bytes, with what only root may use.
    pub free: u64,
    /// What this user may still use, in bytes.
    pub available: u64,
    /// How many more files there may be.
    pub files_free: u64,
    /// How many files there may be in all; 0 where there is no such limit.
    pub files: u64,
    /// The least that can be taken, in bytes.
    pub unit: u64,
}

impl Room {
    /// What files are there, of those that there may be, in percent; 0 without a limit.
    pub fn files_percent(&self) -> f64 {
        self.files.saturating_sub(self.files_free) as f64 * 100.0 / self.files.max(1) as f64
    }

    /// What is used, of what this user could use, in percent: as `df` shows it, with fractions.
    pub fn used_percent(&self) -> f64 {
        let used = self.total - self.free;
        used as f64 * 100.0 / ((used + self.available) as f64).max(1.0)
    }
}

/// The room of the file system that holds `path`.
///
/// # Errors
/// There is no such path.
pub fn room(path: &Path) -> io::Result<Room> {
    let found = statvfs(path)?;
    Ok(Room {
        total: found.f_blocks * found.f_frsize,
        free: found.f_bfree * found.f_frsize,
        available: found.f_bavail * found.f_frsize,
        files_free: found.f_favail,
        files: found.f_files,
        unit: found.f_frsize.max(512),
    })
}

/// Reserves blocks for a part of a file, which grows by them.
///
/// # Errors
/// There are not so many, or the file system reserves none.
pub fn reserve(file: &File, from: u64, length: u64) -> io::Result<()> {
    Ok(fallocate(file, FallocateFlags::empty(), from, length)?)
}

/// Forgets what the kernel's cache holds of a file, so that it is read from the disk.
///
/// # Errors
/// The kernel does not.
pub fn drop_cache(file: &File) -> io::Result<()> {
    Ok(fadvise(file, 0, None, Advice::DontNeed)?)
}

/// Whether a file system, or this user's share of it, is full.
pub fn is_full(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    [Errno::NOSPC, Errno::DQUOT, Errno::FBIG].iter().any(|full| number == Some(full.raw_os_error()))
}

/// Whether a file system cannot do that.
pub fn is_unsupported(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::OPNOTSUPP.raw_os_error())
}
