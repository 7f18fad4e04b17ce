//! Standard output, and plain messages on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use crate::exit;

/// Writes `text` to standard output; gives the exit code. A reader that has gone away is no error.
pub fn print(text: &str) -> u8 {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            log::error!("cannot write to standard output: {error}");
            exit::FAILED
        }
        _ => exit::OK,
    }
}

/// Logs `error`; gives the exit code.
pub fn fail(error: impl Display) -> u8 {
    log::error!("{error}");
    exit::FAILED
}

/// Writes a line to standard error, for what must be said before there is a log.
pub fn complain(text: impl Display) {
    // There is nobody to tell that it could not be written.
    let _ = writeln!(io::stderr(), "{text}");
}
