//! The wire formats: parameters to requests, answers to boto3's mappings.
//!
//! Values are walked along the model. What the services send is taken as botocore takes it: a JSON scalar
//! stays the scalar that it is, a timestamp is read in any form, XML text is read by its shape.

mod field;
mod moment;
pub(crate) mod read;
pub(crate) mod wire;
mod write;

pub(crate) use field::Field;
pub(crate) use moment::Moment;
pub(crate) use read::unreadable;
pub use read::{ParseError, error, output};
pub use wire::{Request, Response};
pub use write::request;
