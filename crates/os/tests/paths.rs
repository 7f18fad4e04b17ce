//! Programs and folders are found as Python finds them. The overlay is the whole process', so all
//! that sets it stands in one test.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use squall_os::environment;
use squall_os::paths::{expand_user, state_dir, which};

fn program(path: &Path, mode: u32) {
    fs::write(path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn programs_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    fs::create_dir_all(one.join("tool")).unwrap();
    fs::create_dir(&two).unwrap();
    program(&one.join("plain"), 0o644);
    program(&two.join("plain"), 0o755);
    program(&two.join("tool"), 0o755);
    environment::set("PATH", format!("{}:{}", one.display(), two.display()));

    assert_eq!(which("tool"), Some(two.join("tool")), "a folder of that name is passed over");
    assert_eq!(which("plain"), Some(two.join("plain")), "a file that cannot be executed is passed over");
    assert_eq!(which("nothing"), None);
    assert_eq!(which(""), None);
    assert_eq!(which(two.join("tool")), Some(two.join("tool")));
    assert_eq!(which(&one), None);
    assert_eq!(which("~/tool"), None);
    environment::set("PATH", "");
    assert_eq!(which("tool"), None);

    environment::set("HOME", "/home/me/");
    assert_eq!(expand_user("~"), "/home/me");
    assert_eq!(expand_user("~/x/~"), "/home/me/x/~");
    assert_eq!(expand_user("a/~"), "a/~");
    assert_eq!(expand_user("~root/x"), "/root/x");
    assert_eq!(expand_user("~nobody-of-that-name/x"), "~nobody-of-that-name/x");
    environment::set("HOME", "/");
    assert_eq!(expand_user("~"), "/");
    assert_eq!(expand_user("~/x"), "/x");

    environment::set("HOME", "/home/me");
    environment::set("XDG_STATE_HOME", "relative");
    assert_eq!(state_dir(), Some(PathBuf::from("/home/me/.local/state/squall")));
    environment::set("XDG_STATE_HOME", "/state");
    assert_eq!(state_dir(), Some(PathBuf::from("/state/squall")));
}
