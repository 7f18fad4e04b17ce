//! What the test harnesses share: the program under test and its environment.

use std::path::PathBuf;

use crate::oracle::{self, Recorded};
use crate::program::Program;

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
pub fn program<C: Recorded>(case: &C) -> Result<Program, String> {
    oracle::program(&binary()?, case).map_err(|error| error.to_string())
}

/// The group of the one test that is asked for by `--exact`, as a test runner does that starts a
/// process for each test: then only that group has to be loaded. `before` stands before the groups' names.
#[must_use]
pub fn exact_group<'a>(args: &'a [String], before: &str) -> Option<&'a str> {
    if !args.iter().any(|arg| arg == "--exact") {
        return None;
    }
    args.iter().skip(1).find_map(|arg| Some(arg.strip_prefix(before)?.split_once("::")?.0))
}
