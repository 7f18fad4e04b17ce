//! The installed reference, which the oracle makes and keeps.

use std::path::PathBuf;

/// The interpreter of a virtual environment that has chaostoolkit-lib and the usual extensions (see
/// [`squall_compat::reference::venv`]); made on the first use.
///
/// # Panics
///
/// When it cannot be made, with what the failed command said.
pub fn reference_python() -> PathBuf {
    match squall_compat::reference::venv() {
        Ok(venv) => venv.join("bin/python"),
        Err(error) => panic!("the reference cannot be installed: {error}"),
    }
}
