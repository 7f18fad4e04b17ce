//! Networks and ports as lists: what is in, what is out, and nothing twice.

use std::net::IpAddr;

use squall_engine::fault::rails::{self, Network};

/// What is meant, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// Only these; any, where it is empty.
    pub only: Vec<T>,
    /// Never these.
    pub never: Vec<T>,
}

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Listed { only: Vec::new(), never: Vec::new() }
    }
}

impl<T> Listed<T> {
    /// Reads texts, of which those with a `^` in front are what is not meant.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn read(texts: &[String], one: impl Fn(&str) -> Result<Vec<T>, String>) -> Result<Self, String> {
        let mut listed = Listed::default();
        for text in texts {
            match text.strip_prefix('^') {
                Some(text) => listed.never.extend(one(text.trim())?),
                None => listed.only.extend(one(text)?),
            }
        }
        Ok(listed)
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.never.is_empty()
    }
}

/// An address or a network in CIDR notation; its bits behind the prefix are cleared.
///
/// # Errors
/// What was expected.
pub fn network(text: &str) -> Result<Network, String> {
    rails::network(text).map(cleared)
}

/// One address as a network.
pub fn single(address: IpAddr) -> Network {
    Network { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
}

fn cleared(network: Network) -> Network {
    let address = match network.address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(network.prefix)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(network.prefix)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    };
    Network { address, prefix: network.prefix }
}

/// A network as it is written everywhere: an address alone where it is one.
pub fn show(network: &Network) -> String {
    let whole = if network.address.is_ipv4() { 32 } else { 128 };
    if network.prefix == whole {
        network.address.to_string()
    } else {
        format!("{}/{}", network.address, network.prefix)
    }
}

/// The same networks without those that are in others, in order.
pub fn merged(networks: &[Network]) -> Vec<Network> {
    let mut sorted = networks.to_vec();
    sorted.sort_by_key(|network| (network.prefix, network.address));
    let mut kept: Vec<Network> = Vec::new();
    for network in sorted {
        if !kept.iter().any(|wider| wider.overlaps(&network)) {
            kept.push(network);
        }
    }
    kept.sort_by_key(|network| (network.address, network.prefix));
    kept
}

/// The same ports, of which none is said twice, in order.
pub fn merged_ports(ports: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut sorted = ports.to_vec();
    sorted.sort_unstable();
    let mut kept: Vec<(u16, u16)> = Vec::new();
    for (first, last) in sorted {
        match kept.last_mut() {
            Some(before) if u32::from(first) <= u32::from(before.1) + 1 => before.1 = before.1.max(last),
            _ => kept.push((first, last)),
        }
    }
    kept
}

/// Ports as values with masks, which together are exactly those from the first to the last.
pub fn masks(first: u16, last: u16) -> Vec<(u16, u16)> {
    let (mut at, end) = (u32::from(first), u32::from(last));
    let mut found = Vec::new();
    while at <= end {
        // the largest block that begins here and does not go beyond the end
        let mut size = if at == 0 { 1 << 16 } else { 1_u32 << at.trailing_zeros() };
        while at + size - 1 > end {
            size /= 2;
        }
        let mask = u16::try_from(0x1_0000 - size).unwrap_or(0);
        found.push((u16::try_from(at).unwrap_or(u16::MAX), mask));
        at += size;
    }
    found
}

/// Ports as people write them.
pub fn show_ports((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_cleared_and_those_in_others_go() {
        let read =
            |texts: &[&str]| texts.iter().map(|text| network(text).expect("a network")).collect::<Vec<_>>();
        let networks =
            read(&["10.1.2.3/8", "10.9.9.9", "fd00::1", "fd00::/16", "192.168.1.1", "192.168.1.1"]);
        let shown: Vec<String> = merged(&networks).iter().map(show).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.168.1.1", "fd00::/16"]);
        assert_eq!(merged(&read(&["0.0.0.0/0", "1.2.3.4"])).len(), 1);
    }

    #[test]
    fn masks_are_exactly_the_ports() {
        for (first, last) in [(1, 65535), (0, 65535), (80, 80), (1000, 1999), (8080, 8085), (65535, 65535)] {
            let blocks = masks(first, last);
            for port in 0..=u16::MAX {
                let hit = blocks.iter().filter(|(value, mask)| port & mask == *value).count();
                assert_eq!(hit, usize::from((first..=last).contains(&port)), "{port} of {first}-{last}");
            }
        }
        assert_eq!(merged_ports(&[(90, 99), (80, 89), (5, 5), (85, 95)]), [(5, 5), (80, 99)]);
    }

    #[test]
    fn a_caret_takes_out() {
        let texts = ["10.0.0.0/8".to_owned(), "^10.1.0.0/16".to_owned()];
        let listed = Listed::read(&texts, |text| network(text).map(|found| vec![found])).expect("networks");
        assert_eq!((listed.only.len(), listed.never.len()), (1, 1));
        assert!(Listed::read(&["^x".to_owned()], |text| network(text).map(|found| vec![found])).is_err());
    }
}
