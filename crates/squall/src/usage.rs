//! Mistakes on the command line, told in the reference's form:
//!
//! ```text
//! Usage: squall run [OPTIONS] SOURCE
//! Try 'squall run --help' for help.
//!
//! Error: Missing argument 'SOURCE'.
//! ```

use std::error::Error as _;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Command, CommandFactory, FromArgMatches};

use crate::args::{Cli, Command as Chosen};
use crate::exit;
use crate::output::{complain, print};
use crate::program::Program;
use crate::values::quoted;

/// Reads the command line.
///
/// # Errors
/// The exit code, when there is nothing to be done: help or the version was shown, or a mistake.
pub fn parse(program: Program, words: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    let words: Vec<OsString> = words.into_iter().collect();
    let parsed = command(program)
        .try_get_matches_from(&words)
        .and_then(|mut found| Cli::from_arg_matches_mut(&mut found));
    parsed.map_err(|error| match error.kind() {
        ErrorKind::DisplayVersion => print(&format!("{}, version {}\n", program.name, program.version)),
        ErrorKind::DisplayHelp => shown(&error, exit::OK),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => shown(&error, exit::USAGE),
        _ => {
            let root = whole(program);
            complain(explain(&root, &words, &error));
            exit::USAGE
        }
    })
}

/// Checks what can only be checked in the command's own working directory: that the files exist
/// which must.
///
/// # Errors
/// The exit code, when one does not, which has been told.
pub fn check_files(program: Program, chosen: &Chosen) -> Result<(), u8> {
    let Chosen::Run(run) = chosen else { return Ok(()) };
    let files = run.var_file.iter().map(|path| ("--var-file", path));
    let files = files.chain(run.control_file.iter().map(|path| ("--control-file", path)));
    for (option, path) in files {
        if !Path::exists(path) {
            let path = quoted(&path.to_string_lossy());
            let message = format!("Invalid value for '{option}': Path {path} does not exist.");
            complain(with_usage(&whole(program), &["run"], &message));
            return Err(exit::USAGE);
        }
    }
    Ok(())
}

/// The command line's grammar, under the name that the program was called by.
pub fn command(program: Program) -> Command {
    Cli::command().name(program.name).bin_name(program.name)
}

/// The same with the parts that a parser makes when it comes to them.
fn whole(program: Program) -> Command {
    let mut command = command(program);
    command.build();
    command
}

/// Shows what `clap` has made: help, on the stream that it is meant for.
fn shown(help: &clap::Error, code: u8) -> u8 {
    match help.print() {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            complain(format_args!("Error: cannot show the help: {error}"));
            exit::FAILED
        }
        _ => code,
    }
}

/// The mistake in the reference's words.
fn explain(root: &Command, words: &[OsString], error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg).unwrap_or_default();
    let (option, name) = (argument.split([' ', '=']).next().unwrap_or(&argument), bare(&argument));
    let words = Words::sort(root, words, option);
    let path = &words.path;
    let value = text(ContextKind::InvalidValue).unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let hint = text(ContextKind::SuggestedArg).map(|other| format!(" Did you mean '{other}'?"));
            format!("No such option '{option}'.{}", hint.unwrap_or_default())
        }
        ErrorKind::UnknownArgument => match words.extra(subcommand(root, path.iter().map(String::as_str))) {
            several @ [_, _, ..] => format!("Got unexpected extra arguments ({})", several.join(" ")),
            _ => format!("Got unexpected extra argument ({argument})"),
        },
        ErrorKind::InvalidSubcommand => {
            let name = text(ContextKind::InvalidSubcommand).unwrap_or_default();
            let hint =
                text(ContextKind::SuggestedSubcommand).map(|other| format!(" Did you mean '{other}'?"));
            format!("No such command '{name}'.{}", hint.unwrap_or_default())
        }
        ErrorKind::MissingSubcommand => "Missing command.".to_owned(),
        ErrorKind::MissingRequiredArgument => {
            format!("Missing argument '{name}'.{}", choices(root, path, name))
        }
        // The reference tells these two without the usage.
        ErrorKind::TooManyValues => return format!("Error: Option '{option}' does not take a value."),
        ErrorKind::InvalidValue if value.is_empty() => {
            return format!("Error: Option '{option}' requires an argument.");
        }
        ErrorKind::InvalidValue => {
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(valid)) => valid.as_slice(),
                _ => &[],
            };
            let valid = valid.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join(", ");
            let what = if argument.starts_with('-') { option } else { name };
            format!("Invalid value for '{what}': {} is not one of {valid}.", quoted(&value))
        }
        ErrorKind::ValueValidation => {
            let reason = error.source().map_or_else(|| quoted(&value), ToString::to_string);
            format!("Invalid value for '{option}': {reason}")
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text".to_owned(),
        _ => error.to_string().trim_start_matches("error: ").trim_end().to_owned(),
    };
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    with_usage(root, &path, &message)
}

/// `SOURCE` for `<SOURCE>`.
fn bare(argument: &str) -> &str {
    argument.trim_start_matches(['<', '[']).trim_end_matches(['.', '>', ']'])
}

/// What the reference adds where an argument with a few possible values is missing.
fn choices(root: &Command, path: &[String], argument: &str) -> String {
    let values = subcommand(root, path.iter().map(String::as_str))
        .get_positionals()
        .filter(|positional| value_name(positional) == argument)
        .flat_map(|positional| positional.get_possible_values())
        .map(|value| format!("\n\t{}", value.get_name()))
        .collect::<Vec<_>>();
    if values.is_empty() { String::new() } else { format!(" Choose from:{}", values.join(",")) }
}

/// What the words of a command line are, as far as a mistake allows to tell.
#[derive(Default)]
struct Words {
    /// The names of the sub-commands that they choose.
    path: Vec<String>,
    /// The arguments of the last one.
    arguments: Vec<String>,
}

impl Words {
    /// Sorts the words up to the option `wrong`.
    fn sort(root: &Command, words: &[OsString], wrong: &str) -> Words {
        let mut sorted = Words::default();
        let mut at = root;
        let mut words = words.iter().skip(1).map(|word| word.to_string_lossy());
        while let Some(word) = words.next() {
            if word.len() > 1 && word.starts_with('-') {
                if word.split('=').next() == Some(wrong) {
                    break;
                }
                let takes_value = |arg: &clap::Arg| {
                    arg.get_action().takes_values()
                        && arg.get_long().is_some_and(|long| word.strip_prefix("--") == Some(long))
                };
                if at.get_arguments().any(takes_value) {
                    words.next();
                }
            } else if let Some(next) = at.find_subcommand(&*word) {
                sorted.path.push(next.get_name().to_owned());
                at = next;
            } else {
                sorted.arguments.push(word.into_owned());
            }
        }
        sorted
    }

    /// The arguments that `command` has no place for.
    fn extra(&self, command: &Command) -> &[String] {
        self.arguments.get(command.get_positionals().count()..).unwrap_or_default()
    }
}

fn subcommand<'c, 'p>(root: &'c Command, path: impl IntoIterator<Item = &'p str>) -> &'c Command {
    path.into_iter().fold(root, |at, name| at.find_subcommand(name).unwrap_or(at))
}

fn with_usage(root: &Command, path: &[&str], message: &str) -> String {
    let command = subcommand(root, path.iter().copied());
    let mut name = root.get_name().to_owned();
    path.iter().for_each(|part| {
        let _ = write!(name, " {part}");
    });
    let mut usage = format!("{name} [OPTIONS]");
    for positional in command.get_positionals() {
        let _ = match (positional.is_required_set(), value_name(positional)) {
            (true, value) => write!(usage, " {value}"),
            (false, value) => write!(usage, " [{value}]"),
        };
    }
    if command.has_subcommands() {
        usage.push_str(" COMMAND [ARGS]...");
    }
    format!("Usage: {usage}\nTry '{name} --help' for help.\n\nError: {message}")
}

fn value_name(positional: &clap::Arg) -> String {
    debug_assert!(matches!(positional.get_action(), ArgAction::Set | ArgAction::Append), "an argument");
    positional
        .get_value_names()
        .and_then(|names| names.first())
        .map_or_else(|| positional.get_id().to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        command(Program::SQUALL).debug_assert();
    }

    #[test]
    fn a_command_is_described_alike_before_and_after_its_grammar_is_made() {
        let abouts = |command: Command| -> Vec<(String, String)> {
            let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
            command.get_subcommands().map(|sub| (sub.get_name().to_owned(), about(sub))).collect()
        };
        assert_eq!(abouts(command(Program::SQUALL)), abouts(whole(Program::SQUALL)));
    }

    fn mistake(line: &str) -> String {
        let root = whole(Program::CHAOS);
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let error = command(Program::CHAOS).try_get_matches_from(&words).unwrap_err();
        explain(&root, &words, &error)
    }

    #[test]
    fn mistakes_are_told_as_the_reference_tells_them() {
        let run = "Usage: chaos run [OPTIONS] SOURCE\nTry 'chaos run --help' for help.\n\nError: ";
        let top = "Usage: chaos [OPTIONS] COMMAND [ARGS]...\nTry 'chaos --help' for help.\n\nError: ";
        for (line, start, message) in [
            ("chaos run", run, "Missing argument 'SOURCE'."),
            ("chaos run e.json x", run, "Got unexpected extra argument (x)"),
            ("chaos --no-version-check run e.json x", run, "Got unexpected extra argument (x)"),
            ("chaos run e.json --dry pause x y", run, "Got unexpected extra arguments (x y)"),
            ("chaos run --nope e.json", run, "No such option '--nope'."),
            ("chaos run --journal e.json", run, "No such option '--journal'. Did you mean '--journal-path'?"),
            (
                "chaos run e.json --dry foo",
                run,
                "Invalid value for '--dry': 'foo' is not one of 'probes', 'actions', 'activities', 'pause'.",
            ),
            (
                "chaos run --var a e.json",
                run,
                "Invalid value for '--var': not enough values to unpack (expected 2, got 1)",
            ),
            (
                "chaos run --hypothesis-frequency abc e.json",
                run,
                "Invalid value for '--hypothesis-frequency': 'abc' is not a valid float.",
            ),
            ("chaos --change-dir run nope", top, "No such command 'nope'."),
            ("chaos --nope run e.json", top, "No such option '--nope'."),
            ("chaos nope", top, "No such command 'nope'."),
            ("chaos --verbose", top, "Missing command."),
            (
                "chaos --log-format zz run e.json",
                top,
                "Invalid value for '--log-format': 'zz' is not one of 'string', 'json'.",
            ),
            (
                "chaos settings get",
                "Usage: chaos settings get [OPTIONS] KEY\nTry 'chaos settings get --help' for help.\n\nError: ",
                "Missing argument 'KEY'.",
            ),
            (
                "chaos info",
                "Usage: chaos info [OPTIONS] TARGET\nTry 'chaos info --help' for help.\n\nError: ",
                "Missing argument 'TARGET'. Choose from:\n\tcore,\n\tsettings,\n\textensions",
            ),
            (
                "chaos info zz",
                "Usage: chaos info [OPTIONS] TARGET\nTry 'chaos info --help' for help.\n\nError: ",
                "Invalid value for 'TARGET': 'zz' is not one of 'core', 'settings', 'extensions'.",
            ),
            (
                "chaos validate --no-verify-tls=1 e.json",
                "Error: ",
                "Option '--no-verify-tls' does not take a value.",
            ),
            ("chaos run e.json --journal-path", "Error: ", "Option '--journal-path' requires an argument."),
        ] {
            assert_eq!(mistake(line), format!("{start}{message}"), "{line}");
        }
    }

    #[test]
    fn options_may_follow_arguments_repeat_and_begin_with_a_hyphen() {
        let words =
            ["squall", "run", "e.json", "--var", "a=1", "--var", "b:int=2", "--dry=probes", "--dry", "pause"];
        let words = words.into_iter().chain(["--hypothesis-frequency", "-1_0", "--journal-path", "-j"]);
        let cli = parse(Program::SQUALL, words.map(OsString::from)).unwrap();
        let Chosen::Run(run) = cli.command else { panic!("expected run, found {:?}", cli.command) };
        let keys: Vec<_> = run.var.iter().map(|variable| variable.key.as_str()).collect();
        assert_eq!(keys, ["a", "b"]);
        assert_eq!(run.dry.as_deref(), Some("pause"), "the last one counts");
        assert!((run.hypothesis_frequency + 10.0).abs() < f64::EPSILON);
        assert_eq!(run.journal_path, Path::new("-j"));
    }

    #[test]
    fn standard_input_is_a_source() {
        let cli = parse(Program::SQUALL, ["squall", "validate", "-"].map(OsString::from)).unwrap();
        assert!(matches!(cli.command, Chosen::Validate(validate) if validate.source == "-"));
    }
}
