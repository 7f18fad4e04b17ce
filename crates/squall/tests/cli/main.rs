//! The command line from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commands;
mod log;
mod support;
