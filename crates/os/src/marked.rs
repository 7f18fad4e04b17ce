//! Sockets whose packets carry a mark, so that rules can tell them from those of others.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

/// A socket with a mark, for an address of this family. Only who may change the network gets one.
fn socket(to: IpAddr, kind: SocketType, mark: u32) -> io::Result<OwnedFd> {
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
    let length = libc::socklen_t::try_from(size_of::<u32>()).unwrap_or_default();
    #[allow(unsafe_code)]
    // SAFETY: the socket is open, and the kernel reads four bytes of a value that lives until it returns.
    let set = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MARK,
            std::ptr::from_ref(&mark).cast::<libc::c_void>(),
            length,
        )
    };
    if set == 0 { Ok(socket) } else { Err(io::Error::last_os_error()) }
}

/// A UDP socket that speaks to one address; receiving ends after so long.
///
/// # Errors
/// This user may not, or there is no way to the address.
pub fn udp(to: SocketAddr, mark: u32, patience: Duration) -> io::Result<UdpSocket> {
    let socket = UdpSocket::from(socket(to.ip(), SocketType::DGRAM, mark)?);
    socket.connect(to)?;
    socket.set_read_timeout(Some(patience))?;
    Ok(socket)
}

/// A TCP connection to an address; connecting, sending and receiving end after so long each.
///
/// # Errors
/// This user may not, or nobody takes it.
pub fn tcp(to: SocketAddr, mark: u32, patience: Duration) -> io::Result<TcpStream> {
    let socket = socket(to.ip(), SocketType::STREAM, mark)?;
    // connecting heeds the limit for sending
    set_socket_timeout(&socket, Timeout::Send, Some(patience))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(patience))?;
    connect(&socket, &to)?;
    Ok(TcpStream::from(socket))
}
