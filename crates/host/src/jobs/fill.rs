//! Filling a file system with files that have no name: they end with the process that holds them.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::space::{self, Room};
use squall_os::{limits, memory};

use super::Work;

/// Fills a file system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// A folder on the file system.
    pub directory: PathBuf,
    /// How much room is taken.
    pub amount: Filling,
    /// Whether what is kept for root is taken as well.
    pub reserved: bool,
    /// How many bytes are written at a time where blocks cannot be reserved.
    pub block: usize,
    /// How many files are filled side by side.
    pub workers: usize,
    /// Whether it is looked again and again, as others take room and make some.
    pub hold: bool,
    /// How many files are made besides, each of which takes an inode.
    pub inodes: u64,
    /// How the files' names begin; `None` where they need none.
    pub name: Option<String>,
}

/// How much room is taken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filling {
    /// So many bytes.
    Bytes(u64),
    /// What is missing until so many percent are used, as `df` counts.
    Percent(f64),
}

/// How often it is looked whether others made room.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is counted again what is missing.
const ROUNDS: usize = 16;

/// What has to be taken until so many percent are used, in bytes; with what is kept for root, where `reserved`.
pub fn missing(room: &Room, percent: f64, reserved: bool) -> u64 {
    let used = room.total - room.free;
    let free = if reserved { room.free } else { room.available };
    let wanted = ((used + free) as f64 * percent / 100.0) as u64;
    wanted.saturating_sub(used).min(free)
}

/// What is used beyond so many percent, in bytes.
fn excess(room: &Room, percent: f64, reserved: bool) -> u64 {
    let used = room.total - room.free;
    let free = if reserved { room.free } else { room.available };
    used.saturating_sub(((used + free) as f64 * percent / 100.0) as u64)
}

impl Fill {
    /// The names of the files where they need some.
    pub fn names(&self) -> Vec<String> {
        let named =
            self.name.iter().flat_map(|name| (0..self.workers).map(move |index| format!("{name}-{index}")));
        named.collect()
    }

    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let shown = self.directory.display().to_string();
        let fail = |error: io::Error| FaultError::new(format!("`{shown}` cannot be filled: {error}"));
        // A file system in memory may be larger than what is left of that.
        memory::be_killed_first().map_err(fail)?;
        // each is opened before anything is full
        let names = self.names();
        let files: Result<Vec<File>, _> = (0..self.workers)
            .map(|index| match names.get(index) {
                Some(name) => space::with_a_name(&self.directory.join(name), false),
                None => space::without_a_name(&self.directory, false),
            })
            .collect();
        let mut filled =
            Filled { files: files.map_err(fail)?, sizes: vec![0; self.workers], inodes: Vec::new() };
        self.take_inodes(&mut filled.inodes).map_err(fail)?;
        match self.amount {
            Filling::Bytes(bytes) => filled.take(bytes, &self).map_err(fail)?,
            Filling::Percent(_) => self.top_up(&mut filled).map_err(fail)?,
        }
        let filled = Arc::new(Mutex::new(filled));
        if self.hold {
            let holding = Arc::clone(&filled);
            let body = move || {
                loop {
                    thread::sleep(LOOK);
                    let _ = self.top_up(&mut holding.lock().unwrap_or_else(PoisonError::into_inner));
                }
            };
            thread::Builder::new().stack_size(256 * 1024).spawn(body).map_err(fail)?;
        }
        Ok(Box::new(Full { filled }))
    }

    /// Takes what is missing, and gives back what is too much: file systems take some room for their own tables.
    fn top_up(&self, filled: &mut Filled) -> io::Result<()> {
        let Filling::Percent(percent) = self.amount else { return Ok(()) };
        for _ in 0..ROUNDS {
            let room = space::room(&self.directory)?;
            let (missing, before) = (missing(&room, percent, self.reserved), filled.size());
            let excess = excess(&room, percent, self.reserved);
            if missing >= room.unit {
                // `df` rounds up: a part of a block more, and it would show a percent too many
                filled.take(missing / room.unit * room.unit, self)?;
            } else if excess > 0 {
                filled.give_back(excess.next_multiple_of(room.unit))?;
            }
            if filled.size() == before {
                break;
            }
        }
        Ok(())
    }

    fn take_inodes(&self, inodes: &mut Vec<File>) -> io::Result<()> {
        limits::allow_open_files(self.inodes + 64)?;
        while (inodes.len() as u64) < self.inodes {
            match space::without_a_name(&self.directory, false) {
                Ok(file) => inodes.push(file),
                Err(error) if space::is_full(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

struct Filled {
    files: Vec<File>,
    sizes: Vec<u64>,
    inodes: Vec<File>,
}

impl Filled {
    fn size(&self) -> u64 {
        self.sizes.iter().sum()
    }

    /// Gives so many bytes back, or all.
    fn give_back(&mut self, mut bytes: u64) -> io::Result<()> {
        for (file, size) in self.files.iter().zip(&mut self.sizes) {
            let shorter = size.saturating_sub(bytes);
            if shorter < *size {
                file.set_len(shorter)?;
                bytes -= *size - shorter;
                *size = shorter;
            }
        }
        Ok(())
    }

    /// Takes as many bytes more as asked for, or as there are.
    fn take(&mut self, bytes: u64, job: &Fill) -> io::Result<()> {
        let (unit, parts) = (space::room(&job.directory)?.unit, self.files.len().max(1) as u64);
        let part = (bytes / parts).next_multiple_of(unit);
        let mut left = bytes;
        let mut share = || {
            let share = left.min(part);
            left -= share;
            share
        };
        let shares: Vec<u64> = self.files.iter().map(|_| share()).collect();
        thread::scope(|scope| {
            let parts = self.files.iter().zip(&mut self.sizes).zip(shares);
            let threads: Vec<_> = parts
                .map(|((file, size), share)| scope.spawn(move || extend(file, size, share, unit, job.block)))
                .collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap_or(Ok(())))
        })
    }
}

/// Makes a file so much longer, or as much as there is room for.
fn extend(file: &File, size: &mut u64, bytes: u64, unit: u64, block: usize) -> io::Result<()> {
    let end = *size + bytes;
    let mut step = bytes;
    // Reserving blocks takes milliseconds where writing them takes minutes, and fills the disk just as well.
    while *size < end {
        let length = step.min(end - *size);
        match space::reserve(file, *size, length) {
            Ok(()) => *size += length,
            Err(error) if space::is_full(&error) && length > unit => {
                step = (length / 2).next_multiple_of(unit)
            }
            Err(error) if space::is_full(&error) => break,
            Err(error) if space::is_unsupported(&error) => return write(file, size, end, block),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn write(mut file: &File, size: &mut u64, end: u64, block: usize) -> io::Result<()> {
    // Not zeros: some file systems do not store those.
    let content: Vec<u8> = (0..block.max(512)).map(|index| (index * 31 % 251) as u8).collect();
    while *size < end {
        let length = usize::try_from(end - *size).unwrap_or(usize::MAX).min(content.len());
        match file.write(&content[..length]) {
            Ok(0) => break,
            Ok(written) => *size += written as u64,
            Err(error) if space::is_full(&error) => break,
            Err(error) => return Err(error),
        }
    }
    // what only the cache took might still find no room
    match file.sync_data() {
        Err(error) if space::is_full(&error) => Ok(()),
        other => other,
    }
}

struct Full {
    filled: Arc<Mutex<Filled>>,
}

impl Work for Full {
    fn report(&mut self) -> Json {
        let filled = self.filled.lock().unwrap_or_else(PoisonError::into_inner);
        json!({ "taken_bytes": filled.size(), "taken_inodes": filled.inodes.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { total: 1000, free: 600, available: 500, files_free: 3, files: 12, unit: 1 };

    #[test]
    fn percent_are_those_of_df_and_what_is_kept_for_root_counts_on_request() {
        // 400 are used, of 900 that anybody may use
        assert_eq!(missing(&ROOM, 50.0, false), 50);
        assert_eq!(missing(&ROOM, 100.0, false), 500);
        assert_eq!(missing(&ROOM, 100.0, true), 600);
        assert_eq!(missing(&ROOM, 10.0, false), 0);
        assert!((ROOM.files_percent() - 75.0).abs() < 1e-9);
    }

    #[test]
    fn files_are_as_long_as_asked_for_whether_reserved_or_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = space::with_a_name(&folder.path().join("x"), false).expect("a file");
        assert!(!folder.path().join("x").exists());
        let mut size = 0;
        write(&file, &mut size, 10_000, 700).expect("room");
        assert_eq!((size, file.metadata().expect("a file").len()), (10_000, 10_000));
        let file = space::without_a_name(folder.path(), false).expect("a file");
        let mut size = 0;
        extend(&file, &mut size, 8192, 4096, 700).expect("room");
        assert_eq!((size, file.metadata().expect("a file").len()), (8192, 8192));
    }
}
