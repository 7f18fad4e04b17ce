//! Queueing disciplines of a fault, as the lines that `tc` takes: `htb` at the root, whose class 1 holds what is hit;
//! what is in no class goes straight through. What comes in is led through an interface of our own (`ifb`).

use std::path::Path;

use squall_engine::fault::port::FaultError;
use squall_engine::fault::record::FaultId;
use squall_os::netlink::route::{INGRESS, Link, ROOT, Route};

use super::filter::Filters;
use super::place::Space;
use super::program::{MODPROBE, TC};
use crate::undo::{RemoveLink, RemoveQdisc, Undo};

/// What happens to packets that are hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discipline {
    /// The words behind `netem`.
    Netem(String),
    /// They get so many bits per second.
    Rate(u64),
}

/// Queueing disciplines to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shaping {
    /// The interfaces.
    pub devices: Vec<Link>,
    /// What is done to packets.
    pub discipline: Discipline,
    /// The filters of what goes out; `None`: nftables gives the classes.
    pub outgoing: Option<Filters>,
    /// Whether what goes out is hit.
    pub hits_outgoing: bool,
    /// The filters of what comes in, where that is hit.
    pub incoming: Option<Filters>,
}

/// What things are called that belong to one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The handle of root disciplines.
    pub handle: u16,
    /// The interface that takes packets in.
    pub ifb: String,
    /// The block of filters, and the number by which root disciplines are known.
    pub block: u32,
}

impl Names {
    /// Those of a fault.
    pub fn of(fault: &FaultId) -> Self {
        let bits = u64::from_str_radix(fault.as_str(), 16).unwrap_or_default();
        Names {
            // the kernel gives handles from 8000 on by itself, and 0 means none
            handle: (fault.short() & 0x7fff).max(1),
            ifb: format!("sq{fault}"),
            block: u32::try_from(bits & 0x7fff_ffff).unwrap_or_default().max(1),
        }
    }
}

/// The kinds of root disciplines that the kernel puts there by itself, with the handle 0.
const DEFAULTS: [&str; 8] = ["noqueue", "pfifo_fast", "pfifo", "fq_codel", "fq", "mq", "noop", "cake"];

impl Shaping {
    /// What stands in the way: disciplines that somebody else put there.
    pub fn obstacles(&self, route: &mut Route) -> std::io::Result<Vec<String>> {
        let mut found = Vec::new();
        for device in &self.devices {
            for qdisc in route.qdiscs(device.index)? {
                let foreign = qdisc.handle != 0 || !DEFAULTS.contains(&qdisc.kind.as_str());
                let major = qdisc.handle >> 16;
                let kind = &qdisc.kind;
                if self.hits_outgoing && qdisc.parent == ROOT && foreign {
                    found.push(format!(
                        "`{}` has a root discipline that is not the kernel's own: {kind} {major:x}:",
                        device.name
                    ));
                }
                if self.incoming.is_some() && qdisc.parent == INGRESS {
                    found.push(format!("`{}` has an ingress discipline already: {kind}", device.name));
                }
            }
        }
        Ok(found)
    }

    /// The lines for `tc`.
    pub fn lines(&self, names: &Names) -> Vec<String> {
        let mut lines = Vec::new();
        let handle = names.handle;
        if self.hits_outgoing {
            for device in &self.devices {
                let device = &device.name;
                // `r2q` is for classes without a quantum, which ours are not: it is free to say whose this is
                lines.push(format!("qdisc add dev {device} root handle {handle:x}: htb r2q {}", names.block));
                lines.extend(self.class(device, handle));
                if let Some(filters) = &self.outgoing {
                    let at = format!("dev {device} parent {handle:x}:");
                    // class 0: straight through
                    lines.extend(filter_lines(
                        filters,
                        &at,
                        &format!("flowid {handle:x}:0"),
                        &format!("flowid {handle:x}:1"),
                    ));
                }
            }
        }
        if let Some(filters) = &self.incoming {
            let (ifb, block) = (&names.ifb, names.block);
            lines.push(match &self.discipline {
                Discipline::Netem(words) => format!("qdisc add dev {ifb} root handle {handle:x}: netem {words}"),
                Discipline::Rate(bits) => {
                    let (burst, limit) = (burst(*bits), limit(*bits));
                    format!("qdisc add dev {ifb} root handle {handle:x}: tbf rate {bits}bit burst {burst} limit {limit}")
                }
            });
            for device in &self.devices {
                lines.push(format!("qdisc add dev {} ingress_block {block} ingress", device.name));
            }
            let led = format!("action mirred egress redirect dev {ifb}");
            lines.extend(filter_lines(
                filters,
                &format!("block {block}"),
                &format!("flowid {handle:x}:1"),
                &led,
            ));
        }
        lines
    }

    fn class(&self, device: &str, handle: u16) -> [String; 2] {
        let class = format!("class add dev {device} parent {handle:x}: classid {handle:x}:1 htb");
        let inner = format!("qdisc add dev {device} parent {handle:x}:1");
        match &self.discipline {
            // a rate that nothing reaches
            Discipline::Netem(words) => [
                format!("{class} rate 40gbit burst 8mb cburst 8mb quantum 60000"),
                format!("{inner} netem {words}"),
            ],
            Discipline::Rate(bits) => {
                let (burst, limit) = (burst(*bits), limit(*bits));
                [
                    format!("{class} rate {bits}bit burst {burst} cburst {burst} quantum 1514"),
                    format!("{inner} bfifo limit {limit}"),
                ]
            }
        }
    }

    /// Makes them, in the namespace of the calling thread.
    ///
    /// # Errors
    /// What `tc` or the kernel says against it.
    pub fn make(&self, names: &Names) -> Result<(), FaultError> {
        if self.incoming.is_some() {
            if !Path::new("/sys/module/ifb").exists() {
                // Loaded on demand, the module would make two interfaces in the host's namespace that nobody asked for. Where
                // this does not work, it is loaded on demand.
                let _ = MODPROBE.feed(&["ifb", "numifbs=0"], "");
            }
            let made = Route::open().and_then(|mut route| route.add_ifb(&names.ifb));
            made.map_err(|error| {
                FaultError::new(format!("the interface `{}` cannot be made: {error}", names.ifb))
                    .help("the kernel needs `ifb` for what comes in")
            })?;
        }
        TC.feed(&["-batch", "-"], &(self.lines(names).join("\n") + "\n"))
    }

    /// The undos, in the order of the changes.
    pub fn undos(&self, space: &Space, names: &Names) -> Vec<Undo> {
        let mut undos = Vec::new();
        let remove = |device: &Link, parent, handle, kind: &str| {
            Undo::RemoveQdisc(RemoveQdisc {
                space: space.clone(),
                device: device.name.clone(),
                index: device.index,
                parent,
                handle,
                kind: kind.to_owned(),
                number: Some(names.block),
            })
        };
        if self.hits_outgoing {
            let handle = u32::from(names.handle) << 16;
            undos.extend(self.devices.iter().map(|device| remove(device, ROOT, handle, "htb")));
        }
        if self.incoming.is_some() {
            let name = names.ifb.clone();
            undos.push(Undo::RemoveLink(RemoveLink { space: space.clone(), name, kind: "ifb".to_owned() }));
            undos.extend(self.devices.iter().map(|device| remove(device, INGRESS, 0xffff_0000, "ingress")));
        }
        undos
    }

    /// Looks whether they are there.
    ///
    /// # Errors
    /// One is not, or the kernel does not tell.
    pub fn verify(&self, names: &Names, route: &mut Route) -> std::io::Result<Result<(), String>> {
        let handle = u32::from(names.handle) << 16;
        for device in &self.devices {
            let qdiscs = route.qdiscs(device.index)?;
            let root = qdiscs.iter().any(|qdisc| {
                qdisc.parent == ROOT && qdisc.handle == handle && qdisc.number == Some(names.block)
            });
            let ingress =
                qdiscs.iter().any(|qdisc| qdisc.parent == INGRESS && qdisc.number == Some(names.block));
            if (self.hits_outgoing && !root) || (self.incoming.is_some() && !ingress) {
                return Ok(Err(format!("the queueing discipline at `{}` is not there", device.name)));
            }
        }
        Ok(Ok(()))
    }

    /// Packets that were hit, and those of them that were dropped.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn count(&self, names: &Names, route: &mut Route) -> std::io::Result<(u64, u64)> {
        let class = u32::from(names.handle) << 16 | 1;
        let (mut packets, mut drops) = (0, 0);
        for link in route.links()? {
            let ours = self.devices.iter().any(|device| device.index == link.index);
            let led = link.name == names.ifb;
            if !ours && !led {
                continue;
            }
            for qdisc in route.qdiscs(link.index)? {
                if (ours && qdisc.parent == class) || (led && qdisc.parent == ROOT) {
                    packets += u64::from(qdisc.packets);
                    drops += u64::from(qdisc.drops);
                }
            }
        }
        Ok((packets, drops))
    }
}

fn filter_lines(filters: &Filters, at: &str, pass: &str, hit: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (priority, list, target) in [(1, &filters.pass, pass), (3, &filters.hit, hit)] {
        for (family, words) in list {
            // filters of one priority have one protocol
            let (priority, protocol) = (priority + u16::from(family.protocol() == "ipv6"), family.protocol());
            lines.push(format!("filter add {at} protocol {protocol} prio {priority} u32 {words} {target}"));
        }
    }
    lines
}

/// Bytes that may go at once: those of 10 ms, and never less than a large packet.
fn burst(bits: u64) -> u64 {
    (bits / 800).max(3200)
}

/// Bytes that may wait: those of 400 ms, and never less than a large packet of the kernel's.
fn limit(bits: u64) -> u64 {
    (bits / 20).max(131_072)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_fault_and_no_handle_is_the_kernels() {
        for bits in [0, 0xffff_ffff_ffff, 0x8000_0000_0000, 0x1234_5678_9abc] {
            let fault = FaultId::from_bits(bits);
            let names = Names::of(&fault);
            assert!((1..0x8000).contains(&names.handle) && names.block > 0, "{names:?}");
            assert!(names.ifb.contains(fault.as_str()) && names.ifb.len() < 16);
        }
    }
}
