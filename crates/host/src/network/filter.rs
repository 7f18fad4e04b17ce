//! Choosing packets with traffic control alone (`u32`): addresses, ports and protocols, for kernels without nftables
//! and for packets that come in, which traffic control sees first.

use squall_engine::fault::rails::Network;

use super::address;
use super::exempt::Exemption;
use super::selector::{Protocol, Selection, Way};

/// How many filters there may be: each packet is held against them one after the other.
const MOST: usize = 1000;

/// The conditions of filters: those for what passes, in order, then those for what is hit. Each is a family (`ip`,
/// `ipv6`) with the words that `tc` takes behind `u32`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    /// What passes.
    pub pass: Vec<(Family, String)>,
    /// What is hit.
    pub hit: Vec<(Family, String)>,
}

/// A family, as traffic control sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    Four,
    /// IPv6.
    Six,
}

impl Family {
    /// The word of `tc` for the protocol.
    pub fn protocol(self) -> &'static str {
        match self {
            Family::Four => "ip",
            Family::Six => "ipv6",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Family::Four => "ip",
            Family::Six => "ip6",
        }
    }

    fn number(self, protocol: Protocol) -> u8 {
        match (protocol, self) {
            (Protocol::Tcp, _) => 6,
            (Protocol::Udp, _) => 17,
            (Protocol::Icmp, Family::Four) => 1,
            (Protocol::Icmp, Family::Six) => 58,
        }
    }
}

/// What one filter asks for; what is `None`, anything fits.
#[derive(Clone, Copy, Debug, Default)]
struct Flow<'a> {
    remote: Option<&'a Network>,
    protocol: Option<Protocol>,
    to: Option<(u16, u16)>,
    from: Option<(u16, u16)>,
}

impl Flow<'_> {
    fn words(self, way: Way, found: &mut Vec<(Family, String)>) {
        for family in [Family::Four, Family::Six] {
            if self.remote.is_some_and(|network| network.address.is_ipv4() != (family == Family::Four)) {
                continue;
            }
            let ported = self.to.is_some() || self.from.is_some();
            let protocols = match self.protocol {
                Some(protocol) => vec![Some(protocol)],
                None if ported => vec![Some(Protocol::Tcp), Some(Protocol::Udp)],
                None => vec![None],
            };
            let blocks = |ports: Option<(u16, u16)>| match ports {
                None => vec![None],
                Some((first, last)) => address::masks(first, last).into_iter().map(Some).collect(),
            };
            let outgoing = way == Way::Out;
            let (remote_side, local_port, remote_port) =
                if outgoing { ("dst", "sport", "dport") } else { ("src", "dport", "sport") };
            let word = family.word();
            for protocol in protocols {
                for to in blocks(self.to) {
                    for from in blocks(self.from) {
                        let mut words = Vec::new();
                        // a prefix of 0 fits all of the family
                        if let Some(network) = self.remote.filter(|network| network.prefix > 0) {
                            let (address, prefix) = (network.address, network.prefix);
                            words.push(format!("match {word} {remote_side} {address}/{prefix}"));
                        }
                        if let Some(protocol) = protocol {
                            words.push(format!("match {word} protocol {} 0xff", family.number(protocol)));
                        }
                        for (side, block) in [(remote_port, to), (local_port, from)] {
                            if let Some((value, mask)) = block {
                                words.push(format!("match {word} {side} {value} {mask:#x}"));
                            }
                        }
                        if words.is_empty() {
                            words.push("match u32 0 0".to_owned());
                        }
                        found.push((family, words.join(" ")));
                    }
                }
            }
        }
    }
}

/// The filters for one direction.
///
/// # Errors
/// They would be too many.
pub fn of(selection: &Selection, exemptions: &[Exemption], way: Way) -> Result<Filters, String> {
    let mut filters = Filters::default();
    for exemption in exemptions {
        match exemption {
            // traffic control hangs at interfaces, and at this one only where it is asked for
            Exemption::Loopback => {}
            Exemption::Neighbours => {
                for (value, mask) in [(133, 0xff_u8), (134, 0xfe), (136, 0xfe)] {
                    let words = format!("match ip6 protocol 58 0xff match u8 {value} {mask:#x} at 40");
                    filters.pass.push((Family::Six, words));
                }
            }
            Exemption::Peer { remote, protocol, to_port, from_port, .. } => {
                let one = |port: Option<u16>| port.map(|port| (port, port));
                let flow = Flow {
                    remote: Some(remote),
                    protocol: *protocol,
                    to: one(*to_port),
                    from: one(*from_port),
                };
                flow.words(way, &mut filters.pass);
            }
        }
    }
    for network in &selection.remote.never {
        Flow { remote: Some(network), ..Flow::default() }.words(way, &mut filters.pass);
    }
    for ports in &selection.to_ports.never {
        Flow { to: Some(*ports), ..Flow::default() }.words(way, &mut filters.pass);
    }
    for ports in &selection.from_ports.never {
        Flow { from: Some(*ports), ..Flow::default() }.words(way, &mut filters.pass);
    }
    for protocol in &selection.protocols.never {
        Flow { protocol: Some(*protocol), ..Flow::default() }.words(way, &mut filters.pass);
    }
    for remote in some(&selection.remote.only) {
        for protocol in some(&selection.protocols.only) {
            for to in some(&selection.to_ports.only) {
                for from in some(&selection.from_ports.only) {
                    let flow =
                        Flow { remote, protocol: protocol.copied(), to: to.copied(), from: from.copied() };
                    flow.words(way, &mut filters.hit);
                }
            }
        }
    }
    let count = filters.pass.len() + filters.hit.len();
    if count > MOST {
        return Err(format!("needs {count} filters, {MOST} are possible; choose fewer addresses or ports"));
    }
    Ok(filters)
}

/// Each of them, or once none where there are none.
fn some<T>(of: &[T]) -> Vec<Option<&T>> {
    if of.is_empty() { vec![None] } else { of.iter().map(Some).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::address::Listed;

    #[test]
    fn everything_chosen_is_in_one_filter_and_the_two_directions_mirror() {
        let selection = Selection {
            remote: Listed { only: vec![address::network("10.0.0.0/8").expect("one")], never: Vec::new() },
            to_ports: Listed { only: vec![(80, 80)], never: Vec::new() },
            protocols: Listed { only: vec![Protocol::Tcp], never: vec![] },
            ..Selection::default()
        };
        let out = of(&selection, &[], Way::Out).expect("few");
        let expected = "match ip dst 10.0.0.0/8 match ip protocol 6 0xff match ip dport 80 0xffff";
        assert_eq!(out.hit, [(Family::Four, expected.to_owned())]);
        let back = of(&selection, &[Exemption::Neighbours], Way::In).expect("few");
        let expected = "match ip src 10.0.0.0/8 match ip protocol 6 0xff match ip sport 80 0xffff";
        assert_eq!(back.hit, [(Family::Four, expected.to_owned())]);
        assert_eq!(back.pass.len(), 3);
    }

    #[test]
    fn without_a_choice_both_families_are_hit_and_too_many_are_refused() {
        let all = of(&Selection::default(), &[], Way::Out).expect("two");
        assert_eq!(all.hit.len(), 2);
        let ports = Listed { only: (1..1200).map(|port| (port * 2, port * 2)).collect(), never: Vec::new() };
        assert!(of(&Selection { to_ports: ports, ..Selection::default() }, &[], Way::Out).is_err());
    }
}
