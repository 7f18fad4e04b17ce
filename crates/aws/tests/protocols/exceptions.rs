//! Cases that we do not pass, each with its reason.

/// By file and id.
pub const EXCEPTIONS: &[(&str, &str)] = &[];
