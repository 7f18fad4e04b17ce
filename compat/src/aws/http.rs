//! As much of HTTP/1.1 as a server for tests needs: requests in, answers out, connections kept.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

use super::call::Request;

/// The most that a body may have.
const LARGEST: u64 = 64 << 20;

/// The next request of a connection; nothing where the client has closed it.
pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            reader.by_ref().take(size.min(LARGEST)).read_to_end(&mut body)?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                break;
            }
        }
    } else {
        let length: u64 = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        reader.by_ref().take(length.min(LARGEST)).read_to_end(&mut body)?;
    }
    Ok(Some(Request { method, target, headers, body, status: None }))
}

/// Writes an answer.
pub(super) fn write(
    stream: &mut impl Write,
    method: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> io::Result<()> {
    let bodiless = status == 204 || status == 304;
    let mut head = format!("HTTP/1.1 {status} Answer\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !bodiless {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    let mut bytes = head.into_bytes();
    if method != "HEAD" && !bodiless {
        bytes.extend_from_slice(body);
    }
    stream.write_all(&bytes)?;
    stream.flush()
}
