//! The commands, one file each.

pub mod aws;
pub mod completions;
pub mod discover;
pub mod doctor;
pub mod faults;
pub mod guard;
pub mod halt;
pub mod info;
pub mod init;
pub mod inject;
pub mod journal;
pub mod plan;
pub mod rollback;
pub mod run;
pub mod settings;
pub mod undo;
pub mod validate;

use std::path::PathBuf;
use std::sync::Arc;

use squall_model::redact::Redactor;

use crate::args::Command;
use crate::program::Program;

/// What every command is given besides its own arguments.
#[derive(Debug)]
pub struct Context {
    /// The settings file, which may be missing; relative to the working directory after `--change-dir`.
    pub settings_path: PathBuf,
    /// The name that the program was called by: `squall` or `chaos`.
    pub program_name: String,
    /// Knows the secrets; the log goes through it.
    pub redactor: Arc<Redactor>,
}

impl Context {
    /// The program that was called.
    pub fn program(&self) -> Program {
        if self.program_name == Program::CHAOS.name { Program::CHAOS } else { Program::SQUALL }
    }
}

/// Carries out `command`; gives the exit code.
pub fn execute(command: &Command, cx: &Context) -> u8 {
    match command {
        Command::Run(args) => run::execute(args, cx),
        Command::Validate(args) => validate::execute(args, cx),
        Command::Init(args) => init::execute(args, cx),
        Command::Discover(args) => discover::execute(args, cx),
        Command::Info(args) => info::execute(args, cx),
        Command::Settings(args) => settings::execute(args, cx),
        Command::Aws(args) => aws::execute(args),
        Command::Journal(args) => journal::execute(args, cx),
        Command::Rollback(args) => rollback::execute(args, cx),
        Command::Inject(args) => inject::execute(args, cx),
        Command::Faults(args) => faults::execute(args),
        Command::Undo(args) => undo::execute(args),
        Command::Doctor(args) => doctor::execute(args),
        Command::Guard(args) => guard::execute(args),
        Command::Halt(args) => halt::halt(args),
        Command::Resume(_) => halt::resume(),
        Command::Completions(args) => completions::execute(args, cx),
        Command::Man(args) => completions::manual(args, cx),
    }
}
