//! `squall run`.

use super::Context;
use crate::args::RunArgs;
use crate::exit;

/// Carries out the command; gives the exit code.
pub fn execute(_args: &RunArgs, _cx: &Context) -> u8 {
    log::error!("`run` is not available in this build");
    exit::INTERNAL
}
