//! What this host is called and made of.

use std::fs::File;
use std::os::unix::fs::FileExt;

use rustix::system::uname;

/// The host's name.
pub fn name() -> String {
    uname().nodename().to_string_lossy().into_owned()
}

/// What the kernel says of itself and the host.
#[derive(Debug)]
pub struct Identity {
    /// `Linux`.
    pub system: String,
    /// The host's name.
    pub node: String,
    /// The kernel's release.
    pub release: String,
    /// The kernel's version: when and how it was built.
    pub version: String,
    /// The processor's architecture.
    pub machine: String,
}

/// What the kernel says of itself and the host.
pub fn identity() -> Identity {
    let uname = uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    Identity {
        system: text(uname.sysname()),
        node: text(uname.nodename()),
        release: text(uname.release()),
        version: text(uname.version()),
        machine: text(uname.machine()),
    }
}

/// The platform in the form of Python's `platform.platform()`, such as
/// `Linux-6.1.0-28-amd64-x86_64-with-glibc2.36`. The C library is the system's, not this program's;
/// where the system's dynamic loader does not tell (musl), that part is left out.
pub fn platform() -> String {
    let system = uname();
    let mut parts = vec![
        system.sysname().to_string_lossy().into_owned(),
        system.release().to_string_lossy().into_owned(),
        system.machine().to_string_lossy().into_owned(),
    ];
    if let Some(version) = glibc_version(&parts[2]) {
        parts.push(format!("with-glibc{version}"));
    }
    parts.join("-").replace([' ', '/', '\\', ':', ';', '"', '(', ')'], "-")
}

/// The version of the system's glibc. Its dynamic loader, a fifth of a megabyte at a fixed place, holds the
/// line that `ld.so --version` prints, among its constants near the end.
fn glibc_version(machine: &str) -> Option<String> {
    let loader = match machine {
        "x86_64" => "/lib64/ld-linux-x86-64.so.2",
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        _ => return None,
    };
    let loader = File::open(loader).ok()?;
    let mut end = loader.metadata().ok()?.len();
    let mut piece = [0; PIECE + OVERLAP];
    while end > 0 {
        let start = end.saturating_sub(PIECE as u64);
        let read = loader.read_at(&mut piece, start).ok()?;
        if let Some(version) = version_in(&piece[..read]) {
            return Some(version);
        }
        end = start;
    }
    None
}

/// How much of a file is read at a time, and how much more, for what stands across two pieces.
const PIECE: usize = 8 * 1024;
const OVERLAP: usize = 64;

fn version_in(loader: &[u8]) -> Option<String> {
    const BEFORE: &[u8] = b"release version ";
    let start = find(loader, BEFORE)? + BEFORE.len();
    let version: String = loader[start..]
        .iter()
        .map(|byte| char::from(*byte))
        .take_while(|byte| byte.is_ascii_digit() || *byte == '.')
        .collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty()).then(|| version.to_owned())
}

/// Where `wanted`, some bytes, begins in `bytes`: Horspool's search, which looks at few of them. (Those that
/// use vectors first ask the processor what it can do; in a virtual machine that takes longer than the search.)
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let (last, before) = wanted.split_last()?;
    // How far the end may be moved, by the byte that stands at it.
    let mut steps = [wanted.len(); 256];
    for (at, byte) in before.iter().enumerate() {
        steps[usize::from(*byte)] = before.len() - at;
    }
    let mut end = before.len();
    while let Some(byte) = bytes.get(end) {
        let start = end - before.len();
        if byte == last && &bytes[start..end] == before {
            return Some(start);
        }
        end += steps[usize::from(*byte)];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platform_begins_with_system_and_release() {
        let platform = platform();
        let system = uname();
        let start = format!(
            "{}-{}-{}",
            system.sysname().to_string_lossy(),
            system.release().to_string_lossy(),
            system.machine().to_string_lossy()
        );
        assert!(platform.starts_with(&start.replace(['/', ':', '(', ')', ' '], "-")), "{platform}");
        assert!(!name().is_empty());
    }

    #[test]
    fn the_loader_tells_its_version() {
        let loader = b"\0ld.so (Debian GLIBC 2.36-9+deb12u9) stable release version 2.36.\nCopy";
        assert_eq!(version_in(loader).as_deref(), Some("2.36"));
        assert_eq!(version_in(b"ld-musl"), None);
    }

    #[test]
    fn what_is_there_is_found() {
        let text = b"a release of a release version";
        for start in 0..text.len() {
            for end in start + 1..=text.len() {
                let wanted = &text[start..end];
                let first = text.windows(wanted.len()).position(|window| window == wanted);
                assert_eq!(find(text, wanted), first, "{start}..{end}");
            }
        }
        assert_eq!(find(text, b"versions"), None);
        assert_eq!(find(b"", b"a"), None);
    }
}
