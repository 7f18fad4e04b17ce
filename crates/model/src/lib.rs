//! Pure data of Squall: values, documents, experiments, journals, events and expressions.
//!
//! Nothing here knows time, disk, network, environment or an async runtime.

pub mod check;
pub mod diagnostic;
pub mod document;
pub mod event;
pub mod expr;
pub mod journal;
pub mod json;
pub mod python;
pub mod quantity;
pub mod redact;
pub mod time;
pub mod value;
pub mod yaml;

pub use value::{Int, Key, List, Map, Other, OtherKind, Str, Value};
