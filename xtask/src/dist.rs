//! `cargo xtask dist`: what is shipped, in `dist/`, and the proof that it needs nothing else.
//!
//! The same commit gives the same archive: names are sorted, times are the commit's, owners are
//! nobody's.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::metadata::Metadata;
use crate::needs::{self, MUSL};
use crate::process::{about, cargo, is_root, program, read, root, run, succeeds, target};
use crate::{Failure, say};

/// Files of the workspace that go with the program.
const PAPERS: &[&str] = &["LICENSE", "NOTICE", "README.md"];

/// Shells, and the name that each looks for a completion script under.
const COMPLETIONS: &[(&str, &str)] =
    &[("bash", "squall.bash"), ("elvish", "squall.elv"), ("fish", "squall.fish"), ("zsh", "_squall")];

/// An experiment for the empty root: nothing outside the program may be needed to check it.
const EXPERIMENT: &str = r#"{"title": "t", "description": "d", "method": [{"type": "probe", "name": "p",
    "provider": {"type": "python", "module": "os.path", "func": "exists", "arguments": {"path": "/"}}}]}"#;

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("unknown argument `{argument}`")));
    }
    let binary = build()?;
    is_static(&binary)?;
    starts_alone(&binary)?;

    let version = Metadata::of(&root().join("Cargo.toml"))?.version("squall")?.to_owned();
    let name = format!("squall-{version}-x86_64-linux-musl");
    let dist = root().join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).map_err(about(&dist))?;
    }
    stage(&binary, &dist.join(&name))?;
    let archive = pack(&dist, &name)?;
    say(&format!(
        "dist: {} of program in {} of `dist/{archive}`",
        size(&binary)?,
        size(&dist.join(&archive))?
    ));
    Ok(())
}

/// Makes the static program; gives its path.
pub fn build() -> Result<PathBuf, Failure> {
    needs::provide_for_dist()?;
    run(cargo()
        .args(["build", "--quiet", "--release", "--locked", "--package", "squall", "--target", MUSL])
        .env("CARGO_ENCODED_RUSTFLAGS", options()?))?;
    Ok(target().join(MUSL).join("release/squall"))
}

/// Options of the compiler for what is shipped.
///
/// The program runs where it was linked for: to move it, as a position-independent one is at each start,
/// 12,000 addresses in 60 pages have to be changed, a tenth of a cold run. And this machine's folders are
/// kept out of it: the same sources give the same program anywhere.
fn options() -> Result<String, Failure> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let home =
        home.ok_or_else(|| Failure::Found("neither CARGO_HOME nor a home folder is known".to_owned()))?;
    let sysroot = read(program("rustc").args(["--print", "sysroot"]))?;
    let places = [(home.as_path(), "cargo"), (root(), "squall"), (Path::new(sysroot.trim()), "rust")];
    let mut options = vec!["-Crelocation-model=static".to_owned()];
    options.extend(
        places.iter().map(|(place, name)| format!("--remap-path-prefix={}=/{name}", place.display())),
    );
    // Cargo separates options by this character.
    Ok(options.join("\u{1f}"))
}

/// Lays the archive's content out in `folder`.
fn stage(binary: &Path, folder: &Path) -> Result<(), Failure> {
    let completions = folder.join("completions");
    fs::create_dir_all(&completions).map_err(about(&completions))?;
    fs::copy(binary, folder.join("squall")).map_err(about(binary))?;
    for paper in PAPERS {
        fs::copy(root().join(paper), folder.join(paper)).map_err(about(&root().join(paper)))?;
    }
    read(Command::new(binary).arg("--no-log-file").arg("man").arg(folder.join("man")))?;
    for (shell, name) in COMPLETIONS {
        let script = read(Command::new(binary).args(["--no-log-file", "completions", shell]))?;
        let path = completions.join(name);
        fs::write(&path, script).map_err(about(&path))?;
    }
    Ok(())
}

/// Packs the folder of that name and writes `SHA256SUMS`; gives the archive's name.
fn pack(dist: &Path, name: &str) -> Result<String, Failure> {
    let time = read(program("git").args(["log", "-1", "--format=%ct"]))?;
    let archive = format!("{name}.tar");
    read(
        Command::new("tar")
            .current_dir(dist)
            .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"])
            .arg("--mode=u=rwX,go=rX")
            .arg(format!("--mtime=@{}", time.trim()))
            .args(["-cf", &archive, name]),
    )?;
    // `-n` leaves the name and the time of the packing out.
    read(Command::new("gzip").current_dir(dist).args(["-9", "-n", &archive]))?;
    let archive = format!("{archive}.gz");
    let sums = read(Command::new("sha256sum").current_dir(dist).arg(&archive))?;
    let path = dist.join("SHA256SUMS");
    fs::write(&path, sums).map_err(about(&path))?;
    Ok(archive)
}

/// Asks the dynamic linker whether it has anything to do.
fn is_static(binary: &Path) -> Result<(), Failure> {
    let output = Command::new("ldd")
        .arg(binary)
        .output()
        .map_err(|error| Failure::Found(format!("`ldd`: {error}")))?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if ["statically linked", "not a dynamic executable"].iter().any(|words| said.contains(words)) {
        say(&format!("ldd: {}", said.trim()));
        return Ok(());
    }
    Err(Failure::Found(format!("the shipped program is not static; `ldd` says:\n{said}")))
}

/// Starts the program where nothing but it and an experiment is.
fn starts_alone(binary: &Path) -> Result<(), Failure> {
    let empty = tempfile::tempdir().map_err(|error| Failure::Found(format!("temporary folder: {error}")))?;
    let inside = empty.path().join("squall");
    fs::copy(binary, &inside).map_err(about(&inside))?;
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o755)).map_err(about(&inside))?;
    let experiment = empty.path().join("experiment.json");
    fs::write(&experiment, EXPERIMENT).map_err(about(&experiment))?;

    let prefix: &[&str] = if is_root() { &["chroot"] } else { &["unshare", "--map-root-user", "chroot"] };
    let in_root = |arguments: &[&str]| {
        let mut command = Command::new(prefix[0]);
        command.args(&prefix[1..]).arg(empty.path()).arg("/squall").args(arguments).env_clear();
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    };
    if !is_root() && !succeeds(Command::new("unshare").args(["--map-root-user", "true"])) {
        say(
            "dist: NOT CHECKED that the program starts in an empty root: this user may not make one; call as root",
        );
        return Ok(());
    }
    let version = read(&mut in_root(&["--version"]))?;
    read(&mut in_root(&["--no-log-file", "validate", "/experiment.json"]))?;
    say(&format!("in an empty root: `{}`, and it validates an experiment", version.trim()));
    Ok(())
}

fn size(path: &Path) -> Result<String, Failure> {
    let bytes = fs::metadata(path).map_err(about(path))?.len();
    let tenths = bytes * 10 / (1 << 20);
    Ok(format!("{}.{} MiB", tenths / 10, tenths % 10))
}
