//! A small HTTP/1.1 server for tests. It shows requests as they came, names of headers included.

#![allow(dead_code, clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use squall_os::environment;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// The number of the connection it came over, from 0.
    pub connection: usize,
}

impl Received {
    /// The value of a header, by the exact name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
pub enum Reply {
    /// Sends these bytes, and reads the next request.
    Bytes(Vec<u8>),
    /// Sends these bytes, and closes the connection.
    Last(Vec<u8>),
    /// Sends these bytes, and never anything again.
    Hang(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Answers a `CONNECT`, and passes bytes on to this address from then on.
    Tunnel(SocketAddr),
}

/// A response with a body and these header lines.
pub fn ok(headers: &str, body: &str) -> Reply {
    Reply::Bytes(
        format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

/// An empty response with a status and these header lines.
pub fn status(status: u16, headers: &str) -> Reply {
    Reply::Bytes(format!("HTTP/1.1 {status} Status\r\n{headers}Content-Length: 0\r\n\r\n").into_bytes())
}

/// A running server on a free port of the loopback interface; it ends with its runtime.
pub struct Server {
    pub address: SocketAddr,
    seen: Arc<Mutex<Vec<Received>>>,
}

type Handler = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

impl Server {
    /// Serves plain HTTP.
    pub async fn start(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Server {
        Self::start_with(handler, None).await
    }

    /// Serves with TLS where an acceptor is given.
    pub async fn start_with(
        handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
        tls: Option<TlsAcceptor>,
    ) -> Server {
        // Tests must not depend on the proxy and credentials of whoever runs them.
        environment::set("no_proxy", "*");
        environment::set("NETRC", "/dev/null");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler: Handler = Arc::new(handler);
        tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                for connection in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (handler, seen, tls) = (Arc::clone(&handler), Arc::clone(&seen), tls.clone());
                    tokio::spawn(async move {
                        match tls {
                            None => serve(stream, connection, handler, seen).await,
                            Some(tls) => {
                                if let Ok(stream) = tls.accept(stream).await {
                                    serve(stream, connection, handler, seen).await;
                                }
                            }
                        }
                    });
                }
            }
        });
        Server { address, seen }
    }

    /// The URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap().clone()
    }

    /// The last request.
    pub fn last(&self) -> Received {
        self.seen().pop().expect("a request")
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Reset>(
    stream: S,
    connection: usize,
    handler: Handler,
    seen: Arc<Mutex<Vec<Received>>>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = read(&mut stream).await {
        request.connection = connection;
        let reply = handler(&request);
        seen.lock().unwrap().push(request);
        match reply {
            Reply::Bytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
                    return;
                }
            }
            Reply::Last(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Hang(bytes) => {
                stream.write_all(&bytes).await.unwrap();
                stream.flush().await.unwrap();
                return std::future::pending().await;
            }
            Reply::Reset => {
                stream.into_inner().reset();
                return;
            }
            Reply::Tunnel(address) => {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let mut target = tokio::net::TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut target).await;
                return;
            }
        }
    }
}

/// Streams that can be reset.
trait Reset {
    fn reset(self);
}

impl Reset for tokio::net::TcpStream {
    fn reset(self) {
        self.set_zero_linger().unwrap();
    }
}

impl<S: Reset> Reset for tokio_rustls::server::TlsStream<S> {
    fn reset(self) {
        self.into_inner().0.reset();
    }
}

async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Received> {
    let mut request = Received::default();
    let line = line(stream).await?;
    let mut words = line.split(' ');
    request.method = words.next()?.to_owned();
    request.target = words.next()?.to_owned();
    loop {
        let header = self::line(stream).await?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        request.headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let find = |name: &str| {
        request
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    if let Some(length) = find("content-length") {
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).await.ok()?;
        request.body = String::from_utf8(body).unwrap();
    } else if find("transfer-encoding").is_some() {
        while self::line(stream).await? != "0" {}
        self::line(stream).await?;
    }
    Some(request)
}

async fn line(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.ok()?;
    let line = line.strip_suffix(b"\r\n")?;
    // Latin-1, as HTTP has it.
    Some(line.iter().map(|byte| char::from(*byte)).collect())
}
