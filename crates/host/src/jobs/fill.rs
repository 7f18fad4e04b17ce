//! Filling a file system with a file that has no name: it ends with the process that holds it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use squall_engine::fault::port::FaultError;
use squall_os::space;

use super::Work;

/// Fills a file system until so little is free, or with so much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fill {
    /// A folder on the file system.
    pub directory: PathBuf,
    /// How many bytes to take.
    pub bytes: u64,
    /// How many bytes are written at a time where blocks cannot be reserved.
    pub block: usize,
}

impl Fill {
    pub(super) fn begin(self) -> Result<Box<dyn Work>, FaultError> {
        let shown = self.directory.display().to_string();
        let fail =
            |error: &dyn std::fmt::Display| FaultError::new(format!("`{shown}` cannot be filled: {error}"));
        let mut options = OpenOptions::new();
        options.write(true).read(true).custom_flags(space::WITHOUT_A_NAME);
        let file = options.open(&self.directory).map_err(|error| fail(&error))?;
        let taken = take(&file, self.bytes, self.block).map_err(|error| fail(&error))?;
        Ok(Box::new(Filled { _file: file, taken }))
    }
}

/// Takes as many bytes as asked for, or as there are; gives how many.
fn take(file: &File, bytes: u64, block: usize) -> std::io::Result<u64> {
    // Reserving blocks takes milliseconds where writing them takes minutes, and fills the disk just as well.
    let mut taken = 0;
    let mut step = bytes;
    while taken < bytes && step >= 4096 {
        step = step.min(bytes - taken);
        match space::reserve(file, taken, step) {
            Ok(()) => taken += step,
            Err(error) if space::is_full(&error) => step /= 2,
            Err(error) if space::is_unsupported(&error) => return write(file, bytes, block),
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

fn write(mut file: &File, bytes: u64, block: usize) -> std::io::Result<u64> {
    // Not zeros: some file systems do not store those.
    let content: Vec<u8> = (0..block.max(4096)).map(|index| (index * 31 % 251) as u8).collect();
    let mut taken = 0;
    while taken < bytes {
        let length = usize::try_from(bytes - taken).unwrap_or(usize::MAX).min(content.len());
        match file.write(&content[..length]) {
            Ok(written) => taken += written as u64,
            Err(error) if space::is_full(&error) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}

struct Filled {
    _file: File,
    taken: u64,
}

impl Work for Filled {
    fn report(&mut self) -> Json {
        json!({ "taken_bytes": self.taken })
    }
}
