//! The run: lifecycle, strategies, controls, tolerances, and the ports that adapters plug into.
//!
//! The engine knows no operating system, no network and no Python; it speaks to [`ports`].

pub mod cast;
pub mod configuration;
pub mod log;
pub mod ports;
pub mod secrets;
mod strategy;

pub use strategy::{Dry, Schedule, Strategy};
