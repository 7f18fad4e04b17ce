//! A fault's table of nftables, as the text that `nft` takes. Everything in it is an address, a number, or was
//! checked letter by letter.

use std::fmt::Write as _;

use squall_engine::fault::rails::Network;
use squall_os::netlink::tables::{Family, Queueing, Tables};

use super::address;
use super::exempt::Exemption;
use super::program::NFT;
use super::selector::{Protocol, Selection, Way};
use squall_engine::fault::port::FaultError;

/// What becomes of packets that are hit.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// They are lost; in percent, if not all of them.
    Drop(Option<f64>),
    /// They are refused: `with` is what the sender is told, as nftables writes it.
    Refuse {
        /// For TCP.
        tcp: &'static str,
        /// For the rest; `None`: the rest is left alone.
        other: Option<&'static str>,
    },
    /// They get a class of traffic control.
    Classify {
        /// The handle of the root discipline, whose class 1 it is.
        handle: u16,
    },
    /// They wait in a queue that a worker listens to.
    Queue {
        /// Its number.
        number: u16,
    },
    /// They go to a server of ours on this host.
    Redirect {
        /// From each server to its port here: UDP and TCP.
        servers: Vec<(std::net::IpAddr, u16)>,
        /// The mark of our own server's questions, which pass.
        mark: u32,
    },
}

/// A table to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Which packets.
    pub selection: Selection,
    /// What is spared of them.
    pub exemptions: Vec<Exemption>,
    /// The names of interfaces; all, where it is empty.
    pub interfaces: Vec<String>,
    /// What becomes of them.
    pub action: Action,
    /// How packets can be lost without a word to the process that sends them; `None`: it is told.
    pub silently: Option<Queueing>,
}

/// The chains that end in a queue.
const HIT: [&str; 2] = ["hit_out", "hit_in"];

impl Table {
    /// Its text.
    pub fn text(&self, name: &str) -> String {
        let mut text = format!("table inet {name} {{\n  counter hit {{\n  }}\n");
        match &self.action {
            Action::Redirect { servers, mark } => self.redirects(&mut text, servers, *mark),
            action => {
                for way in self.selection.ways() {
                    self.hit(&mut text, action, way);
                    self.chain(&mut text, way, false);
                    if !self.interfaces.is_empty() && !matches!(action, Action::Classify { .. }) {
                        self.chain(&mut text, way, true);
                    }
                }
            }
        }
        text.push_str("}\n");
        text
    }

    /// The chain that decides on packets that are hit.
    fn hit(&self, text: &mut String, action: &Action, way: Way) {
        let share = match action {
            Action::Drop(Some(percent)) if *percent < 100.0 => {
                format!("numgen random mod 1000000 < {} ", (percent * 10_000.0).round() as u64)
            }
            _ => String::new(),
        };
        let mut rules = Vec::new();
        match action {
            Action::Refuse { tcp, other } => {
                rules.push(format!("meta l4proto tcp counter name hit reject with {tcp}"));
                rules.extend(other.map(|other| format!("counter name hit reject with {other}")));
            }
            Action::Classify { handle } => {
                rules.push(format!("counter name hit meta priority set {handle:x}:1"));
            }
            Action::Queue { .. } => rules.push("counter name hit".to_owned()),
            // the last rule comes by another way, since `nft` has no words for it
            Action::Drop(_) if self.silently.is_some() && way == Way::Out => {
                if share.is_empty() {
                    rules.push("counter name hit".to_owned());
                } else {
                    rules.push(format!("{share}counter name hit goto lost"));
                }
            }
            Action::Drop(_) => rules.push(format!("{share}counter name hit drop")),
            Action::Redirect { .. } => {}
        }
        if rules.iter().any(|rule| rule.ends_with("goto lost")) {
            text.push_str("  chain lost {\n  }\n");
        }
        let _infallible = writeln!(text, "  chain {} {{", HIT[usize::from(way == Way::In)]);
        for rule in rules {
            let _infallible = writeln!(text, "    {rule}");
        }
        text.push_str("  }\n");
    }

    fn chain(&self, text: &mut String, way: Way, forwarded: bool) {
        let (side, hook) = match (way, forwarded, &self.action) {
            (Way::Out, false, Action::Classify { .. }) => ("oifname", "postrouting"),
            (Way::Out, false, _) => ("oifname", "output"),
            (Way::Out, true, _) => ("oifname", "forward"),
            (Way::In, false, _) => ("iifname", "input"),
            (Way::In, true, _) => ("iifname", "forward"),
        };
        let (word, prefix) =
            (if way == Way::Out { "out" } else { "in" }, if forwarded { "through_" } else { "" });
        let _infallible = writeln!(text, "  chain {prefix}{word} {{");
        // behind the host's own firewall: what that drops is not ours to count
        let _infallible = writeln!(text, "    type filter hook {hook} priority 10; policy accept;");
        for rule in self.rules(way, side) {
            let _infallible = writeln!(text, "    {rule}");
        }
        text.push_str("  }\n");
    }

    /// The rules of a chain: what returns, then what is hit.
    fn rules(&self, way: Way, side: &str) -> Vec<String> {
        let mut rules = Vec::new();
        if !self.interfaces.is_empty() {
            let names: Vec<String> = self.interfaces.iter().map(|name| quoted(name)).collect();
            rules.push(format!("{side} != {} return", set(&names)));
        }
        rules.extend(
            self.exemptions.iter().map(|exemption| format!("{} return", exempted(exemption, way, side))),
        );
        let selection = &self.selection;
        let never = addresses(&selection.remote.never, way);
        rules.extend(never.into_iter().map(|condition| format!("{condition} return")));
        for (ports, remote) in [(&selection.to_ports, true), (&selection.from_ports, false)] {
            if !ports.never.is_empty() {
                rules.push(format!("{} return", ported(&ports.never, way, remote)));
            }
        }
        if !selection.protocols.never.is_empty() {
            rules.push(format!("{} return", protocols(&selection.protocols.never)));
        }
        if !selection.users.never.is_empty() {
            rules.push(format!("meta skuid {} return", set(&selection.users.never)));
        }
        rules.extend(selection.cgroups.never.iter().map(|path| format!("{} return", cgroup(path))));

        let mut conditions = Vec::new();
        if !selection.protocols.only.is_empty() {
            conditions.push(protocols(&selection.protocols.only));
        }
        for (ports, remote) in [(&selection.to_ports, true), (&selection.from_ports, false)] {
            if !ports.only.is_empty() {
                conditions.push(ported(&ports.only, way, remote));
            }
        }
        if !selection.users.only.is_empty() {
            conditions.push(format!("meta skuid {}", set(&selection.users.only)));
        }
        if matches!(self.action, Action::Refuse { .. }) {
            // what refuses is sent through here, too
            rules.push("tcp flags & rst == rst return".to_owned());
            rules.push("icmp type destination-unreachable return".to_owned());
            rules.push("icmpv6 type destination-unreachable return".to_owned());
        }
        let target = format!("goto {}", HIT[usize::from(way == Way::In)]);
        let any = [String::new()];
        let remote = addresses(&selection.remote.only, way);
        let cgroups: Vec<String> = selection.cgroups.only.iter().map(|path| cgroup(path)).collect();
        for remote in if remote.is_empty() { &any[..] } else { &remote } {
            for group in if cgroups.is_empty() { &any[..] } else { &cgroups } {
                for flows in self.flows(way, remote) {
                    let mut words = vec![remote.clone()];
                    words.extend(conditions.iter().cloned());
                    words.extend([group.clone(), flows, target.clone()]);
                    words.retain(|words| !words.is_empty());
                    rules.push(words.join(" "));
                }
            }
        }
        rules
    }

    /// Conditions that hold for a share of the connections, and for both directions of each.
    fn flows(&self, way: Way, remote: &str) -> Vec<String> {
        let Some(share) = self.selection.flows else { return vec![String::new()] };
        let below = (share * 100.0).round() as u64;
        let (local, far) = if way == Way::Out { ("s", "d") } else { ("d", "s") };
        let families =
            ["ip ", "ip6 "].into_iter().filter(|family| remote.is_empty() || remote.starts_with(family));
        let hash = |fields: String| format!("jhash {fields} mod 10000 seed 0x5c0a11 < {below}");
        let mut found = Vec::new();
        for family in families {
            let addresses = format!("{family}{local}addr . {family}{far}addr");
            let ports = format!("{addresses} . th {local}port . th {far}port");
            found.push(format!("meta l4proto {{ tcp, udp }} {}", hash(ports)));
            found.push(format!("meta l4proto != {{ tcp, udp }} {}", hash(addresses)));
        }
        found
    }

    fn redirects(&self, text: &mut String, servers: &[(std::net::IpAddr, u16)], mark: u32) {
        text.push_str("  chain names {\n    type nat hook output priority -110; policy accept;\n");
        let _infallible = writeln!(text, "    meta mark {mark:#x} return");
        let (names, users) = (&self.interfaces, &self.selection.users);
        let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
        for (condition, is) in [
            (format!("oifname != {}", set(&names)), !names.is_empty()),
            (format!("meta skuid != {}", set(&users.only)), !users.only.is_empty()),
            (format!("meta skuid {}", set(&users.never)), !users.never.is_empty()),
        ] {
            if is {
                let _infallible = writeln!(text, "    {condition} return");
            }
        }
        for (server, port) in servers {
            let family = if server.is_ipv4() { "ip" } else { "ip6" };
            let _infallible = writeln!(
                text,
                "    {family} daddr {server} meta l4proto {{ tcp, udp }} th dport 53 counter name hit ct mark set \
                 {mark:#x} redirect to :{port}"
            );
        }
        text.push_str("  }\n");
    }

    /// Makes it, in the namespace of the calling thread.
    ///
    /// # Errors
    /// What `nft` or the kernel says against it.
    pub fn make(&self, name: &str) -> Result<(), FaultError> {
        let queues = match (&self.action, self.silently) {
            (Action::Queue { number }, Some(by)) => self
                .selection
                .ways()
                .map(|way| (HIT[usize::from(way == Way::In)], *number, true, by))
                .collect(),
            (Action::Queue { .. }, None) => {
                return Err(FaultError::new("this kernel has no queues of packets (nfnetlink_queue)"));
            }
            (Action::Drop(share), Some(by)) if self.selection.outgoing => {
                let chain = if share.is_some_and(|share| share < 100.0) { "lost" } else { HIT[0] };
                vec![(chain, nobodys_queue(name), false, by)]
            }
            _ => Vec::new(),
        };
        NFT.feed(&["-f", "-"], &self.text(name))?;
        if queues.is_empty() {
            return Ok(());
        }
        let told = |error: std::io::Error| FaultError::new(format!("the kernel takes no queue: {error}"));
        let mut tables = Tables::open().map_err(told)?;
        for (chain, number, bypass, by) in queues {
            tables.add_queue((Family::Inet, name, chain), number, bypass, by).map_err(told)?;
        }
        Ok(())
    }

    /// What comes behind the text, in words.
    pub fn besides(&self) -> Vec<String> {
        match (&self.action, self.silently) {
            (Action::Queue { number }, _) => {
                vec![format!("at the end of the chains hit_*: queue {number}, passed by when nobody listens")]
            }
            (Action::Drop(share), Some(_)) if self.selection.outgoing => {
                let chain = if share.is_some_and(|share| share < 100.0) { "lost" } else { HIT[0] };
                vec![format!(
                    "at the end of the chain {chain}: a queue without a listener, where packets are lost and the sender \
                     is not told"
                )]
            }
            _ => Vec::new(),
        }
    }
}

/// A number of a queue to which nobody listens.
fn nobodys_queue(name: &str) -> u16 {
    let hash = crc(name);
    let text = std::fs::read_to_string("/proc/net/netfilter/nfnetlink_queue").unwrap_or_default();
    let used: Vec<u16> =
        text.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    (0..1000)
        .map(|step| 0x8000 | hash.wrapping_add(step) & 0x7fff)
        .find(|one| !used.contains(one))
        .unwrap_or(hash)
}

fn crc(name: &str) -> u16 {
    name.bytes().fold(7, |hash: u16, byte| hash.wrapping_mul(31).wrapping_add(u16::from(byte)))
}

/// How this kernel puts packets into queues, tried in the namespace of the calling thread, which should be a scratch
/// one.
pub fn try_queues() -> Option<Queueing> {
    let name = "squall_probe";
    let text = format!(
        "table inet {name} {{\n  chain c {{\n    type filter hook output priority 10; policy accept;\n  }}\n}}\n"
    );
    NFT.feed(&["-f", "-"], &text).ok()?;
    let mut tables = Tables::open().ok()?;
    let place = (Family::Inet, name, "c");
    [Queueing::Native, Queueing::Compatible]
        .into_iter()
        .find(|by| tables.add_queue(place, 1, true, *by).is_ok())
}

fn set(values: &[impl std::fmt::Display]) -> String {
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("{{ {} }}", values.join(", "))
}

/// Names of interfaces come from the kernel, which allows nearly everything in them.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace(['"', '\\', '\n', '*'], "?"))
}

fn cgroup(path: &str) -> String {
    let level = path.split('/').count();
    // `nft` looks below /sys/fs/cgroup, where version 2 has a folder of its own beside version 1
    let hybrid = std::path::Path::new("/sys/fs/cgroup/unified/cgroup.procs").exists();
    let file = if hybrid { format!("unified/{path}") } else { path.to_owned() };
    format!("socket cgroupv2 level {level} {}", quoted(&file))
}

fn addresses(networks: &[Network], way: Way) -> Vec<String> {
    let side = if way == Way::Out { "daddr" } else { "saddr" };
    let mut found = Vec::new();
    for (family, four) in [("ip", true), ("ip6", false)] {
        let these: Vec<String> =
            networks.iter().filter(|network| network.address.is_ipv4() == four).map(address::show).collect();
        if !these.is_empty() {
            found.push(format!("{family} {side} {}", set(&these)));
        }
    }
    found
}

fn ported(ports: &[(u16, u16)], way: Way, remote: bool) -> String {
    let side = if (way == Way::Out) == remote { "dport" } else { "sport" };
    let ports: Vec<String> = ports.iter().copied().map(address::show_ports).collect();
    format!("meta l4proto {{ tcp, udp }} th {side} {}", set(&ports))
}

fn protocols(protocols: &[Protocol]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for protocol in protocols {
        names.extend(match protocol {
            Protocol::Tcp => &["tcp"][..],
            Protocol::Udp => &["udp"],
            Protocol::Icmp => &["icmp", "icmpv6"],
        });
    }
    names.sort_unstable();
    names.dedup();
    format!("meta l4proto {}", set(&names))
}

fn exempted(exemption: &Exemption, way: Way, side: &str) -> String {
    match exemption {
        Exemption::Loopback => format!("{side} \"lo\""),
        Exemption::Neighbours => "icmpv6 type { 133, 134, 135, 136, 137 }".to_owned(),
        Exemption::Peer { remote, protocol, to_port, from_port, .. } => {
            let mut words = addresses(std::slice::from_ref(remote), way);
            words.extend(protocol.map(|protocol| protocols(&[protocol])));
            let port = |port: &Option<u16>, remote| port.map(|port| ported(&[(port, port)], way, remote));
            words.extend(port(to_port, true));
            words.extend(port(from_port, false));
            words.join(" ")
        }
    }
}
