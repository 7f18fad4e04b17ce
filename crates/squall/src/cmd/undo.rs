//! `squall undo`: puts back what faults have changed, at any later time.

use squall_engine::fault::hands::{self, CleanUp, Restored};
use squall_engine::fault::port::Store;
use squall_engine::fault::record::{FaultId, Hand};
use squall_host::Host;

use crate::args::UndoArgs;
use crate::faults::{show, store::FileStore};
use crate::output::print;
use crate::{exit, output};

/// Carries out the command; gives the exit code.
pub fn execute(args: &UndoArgs) -> u8 {
    if args.faults.is_empty() && !args.all {
        output::complain("Error: name faults by their ids (`squall faults` shows them), or use `--all`.");
        return exit::USAGE;
    }
    let store = match FileStore::open() {
        Ok(store) => store,
        Err(error) => return output::fail(error),
    };
    let wanted = match chosen(&store, args) {
        Ok(wanted) => wanted,
        Err(error) => return output::fail(error),
    };
    let mut code = exit::OK;
    let mut clean_ups = Vec::new();
    for fault in &wanted {
        match hands::undo(&store, &Host, fault, Hand::Undo, None) {
            Ok(clean_up) => clean_ups.push(clean_up),
            Err(error) => {
                log::error!("fault {fault}: {error}");
                code = exit::UNVERIFIED;
            }
        }
    }
    if clean_ups.iter().any(|clean_up| !clean_up.is_verified()) {
        code = exit::UNVERIFIED;
    }
    let shown = if args.json {
        super::faults::as_json(show::journal(&clean_ups))
    } else if clean_ups.is_empty() && code == exit::OK {
        "nothing to put back\n".to_owned()
    } else {
        clean_ups.iter().map(line).collect()
    };
    print(&shown).max(code)
}

/// The faults that are meant, the latest first.
fn chosen(store: &FileStore, args: &UndoArgs) -> Result<Vec<FaultId>, String> {
    let ledger = store.load().map_err(|error| error.to_string())?;
    if args.all {
        let open = ledger.open().rev().map(|(fault, _)| fault);
        return Ok(open.chain(ledger.newer().map(|(fault, _)| fault)).cloned().collect());
    }
    let one = |digits: &String| match ledger.beginning_with(digits)[..] {
        [fault] => Ok(fault.clone()),
        [] => {
            Err(format!("the ledger knows no fault `{digits}`; `squall faults` shows those that there are"))
        }
        _ => Err(format!("several faults begin with `{digits}`; give more of the id")),
    };
    args.faults.iter().rev().map(one).collect()
}

fn line(clean_up: &CleanUp) -> String {
    let CleanUp { fault, kind, title, result } = clean_up;
    match result {
        Restored::Verified { by, found } => {
            format!(
                "{fault}  {kind}: {title}: put back by {} and verified: {}\n",
                by.name(),
                found.join("; ")
            )
        }
        Restored::Unverified { left } => {
            format!("{fault}  {kind}: {title}: LEFT BEHIND: {}\n", left.join("; "))
        }
    }
}
