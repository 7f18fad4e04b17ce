//! The engine with everything around it scripted.

mod journal;
mod run;
mod support;
