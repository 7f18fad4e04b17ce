//! The front door for developers: `cargo xtask <command>`. One file a command.

mod check;
mod compat;
mod dist;
mod fuzz;
mod matrix;
mod measure;
mod metadata;
mod models;
mod needs;
mod process;
mod test;
mod tidy;

use std::io::Write;
use std::process::ExitCode;

use measure::child;

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

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        usage: "",
        about: "everything that must hold, on a fresh machine too: needs, check, models, dist, all tests",
        run: test::execute,
    },
    Command { name: "check", usage: "", about: "layout, lints and tidy", run: check::execute },
    Command {
        name: "tidy",
        usage: "",
        about: "house rules: layers, dependencies and their reasons, what files may not contain",
        run: tidy::execute,
    },
    Command {
        name: "dist",
        usage: "",
        about: "the shipped build in dist/: static, checked, packed, with checksum",
        run: dist::execute,
    },
    Command {
        name: "compat",
        usage: "record [--suite aws] [--check] [--filter TEXT] [--jobs N] | run [--suite aws] [--bin PATH] [--filter TEXT] [--jobs N]",
        about: "record what the reference does, or compare a program with the recordings",
        run: compat::run,
    },
    Command {
        name: "measure",
        usage: "[--quick]",
        about: "what Squall costs beside the reference; without --quick, writes docs/reference/performance.md",
        run: measure::execute,
    },
    Command {
        name: "kill-matrix",
        usage: "",
        about: "every kind of fault, killed at every step; writes docs/reference/kill-matrix.md (root)",
        run: matrix::execute,
    },
    Command {
        name: "models",
        usage: "[--check]",
        about: "AWS' service models as `crates/aws` embeds them, from a pinned botocore",
        run: models::execute,
    },
    Command {
        name: "fuzz",
        usage: "[TARGET] [--seconds N]",
        about: "the fuzz targets one after the other, 600 seconds each (nightly toolchain)",
        run: fuzz::execute,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(child::COMMAND) => return child::execute(&arguments[1..]),
        Some(child::SPAWN_LOOP) => return child::spawn_loop(&arguments[1..]),
        _ => {}
    }
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
