//! `cargo xtask check`: layout, lints and house rules.

use crate::process::{cargo, run};
use crate::{Failure, tidy};

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("unknown argument `{argument}`")));
    }
    run(cargo().args(["fmt", "--all", "--", "--check"]))?;
    run(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    tidy::execute(&[])
}
