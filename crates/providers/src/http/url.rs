//! URLs as `requests` and `urllib3` read, normalise and join them.

use std::fmt;

use squall_model::python;

use super::error::{HttpError, Peer};
use super::quote::{encode_component, in_path, in_query, in_userinfo, requote, unquote};

/// An absolute URL of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// `http` or `https`.
    pub(super) scheme: String,
    /// User and password, percent-encoded.
    pub(super) auth: Option<String>,
    /// Lower-case; an IPv6 address in brackets.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Begins with a slash.
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) fragment: Option<String>,
}

/// A URI reference cut into its parts, nothing decoded.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let (scheme, rest) = match scheme_end(text) {
            Some(end) => (Some(&text[..end]), &text[end + 1..]),
            None => (None, text),
        };
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['\\', '/', '?', '#']).unwrap_or(rest.len());
                (Some(&rest[..end]), &rest[end..])
            }
            None => (None, rest),
        };
        let (rest, fragment) = split_at_char(rest, '#');
        let (path, query) = split_at_char(rest, '?');
        Parts { scheme, authority, path, query, fragment }
    }
}

fn split_at_char(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Where the colon after a scheme is.
fn scheme_end(text: &str) -> Option<usize> {
    let colon = text.find(':')?;
    let scheme = &text[..colon];
    let valid = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    valid.then_some(colon)
}

impl Url {
    /// Prepares the URL of a first request, `query` (encoded arguments) appended to its own.
    ///
    /// # Errors
    ///
    /// No scheme, a scheme other than `http` and `https`, no or a malformed host or port.
    pub(super) fn prepare(text: &str, query: Option<&str>) -> Result<Url, HttpError> {
        let text = text.trim_start();
        if text.contains(':') && !text.to_lowercase().starts_with("http") {
            return Err(no_adapter(text));
        }
        let has_scheme = text.starts_with('/') || scheme_end(text).is_some();
        let prefixed;
        let parts = if has_scheme {
            Parts::of(text)
        } else {
            prefixed = format!("//{text}");
            Parts::of(&prefixed)
        };
        let authority = Authority::of(parts.authority.unwrap_or_default(), text)?;
        let shown = python::str_repr(text);
        let Some(scheme) = parts.scheme else {
            return Err(HttpError::other(
                "requests.exceptions.MissingSchema",
                format!("Invalid URL {shown}: No scheme supplied. Perhaps you meant https://{text}?"),
            ));
        };
        if authority.host.is_empty() {
            return Err(HttpError::invalid_url(format!("Invalid URL {shown}: No host supplied")));
        }
        if authority.host.starts_with(['*', '.']) {
            return Err(HttpError::invalid_url("URL has an invalid label."));
        }
        let own =
            parts.query.filter(|query| !query.is_empty()).map(|query| encode_component(query, in_query));
        let query = match (own, query.filter(|query| !query.is_empty())) {
            (Some(own), Some(more)) => Some(format!("{own}&{more}")),
            (own, more) => own.or(more.map(str::to_owned)),
        };
        let mut path = encode_component(&without_dots(parts.path), in_path);
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        let fragment = parts.fragment.filter(|fragment| !fragment.is_empty());
        let url = Url {
            scheme: scheme.to_lowercase(),
            auth: authority.auth,
            host: authority.host,
            port: authority.port,
            path,
            query,
            fragment: fragment.map(|fragment| encode_component(fragment, in_query)),
        };
        // The whole is quoted, user and password included, and may then have other parts: a `#` in the
        // arguments begins a fragment.
        Url::of_quoted(&requote(&url.to_string())).checked()
    }

    /// The parts of an absolute URL that was checked.
    fn of_quoted(text: &str) -> Url {
        let parts = Parts::of(text);
        let authority = parts.authority.unwrap_or_default();
        let (auth, host_port) =
            authority.rsplit_once('@').map_or((None, authority), |(auth, host)| (Some(auth), host));
        let port_of = |host_port: &'_ str| {
            let (host, port) = host_port.rsplit_once(':')?;
            Some((host.to_owned(), port.parse().ok()?))
        };
        let (host, port) = match port_of(host_port) {
            Some((host, port)) => (host, Some(port)),
            None => (host_port.to_owned(), None),
        };
        Url {
            scheme: parts.scheme.unwrap_or_default().to_owned(),
            auth: auth.map(str::to_owned),
            host,
            port,
            path: if parts.path.is_empty() { "/".to_owned() } else { parts.path.to_owned() },
            query: parts.query.filter(|query| !query.is_empty()).map(str::to_owned),
            fragment: parts.fragment.filter(|fragment| !fragment.is_empty()).map(str::to_owned),
        }
    }

    /// The URL that a `Location` header leads to from here. The fragment of this URL is kept where the
    /// new one has none.
    ///
    /// # Errors
    ///
    /// As [`Url::prepare`].
    pub(super) fn join(&self, location: &str) -> Result<Url, HttpError> {
        let requoted = requote(location);
        let parts = Parts::of(&requoted);
        if let Some(scheme) = parts.scheme
            && !scheme.eq_ignore_ascii_case("http")
            && !scheme.eq_ignore_ascii_case("https")
        {
            return Err(no_adapter(location));
        }
        let mut joined = match parts.authority.filter(|authority| !authority.is_empty()) {
            Some(authority) => {
                let authority = Authority::of(authority, location)?;
                let scheme = parts.scheme.map_or_else(|| self.scheme.clone(), str::to_lowercase);
                Url {
                    scheme,
                    auth: authority.auth,
                    host: authority.host,
                    port: authority.port,
                    path: if parts.path.is_empty() { "/".to_owned() } else { parts.path.to_owned() },
                    query: parts.query.map(str::to_owned),
                    fragment: None,
                }
            }
            None => {
                let mut joined = self.clone();
                if !parts.path.is_empty() {
                    joined.path = self.resolve(parts.path);
                    joined.query = None;
                }
                if parts.query.is_some() {
                    joined.query = parts.query.map(str::to_owned);
                }
                joined
            }
        };
        if joined.query.as_deref() == Some("") {
            joined.query = None;
        }
        joined.fragment =
            parts.fragment.filter(|f| !f.is_empty()).map(str::to_owned).or_else(|| self.fragment.clone());
        joined.checked()
    }

    fn resolve(&self, path: &str) -> String {
        if path.starts_with('/') {
            return without_dots(path);
        }
        let folder = &self.path[..=self.path.rfind('/').unwrap_or(0)];
        without_dots(&format!("{folder}{path}"))
    }

    fn checked(self) -> Result<Url, HttpError> {
        if self.scheme == "http" || self.scheme == "https" {
            Ok(self)
        } else {
            Err(no_adapter(&self.to_string()))
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    pub(super) fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// The host without the brackets of an IPv6 address.
    pub(super) fn host_name(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// Whom to connect to.
    pub(super) fn peer(&self) -> Peer {
        // Resolvers know the zone of an address behind a bare percent sign.
        let host = self.host_name();
        let host = if host.contains(':') { host.replacen("%25", "%", 1) } else { host.to_owned() };
        Peer { tls: self.is_https(), host, port: self.port_or_default() }
    }

    /// Path and query as they are sent: the request target. Percent signs that begin no escape are
    /// escaped here at the latest.
    pub(super) fn target(&self) -> String {
        let path = encode_component(&self.path, in_path);
        match &self.query {
            Some(query) => format!("{path}?{}", encode_component(query, in_query)),
            None => path,
        }
    }

    /// The target of a request through a plain proxy: everything but user and fragment.
    pub(super) fn proxied_target(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority(), self.target())
    }

    /// Host, and the port if one was given.
    pub(super) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The `Host` header of a direct request: the port only where it is not the scheme's own.
    pub(super) fn host_header(&self) -> String {
        let default = if self.is_https() { 443 } else { 80 };
        if self.port_or_default() == default { self.host.clone() } else { self.authority() }
    }

    /// User and password, decoded, when the URL has both.
    pub(super) fn credentials(&self) -> Option<(String, String)> {
        let (user, password) = self.auth.as_ref()?.split_once(':')?;
        let credentials = (unquote(user), unquote(password));
        (!(credentials.0.is_empty() && credentials.1.is_empty())).then_some(credentials)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        if let Some(auth) = &self.auth {
            write!(f, "{auth}@")?;
        }
        write!(f, "{}{}", self.authority(), self.path)?;
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        self.fragment.as_ref().map_or(Ok(()), |fragment| write!(f, "#{fragment}"))
    }
}

fn no_adapter(url: &str) -> HttpError {
    HttpError::other(
        "requests.exceptions.InvalidSchema",
        format!("No connection adapters were found for {}", python::str_repr(url)),
    )
}

/// User, host and port of a URL.
struct Authority {
    auth: Option<String>,
    host: String,
    port: Option<u16>,
}

impl Authority {
    fn of(text: &str, url: &str) -> Result<Authority, HttpError> {
        let fail = |what: String| HttpError::invalid_url(format!("Failed to parse: {what}"));
        let (auth, host_port) = match text.rsplit_once('@') {
            Some((auth, host)) => (Some(auth).filter(|auth| !auth.is_empty()), host),
            None => (None, text),
        };
        if let Some(bad) = host_port.chars().find(|c| *c <= ' ' || *c == '\x7f') {
            let (host, bad) = (python::str_repr(host_port), python::str_repr(&bad.to_string()));
            return Err(fail(format!("Host {host} contains invalid character {bad}")));
        }
        let malformed = || fail(format!("{} is not a valid host or port", python::str_repr(host_port)));
        let (host, port) = match host_port.strip_prefix('[') {
            Some(rest) => {
                let (address, after) = rest.split_once(']').ok_or_else(malformed)?;
                let port = after.strip_prefix(':').or_else(|| after.is_empty().then_some(""));
                (ipv6(address).ok_or_else(malformed)?, port.ok_or_else(malformed)?)
            }
            None => {
                let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
                if host.contains(['[', ']']) || has_bare_percent(host) {
                    return Err(malformed());
                }
                (registered_name(host, &fail)?, port)
            }
        };
        let port = match port.trim_start_matches('0') {
            "" if port.is_empty() => None,
            "" => Some(0),
            digits if digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse().map_err(|_| fail(url.to_owned()))?)
            }
            _ => return Err(malformed()),
        };
        Ok(Authority { auth: auth.map(|auth| encode_component(auth, in_userinfo)), host, port })
    }
}

/// A bracketed IPv6 address, its zone's separator in the form that resolvers read.
fn ipv6(text: &str) -> Option<String> {
    let (address, zone) = split_at_char(text, '%');
    address.parse::<std::net::Ipv6Addr>().ok()?;
    let address = address.to_lowercase();
    Some(match zone {
        Some(zone) => {
            format!("[{address}%{}]", zone.strip_prefix("25").filter(|z| !z.is_empty()).unwrap_or(zone))
        }
        None => format!("[{address}]"),
    })
}

/// Whether a percent sign begins no escape.
fn has_bare_percent(text: &str) -> bool {
    let digits =
        |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).any(|escape| !digits(escape))
}

/// A host name in lower case, as ASCII.
fn registered_name(host: &str, fail: &dyn Fn(String) -> HttpError) -> Result<String, HttpError> {
    if host.is_ascii() {
        return Ok(host.to_lowercase());
    }
    idna::domain_to_ascii_strict(host)
        .map_err(|_| fail(format!("Name {} is not a valid IDNA label", python::str_repr(host))))
}

/// The path without `.` and `..` segments (RFC 3986, 5.2.4).
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    if path.starts_with('/') && segments.first().is_none_or(|first| !first.is_empty()) {
        segments.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        segments.push("");
    }
    segments.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        Url::prepare(text, None)
            .map_or_else(|error| format!("{}: {error}", error.class()), |url| url.to_string())
    }

    #[test]
    fn urls_are_normalised() {
        for (given, expected) in [
            ("http://h", "http://h/"),
            ("  HTTP://H:8080/../a/./b", "http://h:8080/a/b"),
            ("http://u:p%40@h/x#f", "http://u:p%40@h/x#f"),
            ("http://h/é?ü=1 2%zz%41", "http://h/%C3%A9?%C3%BC=1%202%25zz%2541"),
            ("http://h?a", "http://h/?a"),
            ("http://h/?", "http://h/"),
            ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]:80/"),
            ("http://[fe80::1%25eth0]/", "http://[fe80::1%25eth0]/"),
            ("http://bücher.example/", "http://xn--bcher-kva.example/"),
            ("http://h:/", "http://h/"),
            ("http://h\\x", "http://h/%5Cx"),
            ("http://u:p%40@h/x?%zz", "http://u:p%40@h/x?%25zz"),
        ] {
            assert_eq!(prepared(given), expected, "{given}");
        }
    }

    #[test]
    fn zones_are_for_the_resolver() {
        let url = Url::prepare("http://[fe80::1%25eth0]:81/", None).unwrap();
        assert_eq!((url.peer().host.as_str(), url.peer().port), ("fe80::1%eth0", 81));
    }

    #[test]
    fn arguments_follow_the_url_s_own_query() {
        let target = |url: &str, query: &str| Url::prepare(url, Some(query)).unwrap().target();
        assert_eq!(target("http://h/x?a=1#f", "b=2"), "/x?a=1&b=2");
        assert_eq!(target("http://h", "raw q"), "/?raw%20q");
        assert_eq!(target("http://h/", "@%2f#?;"), "/?@%2F");
        let whole = Url::prepare("http://u:p%40@h/", Some("%zz")).unwrap();
        assert_eq!(whole.to_string(), "http://u:p%2540@h/?%25zz");
        assert_eq!(target("http://h/", "!|%'%41%"), "/?!%257C%25'A%25");
    }

    #[test]
    fn malformed_urls_are_refused_in_the_words_of_the_reference() {
        for (given, expected) in [
            ("zzz", "MissingSchema: Invalid URL 'zzz': No scheme supplied. Perhaps you meant https://zzz?"),
            ("", "MissingSchema: Invalid URL '': No scheme supplied. Perhaps you meant https://?"),
            (
                "//x/y",
                "MissingSchema: Invalid URL '//x/y': No scheme supplied. Perhaps you meant https:////x/y?",
            ),
            ("ftp://x/", "InvalidSchema: No connection adapters were found for 'ftp://x/'"),
            ("httpx://a/", "InvalidSchema: No connection adapters were found for 'httpx://a/'"),
            ("http://", "InvalidURL: Invalid URL 'http://': No host supplied"),
            ("http:127.0.0.1:1/", "InvalidURL: Invalid URL 'http:127.0.0.1:1/': No host supplied"),
            ("http://*x/", "InvalidURL: URL has an invalid label."),
            ("http://a b/", "InvalidURL: Failed to parse: Host 'a b' contains invalid character ' '"),
            ("http://x:99999/", "InvalidURL: Failed to parse: http://x:99999/"),
            ("http://x:abc/", "InvalidURL: Failed to parse: 'x:abc' is not a valid host or port"),
            ("http://[::1/", "InvalidURL: Failed to parse: '[::1' is not a valid host or port"),
        ] {
            assert_eq!(prepared(given), format!("requests.exceptions.{expected}"), "{given}");
        }
    }

    #[test]
    fn locations_are_joined() {
        let base = Url::prepare("http://u:p@h:81/a/b?q#f", None).unwrap();
        for (location, expected) in [
            ("/x", "http://u:p@h:81/x#f"),
            ("c d", "http://u:p@h:81/a/c%20d#f"),
            ("../c?z#g", "http://u:p@h:81/c?z#g"),
            ("?n", "http://u:p@h:81/a/b?n#f"),
            ("//other/x", "http://other/x#f"),
            ("https://o", "https://o/#f"),
        ] {
            assert_eq!(base.join(location).unwrap().to_string(), expected, "{location}");
        }
        assert!(base.join("ftp://x/").unwrap_err().to_string().contains("'ftp://x/'"));
    }
}
