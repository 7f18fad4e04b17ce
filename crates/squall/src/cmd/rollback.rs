//! `squall rollback`.

use super::Context;
use crate::args::RollbackArgs;
use crate::exit;

/// Carries out the command; gives the exit code.
pub fn execute(_args: &RollbackArgs, _cx: &Context) -> u8 {
    log::error!("`rollback` is not available in this build");
    exit::INTERNAL
}
