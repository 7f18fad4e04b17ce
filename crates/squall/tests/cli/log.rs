//! The log from outside: console, file, colours, forms.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use crate::support::{SQUALL, Sandbox};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

/// A command that logs an error.
const FAILING: [&str; 3] = ["settings", "get", "a"];

const MESSAGE: &str = "No settings file found at ";

#[test]
fn console_and_file_have_the_forms_of_the_reference() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall(&FAILING);
    let console: Vec<_> = run.stderr.lines().collect();
    assert_eq!(console.len(), 1, "{}", run.stderr);
    let (time, rest) = console[0].split_once(" ERROR] ").unwrap();
    assert!(rest.starts_with(MESSAGE), "{rest}");
    assert_eq!(time.len(), "[2026-11-23 04:17:24".len());
    let file = sandbox.read("chaostoolkit.log");
    let lines: Vec<_> =
        file.lines().map(|line| line.split_once(' ').unwrap().1.split_once(' ').unwrap().1).collect();
    assert!(lines[0].starts_with("DEBUG] [squall:") && lines[0].ends_with(&"#".repeat(79)), "{}", lines[0]);
    assert!(lines[1].ends_with("] Running command 'settings'"), "{}", lines[1]);
    assert!(lines[2].ends_with(".chaostoolkit/settings.yaml'"), "{}", lines[2]);
    assert!(lines[3].starts_with("ERROR] [output:") && lines[3].contains(MESSAGE), "{}", lines[3]);
    assert!(!file.contains('\u{1b}') && !run.stderr.contains('\u{1b}'));

    sandbox.squall(&FAILING);
    assert_eq!(sandbox.read("chaostoolkit.log").lines().count(), 2 * lines.len(), "the file is appended to");
}

#[test]
fn options_say_what_is_logged_and_where() {
    let sandbox = Sandbox::new();
    sandbox.squall(&[&["--no-log-file"][..], &FAILING].concat());
    assert!(!sandbox.path("chaostoolkit.log").exists());

    sandbox.squall(&[&["--log-file", "my.log", "--log-file-level", "error"][..], &FAILING].concat());
    assert_eq!(sandbox.read("my.log").lines().count(), 1);

    let run = sandbox.squall(&[&["--verbose", "--no-log-file"][..], &FAILING].concat());
    assert!(
        run.stderr.contains(" DEBUG] [squall:") && run.stderr.contains(" ERROR] [output:"),
        "{}",
        run.stderr
    );

    let run = sandbox.squall(&[&["--log-file", "no/such/folder.log"][..], &FAILING].concat());
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.starts_with("Error: cannot open the log file `no/such/folder.log`"), "{}", run.stderr);
}

#[test]
fn the_log_file_stays_where_the_command_was_started() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/file", "");
    sandbox.squall(&[&["--change-dir", "sub"][..], &FAILING].concat());
    assert!(sandbox.read("chaostoolkit.log").contains("] Moving to sub\n"));
    assert!(!sandbox.path("sub/chaostoolkit.log").exists());
}

#[test]
fn json_is_for_the_console_only() {
    let sandbox = Sandbox::new();
    let run = sandbox.squall(&[&["--log-format", "json"][..], &FAILING].concat());
    let line = run.stderr.trim_end();
    assert!(
        line.starts_with(r#"{"process": "#)
            && line.contains(r#", "levelname": "ERROR", "module": "output", "#)
    );
    assert!(!line.contains('\n'), "{line}");
    assert!(sandbox.read("chaostoolkit.log").starts_with("[2"));
}

/// What a command writes to stderr where that is a terminal.
fn on_a_terminal(sandbox: &Sandbox, environment: &[(&str, &str)]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = File::options().write(true).open(name.to_str().unwrap()).unwrap();
    let mut command = sandbox.command(SQUALL, &[&["--no-log-file"][..], &FAILING].concat());
    command.envs(environment.iter().copied()).stdout(Stdio::null()).stderr(terminal);
    let mut child = command.spawn().unwrap();
    // The last handle to the terminal's other end, so that reading comes to an end.
    drop(command);
    child.wait().unwrap();
    let mut shown = Vec::new();
    let mut master = File::from(master);
    let mut part = [0; 4096];
    // A terminal that is gone gives an error, not an end of file.
    while let Ok(length @ 1..) = master.read(&mut part) {
        shown.extend_from_slice(&part[..length]);
    }
    String::from_utf8(shown).unwrap()
}

#[test]
fn colours_are_for_terminals_that_have_them_and_users_who_want_them() {
    let sandbox = Sandbox::new();
    let shown = on_a_terminal(&sandbox, &[("TERM", "xterm-256color")]);
    assert!(shown.starts_with("\u{1b}[31m[") && shown.contains(" ERROR]\u{1b}[39m No settings"), "{shown:?}");
    for environment in [&[("TERM", "xterm"), ("NO_COLOR", "1")][..], &[("TERM", "dumb")], &[]] {
        let shown = on_a_terminal(&sandbox, environment);
        assert!(shown.contains(" ERROR] No settings") && !shown.contains('\u{1b}'), "{shown:?}");
    }
}
