//! The exit codes, which scripts rely on.

/// All went well: the experiment is valid, or it ran to its end without a deviation.
pub const OK: u8 = 0;
/// The command did its work and the answer is bad: the experiment is invalid, it failed, was
/// interrupted or deviated; a file that it needs is missing or unusable.
pub const FAILED: u8 = 1;
/// The command line is wrong; nothing was done.
pub const USAGE: u8 = 2;
/// Something that a fault changed could not be put back, or not be shown to be; what is left was told.
pub const UNVERIFIED: u8 = 3;
/// Squall itself failed: a fault of ours, never of the experiment.
pub const INTERNAL: u8 = 4;
