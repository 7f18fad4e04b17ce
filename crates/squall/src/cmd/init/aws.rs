//! `squall init aws`: experiments about what an account holds.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use squall_aws::drafts::{self, Draft, Drafts};
use squall_model::yaml;

use crate::args::InitArgs;
use crate::cmd::discover::aws::{self, InventoryError};
use crate::output::{fail, print};
use crate::program::Program;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
enum DraftError {
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    #[error("cannot write `{}`: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

/// What became of a draft.
enum Written {
    New,
    /// There is a file of that name, which is somebody's work by now.
    Kept,
}

/// Carries out the command; gives the exit code.
pub fn execute(args: &InitArgs, program: Program) -> u8 {
    match write_all(args, program) {
        Ok(report) => print(&report),
        Err(error) => fail(error),
    }
}

fn write_all(args: &InitArgs, program: Program) -> Result<String, DraftError> {
    let mut report = String::new();
    let mut first = None;
    for inventory in aws::take(&args.scope)? {
        let Drafts { drafts, skipped } = drafts::from(&inventory);
        report.push_str(&format!("account {}, region {}\n", inventory.account, inventory.region));
        // Regions may hold things of the same name.
        let folder = args.directory.join(&inventory.region);
        for draft in &drafts {
            let path = folder.join(format!("{}.yaml", draft.name));
            let written = write(&path, draft)?;
            let note = match written {
                Written::New => "",
                Written::Kept => "  (there already: kept as it is)",
            };
            report.push_str(&format!("  {}\n      {}{note}\n", draft.title, path.display()));
            first.get_or_insert(path);
        }
        for skipped in skipped {
            report.push_str(&format!("  not asked: {}\n      {}\n", skipped.title, skipped.reason));
        }
    }
    match first {
        Some(path) => report.push_str(&format!("\nNext: {} run {}\n", program.name, path.display())),
        None => report.push_str("\nThere is nothing to ask: see above why.\n"),
    }
    Ok(report)
}

fn write(path: &Path, draft: &Draft) -> Result<Written, DraftError> {
    let failed = |source| DraftError::Write { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Written::Kept),
        Err(error) => return Err(failed(error)),
    };
    let text = format!("# {}\n{}", draft.title, yaml::dump(&draft.document, false));
    file.write_all(text.as_bytes()).map_err(failed)?;
    Ok(Written::New)
}
