//! A Python worker for a command that needs one thing of it.

use std::io;

use squall_providers::python::{PythonError, PythonWorker};
use tokio::runtime;
use tokio::task::LocalSet;

/// Python could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// There is no event loop to talk to Python with.
    #[error("cannot start an event loop: {0}")]
    Runtime(#[from] io::Error),
    /// Python's part.
    #[error(transparent)]
    Python(#[from] PythonError),
}

/// Runs `job` with a Python worker of its own, which ends with it.
///
/// # Errors
/// The job's own, or the system's.
pub fn with_python<T>(
    job: impl AsyncFnOnce(&PythonWorker) -> Result<T, PythonError>,
) -> Result<T, SessionError> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = LocalSet::new().block_on(&runtime, async {
        let python = PythonWorker::default();
        let outcome = job(&python).await;
        python.shutdown().await;
        outcome
    });
    Ok(outcome?)
}
