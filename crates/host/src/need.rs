//! What kinds need of a host, looked at without changing it; and how it is had.

use squall_engine::fault::port::Need;
use squall_os::capability::Capability;
use squall_os::{durable, paths};

use crate::network::probe;
use crate::network::program::{NFT, TC};

/// The need for a capability.
pub fn capability(capability: Capability, name: &str) -> Need {
    if capability.is_here() {
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
            vec![capability(Capability::KILL, "CAP_KILL"), capability(Capability::SYS_BOOT, "CAP_SYS_BOOT")],
        ),
        (
            "network",
            vec![
                capability(Capability::NET_ADMIN, "CAP_NET_ADMIN"),
                NFT.need(),
                TC.need(),
                netem(),
                queues(),
            ],
        ),
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
    if Capability::SYS_RESOURCE.is_here() {
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
