//! Faults through the built binary: held, put back, and put back by somebody else; seen by tools that are not ours.
//!
//! Needs root for most kinds, as `squall` itself does: there are file systems and network namespaces to be made.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod experiments;
mod guard;
mod kinds;
mod ledger;
mod matrix;
mod network;
mod rails;
mod support;
