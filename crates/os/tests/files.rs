//! Files are either old or new.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use squall_os::files::{Durability, write_atomically};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn replaces_a_file_and_keeps_its_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    write_atomically(&path, Durability::Forced, |to| to.write_all(b"one")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    write_atomically(&path, Durability::Forced, |to| to.write_all(b"two")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(names(folder.path()), ["journal.json"]);
}

#[test]
fn a_failed_write_leaves_the_old_content() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.json");
    fs::write(&path, "old").unwrap();
    let error = write_atomically(&path, Durability::Forced, |to| {
        to.write_all(b"half")?;
        Err(io::Error::other("stop"))
    });
    assert_eq!(error.unwrap_err().to_string(), "stop");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["journal.json"]);
}

#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "old").unwrap();
    symlink("file", &link).unwrap();
    write_atomically(&link, Durability::Forced, |to| to.write_all(b"new")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"new");

    let dangling = folder.path().join("dangling");
    symlink("later", &dangling).unwrap();
    write_atomically(&dangling, Durability::Forced, |to| to.write_all(b"there")).unwrap();
    assert!(fs::symlink_metadata(&dangling).unwrap().is_symlink());
    assert_eq!(fs::read(folder.path().join("later")).unwrap(), b"there");
}

#[test]
fn a_pipe_is_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || {
            let mut text = String::new();
            fs::File::open(fifo).unwrap().read_to_string(&mut text).unwrap();
            text
        }
    });
    write_atomically(&fifo, Durability::Forced, |to| to.write_all(b"through")).unwrap();
    assert_eq!(reader.join().unwrap(), "through");
    write_atomically(Path::new("/dev/null"), Durability::Forced, |to| to.write_all(b"gone")).unwrap();
    assert_eq!(names(folder.path()), ["fifo"]);
}

#[test]
fn a_missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = write_atomically(&folder.path().join("no/file"), Durability::Forced, |to| to.write_all(b"x"))
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}
