//! What kinds need of a host, looked at without changing it; and how it is had.

use std::fs;

use squall_engine::fault::port::Need;
use squall_os::{durable, paths};

use crate::network::probe;
use crate::network::program::{NFT, TC};

/// The capability to end the host, by its bit.
pub const SYS_BOOT: u32 = 22;
/// The capability to change the network.
pub const NET_ADMIN: u32 = 12;
/// The capability to send signals to others' processes.
pub const KILL: u32 = 5;
/// The capability to spare a process when memory runs out.
pub const SYS_RESOURCE: u32 = 24;

/// Whether this process has a capability.
pub fn has_capability(bit: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:").map(str::trim));
    let effective = effective.and_then(|text| u64::from_str_radix(text, 16).ok());
    effective.is_some_and(|effective| effective & (1 << bit) != 0)
}

/// The need for a capability.
pub fn capability(bit: u32, name: &str) -> Need {
    if has_capability(bit) {
        Need::met(name)
    } else {
        Need::unmet(name, "this process lacks it; run as root, or grant it with `setcap`")
    }
}

/// What this host can do, and what it lacks: for all kinds, in groups.
pub fn survey() -> Vec<(&'static str, Vec<Need>)> {
    vec![
        ("every fault", vec![ledger(), spared()]),
        (
            "processes of others, shutdown",
            vec![capability(KILL, "CAP_KILL"), capability(SYS_BOOT, "CAP_SYS_BOOT")],
        ),
        ("network", vec![capability(NET_ADMIN, "CAP_NET_ADMIN"), NFT.need(), TC.need(), netem(), queues()]),
    ]
}

fn ledger() -> Need {
    let Some(folder) = paths::durable_state_dir() else {
        return Need::unmet("a folder for the ledger", "neither XDG_STATE_HOME nor HOME is set");
    };
    let what = format!("a ledger in `{}`", folder.display());
    match durable::private_folder(&folder) {
        Ok(()) => Need::met(what),
        Err(error) => Need::unmet(what, error.to_string()),
    }
}

fn spared() -> Need {
    let what = "a guard that the kernel spares when memory runs out (CAP_SYS_RESOURCE)";
    if has_capability(SYS_RESOURCE) {
        Need::met(what)
    } else {
        Need::unmet(
            what,
            "without it the guard is as likely to be ended as anybody; faults work all the same",
        )
    }
}

fn netem() -> Need {
    let what = "the kernel's netem";
    probe::netem().map_or_else(|why| Need::unmet(what, why), |()| Need::met(what))
}

fn queues() -> Need {
    let what = "packets through a worker, for kernels without netem (NFQUEUE)";
    match probe::queues() {
        Some(_) => Need::met(what),
        None => Need::unmet(what, "this kernel has neither nft_queue nor xt_NFQUEUE"),
    }
}
