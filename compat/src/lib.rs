//! The differential oracle: experiments, what the reference made of them, and the comparison.
//!
//! A [case](case::Case) is a small input for a program with the command line of Chaos Toolkit. The
//! reference's results are recorded; the tests of this crate run every case through `squall` and
//! compare. `compat/README.md` tells how to write, record and run cases.

pub mod aws;
pub mod case;
pub mod compare;
pub mod expect;
pub mod harness;
pub mod json;
pub mod normal;
pub mod observation;
pub mod oracle;
pub mod program;
pub mod reference;
pub mod sample;
pub mod server;
pub mod suite;
pub mod template;
pub mod yaml;
