//! The environment with an overlay.
//!
//! Variables read from `.env` files count as environment variables from then on, here and in child
//! processes. The real environment of a process cannot be changed safely once threads run, so such
//! variables live in an overlay that [`var`] and every [`Command`](crate::process::Command) consult.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::sync::{PoisonError, RwLock};

static OVERLAY: RwLock<BTreeMap<OsString, OsString>> = RwLock::new(BTreeMap::new());

/// Sets a variable for this process' own look-ups and for the children it starts from now on.
pub fn set(name: impl Into<OsString>, value: impl Into<OsString>) {
    OVERLAY.write().unwrap_or_else(PoisonError::into_inner).insert(name.into(), value.into());
}

/// The value of a variable: the overlay's, else the real environment's.
pub fn var_os(name: impl AsRef<OsStr>) -> Option<OsString> {
    let name = name.as_ref();
    let overlaid = OVERLAY.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    overlaid.or_else(|| std::env::var_os(name))
}

/// Like [`var_os`], as text; bytes that are not UTF-8 become U+FFFD.
pub fn var(name: impl AsRef<OsStr>) -> Option<String> {
    var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// The variables that were [`set`], in order of their names. Whoever starts a child without
/// [`Command`](crate::process::Command) passes them on.
pub fn overlay() -> Vec<(OsString, OsString)> {
    let overlay = OVERLAY.read().unwrap_or_else(PoisonError::into_inner);
    overlay.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overlaid_variable_hides_the_real_one() {
        assert!(var("PATH").is_some());
        set("SQUALL_OS_OVERLAY_TEST", "one");
        assert_eq!(var("SQUALL_OS_OVERLAY_TEST").as_deref(), Some("one"));
        assert!(std::env::var_os("SQUALL_OS_OVERLAY_TEST").is_none());
        assert!(overlay().iter().any(|(name, _)| name == "SQUALL_OS_OVERLAY_TEST"));
    }
}
