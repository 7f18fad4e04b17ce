//! Removing a file of ours that kept its name.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use squall_engine::fault::port::{FaultError, Ready};

/// Removes a file whose name carries the fault's id. It was recorded before the file was made, when there was none of
/// that name, and is not known to anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveFile {
    /// The folder.
    pub folder: PathBuf,
    /// The file's name in it.
    pub name: String,
    /// The file system's device number, as `stat` gives it.
    pub device: u64,
    /// Who makes the file.
    pub user: u32,
}

impl RemoveFile {
    pub(super) fn ready(self) -> Result<Box<dyn Ready>, FaultError> {
        if self.name.is_empty() || self.name.contains('/') {
            return Err(FaultError::new(format!("`{}` is no name of a file", self.name)));
        }
        Ok(Box::new(self))
    }
}

impl Ready for RemoveFile {
    fn undo(&mut self) -> Result<String, FaultError> {
        let path = self.folder.join(&self.name);
        let shown = path.display();
        let failed = |error: io::Error| {
            FaultError::new(format!("`{shown}` cannot be removed: {error}")).help(format!("`rm -f {shown}`"))
        };
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Under this path; but is that where it was?
                return match fs::metadata(&self.folder) {
                    Ok(folder) if folder.dev() == self.device => Ok(format!("`{shown}` was gone")),
                    Err(_) if is_mounted(self.device) => {
                        Ok(format!("`{shown}` was gone, and its folder with it"))
                    }
                    _ => Err(FaultError::new(format!("the file system that held `{shown}` is not mounted"))
                        .help("mount it, then `squall undo` looks again")),
                };
            }
            found => found.map_err(failed)?,
        };
        if !found.is_file() || found.uid() != self.user || found.dev() != self.device {
            return Err(FaultError::new(format!("`{shown}` is none of ours, so it is left alone"))
                .help("look at it; `squall undo` is content when it is gone"));
        }
        fs::remove_file(&path).map_err(failed)?;
        Ok(format!("`{shown}` removed"))
    }
}

/// Whether a file system of that device is mounted.
fn is_mounted(device: u64) -> bool {
    let (major, minor) = (rdev_major(device), rdev_minor(device));
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().any(|line| line.split(' ').nth(2) == Some(&format!("{major}:{minor}")))
}

fn rdev_major(device: u64) -> u64 {
    (device >> 8) & 0xfff | (device >> 32) & !0xfff
}

fn rdev_minor(device: u64) -> u64 {
    device & 0xff | (device >> 12) & !0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_file_is_removed_and_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = fs::metadata(folder.path()).expect("it is there");
        let undo = |name: &str, user| {
            let (folder, device) = (folder.path().to_owned(), found.dev());
            let undo = RemoveFile { folder, name: name.to_owned(), device, user };
            undo.ready().and_then(|mut ready| ready.undo())
        };
        fs::write(folder.path().join("ours"), "").expect("a file");
        assert!(undo("ours", found.uid() + 1).is_err() && folder.path().join("ours").exists());
        assert!(undo("ours", found.uid()).is_ok_and(|line| line.ends_with("removed")));
        assert!(undo("ours", found.uid()).is_ok_and(|line| line.ends_with("was gone")));
        fs::create_dir(folder.path().join("folder")).expect("a folder");
        assert!(undo("folder", found.uid()).is_err() && undo("../x", found.uid()).is_err());
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("a link");
        assert!(undo("link", found.uid()).is_err());
    }

    #[test]
    fn a_file_system_that_is_not_there_is_no_proof() {
        let undo = RemoveFile { folder: "/no/such".into(), name: "x".to_owned(), device: 0xfffff, user: 0 };
        assert!(undo.ready().and_then(|mut ready| ready.undo()).is_err());
        let root = fs::metadata("/").expect("it is there").dev();
        assert!(is_mounted(root));
    }
}
