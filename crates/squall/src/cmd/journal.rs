//! `squall journal`.

use super::Context;
use crate::args::JournalArgs;
use crate::exit;

/// Carries out the command; gives the exit code.
pub fn execute(_args: &JournalArgs, _cx: &Context) -> u8 {
    log::error!("`journal` is not available in this build");
    exit::INTERNAL
}
