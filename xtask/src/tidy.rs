//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! `edges` holds the layers, `files` what a source file may not contain, `dependencies` that each
//! dependency is named with its reason.

mod dependencies;
mod edges;
mod files;

use std::fs;

use crate::metadata::Metadata;
use crate::process::{about, program, read, root};
use crate::{Failure, say};

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("unknown argument `{argument}`")));
    }
    let metadata = Metadata::of(&root().join("Cargo.toml"))?;
    let mut findings = edges::check(&metadata.packages);

    let page = root().join("docs/design/dependencies.md");
    let page = fs::read_to_string(&page).map_err(about(&page))?;
    let fuzz = Metadata::of(&root().join("fuzz/Cargo.toml"))?;
    let packages = metadata.packages.iter().chain(&fuzz.packages);
    findings.extend(dependencies::check(&page, packages));

    let architecture = root().join("ARCHITECTURE.md");
    let architecture = fs::read_to_string(&architecture).map_err(about(&architecture))?;
    findings.extend(edges::unnamed(&architecture, &metadata.packages));

    let mut count = 0;
    for name in read(program("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?
        .split_terminator('\0')
    {
        // What is listed but was deleted is no file; what is no text is no source.
        if let Ok(text) = fs::read_to_string(root().join(name)) {
            count += 1;
            findings.extend(files::check(name, &text));
        }
    }
    if findings.is_empty() {
        say(&format!("tidy: {} crates and {count} files are in order", metadata.packages.len()));
        return Ok(());
    }
    let total = findings.len();
    Err(Failure::Found(format!("{}\ntidy: {total} findings", findings.join("\n"))))
}
