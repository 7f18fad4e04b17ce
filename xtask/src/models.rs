//! AWS' service models: botocore's, brought into the form that `crates/aws` embeds.
//!
//! The same version of botocore gives the same bytes.

mod lean;
mod pack;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{about, root, run, target};
use crate::{Failure, say};

/// The distribution of botocore that the models come from, and the SHA-256 of its wheel.
const BOTOCORE: (&str, &str) = ("1.44.5", "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921");

/// `models [--check]`: writes `crates/aws/data/models.pack`, or says whether it is what would be written.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    let check = match arguments {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(Failure::Usage("takes `--check` or nothing".to_owned())),
    };
    let data = botocore()?.join("botocore/data");
    let made = pack::make(BOTOCORE.0, &data)?;
    let path = root().join("crates/aws/data/models.pack");
    if check {
        let there = fs::read(&path).map_err(about(&path))?;
        return if there == made.bytes {
            say(&format!("`{}` is what botocore {} gives", path.display(), BOTOCORE.0));
            Ok(())
        } else {
            Err(Failure::Found(format!(
                "`{}` is not what botocore {} gives; run `cargo xtask models` and commit what it writes",
                path.display(),
                BOTOCORE.0
            )))
        };
    }
    let folder = path.parent().expect("the path has a folder");
    fs::create_dir_all(folder).map_err(about(folder))?;
    fs::write(&path, &made.bytes).map_err(about(&path))?;
    say(&format!(
        "{}: {} services, {} operations, {} bytes",
        path.display(),
        made.services,
        made.operations,
        made.bytes.len()
    ));
    Ok(())
}

/// The folder that holds botocore, installed there when it is not yet.
fn botocore() -> Result<PathBuf, Failure> {
    let (version, hash) = BOTOCORE;
    let folder = target().join("models").join(format!("botocore-{version}"));
    if folder.exists() {
        return Ok(folder);
    }
    let venv = squall_compat::reference::venv().map_err(|error| Failure::Found(error.to_string()))?;
    // Installed beside its place and moved there: an installation that was cut short is none.
    let beside = target().join("models/installing");
    if beside.exists() {
        fs::remove_dir_all(&beside).map_err(about(&beside))?;
    }
    fs::create_dir_all(&beside).map_err(about(&beside))?;
    let requirement = beside.join("requirements.txt");
    fs::write(&requirement, format!("botocore=={version} --hash=sha256:{hash}\n"))
        .map_err(about(&requirement))?;
    run(pip(&venv).arg("--target").arg(&beside).arg("-r").arg(&requirement))?;
    fs::rename(&beside, &folder).map_err(about(&folder))?;
    Ok(folder)
}

fn pip(venv: &Path) -> Command {
    let mut command = crate::process::program(venv.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args([
        "--no-deps",
        "--only-binary",
        ":all:",
        "--require-hashes",
    ]);
    command
}
