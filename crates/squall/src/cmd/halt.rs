//! `squall halt` and `squall resume`.

use std::time::Duration;

use squall_engine::fault::hands;
use squall_engine::fault::record::Hand;
use squall_host::Host;

use crate::args::HaltArgs;
use crate::faults::{halt, show, store::FileStore};
use crate::{exit, output};

/// Stops all runs, puts everything back, and refuses new runs; gives the exit code.
pub fn halt(args: &HaltArgs) -> u8 {
    // First: what starts meanwhile must not slip through.
    match halt::set() {
        Ok(mark) => log::info!("New runs are refused (`{}`) until `squall resume`", mark.display()),
        Err(error) => return output::fail(format_args!("new runs cannot be refused: {error}")),
    }
    let stopped = halt::runs().and_then(|runs| halt::stop(&runs, Duration::from_secs(args.patience)));
    let stopped = match stopped {
        Ok(stopped) => stopped,
        Err(error) => return output::fail(format_args!("runs cannot be ended: {error}")),
    };
    let mut code = exit::OK;
    for run in &stopped {
        if run.over {
            log::info!("Run in process {}: ended", run.pid);
        } else {
            log::error!(
                "Run in process {}: does not end; its guard puts back what it broke once it is killed",
                run.pid
            );
            code = exit::FAILED;
        }
    }
    if stopped.is_empty() {
        log::info!("No run goes on");
    }
    code.max(put_back())
}

fn put_back() -> u8 {
    let undone = FileStore::open().and_then(|store| hands::undo_all(&store, &Host, Hand::Undo, |_, _| true));
    let undone = match undone {
        Ok(undone) => undone,
        Err(error) => return output::fail(error),
    };
    let mut clean_ups = Vec::new();
    let mut code = exit::OK;
    for result in undone {
        match result {
            Ok(clean_up) => clean_ups.push(clean_up),
            Err(error) => {
                log::error!("{error}");
                code = exit::UNVERIFIED;
            }
        }
    }
    for line in show::left(&clean_ups) {
        log::error!("Left behind: {line}");
        code = exit::UNVERIFIED;
    }
    for line in show::found(&clean_ups) {
        log::info!("Put back and verified: {line}");
    }
    if clean_ups.is_empty() && code == exit::OK {
        log::info!("Nothing is left to put back");
    }
    code
}

/// Allows new runs again; gives the exit code.
pub fn resume() -> u8 {
    match halt::clear() {
        Ok(true) => log::info!("New runs are allowed again"),
        Ok(false) => log::info!("New runs were not refused"),
        Err(error) => return output::fail(format_args!("new runs cannot be allowed: {error}")),
    }
    match halt::refusal() {
        None => exit::OK,
        Some(_) => output::fail("root has halted everything on this host, and only root can resume"),
    }
}
