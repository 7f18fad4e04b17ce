//! `squall`, the chaos-engineering runner.

mod args;
mod aws_options;
mod cmd;
mod companion;
mod crash;
mod exit;
mod experiment;
mod faults;
mod logging;
mod notify;
mod output;
mod program;
mod render;
mod runlog;
mod session;
mod settings;
mod source;
mod usage;
mod values;
mod variables;
mod wiring;

use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use squall_model::redact::Redactor;

use crate::args::Cli;
use crate::program::Program;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

fn main() -> ExitCode {
    crash::report_panics();
    if let Some(code) = companion::serve() {
        return ExitCode::from(code);
    }
    let program = Program::called(std::env::args_os().next().as_deref());
    let code = panic::catch_unwind(|| match usage::parse(program, std::env::args_os()) {
        Ok(cli) => execute(program, &cli),
        Err(code) => code,
    });
    ExitCode::from(code.unwrap_or(exit::INTERNAL))
}

/// Carries out the command; gives the exit code.
fn execute(program: Program, cli: &Cli) -> u8 {
    faults::know_aws();
    let redactor = Arc::new(Redactor::new());
    if let Err(error) = logging::start(&cli.global, Arc::clone(&redactor)) {
        output::complain(format_args!("Error: {error}"));
        return exit::FAILED;
    }
    let settings_path = cli.global.settings.clone().unwrap_or_else(settings::default_path);
    log::debug!("{}", "#".repeat(79));
    log::debug!("Running command '{}'", cli.command.name());
    log::debug!("Using settings file '{}'", settings_path.display());
    if let Some(directory) = &cli.global.change_dir
        && let Err(code) = move_to(directory)
    {
        return code;
    }
    if let Err(code) = usage::check_files(program, &cli.command) {
        return code;
    }
    let context = cmd::Context { settings_path, program_name: program.name.to_owned(), redactor };
    cmd::execute(&cli.command, &context)
}

fn move_to(directory: &PathBuf) -> Result<(), u8> {
    log::warn!("Moving to {}", directory.display());
    std::env::set_current_dir(directory).map_err(|error| {
        output::fail(format_args!("cannot change to directory `{}`: {error}", directory.display()))
    })
}
