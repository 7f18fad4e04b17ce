//! Finding programs and folders.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::environment;

/// Where programs are looked for when `PATH` is not set (`confstr(_CS_PATH)`).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The program that `name` stands for, as Python's `shutil.which` finds it: a name with a slash stands
/// for itself (relative to the working directory), any other is looked up in the folders of `PATH` in
/// order, an empty entry meaning the working directory. It must exist, be executable for this user and
/// be no directory. `~` is not expanded (see [`expand_user`]).
pub fn which(name: impl AsRef<Path>) -> Option<PathBuf> {
    let name = name.as_ref();
    if name.as_os_str().as_bytes().contains(&b'/') {
        return is_program(name).then(|| name.to_owned());
    }
    let path = environment::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    if path.is_empty() {
        return None;
    }
    path.as_bytes()
        .split(|byte| *byte == b':')
        .map(|folder| Path::new(OsStr::from_bytes(folder)).join(name))
        .find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    access(path, Access::EXEC_OK).is_ok() && !path.is_dir()
}

/// The path with a leading `~` or `~user` replaced by that user's home folder, as Python's
/// `os.path.expanduser` does it; a user that does not exist leaves the path as it is.
///
/// Other users are looked up in `/etc/passwd` only.
pub fn expand_user(path: &str) -> String {
    let Some(rest) = path.strip_prefix('~') else { return path.to_owned() };
    let (user, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let home = if user.is_empty() { home() } else { passwd_home(|name, _| name == user) };
    let Some(home) = home else { return path.to_owned() };
    let expanded = format!("{}{rest}", home.trim_end_matches('/'));
    if expanded.is_empty() { "/".to_owned() } else { expanded }
}

fn home() -> Option<String> {
    environment::var("HOME").or_else(|| {
        let own = rustix::process::getuid().as_raw().to_string();
        passwd_home(|_, uid| uid == own)
    })
}

/// The home folder of the first user that `wanted` accepts by name and number.
fn passwd_home(wanted: impl Fn(&str, &str) -> bool) -> Option<String> {
    let passwd = std::fs::read("/etc/passwd").ok()?;
    String::from_utf8_lossy(&passwd).lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.len() >= 6 && wanted(fields[0], fields[2])).then(|| fields[5].to_owned())
    })
}

/// The folder for what must outlive a run: `$XDG_STATE_HOME/squall`, by default
/// `~/.local/state/squall`. A relative `XDG_STATE_HOME` is ignored, as the XDG base directory
/// specification asks. `None` for a user without a home folder. The folder may not exist yet.
pub fn state_dir() -> Option<PathBuf> {
    let base = environment::var_os("XDG_STATE_HOME")
        .map(PathBuf::from)
        .filter(|base| base.is_absolute())
        .or_else(|| home().map(|home| Path::new(&home).join(".local/state")))?;
    Some(base.join("squall"))
}

/// The folder for what must be found again whoever is logged in: `$XDG_STATE_HOME/squall` where that is set, else
/// `/var/lib/squall` for root and `~/.local/state/squall` for others.
pub fn durable_state_dir() -> Option<PathBuf> {
    let given = environment::var_os("XDG_STATE_HOME").is_some_and(|base| Path::new(&base).is_absolute());
    if !given && rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/squall"));
    }
    state_dir()
}
