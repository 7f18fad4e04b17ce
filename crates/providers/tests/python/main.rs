//! The Python worker with a real interpreter, without chaostoolkit-lib.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod activities;
mod ending;
mod hooks;
mod logging;
mod native;
mod questions;
mod support;
