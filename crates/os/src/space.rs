//! Room on file systems.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

/// To open a folder with, for a file in it that has no name and ends with the last process that holds it.
pub const WITHOUT_A_NAME: i32 = libc::O_TMPFILE | libc::O_CLOEXEC;

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
}

impl Room {
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
    })
}

/// Reserves blocks for a part of a file, which grows by them.
///
/// # Errors
/// There are not so many, or the file system reserves none.
pub fn reserve(file: &File, from: u64, length: u64) -> io::Result<()> {
    Ok(fallocate(file, FallocateFlags::empty(), from, length)?)
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
