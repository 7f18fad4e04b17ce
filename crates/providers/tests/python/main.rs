//! The Python worker with a real interpreter, without chaostoolkit-lib.

mod activities;
mod ending;
mod hooks;
mod logging;
mod native;
mod questions;
mod support;
