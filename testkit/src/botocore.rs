//! botocore, whose models the product embeds, and whose tests judge what it makes of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::reference_python;

/// The unpacked source distribution of botocore, which holds its tests: fetched from PyPI when first
/// needed, of the version that the reference has, and kept under `target/botocore`.
///
/// # Panics
///
/// When it cannot be fetched or unpacked, with what the failed command said.
pub fn sdist() -> PathBuf {
    let version = version();
    let folder = target().join("botocore");
    let name = format!("botocore-{version}");
    let unpacked = folder.join(&name);
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("cannot make `{}`: {error}", folder.display()));
    // Tests of several processes ask at the same time; one fetches.
    let lock = File::create(folder.join("lock")).expect("the folder can be written to");
    lock.lock().expect("the lock can be waited for");
    if unpacked.exists() {
        return unpacked;
    }
    let python = reference_python();
    run(Command::new(&python)
        .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check"])
        .args(["--no-deps", "--no-binary", "botocore", "--dest"])
        .arg(&folder)
        .arg(format!("botocore=={version}")));
    // Unpacked beside its place and moved there: an unpacking that was cut short is no sdist.
    let beside = folder.join("unpacking");
    let _ = fs::remove_dir_all(&beside);
    fs::create_dir_all(&beside).expect("the folder can be written to");
    run(Command::new(&python)
        .args(["-m", "tarfile", "-e"])
        .arg(folder.join(format!("{name}.tar.gz")))
        .arg(&beside));
    fs::rename(beside.join(&name), &unpacked)
        .unwrap_or_else(|error| panic!("cannot move the unpacked `{name}` to its place: {error}"));
    unpacked
}

/// The version of botocore that the reference is pinned to.
fn version() -> String {
    let path = root().join("compat/requirements.txt");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read `{}`: {error}", path.display()));
    let pin = text.lines().find_map(|line| line.strip_prefix("botocore=="));
    pin.expect("`compat/requirements.txt` pins botocore").to_owned()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn run(command: &mut Command) {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| panic!("`{shown}` cannot start: {error}"));
    assert!(output.status.success(), "`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr));
}
