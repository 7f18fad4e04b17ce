//! What this kernel can do, tried in a network namespace of its own that ends with the trial.

use squall_engine::fault::port::{FaultError, Need};
use squall_os::netlink::route::Link;
use squall_os::netlink::tables::Queueing;
use squall_os::netspace::Netspace;

use super::program::{NFT, TC};
use super::shaping::{Names, Shaping};
use super::table::{self, Table};

/// What to do about a kernel without netem.
const NO_NETEM: &str = "this kernel has no sch_netem (on Debian it is in linux-image-amd64, on Fedora in \
                        kernel-modules-extra)";

/// Whether the kernel has netem; an error says what to do, or why that could not be found out.
///
/// # Errors
/// See above.
pub fn netem() -> Result<(), String> {
    let tried = scratch(|| TC.feed(&["-batch", "-"], "qdisc add dev lo root netem delay 1ms\n"));
    tried.map_err(|error| match error.message.contains("kind is unknown") {
        true => NO_NETEM.to_owned(),
        false => error.to_string(),
    })
}

/// How the kernel puts packets into queues, if it does.
pub fn queues() -> Option<Queueing> {
    Netspace::scratch(table::try_queues).ok().flatten()
}

/// Whether the kernel has tables for both families of IP.
pub fn has_tables() -> bool {
    scratch(|| NFT.feed(&["-f", "-"], "table inet squall_trial {\n}\n")).is_ok()
}

fn scratch(work: impl FnOnce() -> Result<(), FaultError> + Send) -> Result<(), FaultError> {
    Netspace::scratch(work).map_err(|error| {
        FaultError::new(format!("no network namespace can be made to try this in: {error}"))
    })?
}

/// Whether `nft` and the kernel take a table.
pub fn table(table: &Table) -> Need {
    let what = "the rules, tried in a namespace of their own";
    if NFT.find().is_none() {
        return NFT.need();
    }
    match scratch(|| table.make("squall_trial")) {
        Ok(()) => Need::met(what),
        Err(error) => {
            Need::unmet(what, format!("{error}; the kernel needs nftables (nf_tables, family inet)"))
        }
    }
}

/// Whether `tc` and the kernel take queueing disciplines.
pub fn shaping(shaping: &Shaping, names: &Names) -> Need {
    let what = "the queueing disciplines, tried in a namespace of their own";
    if TC.find().is_none() {
        return TC.need();
    }
    let lo = Link { index: 1, name: "lo".to_owned(), kind: String::new(), is_up: true, master: None };
    let trial = Shaping { devices: vec![lo], ..shaping.clone() };
    match scratch(|| trial.make(names)) {
        Ok(()) => Need::met(what),
        Err(error) if error.message.contains("kind is unknown") => {
            Need::unmet(what, format!("{error}; the kernel needs sch_htb, or sch_netem where it says netem"))
        }
        Err(error) => Need::unmet(what, error.to_string()),
    }
}
