//! The only door to the operating system: processes and their groups, signals, timers that keep their
//! time, and files that need care. Nothing here knows experiments.
//!
//! | module | what it gives |
//! |---|---|
//! | [`process`] | commands in their own process group, ended whole |
//! | [`signals`] | the signals that steer a run, as a stream |
//! | [`timer`] | sleeping without the millisecond grid |
//! | [`environment`] | environment variables with a safe overlay |
//! | [`paths`] | `PATH` look-up, `~`, the state folder |
//! | [`files`] | files that are either old or new, never half |
//! | [`host`] | the host's name and platform |

pub mod environment;
pub mod files;
pub mod host;
pub mod paths;
pub mod process;
pub mod signals;
pub mod timer;
