//! The programs that make changes: `nft` and `tc`. What is put back needs none of them.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use squall_engine::fault::port::{FaultError, Need};

/// A program, and the Debian package that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// What to install.
    pub package: &'static str,
}

/// The program of nftables.
pub const NFT: Program = Program { name: "nft", package: "nftables" };
/// The program of traffic control.
pub const TC: Program = Program { name: "tc", package: "iproute2" };

/// The program that loads modules of the kernel.
pub const MODPROBE: Program = Program { name: "modprobe", package: "kmod" };

impl Program {
    /// Where it is. Folders of administrators are looked into as well: they are often not in the PATH.
    pub fn find(self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
        let more = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
        folders.chain(more).map(|folder| folder.join(self.name)).find(|file| file.is_file())
    }

    /// Whether it is there, as a need.
    pub fn need(self) -> Need {
        let what = format!("the program `{}`", self.name);
        match self.find() {
            Some(_) => Need::met(what),
            None => Need::unmet(what, format!("install the package {}", self.package)),
        }
    }

    /// Feeds it with a text, in the namespace of the calling thread.
    ///
    /// # Errors
    /// What it says against it.
    pub fn feed(self, arguments: &[&str], text: &str) -> Result<(), FaultError> {
        let file = self.find().ok_or_else(|| {
            FaultError::new(format!("there is no program `{}`", self.name))
                .help(format!("install the package {}", self.package))
        })?;
        let told = |error: std::io::Error| FaultError::new(format!("`{}`: {error}", file.display()));
        let mut command = Command::new(&file);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(told)?;
        if let Some(mut input) = child.stdin.take() {
            // one that ends before it has read everything says why
            let _ = input.write_all(text.as_bytes());
        }
        let ended = child.wait_with_output().map_err(told)?;
        if ended.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        let said: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(4).collect();
        Err(FaultError::new(format!("`{}` says: {}", self.name, said.join(" / "))))
    }
}

/// Whether this process may change the network.
pub fn may_change() -> Need {
    let what = "CAP_NET_ADMIN and CAP_SYS_ADMIN".to_owned();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or_default();
    // linux/capability.h: 12 and 21
    if bits & (1 << 12) != 0 && bits & (1 << 21) != 0 {
        Need::met(what)
    } else {
        Need::unmet(what, "run it as root")
    }
}
