//! Faults through the built binary: held, put back, and put back by somebody else.
//!
//! Needs root for some kinds, as `squall` itself does: a test says so and fails where it is not root.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod experiments;
mod guard;
mod kinds;
mod ledger;
mod matrix;
mod rails;
mod support;
