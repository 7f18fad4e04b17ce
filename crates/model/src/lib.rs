//! Pure data of Squall: values, documents, experiments, journals, events and expressions.
//!
//! Nothing here knows time, disk, network, environment or an async runtime.

pub mod event;
pub mod journal;
pub mod time;
pub mod python;
pub mod redact;
pub mod value;

pub use value::{Int, Key, List, Map, Other, OtherKind, Str, Value};
