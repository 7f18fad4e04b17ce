//! Which program this is: `squall`, or the reference's name when it is called through such a link.

use std::ffi::OsStr;
use std::path::Path;

/// The version of the reference's command line that ours is the same as.
pub const REFERENCE_CLI: &str = "1.19.0";

/// The version of the reference's library whose behaviour is ours.
pub const REFERENCE_LIBRARY: &str = "1.44.0";

/// A name, and the version that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// What usage texts call the program.
    pub name: &'static str,
    /// What `--version` says.
    pub version: &'static str,
}

impl Program {
    /// Squall under its own name.
    pub const SQUALL: Program = Program { name: "squall", version: env!("CARGO_PKG_VERSION") };

    /// Squall in the place of the reference.
    pub const CHAOS: Program = Program { name: "chaos", version: REFERENCE_CLI };

    /// The program that was called by `path`, the first word of the command line.
    pub fn called(path: Option<&OsStr>) -> Program {
        let name = path.and_then(|path| Path::new(path).file_name());
        if name == Some(OsStr::new(Self::CHAOS.name)) { Self::CHAOS } else { Self::SQUALL }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_link() {
        let called = |path| Program::called(Some(OsStr::new(path)));
        assert_eq!(called("/usr/local/bin/chaos"), Program::CHAOS);
        assert_eq!(called("chaos"), Program::CHAOS);
        assert_eq!(called("./squall"), Program::SQUALL);
        assert_eq!(called("chaos/squall-0.1"), Program::SQUALL);
        assert_eq!(Program::called(None), Program::SQUALL);
    }
}
