//! The front door for developers: `cargo xtask <command>`. One file a command.

mod compat;

use std::io::Write;
use std::process::ExitCode;

/// A command: what it takes after its name, what it does, and its code.
struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

/// Why a command did not succeed.
enum Failure {
    /// It was called in a wrong way.
    Usage(String),
    /// It found something wrong; the text says what.
    Found(String),
}

const COMMANDS: &[Command] = &[Command {
    name: "compat",
    usage: "record [--check] [--filter TEXT] [--jobs N] | run [--bin PATH] [--filter TEXT] [--jobs N]",
    about: "record what the reference does, or compare a program with the recordings",
    run: compat::run,
}];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let found = arguments.first().and_then(|name| COMMANDS.iter().find(|command| command.name == name));
    let Some(command) = found else {
        say(&usage());
        return ExitCode::from(2);
    };
    match (command.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(what)) => {
            say(&format!("{what}\nusage: cargo xtask {} {}\n", command.name, command.usage));
            ExitCode::from(2)
        }
        Err(Failure::Found(what)) => {
            say(&what);
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let lines = COMMANDS.iter().map(|c| format!("  {} {}\n      {}\n", c.name, c.usage, c.about));
    format!("usage: cargo xtask <command>\n{}", lines.collect::<String>())
}

/// Prints to standard output. That it is closed concerns whoever closed it.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _closed = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
}
