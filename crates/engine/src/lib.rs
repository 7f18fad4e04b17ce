//! The run: lifecycle, strategies, controls, tolerances, and the ports that adapters plug into.
//!
//! The engine knows no operating system, no network and no Python; it speaks to [`ports`].

pub mod log;
pub mod ports;
