//! Any operation of any service as an activity: `provider: {type: aws, service: ..., operation: ...}`.

pub mod names;
