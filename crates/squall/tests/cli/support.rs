//! Runs the built program in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The built program.
pub const SQUALL: &str = env!("CARGO_BIN_EXE_squall");

/// A working folder that is the user's home too.
pub struct Sandbox {
    folder: TempDir,
}

/// What a program left.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Sandbox { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program under some name, in this folder, in a known environment.
    pub fn command(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .env("PATH", std::env::var_os("PATH").unwrap());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs `squall` to its end.
    pub fn squall(&self, arguments: &[&str]) -> Ended {
        ended(self.command(SQUALL, arguments).output().unwrap())
    }

    /// Runs `squall` to its end, with that standard input.
    pub fn squall_given(&self, arguments: &[&str], input: &str) -> Ended {
        let mut child = self.command(SQUALL, arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that has ended does not read all of it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        ended(child.wait_with_output().unwrap())
    }
}

/// What is left of a finished program, as text.
pub fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
