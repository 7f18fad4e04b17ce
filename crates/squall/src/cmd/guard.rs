//! `squall guard`: has faults put back at boot, which runner and guard of before did not come to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use squall_os::files::{Durability, write_atomically};

use crate::args::GuardArgs;
use crate::output::{fail, print};
use crate::{exit, faults};

/// A file that is written, and a link that makes systemd heed it.
struct Piece {
    file: PathBuf,
    content: String,
    link: Option<PathBuf>,
}

/// Carries out the command; gives the exit code.
pub fn execute(args: &GuardArgs) -> u8 {
    let piece = match piece(&args.root) {
        Ok(piece) => piece,
        Err(error) => return fail(error),
    };
    let there = fs::read_to_string(&piece.file).is_ok_and(|content| content == piece.content)
        && piece.link.as_ref().is_none_or(|link| link.symlink_metadata().is_ok());
    let shown = piece.file.display();
    match args.what.as_str() {
        "status" => {
            let word = if there { "installed" } else { "not installed" };
            print(&format!("{word} (`{shown}`)\n")).max(if there { exit::OK } else { exit::FAILED })
        }
        _ if args.plan => {
            let link = piece.link.as_ref().map(|link| format!("and the link `{}`\n", link.display()));
            print(&format!("`{shown}`:\n{}{}", piece.content, link.unwrap_or_default()))
        }
        "install" if there => print(&format!("installed already (`{shown}`)\n")),
        "install" => match install(&piece) {
            Ok(()) => print(&format!("installed: faults are put back at boot (`{shown}`)\n")),
            Err(error) => fail(format_args!("`{shown}` cannot be written: {error}; only root may")),
        },
        _ => match uninstall(&piece) {
            Ok(true) => print(&format!("removed (`{shown}`)\n")),
            Ok(false) => print("was not installed\n"),
            Err(error) => fail(format_args!("`{shown}` cannot be removed: {error}")),
        },
    }
}

/// What belongs on this system: a unit where systemd is installed, a line of cron elsewhere.
fn piece(root: &Path) -> Result<Piece, String> {
    let program = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
    let state = faults::store::folder().map_err(|error| error.to_string())?;
    let (program, state) = (program.display(), state.parent().unwrap_or(&state).display().to_string());
    if [&*program.to_string(), &state].iter().any(|path| path.contains(char::is_whitespace)) {
        return Err(format!("`{program}` or `{state}` has spaces in its path: move it first"));
    }
    // root's ledger has a place of its own where nothing is set
    let variable = if std::env::var_os("XDG_STATE_HOME").is_some() { Some(state) } else { None };
    if root.join("usr/lib/systemd/system").is_dir() || root.join("lib/systemd/system").is_dir() {
        let file = root.join("etc/systemd/system/squall-undo.service");
        let variable =
            variable.map(|state| format!("Environment=XDG_STATE_HOME={state}\n")).unwrap_or_default();
        let content = format!(
            "[Unit]\nDescription=Put back what faults of Squall have changed\nAfter=local-fs.target\n\n[Service]\n\
             Type=oneshot\n{variable}ExecStart={program} --no-log-file undo --all\n\n[Install]\nWantedBy=multi-user.target\n"
        );
        let link = root.join("etc/systemd/system/multi-user.target.wants/squall-undo.service");
        return Ok(Piece { file, content, link: Some(link) });
    }
    let variable = variable.map(|state| format!("XDG_STATE_HOME={state} ")).unwrap_or_default();
    let content = format!("@reboot root {variable}{program} --no-log-file undo --all\n");
    Ok(Piece { file: root.join("etc/cron.d/squall-undo"), content, link: None })
}

fn install(piece: &Piece) -> io::Result<()> {
    if let Some(folder) = piece.file.parent() {
        fs::create_dir_all(folder)?;
    }
    write_atomically(&piece.file, Durability::Forced, |out| out.write_all(piece.content.as_bytes()))?;
    let Some(link) = &piece.link else { return Ok(()) };
    if let Some(folder) = link.parent() {
        fs::create_dir_all(folder)?;
    }
    match std::os::unix::fs::symlink("/etc/systemd/system/squall-undo.service", link) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn uninstall(piece: &Piece) -> io::Result<bool> {
    let mut removed = false;
    for path in piece.link.iter().chain([&piece.file]) {
        match fs::remove_file(path) {
            Ok(()) => removed = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(removed)
}
