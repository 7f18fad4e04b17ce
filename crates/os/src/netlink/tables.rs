//! Tables of nftables: whether one is there, what its counters say, and removing it whole.

use std::io;

use super::{ACK, APPEND, CREATE, DUMP, Message, Part, Reply, Socket, attributes, is_absent, text_of};

// linux/netfilter/nfnetlink.h, linux/netfilter/nf_tables.h
const SUBSYSTEM: u16 = 10 << 8;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NFT_MSG_GETTABLE: u16 = SUBSYSTEM | 1;
const NFT_MSG_DELTABLE: u16 = SUBSYSTEM | 2;
const NFT_MSG_NEWRULE: u16 = SUBSYSTEM | 6;
const NFT_MSG_GETOBJ: u16 = SUBSYSTEM | 19;
const NFTA_TABLE_NAME: u16 = 1;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_TARGET_NAME: u16 = 1;
const NFTA_TARGET_REV: u16 = 2;
const NFTA_TARGET_INFO: u16 = 3;
const NFTA_QUEUE_NUM: u16 = 1;
const NFTA_QUEUE_TOTAL: u16 = 2;
const NFTA_QUEUE_FLAGS: u16 = 3;
const NFTA_OBJ_TABLE: u16 = 1;
const NFTA_OBJ_NAME: u16 = 2;
const NFTA_OBJ_DATA: u16 = 4;
const NFTA_COUNTER_PACKETS: u16 = 2;
const BYPASS: u16 = 1;
// linux/netfilter/nfnetlink_conntrack.h
const IPCTNL_MSG_CT_DELETE: u16 = 1 << 8 | 2;
const CTA_MARK: u16 = 8;
const CTA_MARK_MASK: u16 = 21;

/// Protocol families of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4 and IPv6.
    Inet = 1,
    /// IPv4.
    Ip = 2,
    /// IPv6.
    Ip6 = 10,
}

/// How packets come into a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queueing {
    /// By nftables' own expression.
    Native,
    /// By the extension `NFQUEUE` of iptables, where the kernel was built without the former.
    Compatible,
}

/// A conversation about one namespace.
#[derive(Debug)]
pub struct Tables(Socket);

fn head(family: Family) -> [u8; 4] {
    // nfgenmsg: family, version, resource id
    [family as u8, 0, 0, 0]
}

impl Tables {
    /// Opens it, in the namespace of the calling thread.
    ///
    /// # Errors
    /// The kernel gives no socket.
    pub fn open() -> io::Result<Self> {
        Ok(Tables(Socket::open(Part::Netfilter)?))
    }

    /// Whether there is a table of that name.
    ///
    /// # Errors
    /// The kernel does not tell, or has no nftables.
    pub fn has(&mut self, family: Family, name: &str) -> io::Result<bool> {
        let asked = self.0.ask(Message::new(NFT_MSG_GETTABLE, 0, &head(family)).text(NFTA_TABLE_NAME, name));
        match asked {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a table with all that is in it; `false` where it is not there.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn delete(&mut self, family: Family, name: &str) -> io::Result<bool> {
        let delete = Message::new(NFT_MSG_DELTABLE, ACK, &head(family)).text(NFTA_TABLE_NAME, name);
        match self.transact(delete) {
            Ok(()) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds a rule at the end of a chain that puts all packets into a queue; they pass where nobody listens to it, or with
    /// `bypass` off, are lost without a word to who sent them.
    ///
    /// # Errors
    /// The kernel has no such way of queueing, or the chain is not there.
    pub fn add_queue(
        &mut self,
        (family, table, chain): (Family, &str, &str),
        queue: u16,
        bypass: bool,
        by: Queueing,
    ) -> io::Result<()> {
        let flags = if bypass { BYPASS } else { 0 };
        let (name, data) = match by {
            Queueing::Native => {
                let data = Message::inner()
                    .with(NFTA_QUEUE_NUM, &queue.to_be_bytes())
                    .with(NFTA_QUEUE_TOTAL, &1_u16.to_be_bytes())
                    .with(NFTA_QUEUE_FLAGS, &flags.to_be_bytes());
                ("queue", data)
            }
            Queueing::Compatible => {
                // struct xt_NFQ_info_v3: number, how many, flags; padded as the kernel pads it
                let mut info = Vec::new();
                for value in [queue, 1, flags, 0] {
                    info.extend_from_slice(&value.to_ne_bytes());
                }
                let data = Message::inner()
                    .text(NFTA_TARGET_NAME, "NFQUEUE")
                    .with(NFTA_TARGET_REV, &3_u32.to_be_bytes())
                    .with(NFTA_TARGET_INFO, &info);
                ("target", data)
            }
        };
        let expression = Message::inner().text(NFTA_EXPR_NAME, name).nest(NFTA_EXPR_DATA, data);
        let rule = Message::new(NFT_MSG_NEWRULE, ACK | CREATE | APPEND, &head(family))
            .text(NFTA_RULE_TABLE, table)
            .text(NFTA_RULE_CHAIN, chain)
            .nest(NFTA_RULE_EXPRESSIONS, Message::inner().nest(NFTA_LIST_ELEM, expression));
        self.transact(rule)
    }

    /// The packets that a table's named counters have seen.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn counters(&mut self, family: Family, table: &str) -> io::Result<Vec<(String, u64)>> {
        let asked = Message::new(NFT_MSG_GETOBJ, DUMP, &head(family)).text(NFTA_OBJ_TABLE, table);
        Ok(self.0.ask(asked)?.iter().filter_map(counter).collect())
    }

    /// Forgets the connections that carry a mark: what was redirected for them holds no longer.
    ///
    /// # Errors
    /// The kernel refuses.
    pub fn forget(&mut self, mark: u32) -> io::Result<()> {
        // both families; the kernel takes the mark and its mask as a choice
        let message = Message::new(IPCTNL_MSG_CT_DELETE, 0, &[0, 0, 0, 0])
            .with(CTA_MARK, &mark.to_be_bytes())
            .with(CTA_MARK_MASK, &u32::MAX.to_be_bytes());
        match self.0.ask(message) {
            Err(error) if is_absent(&error) => Ok(()),
            other => other.map(drop),
        }
    }

    fn transact(&mut self, message: Message) -> io::Result<()> {
        // nfgenmsg with the subsystem as resource id
        let edge = [0, 0, 0, 10];
        let batch = [Message::new(BATCH_BEGIN, 0, &edge), message, Message::new(BATCH_END, 0, &edge)];
        self.0.batch(&batch, 1)
    }
}

fn counter(reply: &Reply) -> Option<(String, u64)> {
    let name = text_of(reply.attribute(4, NFTA_OBJ_NAME)?);
    let data = reply.attribute(4, NFTA_OBJ_DATA)?;
    let (_, packets) = attributes(data).find(|(kind, _)| *kind == NFTA_COUNTER_PACKETS)?;
    Some((name, u64::from_be_bytes(packets.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::netspace::Netspace;

    #[test]
    fn a_table_is_found_counted_and_removed_and_packets_can_be_queued_in_one_of_two_ways() {
        let tried = Netspace::scratch(|| {
            let rules = "table inet t {\n counter hit { packets 5 bytes 7\n }\n chain c {\n type filter hook output \
                         priority 0\n counter name hit\n }\n }\n";
            let mut nft = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn().expect("nft");
            io::Write::write_all(&mut nft.stdin.take().expect("a pipe"), rules.as_bytes()).expect("it reads");
            assert!(nft.wait().expect("it ends").success());
            let mut tables = Tables::open().expect("netlink");
            assert!(tables.has(Family::Inet, "t").expect("an answer"));
            assert!(!tables.has(Family::Inet, "u").expect("an answer"));
            assert_eq!(tables.counters(Family::Inet, "t").expect("counters"), [("hit".to_owned(), 5)]);
            let place = (Family::Inet, "t", "c");
            let native = tables.add_queue(place, 7, true, Queueing::Native);
            let compatible = tables.add_queue(place, 7, true, Queueing::Compatible);
            assert!(native.is_ok() || compatible.is_ok(), "{native:?} {compatible:?}");
            assert!(tables.delete(Family::Inet, "t").expect("it goes"));
            assert!(!tables.delete(Family::Inet, "t").expect("it is gone"));
            assert!(!tables.has(Family::Inet, "t").expect("an answer"));
        });
        assert!(tried.is_ok(), "{tried:?}");
    }
}
