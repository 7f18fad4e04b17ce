//! The reference: Chaos Toolkit in a venv with pinned versions, made when first needed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::case;
use crate::program::Program;

/// Names a venv that holds the reference already.
pub const VENV_VARIABLE: &str = "SQUALL_REFERENCE_VENV";

/// Why the reference is not at hand.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// The named venv has no `bin/chaos`.
    #[error(
        "`{VENV_VARIABLE}` is `{0}`, which has no `bin/chaos`; name a venv that holds the reference, or unset it"
    )]
    NotThere(PathBuf),
    /// A file of the venv cannot be made.
    #[error("cannot make `{path}`: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Python or pip failed.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// What was run.
        command: String,
        /// The end of what it said.
        said: String,
    },
}

/// The venv of the reference. It is made under `target/compat/venv` from `compat/requirements.txt`
/// unless [`VENV_VARIABLE`] names one; processes that ask at the same time wait for the one that
/// makes it.
pub fn venv() -> Result<PathBuf, ReferenceError> {
    if let Some(named) = std::env::var_os(VENV_VARIABLE) {
        let named = PathBuf::from(named);
        return if named.join("bin/chaos").exists() {
            Ok(named)
        } else {
            Err(ReferenceError::NotThere(named))
        };
    }
    installed("venv", &case::home().join("requirements.txt"))
}

/// A venv `target/compat/<name>` with exactly what `requirements` pins; made when it is not there, or
/// not as wanted.
pub(crate) fn installed(name: &str, requirements: &Path) -> Result<PathBuf, ReferenceError> {
    let wanted = fs::read_to_string(requirements)
        .map_err(|source| ReferenceError::Io { path: requirements.to_owned(), source })?;
    let folder = target().join("compat");
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| ReferenceError::Io { path, source }
    };
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    let lock_path = folder.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
    lock.lock().map_err(failed(&lock_path))?;
    let venv = folder.join(name);
    let mark = venv.join("requirements.txt");
    if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
        return Ok(venv);
    }
    if venv.exists() {
        fs::remove_dir_all(&venv).map_err(failed(&venv))?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check", "-r"])
        .arg(requirements))?;
    fs::write(&mark, wanted).map_err(failed(&mark))?;
    Ok(venv)
}

/// The reference itself as a program.
pub fn program() -> Result<Program, ReferenceError> {
    let venv = venv()?;
    Ok(Program { path: venv.join("bin/chaos"), venv: Some(venv) })
}

/// `3.11` and the like: the version of Python in the venv.
pub fn python_version(venv: &Path) -> Result<String, ReferenceError> {
    let code = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = run(Command::new(venv.join("bin/python")).args(["-c", code]))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The folder of built things.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| case::home().parent().unwrap_or(case::home()).join("target"), PathBuf::from)
}

fn run(command: &mut Command) -> Result<Output, ReferenceError> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|source| ReferenceError::Failed {
        command: shown.clone(),
        said: format!("{source}; Python 3.11 with its venv module is needed"),
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let end: Vec<&str> = said.lines().rev().take(5).collect();
    Err(ReferenceError::Failed { command: shown, said: end.into_iter().rev().collect::<Vec<_>>().join("\n") })
}
