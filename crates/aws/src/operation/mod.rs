//! Any operation of any service as an activity: `provider: {type: aws, service: ..., operation: ...}`.

mod check;
mod definition;
pub mod names;
pub mod outline;
mod provider;

pub use check::check;
pub use provider::Operations;
