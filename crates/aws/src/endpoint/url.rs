//! URLs taken apart as Python's `urlparse` does, which is what the rules were tested with.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::value::Value;

/// What rules may ask of a URL.
#[derive(Debug, PartialEq, Eq)]
pub struct Url {
    /// `http`, `https`.
    pub scheme: String,
    /// Host and port, and what stands before an `@`.
    pub authority: String,
    /// As it was given.
    pub path: String,
    /// Without dot segments and empty ones, percent-encoded, with a slash at the end.
    pub normalized_path: String,
    /// Whether the host is an IP address.
    pub is_ip: bool,
}

impl Url {
    /// Takes a URL apart; `None` for one with a query, of another scheme, or with a port that is none.
    pub fn parse(text: &str) -> Option<Self> {
        // Python drops these wherever they stand.
        let clean: String = text.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
        let (scheme, rest) = clean.split_once(':')?;
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let rest = match rest.split_once('?') {
            Some((rest, "")) => rest,
            Some(_) => return None,
            None => rest,
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
            None => ("", rest),
        };
        let path = without_parameters(path);
        let host = host(authority)?;
        let is_ip = is_ipv4(&host) || (clean == text && is_ipv6(&host));
        Some(Url {
            scheme,
            authority: authority.to_owned(),
            path: path.to_owned(),
            normalized_path: normalize(path),
            is_ip,
        })
    }

    /// The attribute that rules name.
    pub(super) fn attribute<'r>(&self, name: &str) -> Value<'r> {
        match name {
            "scheme" => Value::text(self.scheme.clone()),
            "authority" => Value::text(self.authority.clone()),
            "path" => Value::text(self.path.clone()),
            "normalizedPath" => Value::text(self.normalized_path.clone()),
            "isIp" => Value::Flag(self.is_ip),
            _ => Value::None,
        }
    }
}

/// The path without what follows a semicolon in its last segment.
fn without_parameters(path: &str) -> &str {
    let segment = path.rfind('/').unwrap_or_default();
    match path[segment..].find(';') {
        Some(at) => &path[..segment + at],
        None => path,
    }
}

/// The host in lower case, without brackets; `None` where the port is none.
fn host(authority: &str) -> Option<String> {
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, after.strip_prefix(':').unwrap_or_default())
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    if !port.is_empty() && (port.bytes().any(|byte| !byte.is_ascii_digit()) || port.parse::<u16>().is_err()) {
        return None;
    }
    Some(host.to_lowercase())
}

/// Four groups of one to three digits, whatever their values.
pub(super) fn is_ipv4(host: &str) -> bool {
    let mut groups = host.split('.');
    let digits =
        |group: &str| (1..=3).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_digit());
    groups.by_ref().take(4).filter(|group| digits(group)).count() == 4 && groups.next().is_none()
}

/// An IPv6 address, with a zone or without.
fn is_ipv6(host: &str) -> bool {
    let (address, zone) = host.split_once('%').map_or((host, None), |(address, zone)| (address, Some(zone)));
    zone.is_none_or(|zone| !zone.is_empty()) && address.parse::<Ipv6Addr>().is_ok()
}

/// The path without dot segments and empty ones, percent-encoded, with a slash at the end.
fn normalize(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let mut normalized =
        if path.is_empty() || path.starts_with('/') { "/".to_owned() } else { String::new() };
    normalized.push_str(&percent_encode(&segments.join("/"), b"/"));
    if !normalized.ends_with('/') {
        normalized.push('/');
    }
    normalized
}

/// Percent-encodes all but letters, digits, `-._~` and the bytes in `safe`.
pub(super) fn percent_encode<'t>(text: &'t str, safe: &[u8]) -> Cow<'t, str> {
    let keeps = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || safe.contains(&byte);
    if text.bytes().all(keeps) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if keeps(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(encoded)
}

/// Whether botocore takes a URL that a user configured: a host with valid labels, or an IPv6 address.
pub(super) fn is_endpoint(text: &str) -> bool {
    if text.contains(['\t', '\r', '\n']) {
        return false;
    }
    let Some(rest) = text.split_once("//").map(|(_, rest)| rest) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    if let Some(host) = address.strip_prefix('[') {
        return host.split_once(']').is_some_and(|(host, _)| is_ipv6(host));
    }
    let host = address.split(':').next().unwrap_or_default();
    if host.is_empty() || host.len() > 255 {
        return false;
    }
    host.strip_suffix('.').unwrap_or(host).split('.').all(super::functions::is_label)
}

#[cfg(test)]
mod tests {
    use super::{Url, is_endpoint, percent_encode};

    fn parse(text: &str) -> Option<(String, String, String, String, bool)> {
        Url::parse(text).map(|url| (url.scheme, url.authority, url.path, url.normalized_path, url.is_ip))
    }

    #[test]
    fn urls_are_taken_apart_as_python_does() {
        // Each as botocore 1.44's `parse_url` gives it.
        let cases = [
            ("https://example.com", ("https", "example.com", "", "/", false)),
            ("HTTPS://Example.com:443/path", ("https", "Example.com:443", "/path", "/path/", false)),
            ("http://127.0.0.1:5000/a/../b//c/.", ("http", "127.0.0.1:5000", "/a/../b//c/.", "/b/c/", true)),
            ("http://[::1]:5000", ("http", "[::1]:5000", "", "/", true)),
            ("http://999.1.1.1/", ("http", "999.1.1.1", "/", "/", true)),
            ("https://user:word@host/a b", ("https", "user:word@host", "/a b", "/a%20b/", false)),
            ("https://host/a;b", ("https", "host", "/a", "/a/", false)),
            ("https://host/x#part", ("https", "host", "/x", "/x/", false)),
            ("https://host?", ("https", "host", "", "/", false)),
        ];
        for (text, (scheme, authority, path, normalized, is_ip)) in cases {
            let expected =
                (scheme.to_owned(), authority.to_owned(), path.to_owned(), normalized.to_owned(), is_ip);
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_url_for_an_endpoint() {
        for text in
            ["", "host", "ftp://host", "https://host?a=b", "https://host:port", "https://host:99999", "s3:x"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn text_is_percent_encoded_byte_by_byte() {
        assert_eq!(percent_encode("a-._~Z9", b""), "a-._~Z9");
        assert_eq!(percent_encode("a/b c", b"/"), "a/b%20c");
        assert_eq!(percent_encode("a/ü", b""), "a%2F%C3%BC");
    }

    #[test]
    fn configured_urls_need_a_host() {
        for text in [
            "http://localhost:5000",
            "https://a.b-c.example./x",
            "http://[::1]:4566",
            "http://127.0.0.1",
            "x://h",
        ] {
            assert!(is_endpoint(text), "{text}");
        }
        for text in [
            "localhost:5000",
            "http://",
            "http://-a",
            "http://a_b",
            "http://a..b",
            "http://a\n",
            "http://[x]",
            "",
        ] {
            assert!(!is_endpoint(text), "{text}");
        }
    }
}
