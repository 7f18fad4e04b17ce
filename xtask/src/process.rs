//! Running other programs, and what the commands share about the workspace's places.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, say};

/// The workspace's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The Cargo that runs us, in the workspace's folder.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A program in the workspace's folder.
pub fn program(name: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// Shows the command, and runs it with our own output.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    say(&format!("$ {}", shown(command)));
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(Failure::Found(format!("`{}`: {status}", shown(command)))) }
}

/// Runs the command; gives its standard output.
pub fn read(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::Found(format!("`{}`: {}\n{}", shown(command), output.status, said.trim_end())))
}

/// Whether the command can be started and succeeds; what it says is not shown.
pub fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The folder that Cargo builds into.
pub fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(named) => root().join(named),
        None => root().join("target"),
    }
}

/// Whether we are the superuser.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Gives the text of an input or output error about a file.
pub fn about(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |error| Failure::Found(format!("`{}`: {error}", path.display()))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::Found(format!("cannot start `{}`: {error}", shown(command)))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let program_name = |word: &std::ffi::OsStr| {
        Path::new(word).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    let words: Vec<String> = words
        .enumerate()
        .map(
            |(index, word)| if index == 0 { program_name(word) } else { word.to_string_lossy().into_owned() },
        )
        .collect();
    words.join(" ")
}
