//! Netlink: asking the kernel about its network, and changing it, without a program in between.
//!
//! A socket belongs to the network namespace in which it was opened, and keeps that namespace alive. So what was opened
//! beforehand needs nothing more when it is used: no file, no program, no way into the namespace.
//!
//! | module | what it speaks about |
//! |---|---|
//! | [`route`] | interfaces, routes, queueing disciplines |
//! | [`tables`] | tables of nftables |
//! | [`queue`] | packets that wait for a verdict (NFQUEUE) |

pub mod queue;
pub mod route;
pub mod tables;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recv, send, socket_with,
};

// linux/netlink.h
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
pub(crate) const REQUEST: u16 = 0x1;
pub(crate) const ACK: u16 = 0x4;
pub(crate) const DUMP: u16 = 0x300;
pub(crate) const CREATE: u16 = 0x400;
pub(crate) const APPEND: u16 = 0x800;
const HEADER: usize = 16;
const NESTED: u16 = 0x8000;

/// How long the kernel may take to answer. It does so at once, if it does not forget.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// A message on its way to the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    kind: u16,
    flags: u16,
    body: Vec<u8>,
}

impl Message {
    /// A message of this kind; `head` is what stands in front of the attributes.
    pub(crate) fn new(kind: u16, flags: u16, head: &[u8]) -> Self {
        let mut message = Message { kind, flags: flags | REQUEST, body: head.to_vec() };
        message.pad();
        message
    }

    fn pad(&mut self) {
        self.body.resize(self.body.len().next_multiple_of(4), 0);
    }

    /// Adds an attribute.
    #[must_use]
    pub(crate) fn with(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.body.extend_from_slice(&length.to_ne_bytes());
        self.body.extend_from_slice(&kind.to_ne_bytes());
        self.body.extend_from_slice(value);
        self.pad();
        self
    }

    /// Adds a text, with the zero behind it.
    #[must_use]
    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.with(kind, &bytes)
    }

    /// Adds attributes in an attribute.
    #[must_use]
    pub(crate) fn nest(self, kind: u16, inner: Message) -> Self {
        self.with(kind | NESTED, &inner.body)
    }

    /// Attributes without a message, to be nested.
    pub(crate) fn inner() -> Self {
        Message { kind: 0, flags: 0, body: Vec::new() }
    }

    fn bytes(&self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(HEADER + self.body.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER + self.body.len());
        bytes.extend_from_slice(&length.to_ne_bytes());
        bytes.extend_from_slice(&self.kind.to_ne_bytes());
        bytes.extend_from_slice(&self.flags.to_ne_bytes());
        bytes.extend_from_slice(&sequence.to_ne_bytes());
        bytes.extend_from_slice(&0_u32.to_ne_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A message from the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) kind: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The attribute of that kind behind a head of so many bytes.
    pub(crate) fn attribute(&self, head: usize, kind: u16) -> Option<&[u8]> {
        attributes(self.body.get(head..)?).find(|(found, _)| *found == kind).map(|(_, value)| value)
    }
}

/// The attributes in these bytes, as far as they are whole.
pub(crate) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(bytes.get(2..4)?.try_into().ok()?) & !(NESTED | 0x4000);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// Four bytes of this host's order at a place.
pub(crate) fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(place..place + 4)?.try_into().ok()?))
}

/// A text that ends in a zero.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A conversation with one part of the kernel.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    sequence: u32,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// The parts of the kernel that we speak to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Route,
    Netfilter,
}

impl Socket {
    /// Opens a socket in the network namespace of the calling thread.
    pub(crate) fn open(part: Part) -> io::Result<Self> {
        let protocol = match part {
            // its number is 0, which is the default
            Part::Route => None,
            Part::Netfilter => Some(netlink::NETFILTER),
        };
        let fd = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
        bind(&fd, &SocketAddrNetlink::new(0, 0))?;
        set_socket_timeout(&fd, Timeout::Recv, Some(PATIENCE))?;
        Ok(Socket { fd, sequence: 1 })
    }

    /// Sends messages in one packet, of which the kernel takes either all or none where it is a batch.
    fn send(&mut self, messages: &[Message]) -> io::Result<u32> {
        let mut bytes = Vec::new();
        for message in messages {
            self.sequence = self.sequence.wrapping_add(1);
            bytes.extend(message.bytes(self.sequence));
        }
        send(&self.fd, &bytes, SendFlags::empty())?;
        Ok(self.sequence)
    }

    /// Sends messages of which the one at `asked` wants an acknowledgement, and waits for it.
    pub(crate) fn batch(&mut self, messages: &[Message], asked: usize) -> io::Result<()> {
        let last = self.send(messages)?;
        let behind = u32::try_from(messages.len() - 1 - asked).unwrap_or_default();
        self.replies(last.wrapping_sub(behind)).map(drop)
    }

    /// Sends a message and waits until it is acknowledged; gives what came before that.
    pub(crate) fn ask(&mut self, message: Message) -> io::Result<Vec<Reply>> {
        let message = Message { flags: message.flags | ACK, ..message };
        let sequence = self.send(&[message])?;
        self.replies(sequence)
    }

    /// Sends a message that nobody answers.
    pub(crate) fn tell(&mut self, message: &Message) -> io::Result<()> {
        self.send(std::slice::from_ref(message)).map(drop)
    }

    /// Waits for the acknowledgement of a message, or the end of what was asked for.
    fn replies(&self, sequence: u32) -> io::Result<Vec<Reply>> {
        let mut replies = Vec::new();
        loop {
            for (number, reply) in self.receive(&mut vec![0; 65536])? {
                if number != sequence {
                    // an error of another message of the batch is an error of all
                    if reply.kind == NLMSG_ERROR && error_of(&reply).is_err() {
                        return error_of(&reply).map(|()| replies);
                    }
                    continue;
                }
                match reply.kind {
                    NLMSG_ERROR => return error_of(&reply).map(|()| replies),
                    NLMSG_DONE => return error_of(&reply).map(|()| replies),
                    _ => replies.push(reply),
                }
            }
        }
    }

    /// Waits for a packet; gives the messages in it, with their numbers.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> io::Result<Vec<(u32, Reply)>> {
        let length = loop {
            match recv(&self.fd, &mut *buffer, RecvFlags::empty()) {
                Ok((_, length)) => break length,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "the kernel does not answer"));
                }
                Err(error) => return Err(error.into()),
            }
        };
        Ok(messages(&buffer[..length.min(buffer.len())]))
    }
}

fn messages(mut bytes: &[u8]) -> Vec<(u32, Reply)> {
    let mut found = Vec::new();
    while let (Some(length), Some(sequence)) = (u32_at(bytes, 0), u32_at(bytes, 8)) {
        let length = length as usize;
        let Some(body) = bytes.get(HEADER..length) else { break };
        let kind = u16::from_ne_bytes([bytes[4], bytes[5]]);
        found.push((sequence, Reply { kind, body: body.to_vec() }));
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

fn error_of(reply: &Reply) -> io::Result<()> {
    match u32_at(&reply.body, 0).map(u32::cast_signed) {
        None | Some(0..) => Ok(()),
        Some(number) => Err(io::Error::from_raw_os_error(-number)),
    }
}

/// Whether an error means that what was asked about is not there.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENODEV | libc::ENXIO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_as_they_were_written_and_torn_ones_end_it() {
        let message =
            Message::inner().with(3, &[1, 2, 3]).text(4, "ab").nest(5, Message::inner().with(1, &[9]));
        let read: Vec<(u16, Vec<u8>)> =
            attributes(&message.body).map(|(kind, value)| (kind, value.to_vec())).collect();
        assert_eq!(read[0], (3, vec![1, 2, 3]));
        assert_eq!(text_of(&read[1].1), "ab");
        assert_eq!(attributes(&read[2].1).next(), Some((1, &[9][..])));
        assert_eq!(attributes(&message.body[..9]).count(), 1);
        assert_eq!(attributes(&[1, 0, 0, 0]).count(), 0);
    }

    #[test]
    fn the_kernel_answers() {
        let mut route = route::Route::open().expect("netlink");
        let links = route.links().expect("interfaces");
        assert!(links.iter().any(|link| link.name == "lo" && link.index == 1));
    }
}
