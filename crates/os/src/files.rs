//! Files that are either old or new, never half.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether a file's content is on the disk when it is said to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It is: the file outlives a power failure whole, be it the old one or the new one.
    Forced,
    /// The system writes it in its own time. For what can be made again from something that is forced: a power
    /// failure within seconds may leave an empty file.
    Rebuildable,
}

/// Writes a file so that a reader, or a crash of this process, sees either what was there before or all of the
/// new content: the content goes to a temporary file beside it, and takes the place of
/// the old file with its permissions. A symbolic link stays one; the file it leads to is replaced.
///
/// Where that cannot be, the content is written straight through: to what is no regular file (a pipe,
/// `/dev/stdout`, a terminal), to a link that leads nowhere yet, and in folders in which this user may
/// write the file but create none.
///
/// # Errors
///
/// `write`'s own error, or the system's; a regular file then has its old content, unless it had to be
/// written straight through.
pub fn write_atomically(
    path: &Path,
    durability: Durability,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let target = match replaceable(path)? {
        Some(target) => target,
        None => return write_through(path, write),
    };
    let (temporary, file) = match create_beside(&target) {
        Ok(created) => created,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && target.exists() => {
            return write_through(path, write);
        }
        Err(error) => return Err(error),
    };
    let replaced = fill(file, &target, durability, write).and_then(|()| fs::rename(&temporary, &target));
    if let Err(error) = replaced {
        // The content is lost either way; the error that matters is the first.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    Ok(())
}

/// The regular file, existing or not, that `path` means, or `None` when it is something else.
fn replaceable(path: &Path) -> io::Result<Option<PathBuf>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => match fs::canonicalize(path) {
            Ok(target) => Ok(fs::metadata(&target)?.is_file().then_some(target)),
            // `/dev/stdout` leads to `pipe:[123]`, which has no path.
            Err(_) => Ok(None),
        },
        Ok(metadata) => Ok(metadata.is_file().then(|| path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Some(path.to_owned())),
        Err(error) => Err(error),
    }
}

fn write_through(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(path)?;
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer.flush()
}

/// A new, empty file in the folder of `target`, with the permissions that new files get.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = target.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("`{}` names no file", target.display()))
    })?;
    loop {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}-{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        let temporary = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn fill(
    file: File,
    target: &Path,
    durability: Durability,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Ok(old) = fs::metadata(target) {
        file.set_permissions(old.permissions())?;
    }
    match durability {
        Durability::Forced => file.sync_data(),
        Durability::Rebuildable => Ok(()),
    }
}
