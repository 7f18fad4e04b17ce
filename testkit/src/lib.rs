//! Fakes and launchers for tests: never part of the product.

pub mod botocore;
pub mod cases;
pub mod matrix;
pub mod moto;
pub mod recording;
mod reference;

pub use reference::reference_python;
