//! Messages beyond the levels of the `log` crate.
//!
//! The reference has a level above "error". Here it is an error whose target ends in `::critical`.

#[doc(hidden)]
pub use ::log as backend;

/// Target of what is logged as critical.
pub const CRITICAL: &str = "chaostoolkit::critical";

/// Logs at the reference's level CRITICAL; takes what `format!` takes.
#[macro_export]
macro_rules! critical {
    ($($message:tt)+) => {
        $crate::log::backend::error!(target: $crate::log::CRITICAL, $($message)+)
    };
}

/// Target of what the reference logs.
pub const LOG: &str = "chaostoolkit";
