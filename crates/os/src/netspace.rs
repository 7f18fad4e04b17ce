//! Network namespaces: naming one, finding it again, and working in it.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where `ip netns` keeps the namespaces that have names.
const NAMED: &str = "/run/netns";

/// A network namespace that is held open. Its number is not given to another one as long as it is.
#[derive(Debug)]
pub struct Netspace {
    file: File,
    inode: u64,
    path: PathBuf,
}

impl Netspace {
    /// That of this process.
    ///
    /// # Errors
    /// `/proc` is not there.
    pub fn own() -> io::Result<Self> {
        Netspace::open(Path::new("/proc/self/ns/net"))
    }

    /// That of a path such as `/run/netns/NAME` or `/proc/PID/ns/net`.
    ///
    /// # Errors
    /// There is none, it is no network namespace, or this user may not.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let inode = file.metadata()?.ino();
        // the kernel says what kind of namespace it is; other files have no such answer
        if rustix::fs::fstatfs(&file)?.f_type as u64 != 0x6e73_6673 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no namespace"));
        }
        Ok(Netspace { file, inode, path: path.to_owned() })
    }

    /// That which a user names: by the name `ip netns` gave it, by the number of a process in it, or by a path.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn named(name: &str) -> io::Result<Self> {
        let path = if name.contains('/') {
            PathBuf::from(name)
        } else if name.parse::<u32>().is_ok() && !Path::new(NAMED).join(name).exists() {
            PathBuf::from(format!("/proc/{name}/ns/net"))
        } else {
            Path::new(NAMED).join(name)
        };
        Netspace::open(&path)
    }

    /// The namespace of that number, which was once opened by that path; `None` when it is gone.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn find(inode: u64, path: &Path) -> io::Result<Option<Self>> {
        let mut candidates = vec![PathBuf::from("/proc/self/ns/net"), path.to_owned()];
        if let Ok(entries) = fs::read_dir(NAMED) {
            candidates.extend(entries.filter_map(|entry| Some(entry.ok()?.path())));
        }
        for entry in fs::read_dir("/proc")?.flatten() {
            let name = entry.file_name();
            if name.to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()) {
                candidates.push(entry.path().join("ns/net"));
            }
        }
        for candidate in candidates {
            let fits = fs::metadata(&candidate).is_ok_and(|found| found.ino() == inode);
            // opened after it was looked at: what is open is looked at again
            if let Some(found) = fits.then(|| Netspace::open(&candidate).ok()).flatten()
                && found.inode == inode
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Its number.
    pub fn inode(&self) -> u64 {
        self.inode
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Does work in it, in a thread of its own that ends with the work: sockets opened and programs started there belong
    /// to it.
    ///
    /// # Errors
    /// This user may not enter it.
    pub fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let namespace = self.file.as_fd();
        apart(|| {
            move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))?;
            Ok(work())
        })
    }

    /// Does work in a fresh namespace that ends with it: what is tried there changes nothing else.
    ///
    /// # Errors
    /// This user may make none.
    pub fn scratch<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
        apart(|| {
            #[allow(unsafe_code)]
            // SAFETY: nothing but the thread's network namespace changes; memory and files stay shared.
            unsafe {
                rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNET)?;
            }
            Ok(work())
        })
    }
}

fn apart<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, work)?;
        thread.join().unwrap_or_else(|_| Err(io::Error::other("the work in a namespace broke off")))
    })
}
