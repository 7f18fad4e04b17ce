//! Cookies, for the length of one request and its redirects.

use std::time::SystemTime;

use super::date;
use super::url::Url;

/// What servers asked to be sent back.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug)]
struct Cookie {
    name: String,
    value: String,
    /// The host that set it, or the domain that it named, without a leading dot.
    domain: String,
    /// Whether hosts below the domain get it too.
    subdomains: bool,
    path: String,
    secure: bool,
}

impl Jar {
    /// Takes up the `Set-Cookie` headers of a response from `url`. A cookie for a domain that the host is
    /// not in is refused; one that has expired removes its predecessor.
    pub(super) fn store<'a>(&mut self, url: &Url, headers: impl Iterator<Item = &'a str>) {
        for header in headers {
            let Some((cookie, expired)) = parse(url, header) else { continue };
            self.cookies.retain(|old| {
                (&old.name, &old.domain, &old.path) != (&cookie.name, &cookie.domain, &cookie.path)
            });
            if !expired {
                self.cookies.push(cookie);
            }
        }
    }

    /// The `Cookie` header for a request to `url`, longest paths first.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let mut fitting: Vec<&Cookie> = self.cookies.iter().filter(|cookie| cookie.fits(url)).collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> =
            fitting.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl Cookie {
    fn fits(&self, url: &Url) -> bool {
        let host = url.host_name();
        let domain = host == self.domain || (self.subdomains && is_below(host, &self.domain));
        let path = url.path == self.path
            || url
                .path
                .strip_prefix(&self.path)
                .is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        domain && path && (!self.secure || url.is_https())
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        && host.parse::<std::net::IpAddr>().is_err()
}

/// A cookie, and whether it has expired.
fn parse(url: &Url, header: &str) -> Option<(Cookie, bool)> {
    let mut parts = header.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let host = url.host_name();
    let mut cookie = Cookie {
        name: name.trim().to_owned(),
        value: value.trim().to_owned(),
        domain: host.to_owned(),
        subdomains: false,
        path: url.path[..=url.path.rfind('/').unwrap_or(0)].to_owned(),
        secure: false,
    };
    let mut expired = false;
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                let domain = value.trim_start_matches('.').to_ascii_lowercase();
                // A cookie for a whole top-level domain is nobody's to set.
                if host != domain && !(is_below(host, &domain) && domain.contains('.')) {
                    return None;
                }
                cookie.domain = domain;
                cookie.subdomains = true;
            }
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.secure = true,
            "max-age" => expired |= value.parse::<i64>().is_ok_and(|seconds| seconds <= 0),
            "expires" => expired |= date::parse(value).is_some_and(|moment| moment <= SystemTime::now()),
            _ => {}
        }
    }
    (!cookie.name.is_empty()).then_some((cookie, expired))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::prepare(text, None).unwrap()
    }

    #[test]
    fn cookies_go_back_to_where_they_belong() {
        let mut jar = Jar::default();
        let set = [
            "a=1; Path=/",
            "b=2",
            "c=3; Secure; Path=/",
            "d=4; Domain=.example.com; Path=/",
            "e=5; Domain=other.org",
        ];
        jar.store(&url("http://h.example.com/x/y"), set.into_iter());
        assert_eq!(jar.header(&url("http://h.example.com/x/z")).as_deref(), Some("b=2; a=1; d=4"));
        assert_eq!(jar.header(&url("http://h.example.com/")).as_deref(), Some("a=1; d=4"));
        assert_eq!(jar.header(&url("https://h.example.com/")).as_deref(), Some("a=1; c=3; d=4"));
        assert_eq!(jar.header(&url("http://i.example.com/")).as_deref(), Some("d=4"));
        assert_eq!(jar.header(&url("http://other.org/")), None);
        jar.store(
            &url("http://h.example.com/"),
            [
                "a=; Max-Age=0",
                "b=; Path=/x/; Expires=Thu, 01-Jan-1970 00:00:00 GMT",
                "d=6; Domain=example.com; Path=/",
            ]
            .into_iter(),
        );
        assert_eq!(jar.header(&url("http://h.example.com/")).as_deref(), Some("d=6"));
    }

    #[test]
    fn addresses_have_no_subdomains() {
        let mut jar = Jar::default();
        jar.store(&url("http://127.0.0.1/"), ["a=1", "b=2; Domain=0.0.1", "c"].into_iter());
        assert_eq!(jar.header(&url("http://127.0.0.1/")).as_deref(), Some("a=1"));
    }
}
