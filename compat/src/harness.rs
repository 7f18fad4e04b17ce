//! What the test harnesses share: the program under test and its environment.

use std::path::PathBuf;

use crate::case::Case;
use crate::program::Program;
use crate::reference;

/// Names the program under test.
pub const BIN_VARIABLE: &str = "SQUALL_BIN";

/// The program under test: what [`BIN_VARIABLE`] names, else the `squall` that was built in the
/// profile of the running test, else any built one beside it.
pub fn binary() -> Result<PathBuf, String> {
    if let Some(named) = std::env::var_os(BIN_VARIABLE) {
        return Ok(PathBuf::from(named));
    }
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    // target/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).unwrap_or(&test);
    let places = [
        profile.join("squall"),
        profile.with_file_name("release").join("squall"),
        profile.with_file_name("debug").join("squall"),
    ];
    places.iter().find(|path| path.exists()).cloned().ok_or_else(|| {
        format!(
            "`{}` is not there; build it (`cargo build -p squall`) or name a program in `{BIN_VARIABLE}`",
            places[0].display()
        )
    })
}

/// The program under test, with the venv of the reference where the case runs user code in Python.
pub fn program(case: &Case) -> Result<Program, String> {
    let venv = if case.python { Some(reference::venv().map_err(|error| error.to_string())?) } else { None };
    Ok(Program { path: binary()?, venv })
}

/// The group of the one test that is asked for by `--exact`, as a test runner does that starts a
/// process for each test: then only that group has to be loaded.
#[must_use]
pub fn exact_group(args: &[String]) -> Option<&str> {
    if !args.iter().any(|arg| arg == "--exact") {
        return None;
    }
    args.iter().skip(1).find_map(|arg| Some(arg.split_once("::")?.0))
}
