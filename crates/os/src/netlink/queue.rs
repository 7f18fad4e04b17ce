//! Packets that wait in a queue of netfilter for a verdict.

use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_recv_buffer_size;

use super::{Message, Part, Socket, attributes};

// linux/netfilter/nfnetlink_queue.h
const SUBSYSTEM: u16 = 3 << 8;
const NFQNL_MSG_PACKET: u16 = SUBSYSTEM;
const NFQNL_MSG_VERDICT: u16 = SUBSYSTEM | 1;
const NFQNL_MSG_CONFIG: u16 = SUBSYSTEM | 2;
const NFQA_CFG_CMD: u16 = 1;
const NFQA_CFG_PARAMS: u16 = 2;
const NFQA_CFG_QUEUE_MAXLEN: u16 = 3;
const NFQA_CFG_MASK: u16 = 4;
const NFQA_CFG_FLAGS: u16 = 5;
const NFQA_PACKET_HDR: u16 = 1;
const NFQA_VERDICT_HDR: u16 = 2;
const NFQA_PAYLOAD: u16 = 10;
const CFG_CMD_BIND: u8 = 1;
const COPY_META: u8 = 1;
const COPY_PACKET: u8 = 2;
const FLAG_FAIL_OPEN: u32 = 1;
const FLAG_GSO: u32 = 4;
const NF_DROP: u32 = 0;
const NF_ACCEPT: u32 = 1;

/// The longest packet.
const LONGEST: usize = 65_535;

/// A packet that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    id: u32,
    /// Its bytes from the header of IP on, where they were asked for.
    pub payload: Vec<u8>,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Accept,
    /// It is dropped.
    Drop,
}

/// A queue that this process listens to. It ends with the process; what waits then is lost.
#[derive(Debug)]
pub struct Queue {
    socket: Socket,
    number: u16,
    buffer: Vec<u8>,
}

impl Queue {
    /// Listens to a queue of the namespace of the calling thread. `length` is how many packets may wait; more of them
    /// pass at once. `whole`: packets come with their bytes, and are cut into the wire's size first.
    ///
    /// # Errors
    /// Somebody else listens to it, the kernel has no queues, or this user may not.
    pub fn open(number: u16, length: u32, whole: bool) -> io::Result<Self> {
        let mut socket = Socket::open(Part::Netfilter)?;
        let head = head(number);
        let config = |kind: u16, value: &[u8]| Message::new(NFQNL_MSG_CONFIG, 0, &head).with(kind, value);
        socket.ask(config(NFQA_CFG_CMD, &[CFG_CMD_BIND, 0, 0, 0]))?;
        let (range, mode) = if whole { (LONGEST as u32, COPY_PACKET) } else { (0, COPY_META) };
        let mut parameters = range.to_be_bytes().to_vec();
        parameters.push(mode);
        socket.ask(config(NFQA_CFG_PARAMS, &parameters))?;
        socket.ask(config(NFQA_CFG_QUEUE_MAXLEN, &length.to_be_bytes()))?;
        let flags = if whole { FLAG_FAIL_OPEN } else { FLAG_FAIL_OPEN | FLAG_GSO };
        let flags = config(NFQA_CFG_FLAGS, &flags.to_be_bytes()).with(NFQA_CFG_MASK, &flags.to_be_bytes());
        socket.ask(flags)?;
        // As much as this user may; packets that find no room here are lost.
        let _ = set_socket_recv_buffer_size(&socket, 16 << 20);
        Ok(Queue { socket, number, buffer: vec![0; LONGEST + 4096] })
    }

    /// Waits for packets for at most so long; none may have come then.
    ///
    /// # Errors
    /// The queue is broken.
    pub fn receive(&mut self, patience: Duration) -> io::Result<Vec<Packet>> {
        // not by the socket's own limit of time, which counts in the kernel's ticks
        let timeout = Timespec::try_from(patience).map_err(io::Error::other)?;
        let mut polled = [PollFd::new(&self.socket, PollFlags::IN)];
        match poll(&mut polled, Some(&timeout)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return Ok(Vec::new()),
            Ok(_) => {}
            Err(error) => return Err(error.into()),
        }
        match self.socket.receive(&mut self.buffer) {
            Ok(messages) => Ok(messages.iter().filter_map(|(_, reply)| packet(reply)).collect()),
            // so many came that some were lost: that is the kernel's notice of it
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Decides on a packet; with `changed`, its bytes become these.
    ///
    /// # Errors
    /// The queue is broken.
    pub fn decide(&mut self, packet: &Packet, verdict: Verdict, changed: Option<&[u8]>) -> io::Result<()> {
        let verdict = match verdict {
            Verdict::Accept => NF_ACCEPT,
            Verdict::Drop => NF_DROP,
        };
        let mut value = verdict.to_be_bytes().to_vec();
        value.extend_from_slice(&packet.id.to_be_bytes());
        let mut message =
            Message::new(NFQNL_MSG_VERDICT, 0, &head(self.number)).with(NFQA_VERDICT_HDR, &value);
        if let Some(bytes) = changed {
            message = message.with(NFQA_PAYLOAD, bytes);
        }
        self.socket.tell(&message)
    }
}

fn head(number: u16) -> [u8; 4] {
    let [high, low] = number.to_be_bytes();
    [0, 0, high, low]
}

fn packet(reply: &super::Reply) -> Option<Packet> {
    if reply.kind != NFQNL_MSG_PACKET {
        return None;
    }
    let mut found = Packet { id: 0, payload: Vec::new() };
    let mut has_id = false;
    for (kind, value) in attributes(reply.body.get(4..)?) {
        match kind {
            NFQA_PACKET_HDR => {
                found.id = u32::from_be_bytes(value.get(..4)?.try_into().ok()?);
                has_id = true;
            }
            NFQA_PAYLOAD => found.payload = value.to_vec(),
            _ => {}
        }
    }
    has_id.then_some(found)
}
