//! Fakes and launchers for tests: never part of the product.

mod reference;

pub use reference::reference_python;
