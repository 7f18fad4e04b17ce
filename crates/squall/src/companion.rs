//! This program as a companion of another one of its processes: a guard or a worker. Users never see these.

use std::ffi::OsString;
use std::path::PathBuf;

use squall_host::worker;
use squall_os::outlive;

use crate::exit;
use crate::faults::guard;

/// Serves, if that is what this process was started for; gives the exit code.
pub fn serve() -> Option<u8> {
    let mut words = std::env::args_os().skip(1);
    let word = words.next()?;
    let served = if word == guard::WORD {
        let folder = PathBuf::from(words.next()?);
        let run = words.next().map(OsString::into_string)?.ok()?;
        outlive::stand_apart();
        guard::be_one(folder, &run)
    } else if word == worker::WORD {
        outlive::stand_apart();
        worker::be_one()
    } else {
        return None;
    };
    // Who started it sees its end; there is nobody else to tell.
    Some(if served.is_ok() { exit::OK } else { exit::FAILED })
}
