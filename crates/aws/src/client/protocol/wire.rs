//! Requests and answers as they go over the wire, before they have a host and a signature.

use squall_model::python;
use squall_model::{Map, Value};

/// A request without its host.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `POST`.
    pub method: String,
    /// The path, percent-encoded, with the fixed part of the query that the model has in it.
    pub path: String,
    /// Pairs of the query, not encoded.
    pub query: Vec<(String, String)>,
    /// Headers by name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What goes before the host's name.
    pub host_prefix: Option<String>,
}

impl Request {
    /// The value of a header, however its name is written.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// Sets a header, in place of one of that name.
    pub fn set_header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.retain(|(there, _)| !there.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
    }

    /// Sets a header where there is none of that name.
    pub fn default_header(&mut self, name: &str, value: impl Into<String>) {
        if self.header(name).is_none() {
            self.headers.push((name.to_owned(), value.into()));
        }
    }

    /// Scheme and host at this endpoint, and what is asked for there: path and query.
    pub fn at(&self, endpoint: &str) -> (String, String) {
        let (scheme, rest) = endpoint.split_once("://").unwrap_or(("https", endpoint));
        let (host, base) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let prefix = self.host_prefix.as_deref().unwrap_or_default();
        let mut target = format!("{}{}", base.trim_end_matches('/'), self.target());
        if !target.starts_with('/') {
            target.insert(0, '/');
        }
        (format!("{scheme}://{prefix}{host}"), target)
    }

    /// The path with the whole query, encoded.
    pub fn target(&self) -> String {
        let mut target = self.path.clone();
        for (name, value) in &self.query {
            target.push(if target.contains('?') { '&' } else { '?' });
            encode_into(name, "", &mut target);
            target.push('=');
            encode_into(value, "", &mut target);
        }
        target
    }
}

/// An answer, read whole.
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Headers in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, however its name is written.
    pub fn header(&self, name: &str) -> Option<&str> {
        find(&self.headers, name)
    }

    /// boto3's `ResponseMetadata` of it, without the request's id.
    pub(crate) fn complete(&self, metadata: &Map) {
        metadata.insert("HTTPStatusCode", Value::from(i64::from(self.status)));
        let headers = Map::new();
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            let value = match headers.get(&name) {
                Some(before) => format!("{}, {value}", python::str(&before)),
                None => value.clone(),
            };
            headers.insert(name, Value::from(value));
        }
        metadata.insert("HTTPHeaders", Value::Map(headers));
    }
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(there, _)| there.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// Percent-encodes all but letters, digits, `-._~` and what is `safe`.
pub(crate) fn encode_into(text: &str, safe: &str, out: &mut String) {
    for byte in text.bytes() {
        let kept = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.as_bytes().contains(&byte);
        if kept {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// Percent-encodes all but letters, digits, `-._~` and what is `safe`.
pub(crate) fn encode(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    encode_into(text, safe, &mut out);
    out
}
