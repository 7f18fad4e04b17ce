//! The built binary, run as people run it.

mod aws;
mod documents;
mod kill;
mod notifications;
mod sample;
mod secrets;
mod signals;
mod support;
