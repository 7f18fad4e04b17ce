//! Files that have no name, and what is to be done where there are none.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value as Json;
use squall_engine::fault::port::FaultError;
use squall_engine::fault::record::FaultId;
use squall_os::{limits, space};

use crate::undo::{RemoveFile, Undo};

/// Whether files in this folder have to have a name, be it for a moment: its file system has none without.
///
/// # Errors
/// No file can be made there at all.
pub fn is_impossible(folder: &Path) -> Result<bool, FaultError> {
    match space::without_a_name(folder, false) {
        Ok(_) => Ok(false),
        Err(error) if space::is_without_support(&error) => Ok(true),
        Err(error) => Err(FaultError::new(format!("no file can be made in `{}`: {error}", folder.display()))),
    }
}

/// How the names of a fault's files begin: nobody can know it before the fault is recorded.
pub fn prefix(fault: &FaultId) -> String {
    format!(".squall-{fault}")
}

/// The undos of files with these names. They have to be in the ledger before the files are made.
///
/// # Errors
/// There is such a file already; it is somebody else's.
pub fn removals(folder: &Path, names: &[String]) -> Result<Vec<Json>, FaultError> {
    let failed = |error| FaultError::new(format!("`{}`: {error}", folder.display()));
    let device = fs::metadata(folder).map_err(failed)?.dev();
    let undo = |name: &String| {
        if fs::symlink_metadata(folder.join(name)).is_ok() {
            return Err(FaultError::new(format!("`{}` has a file `{name}` already", folder.display())));
        }
        let undo = RemoveFile { folder: folder.to_owned(), name: name.clone(), device, user: limits::user() };
        Ok(Undo::RemoveFile(undo).to_json())
    };
    names.iter().map(undo).collect()
}
