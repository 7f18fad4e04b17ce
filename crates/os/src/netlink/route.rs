//! Interfaces, routes and queueing disciplines (rtnetlink).

use std::io;
use std::net::IpAddr;

use super::{DUMP, Message, Part, Reply, Socket, attributes, is_absent, text_of, u32_at};

// linux/rtnetlink.h, linux/if_link.h, linux/pkt_sched.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
const RTM_GETROUTE: u16 = 26;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELQDISC: u16 = 37;
const RTM_GETQDISC: u16 = 38;
const RTM_NEWQDISC: u16 = 36;
const LINK_HEAD: usize = 16;
const ADDRESS_HEAD: usize = 8;
const ROUTE_HEAD: usize = 12;
const QDISC_HEAD: usize = 20;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_HTB_INIT: u16 = 2;
const TCA_STATS2: u16 = 7;
const TCA_INGRESS_BLOCK: u16 = 13;
const TCA_STATS_BASIC: u16 = 1;
const TCA_STATS_QUEUE: u16 = 3;
const IFF_UP: u32 = 1;
const RTN_LOCAL: u8 = 2;
const RT_TABLE_MAIN: u8 = 254;

/// The parent of a root queueing discipline.
pub const ROOT: u32 = 0xffff_ffff;
/// The parent of what takes in packets.
pub const INGRESS: u32 = 0xffff_fff1;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, which no other interface of this namespace has.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// `ifb`, `veth`, `bridge` and so on; empty for hardware.
    pub kind: String,
    /// Whether it is up.
    pub is_up: bool,
    /// The interface that it is a part of, such as a bridge.
    pub master: Option<u32>,
}

/// A queueing discipline of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Qdisc {
    /// The interface.
    pub index: u32,
    /// Its handle; 0 for what the kernel put there by itself.
    pub handle: u32,
    /// What it hangs at: [`ROOT`], [`INGRESS`], or a class.
    pub parent: u32,
    /// `fq_codel`, `netem` and so on.
    pub kind: String,
    /// A number that whoever made it chose freely: the block of filters where it takes packets in, `r2q` of `htb`.
    pub number: Option<u32>,
    /// Packets that went through.
    pub packets: u32,
    /// Packets that it dropped.
    pub drops: u32,
}

/// Where packets for an address leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The interface.
    pub index: u32,
    /// Whether the address is one of this namespace's own.
    pub is_local: bool,
}

/// A conversation about one namespace.
#[derive(Debug)]
pub struct Route(Socket);

impl Route {
    /// Opens it, in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel gives no socket.
    pub fn open() -> io::Result<Self> {
        Ok(Route(Socket::open(Part::Route)?))
    }

    /// All interfaces, by number.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn links(&mut self) -> io::Result<Vec<Link>> {
        let replies = self.0.ask(Message::new(RTM_GETLINK, DUMP, &[0; LINK_HEAD]))?;
        let mut links: Vec<Link> = replies.iter().filter_map(link).collect();
        links.sort_by_key(|link| link.index);
        Ok(links)
    }

    /// Makes an interface that takes packets in (`ifb`), and switches it on.
    ///
    /// # Errors
    /// There is one of that name, the kernel has none of these, or this user may not.
    pub fn add_ifb(&mut self, name: &str) -> io::Result<()> {
        let mut head = [0; LINK_HEAD];
        head[8..12].copy_from_slice(&IFF_UP.to_ne_bytes());
        head[12..16].copy_from_slice(&IFF_UP.to_ne_bytes());
        let info = Message::inner().text(IFLA_INFO_KIND, "ifb");
        // NLM_F_EXCL: never one that is there
        let message = Message::new(RTM_NEWLINK, super::CREATE | 0x200, &head)
            .text(IFLA_IFNAME, name)
            .nest(IFLA_LINKINFO, info);
        self.0.ask(message).map(drop)
    }

    /// Removes an interface; `false` where it is not there.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn delete_link(&mut self, index: u32) -> io::Result<bool> {
        let mut head = [0; LINK_HEAD];
        head[4..8].copy_from_slice(&index.to_ne_bytes());
        there(self.0.ask(Message::new(RTM_DELLINK, 0, &head)))
    }

    /// The namespace's own addresses, with the numbers of their interfaces.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn addresses(&mut self) -> io::Result<Vec<(u32, IpAddr)>> {
        let replies = self.0.ask(Message::new(RTM_GETADDR, DUMP, &[0; ADDRESS_HEAD]))?;
        let address = |reply: &Reply| {
            // on links between two points, the other end is `IFA_ADDRESS`
            let local = reply.attribute(ADDRESS_HEAD, IFA_LOCAL);
            let bytes = local.or_else(|| reply.attribute(ADDRESS_HEAD, IFA_ADDRESS))?;
            let address = match bytes.len() {
                4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
                _ => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
            };
            Some((u32_at(&reply.body, 4)?, address))
        };
        Ok(replies.iter().filter(|reply| reply.kind == RTM_NEWADDR).filter_map(address).collect())
    }

    /// Where packets for an address leave; `None` where there is no way.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn way(&mut self, address: IpAddr) -> io::Result<Option<Way>> {
        let (family, bytes) = match address {
            IpAddr::V4(address) => (libc::AF_INET, address.octets().to_vec()),
            IpAddr::V6(address) => (libc::AF_INET6, address.octets().to_vec()),
        };
        let mut head = [0; ROUTE_HEAD];
        head[0] = u8::try_from(family).unwrap_or_default();
        head[1] = u8::try_from(bytes.len() * 8).unwrap_or_default();
        let asked = self.0.ask(Message::new(RTM_GETROUTE, 0, &head).with(RTA_DST, &bytes));
        let replies = match asked {
            Ok(replies) => replies,
            Err(error)
                if matches!(
                    error.raw_os_error(),
                    Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EINVAL | libc::EACCES | libc::ESRCH)
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        Ok(replies.iter().find(|reply| reply.kind == RTM_NEWROUTE).and_then(|reply| {
            let index = u32_at(reply.attribute(ROUTE_HEAD, RTA_OIF)?, 0)?;
            Some(Way { index, is_local: reply.body.get(7) == Some(&RTN_LOCAL) })
        }))
    }

    /// The interfaces that default routes go through.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn default_ways(&mut self) -> io::Result<Vec<u32>> {
        let mut found = Vec::new();
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut head = [0; ROUTE_HEAD];
            head[0] = u8::try_from(family).unwrap_or_default();
            for reply in self.0.ask(Message::new(RTM_GETROUTE, DUMP, &head))? {
                let (bits, table, kind) = (reply.body.get(1), reply.body.get(4), reply.body.get(7));
                // RTN_UNICAST: not those that say that there is no way
                if (bits, table, kind) != (Some(&0), Some(&RT_TABLE_MAIN), Some(&1)) {
                    continue;
                }
                found.extend(reply.attribute(ROUTE_HEAD, RTA_OIF).and_then(|value| u32_at(value, 0)));
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The queueing disciplines of an interface: also those that the kernel put there.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn qdiscs(&mut self, index: u32) -> io::Result<Vec<Qdisc>> {
        let replies = self.0.ask(Message::new(RTM_GETQDISC, DUMP, &[0; QDISC_HEAD]))?;
        let found = replies.iter().filter(|reply| reply.kind == RTM_NEWQDISC).filter_map(qdisc);
        Ok(found.filter(|qdisc| qdisc.index == index).collect())
    }

    /// Removes a queueing discipline that is of this kind and has this handle; the kernel compares both. `false` where
    /// there is none.
    ///
    /// # Errors
    /// There is another one in its place, or the kernel refuses.
    pub fn delete_qdisc(&mut self, index: u32, parent: u32, handle: u32, kind: &str) -> io::Result<bool> {
        let mut head = [0; QDISC_HEAD];
        head[4..8].copy_from_slice(&index.to_ne_bytes());
        head[8..12].copy_from_slice(&handle.to_ne_bytes());
        head[12..16].copy_from_slice(&parent.to_ne_bytes());
        there(self.0.ask(Message::new(RTM_DELQDISC, 0, &head).text(TCA_KIND, kind)))
    }
}

fn there(asked: io::Result<Vec<Reply>>) -> io::Result<bool> {
    match asked {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn link(reply: &Reply) -> Option<Link> {
    if reply.kind != RTM_NEWLINK {
        return None;
    }
    let kind = reply.attribute(LINK_HEAD, IFLA_LINKINFO).and_then(|info| {
        attributes(info).find(|(kind, _)| *kind == IFLA_INFO_KIND).map(|(_, value)| text_of(value))
    });
    Some(Link {
        index: u32_at(&reply.body, 4)?,
        name: text_of(reply.attribute(LINK_HEAD, IFLA_IFNAME)?),
        kind: kind.unwrap_or_default(),
        is_up: u32_at(&reply.body, 8)? & IFF_UP != 0,
        master: reply.attribute(LINK_HEAD, IFLA_MASTER).and_then(|value| u32_at(value, 0)),
    })
}

fn qdisc(reply: &Reply) -> Option<Qdisc> {
    let stats = reply.attribute(QDISC_HEAD, TCA_STATS2).unwrap_or_default();
    let kind = text_of(reply.attribute(QDISC_HEAD, TCA_KIND)?);
    let stat = |kind: u16, place: usize| {
        let (_, value) = attributes(stats).find(|(found, _)| *found == kind)?;
        u32_at(value, place)
    };
    // struct tc_htb_glob: version, rate2quantum
    let r2q = || {
        let options = reply.attribute(QDISC_HEAD, TCA_OPTIONS).filter(|_| kind == "htb")?;
        let (_, value) = attributes(options).find(|(kind, _)| *kind == TCA_HTB_INIT)?;
        u32_at(value, 4)
    };
    Some(Qdisc {
        index: u32_at(&reply.body, 4)?,
        handle: u32_at(&reply.body, 8)?,
        parent: u32_at(&reply.body, 12)?,
        kind: kind.clone(),
        number: reply
            .attribute(QDISC_HEAD, TCA_INGRESS_BLOCK)
            .and_then(|value| u32_at(value, 0))
            .or_else(r2q),
        // struct gnet_stats_basic: bytes (8), packets; gnet_stats_queue: qlen, backlog, drops
        packets: stat(TCA_STATS_BASIC, 8).unwrap_or_default(),
        drops: stat(TCA_STATS_QUEUE, 8).unwrap_or_default(),
    })
}
