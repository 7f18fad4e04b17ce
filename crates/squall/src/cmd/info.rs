//! `squall info`: versions, the settings, the installed extensions.

use std::fmt::Write;

use squall_model::Value;

use super::Context;
use crate::args::InfoArgs;
use crate::logging;
use crate::output::{fail, print};
use crate::program::REFERENCE_LIBRARY;
use crate::session::with_python;
use crate::settings::{self, SettingsError};

/// Carries out the command; gives the exit code.
pub fn execute(args: &InfoArgs, cx: &Context) -> u8 {
    match args.target.as_str() {
        "core" => print(&core(cx)),
        "settings" => show_settings(cx),
        _ => extensions(),
    }
}

fn core(cx: &Context) -> String {
    let line = |name, version| format!("{name:<20}{version:<10}");
    let rows = [line("CLI", cx.program().version), line("Core library", REFERENCE_LIBRARY)];
    format!("{}\n{}\n", heading(&line("NAME", "VERSION")), rows.join("\n"))
}

fn show_settings(cx: &Context) -> u8 {
    match settings::read(&cx.settings_path) {
        Ok(text) => print(&(text + "\n")),
        Err(missing @ SettingsError::Missing(_)) => print(&format!("{missing}\n")),
        Err(error) => fail(error),
    }
}

fn extensions() -> u8 {
    let found = match with_python(async |python| python.extensions().await) {
        Ok(found) => found,
        Err(error) => return fail(error),
    };
    let mut table = heading(&row("NAME", "VERSION", "LICENSE", "DESCRIPTION")) + "\n";
    for extension in found.as_list().map(|list| list.to_vec()).unwrap_or_default() {
        let field =
            |name| extension.get(name).as_ref().and_then(Value::as_str).unwrap_or("Unknown").to_owned();
        let summary = field("summary").replace("Chaos Toolkit Extension for ", "");
        let summary: String = summary.chars().take(50).collect();
        let _ = writeln!(table, "{}", row(&field("name"), &field("version"), &field("license"), &summary));
    }
    print(&table)
}

fn row(name: &str, version: &str, license: &str, description: &str) -> String {
    format!("{name:<40}{version:<10}{license:<30}{description:<50}")
}

/// The line in bright blue where the terminal has colours.
fn heading(line: &str) -> String {
    if logging::has_colours(&std::io::stdout()) {
        format!("\u{1b}[94m{line}\u{1b}[0m")
    } else {
        line.to_owned()
    }
}
