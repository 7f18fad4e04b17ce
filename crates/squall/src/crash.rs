//! What is said when Squall itself fails.

use std::panic;

use crate::output::complain;
use crate::program::Program;

/// Makes a panic one line that says what to do, in place of a stack trace.
pub fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        complain(format_args!(
            "Error: Squall {} itself failed{}: {}. This is a bug in Squall, not in the experiment: please \
             report it with this line",
            Program::SQUALL.version,
            place.unwrap_or_default(),
            info.payload_as_str().unwrap_or("no message"),
        ));
    }));
}
