//! What is spared, so that whoever injects keeps control: connections of ssh, loopback, instance metadata.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::rails::Network;
use squall_os::procfs;

use super::address;
use super::place::Place;
use super::selector::{Protocol, Selection, endpoints, look_up};

/// What can be hit on request.
const NAMES: [&str; 4] = ["ssh", "loopback", "metadata", "neighbours"];
const METADATA: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
];

/// Something that is spared.
#[derive(Clone, Debug, PartialEq)]
pub enum Exemption {
    /// What goes through the loopback interface.
    Loopback,
    /// How neighbours in IPv6 find each other. Without it not even what is spared would pass.
    Neighbours,
    /// Traffic with an address, and there with one port.
    Peer {
        /// The other side.
        remote: Network,
        /// The protocol; any where it is `None`.
        protocol: Option<Protocol>,
        /// The other side's port.
        to_port: Option<u16>,
        /// This side's port.
        from_port: Option<u16>,
        /// Why.
        why: &'static str,
    },
}

impl Exemption {
    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Exemption::Loopback => "the loopback interface".to_owned(),
            Exemption::Neighbours => "neighbour discovery of IPv6".to_owned(),
            Exemption::Peer { remote, to_port, why, .. } => {
                let port = to_port.map(|port| format!(" port {port}")).unwrap_or_default();
                format!("{why} ({}{port})", address::show(remote))
            }
        }
    }
}

/// What is spared on this host now.
///
/// # Errors
/// `no_exemptions` names none, or a name that is to be spared cannot be looked up.
pub fn of(
    arguments: &Arguments,
    selection: &Selection,
    place: &Place,
) -> Result<Vec<Exemption>, Vec<Problem>> {
    let off = arguments.texts("no_exemptions");
    if let Some(unknown) = off.iter().find(|name| !NAMES.contains(&name.as_str())) {
        let problem = Problem::of("no_exemptions", format!("there is none called `{unknown}`"));
        return Err(vec![problem.help(format!("there are {}", NAMES.join(", ")))]);
    }
    let spared = |name: &str| !off.iter().any(|off| off == name);
    let asked_for = |address: IpAddr| selection.remote.only.contains(&address::single(address));
    let mut found = Vec::new();
    if spared("neighbours") {
        found.push(Exemption::Neighbours);
    }
    if spared("loopback") && !wants_loopback(selection, place) {
        found.push(Exemption::Loopback);
    }
    if spared("ssh") && place.is_own {
        found.extend(ssh());
    }
    let whole = |address: IpAddr, why: &'static str| Exemption::Peer {
        remote: address::single(address),
        protocol: None,
        to_port: None,
        from_port: None,
        why,
    };
    if spared("metadata") {
        let metadata = METADATA.into_iter().filter(|address| !asked_for(*address));
        found.extend(metadata.map(|address| whole(address, "instance metadata")));
    }
    if arguments.flag("exempt_name_servers") {
        for server in name_servers(Path::new("/etc/resolv.conf")) {
            for protocol in [Protocol::Udp, Protocol::Tcp] {
                found.push(Exemption::Peer {
                    remote: address::single(server),
                    protocol: Some(protocol),
                    to_port: Some(53),
                    from_port: None,
                    why: "name server",
                });
            }
        }
    }
    if arguments.flag("exempt_sts") {
        let names = endpoints("sts").unwrap_or_else(|_| vec!["sts.amazonaws.com".to_owned()]);
        for name in names {
            let addresses = look_up(&name, place).map_err(|why| vec![Problem::of("exempt_sts", why)])?;
            found.extend(addresses.into_iter().map(|address| whole(address, "AWS STS")));
        }
    }
    Ok(found)
}

fn wants_loopback(selection: &Selection, place: &Place) -> bool {
    let local = |network: &Network| {
        network.address.is_loopback() || (network.prefix > 0 && place.is_local(network.address))
    };
    place.interfaces.iter().any(|link| link.index == 1) || selection.remote.only.iter().any(local)
}

/// The name servers that a `resolv.conf` names.
pub fn name_servers(path: &Path) -> Vec<IpAddr> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next())??.parse().ok()
    });
    servers.collect()
}

/// The connections of ssh through which this process is controlled: what the environment says, and the sockets of those
/// that it descends from.
fn ssh() -> Vec<Exemption> {
    let mut pairs: Vec<(SocketAddr, SocketAddr)> = Vec::new();
    if let Ok(text) = std::env::var("SSH_CONNECTION") {
        let words: Vec<&str> = text.split_whitespace().collect();
        if let [client, client_port, server, server_port] = words[..] {
            let read =
                |address: &str, port: &str| Some(SocketAddr::new(address.parse().ok()?, port.parse().ok()?));
            pairs.extend(read(server, server_port).zip(read(client, client_port)));
        }
    }
    pairs.extend(sockets_above());
    pairs.sort();
    pairs.dedup();
    let exemption = |(local, remote): (SocketAddr, SocketAddr)| Exemption::Peer {
        remote: address::single(remote.ip().to_canonical()),
        protocol: Some(Protocol::Tcp),
        to_port: Some(remote.port()),
        from_port: Some(local.port()),
        why: "the connection of ssh",
    };
    pairs.into_iter().map(exemption).collect()
}

/// Connections that an `sshd` among this process's ancestors holds.
fn sockets_above() -> Vec<(SocketAddr, SocketAddr)> {
    let mut inodes = Vec::new();
    let mut pid = std::process::id();
    while let Ok(process) = procfs::process(pid) {
        if process.name.starts_with("sshd") {
            inodes.extend(procfs::open_files(pid).into_iter().filter_map(|file| {
                let name = file.to_str()?;
                name.strip_prefix("socket:[")?.strip_suffix(']')?.parse::<u64>().ok()
            }));
        }
        if process.parent == 0 || process.parent == pid {
            break;
        }
        pid = process.parent;
    }
    if inodes.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        found.extend(text.lines().skip(1).filter_map(|line| connection(line, &inodes)));
    }
    found
}

/// The two ends in a line of `/proc/net/tcp`, where it is established and one of these sockets.
fn connection(line: &str, inodes: &[u64]) -> Option<(SocketAddr, SocketAddr)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let inode: u64 = fields.get(9)?.parse().ok()?;
    (fields.get(3) == Some(&"01") && inodes.contains(&inode))
        .then(|| Some((end(fields.get(1)?)?, end(fields.get(2)?)?)))?
}

/// An address and a port as the kernel prints them: words of four bytes in this host's order.
fn end(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words = address.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
    });
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.concat();
    let address = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
    };
    Some(SocketAddr::new(address, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_of_connections_is_read() {
        let line =
            "   1: 0100007F:0016 0200007F:9C40 01 00000000:00000000 00:00000000 00000000  0 0 4711 1 0";
        let found = connection(line, &[4711]).expect("it is one");
        assert_eq!(found.0.to_string(), "127.0.0.1:22");
        assert_eq!(found.1.to_string(), "127.0.0.2:40000");
        assert_eq!(connection(line, &[1]), None);
        let six = end("00000000000000000000000001000000:0016").expect("an address");
        assert_eq!(six.to_string(), "[::1]:22");
    }
}
