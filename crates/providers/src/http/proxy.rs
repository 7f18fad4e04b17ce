//! Which proxy a request goes through, from `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` in
//! either case, as `requests` reads them.

use std::net::Ipv4Addr;

use squall_os::environment;

use super::error::{HttpError, Peer};
use super::quote::unquote;
use super::url::Url;

/// A proxy to go through.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proxy {
    /// Where it listens, and whether it speaks TLS itself.
    pub(super) peer: Peer,
    /// User and password for it.
    pub(super) credentials: Option<(String, String)>,
}

/// The proxy for a URL, if any.
///
/// # Errors
///
/// The variable holds no usable URL, or that of a SOCKS proxy.
pub(super) fn proxy_for(url: &Url) -> Result<Option<Proxy>, HttpError> {
    if is_exempt(url, &variable("no").unwrap_or_default()) {
        return Ok(None);
    }
    // In a CGI program, `HTTP_PROXY` is a header of the client.
    let of_scheme = if url.scheme == "http" && environment::var_os("REQUEST_METHOD").is_some() {
        None
    } else {
        variable(&url.scheme)
    };
    of_scheme.or_else(|| variable("all")).map(|text| parse(&text)).transpose()
}

/// The value of `<name>_proxy`, the lower-case variable first; empty counts as not set, and an empty
/// lower-case one hides the other.
fn variable(name: &str) -> Option<String> {
    let name = format!("{name}_proxy");
    let value = environment::var(&name).or_else(|| environment::var(name.to_uppercase()))?;
    (!value.is_empty()).then_some(value)
}

fn parse(text: &str) -> Result<Proxy, HttpError> {
    if text.to_ascii_lowercase().starts_with("socks") {
        return Err(HttpError::other(
            "requests.exceptions.InvalidSchema",
            "Missing dependencies for SOCKS support.",
        ));
    }
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url = Url::prepare(&with_scheme, None).map_err(|_| {
        HttpError::other(
            "requests.exceptions.InvalidProxyURL",
            "Please check proxy URL. It is malformed and could be missing the host.",
        )
    })?;
    let credentials = url.auth.as_deref().and_then(|auth| auth.split_once(':'));
    Ok(Proxy {
        peer: url.peer(),
        credentials: credentials.map(|(user, password)| (unquote(user), unquote(password))),
    })
}

/// Whether `no_proxy` lists the URL's host: by its name or a domain it is in, with or without the
/// port, by its address or a network it is in; `*` lists all.
fn is_exempt(url: &Url, no_proxy: &str) -> bool {
    if no_proxy.trim() == "*" {
        return true;
    }
    let host = url.host_name().to_lowercase();
    let with_port = url.port.map(|port| format!("{host}:{port}"));
    let address: Option<Ipv4Addr> = host.parse().ok();
    no_proxy.split(',').map(|entry| entry.trim().to_lowercase()).filter(|entry| !entry.is_empty()).any(
        |entry| {
            if let (Some(address), Some(network)) = (address, network(&entry)) {
                return network.contains(address);
            }
            let name = entry.trim_start_matches('.');
            let lists =
                |host: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
            lists(&host) || with_port.as_deref().is_some_and(lists)
        },
    )
}

struct Network {
    address: u32,
    mask: u32,
}

impl Network {
    fn contains(&self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask == self.address & self.mask
    }
}

/// An IPv4 network such as `10.0.0.0/8`.
fn network(entry: &str) -> Option<Network> {
    let (address, bits) = entry.split_once('/')?;
    let address: Ipv4Addr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
    Some(Network { address: address.into(), mask: u32::MAX << (32 - bits) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exempt(url: &str, no_proxy: &str) -> bool {
        is_exempt(&Url::prepare(url, None).unwrap(), no_proxy)
    }

    #[test]
    fn no_proxy_lists_hosts_domains_and_networks() {
        assert!(exempt("http://h.example.com/", "other, example.com"));
        assert!(exempt("http://h.example.com/", ".example.com"));
        assert!(exempt("http://EXAMPLE.com/", "Example.COM"));
        assert!(exempt("http://h:8080/", "h:8080"));
        assert!(exempt("http://10.1.2.3/", "10.0.0.0/8"));
        assert!(exempt("http://10.1.2.3/", "10.1.2.3"));
        assert!(exempt("http://anything/", "*"));
        assert!(!exempt("http://badexample.com/", "example.com"));
        assert!(!exempt("http://h:81/", "h:8080"));
        assert!(!exempt("http://11.1.2.3/", "10.0.0.0/8"));
        assert!(!exempt("http://h/", ""));
        assert!(!exempt("http://h/", " , "));
    }

    #[test]
    fn proxies_are_parsed() {
        let proxy = parse("me:p%40ss@proxy").unwrap();
        assert_eq!((proxy.peer.host.as_str(), proxy.peer.port, proxy.peer.tls), ("proxy", 80, false));
        assert_eq!(proxy.credentials, Some(("me".to_owned(), "p@ss".to_owned())));
        assert_eq!(parse("https://proxy:3128/").unwrap().peer.port, 3128);
        assert!(parse("https://proxy").unwrap().peer.tls);
        assert_eq!(parse("socks5://x").unwrap_err().to_string(), "Missing dependencies for SOCKS support.");
        assert_eq!(parse("http://").unwrap_err().class(), "requests.exceptions.InvalidProxyURL");
    }
}
