//! `squall validate`.

use super::Context;
use crate::args::ValidateArgs;
use crate::exit;

/// Carries out the command; gives the exit code.
pub fn execute(_args: &ValidateArgs, _cx: &Context) -> u8 {
    log::error!("`validate` is not available in this build");
    exit::INTERNAL
}
