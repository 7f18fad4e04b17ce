//! The built binary, run as people run it.

mod documents;
mod kill;
mod secrets;
mod signals;
mod support;
