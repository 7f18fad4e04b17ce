//! Fakes and launchers for tests: never part of the product.

pub mod botocore;
mod reference;

pub use reference::reference_python;
