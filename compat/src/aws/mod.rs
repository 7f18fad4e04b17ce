//! The differential oracle for AWS: functions of `chaosaws` through the reference and through Squall, on
//! equal accounts.
//!
//! A [case](case::AwsCase) is one activity, or a whole experiment. It runs against an [account](moto::Account)
//! of its own on moto, or against a [recording server](recording::Recording) with answers that moto cannot give.
//! Compared are the verdict, what each activity came to, and what went over the wire.
//! `compat/aws/README.md` tells how to write, record and run cases.

pub mod call;
pub mod case;
mod experiment;
mod http;
pub mod moto;
mod normal;
mod observation;
pub mod recording;
pub mod suite;
mod xml;
