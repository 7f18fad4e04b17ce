//! What tests and the shipped build need besides Rust's toolchain, and how it gets there.

use std::process::Command;

use crate::process::{cargo, is_root, program, read, run, succeeds};
use crate::{Failure, say};

/// The platform of the shipped build.
pub const MUSL: &str = "x86_64-unknown-linux-musl";

/// A program that is needed, and the Debian package that has it.
struct Need {
    package: &'static str,
    /// What it is for.
    why: &'static str,
    /// A command that succeeds where the need is met, by whatever means.
    probe: &'static [&'static str],
}

/// What is needed from Debian. A C compiler is not among them: Rust itself needs one to link.
const NEEDS: &[Need] = &[
    Need {
        package: "musl-tools",
        why: "compiles the C and assembly of the cryptography library `ring` for the static build",
        probe: &["musl-gcc", "--version"],
    },
    Need {
        package: "python3",
        why: "runs the Python activities of the tests, and the reference",
        probe: &["python3", "--version"],
    },
    Need {
        package: "python3-venv",
        why: "makes the virtual environments that the tests install the reference into",
        probe: &["python3", "-c", "import ensurepip, venv"],
    },
    Need {
        package: "git",
        why: "names the time of the last commit, which the shipped files carry",
        probe: &["git", "--version"],
    },
    Need {
        package: "nftables",
        why: "makes the rules of network faults, and shows what is left of them",
        probe: &["nft", "--version"],
    },
    Need { package: "procps", why: "shows the processes that faults hit", probe: &["pgrep", "-V"] },
    Need {
        package: "iproute2",
        why: "makes network namespaces and queueing disciplines for tests of network faults",
        probe: &["tc", "-V"],
    },
    Need {
        package: "iputils-ping",
        why: "measures the delay and the loss that network faults make",
        probe: &["ping", "-V"],
    },
    Need {
        package: "iperf3",
        why: "measures the rate that network faults leave",
        probe: &["iperf3", "--version"],
    },
    Need {
        package: "dnsutils",
        why: "asks for names while network faults break looking them up",
        probe: &["dig", "-v"],
    },
];

/// Sees to it that everything is there: Debian packages, cargo-nextest, the platform of the shipped
/// build. Installs what is missing; without the rights for it, the error says what to call.
pub fn provide() -> Result<(), Failure> {
    packages()?;
    if !succeeds(cargo().args(["nextest", "--version"])) {
        run(cargo().args(["install", "cargo-nextest", "--locked"]))?;
    }
    platform()
}

/// Sees to it that what the static build needs is there.
pub fn provide_for_dist() -> Result<(), Failure> {
    packages()?;
    platform()
}

fn packages() -> Result<(), Failure> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !is_met(need)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        say(&format!("needed: {} ({})", need.package, need.why));
    }
    let names: Vec<&str> = missing.iter().map(|need| need.package).collect();
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {}", names.join(" "));
    if !is_root() || !succeeds(program("apt-get").arg("--version")) {
        return Err(Failure::Found(format!(
            "missing packages; install them (as root), then call again:\n  {line}"
        )));
    }
    run(program("apt-get").args(["update", "-q"]))?;
    run(program("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(&names))?;
    match missing.iter().find(|need| !is_met(need)) {
        None => Ok(()),
        Some(need) => Err(Failure::Found(format!(
            "`{}` is installed, and still `{}` fails; look which one the PATH finds first",
            need.package,
            need.probe.join(" ")
        ))),
    }
}

fn is_met(need: &Need) -> bool {
    succeeds(program(need.probe[0]).args(&need.probe[1..]))
}

/// Rust's standard library for the platform of the shipped build.
fn platform() -> Result<(), Failure> {
    let sysroot = read(program("rustc").args(["--print", "sysroot"]))?;
    let library = std::path::Path::new(sysroot.trim()).join("lib/rustlib").join(MUSL).join("lib");
    if library.exists() {
        return Ok(());
    }
    run(&mut rustup(&["target", "add", MUSL]))
}

/// A call of rustup, for the toolchain that the workspace names.
fn rustup(arguments: &[&str]) -> Command {
    let mut command = program("rustup");
    command.args(arguments);
    command
}
