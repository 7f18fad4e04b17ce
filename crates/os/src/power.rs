//! Ending the host.

use std::io;

use rustix::system::{RebootCommand, reboot};

/// What becomes of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It starts again.
    Reboot,
    /// It is switched off.
    Off,
}

/// Makes the kernel end the host at once, without asking services; what was written is on the disks before. Inside a
/// process-id namespace, the kernel ends the namespace's first process instead.
///
/// # Errors
/// This user may not (`CAP_SYS_BOOT`).
pub fn change(power: Power) -> io::Result<()> {
    rustix::fs::sync();
    Ok(reboot(match power {
        Power::Reboot => RebootCommand::Restart,
        Power::Off => RebootCommand::PowerOff,
    })?)
}
