//! AWS: a client that is driven by the service models, and the activities on top of it.
//!
//! ```text
//! model/       what botocore's models say of each service, embedded, read when first used
//! endpoint/    rule sets and partitions: which URL a call goes to, and how it is signed
//! session/     region, profile, credentials and roles of an activity; limits that a run shares
//! client/      one operation: checked, serialised, signed, sent, retried, parsed; pages and waiters
//! activities/  the functions of `chaosaws`, one folder a service
//! inventory/   what an account holds that an experiment could touch
//! drafts/      experiments about what an inventory has
//! ```
//!
//! Requests and answers are [`squall_model::Value`]s with the member names and the shapes that boto3
//! has: timestamps are datetimes, blobs are bytes, members that an answer lacks are absent.

pub mod activities;
pub mod activity;
mod advice;
pub mod client;
pub mod discovery;
pub mod drafts;
pub mod endpoint;
pub mod error;
pub mod inventory;
pub mod model;
pub mod operation;
pub mod provider;
pub mod random;
pub mod session;
