//! The run: lifecycle, strategies, controls, tolerances, and the ports that adapters plug into.
//!
//! The engine knows no operating system, no network and no Python; it speaks to [`ports`]. What
//! happens becomes events ([`squall_model::event`]): the journal is their fold, and every
//! [`EventSink`] sees them as they come.

mod activity;
mod background;
pub mod cast;
pub mod configuration;
mod control;
pub mod fault;
mod halt;
mod hypothesis;
pub mod log;
mod method;
pub mod ports;
mod recorder;
mod run;
pub mod sample;
pub mod secrets;
mod strategy;

pub use control::apply_loader_controls;
pub use halt::{Interrupts, Signal};
pub use recorder::EventSink;
pub use run::{Finished, Setup, World, roll_back, run};
pub use strategy::{Dry, Schedule, Strategy};
