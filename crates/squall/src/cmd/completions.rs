//! `squall completions` and `squall man`: made from the command line's grammar.

use std::fs;
use std::io;
use std::path::Path;

use super::Context;
use crate::args::{CompletionsArgs, ManArgs};
use crate::output::{fail, print};
use crate::{exit, usage};

/// Prints the completion script of a shell; gives the exit code.
pub fn execute(args: &CompletionsArgs, cx: &Context) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(
        args.shell,
        &mut usage::command(cx.program()),
        cx.program_name.as_str(),
        &mut script,
    );
    print(&String::from_utf8_lossy(&script))
}

/// Prints the manual page, or writes the pages of all commands into a directory; gives the exit code.
pub fn manual(args: &ManArgs, cx: &Context) -> u8 {
    let command = usage::command(cx.program());
    let Some(directory) = &args.directory else {
        let mut page = Vec::new();
        return match clap_mangen::Man::new(command).render(&mut page) {
            Ok(()) => print(&String::from_utf8_lossy(&page)),
            Err(error) => fail(format_args!("cannot make the manual page: {error}")),
        };
    };
    match write_pages(command, directory) {
        Ok(()) => exit::OK,
        Err(error) => fail(format_args!("cannot write manual pages to `{}`: {error}", directory.display())),
    }
}

fn write_pages(command: clap::Command, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    clap_mangen::generate_to(command, directory)
}
