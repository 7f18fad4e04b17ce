//! Which packets are hit: the parameters that all network faults have, and what they mean on this host now.

use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::Touched;
use squall_engine::fault::rails::{self, Network};

use super::address::{self, Listed};
use super::place::Place;
use crate::target;

/// See [`parameters`].
pub const ADDRESS: Parameter = Parameter::new(
    "address",
    Form::Texts,
    "addresses of the other side, or networks such as 10.0.0.0/8; ^ in front takes out",
);
/// See [`parameters`].
pub const HOST: Parameter = Parameter::new(
    "host",
    Form::Texts,
    "names of hosts of the other side, looked up when it is planned; ^ in front takes out",
);
/// See [`parameters`].
pub const PROVIDERS: Parameter = Parameter::new(
    "providers",
    Form::Texts,
    "services of AWS, such as s3 or s3:eu-west-1, or files with an address or network in each line; ^ takes out",
);
/// See [`parameters`].
pub const TO_PORT: Parameter = Parameter::new(
    "to_port",
    Form::Texts,
    "ports of the other side, such as that of a service which this host calls: 6379 or 8000-8080; ^ takes out",
);
/// See [`parameters`].
pub const FROM_PORT: Parameter = Parameter::new(
    "from_port",
    Form::Texts,
    "ports of this side, such as that of a service which this host offers: 80 or 8000-8080; ^ takes out",
);
/// See [`parameters`].
pub const PROTOCOL: Parameter =
    Parameter::new("protocol", Form::Texts, "tcp, udp, icmp or all; ^ in front takes out").or("all");
/// See [`parameters`].
pub const CGROUP: Parameter = Parameter::new(
    "cgroup",
    Form::Texts,
    "only sockets of this cgroup (version 2; its path, without the mount point); ^ takes out",
);
/// See [`parameters`].
pub const USER: Parameter = Parameter::new(
    "user",
    Form::Texts,
    "only what processes of this user send, by name or number; ^ in front takes out",
);
/// See [`parameters`].
pub const FLOWS: Parameter = Parameter::new(
    "flows",
    Form::Percent(100.0),
    "only this share of the connections; each is either hit or not [default: 100]",
);
/// See [`parameters`].
pub const INTERFACE: Parameter = Parameter::new(
    "interface",
    Form::Texts,
    "only what goes through these interfaces; forwarded packets as well",
);
/// See [`parameters`].
pub const NETNS: Parameter = Parameter::new(
    "netns",
    Form::Text,
    "the network namespace: a name of `ip netns`, a process id, or a path [default: that of Squall]",
);
/// See [`parameters`].
pub const EXEMPT_NAME_SERVERS: Parameter =
    Parameter::new("exempt_name_servers", Form::Flag, "leave the name servers of /etc/resolv.conf alone")
        .or("false");
/// See [`parameters`].
pub const EXEMPT_STS: Parameter =
    Parameter::new("exempt_sts", Form::Flag, "leave AWS STS alone, which hands out credentials").or("false");
/// See [`parameters`].
pub const NO_EXEMPTIONS: Parameter = Parameter::new(
    "no_exemptions",
    Form::Texts,
    "hit also what is spared otherwise: ssh, loopback, metadata, neighbours",
);
/// The parameter that all of these kinds have, for those that hit what is sent unless told otherwise.
pub const DIRECTION_OUT: Parameter = Parameter::new(
    "direction",
    Form::Choice(&["in", "out", "both"]),
    "what comes in, what goes out, or both",
)
.or("out");
/// The same for those that hit both.
pub const DIRECTION_BOTH: Parameter = DIRECTION_OUT.or("both");

/// The parameters of a kind: its own, the direction, then those that choose packets.
macro_rules! parameters {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            $crate::network::selector::ADDRESS,
            $crate::network::selector::HOST,
            $crate::network::selector::PROVIDERS,
            $crate::network::selector::TO_PORT,
            $crate::network::selector::FROM_PORT,
            $crate::network::selector::PROTOCOL,
            $crate::network::selector::CGROUP,
            $crate::network::selector::USER,
            $crate::network::selector::FLOWS,
            $crate::network::selector::INTERFACE,
            $crate::network::selector::NETNS,
            $crate::network::selector::EXEMPT_NAME_SERVERS,
            $crate::network::selector::EXEMPT_STS,
            $crate::network::selector::NO_EXEMPTIONS,
        ]
    };
}
pub(crate) use parameters;

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// They come from the other side.
    In,
    /// They go to the other side.
    Out,
}

/// A protocol above IP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// ICMP, and ICMPv6 with it.
    Icmp,
}

/// The packets that are hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// Incoming ones.
    pub incoming: bool,
    /// Outgoing ones.
    pub outgoing: bool,
    /// The other side.
    pub remote: Listed<Network>,
    /// Ports of the other side.
    pub to_ports: Listed<(u16, u16)>,
    /// Ports of this side.
    pub from_ports: Listed<(u16, u16)>,
    /// Protocols; all, also those that we have no name for, where it is empty.
    pub protocols: Listed<Protocol>,
    /// Control groups.
    pub cgroups: Listed<String>,
    /// Users.
    pub users: Listed<u32>,
    /// The share of connections, in percent.
    pub flows: Option<f64>,
    /// Names that were looked up, with what came of it.
    pub resolved: Vec<String>,
}

impl Selection {
    /// Reads the arguments.
    ///
    /// # Errors
    /// All that is wrong, names that cannot be looked up included.
    pub fn of(arguments: &Arguments, place: &Place) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut resolved = Vec::new();
        let mut take = |parameter: &'static str, read: Result<Listed<Network>, String>| {
            read.unwrap_or_else(|why| {
                problems.push(Problem::of(parameter, why));
                Listed::default()
            })
        };
        let one = |text: &str| address::network(text).map(|network| vec![network]);
        let mut remote = take("address", Listed::read(arguments.texts("address"), one));
        let names = std::cell::RefCell::new(&mut resolved);
        let look_up = |name: &str| {
            let found = look_up(name, place)?;
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            names.borrow_mut().push(format!("{name} is {}", shown.join(", ")));
            Ok(found.into_iter().map(address::single).collect())
        };
        let provider = |text: &str| {
            if text.contains('/') || Path::new(text).is_file() {
                return from_file(text);
            }
            let mut found = Vec::new();
            for name in endpoints(text)? {
                found.extend(look_up(&name)?);
            }
            Ok(found)
        };
        let hosts = take("host", Listed::read(arguments.texts("host"), look_up));
        let providers = take("providers", Listed::read(arguments.texts("providers"), provider));
        for more in [hosts, providers] {
            remote.only.extend(more.only);
            remote.never.extend(more.never);
        }
        let ports = |text: &str| rails::ports(text).map(|ports| vec![ports]);
        let mut read_ports = |parameter: &'static str| {
            Listed::read(arguments.texts(parameter), ports).unwrap_or_else(|why| {
                problems.push(Problem::of(parameter, why));
                Listed::default()
            })
        };
        let (to_ports, from_ports) = (read_ports("to_port"), read_ports("from_port"));
        let protocols = Listed::read(arguments.texts("protocol"), protocol).unwrap_or_else(|why| {
            problems.push(Problem::of("protocol", why));
            Listed::default()
        });
        let cgroups = Listed::read(arguments.texts("cgroup"), cgroup).unwrap_or_else(|why| {
            problems.push(Problem::of("cgroup", why));
            Listed::default()
        });
        let user = |name: &str| {
            let found = target::id(name, "/etc/passwd").map(|user| vec![user]);
            found.ok_or_else(|| format!("there is no user `{name}`"))
        };
        let users = Listed::read(arguments.texts("user"), user).unwrap_or_else(|why| {
            problems.push(Problem::of("user", why));
            Listed::default()
        });
        let direction = arguments.text("direction").unwrap_or("both");
        if !users.is_empty() && direction != "out" {
            let help = "what comes in belongs to nobody yet; choose `direction` out, or a `cgroup`";
            problems.push(Problem::of("user", format!("cannot go with direction {direction}")).help(help));
        }
        let ported = !to_ports.is_empty() || !from_ports.is_empty();
        if ported && protocols.only.iter().all(|one| *one == Protocol::Icmp) && !protocols.only.is_empty() {
            problems.push(
                Problem::of("protocol", "ICMP has no ports").help("leave `to_port` and `from_port` out"),
            );
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Selection {
            incoming: direction != "out",
            outgoing: direction != "in",
            remote: Listed { only: address::merged(&remote.only), never: address::merged(&remote.never) },
            to_ports: merged(&to_ports),
            from_ports: merged(&from_ports),
            protocols,
            cgroups,
            users,
            flows: arguments.number("flows").filter(|share| *share < 100.0),
            resolved,
        })
    }

    /// The directions that are hit.
    pub fn ways(&self) -> impl Iterator<Item = Way> {
        [(self.outgoing, Way::Out), (self.incoming, Way::In)]
            .into_iter()
            .filter(|(hit, _)| *hit)
            .map(|(_, way)| way)
    }

    /// Whether something chooses that only nftables can see.
    pub fn needs_table(&self) -> Option<&'static str> {
        [
            (!self.cgroups.is_empty(), "cgroup"),
            (!self.users.is_empty(), "user"),
            (self.flows.is_some(), "flows"),
        ]
        .into_iter()
        .find_map(|(is, name)| is.then_some(name))
    }

    /// The choice in words.
    pub fn describe(&self) -> String {
        let mut parts = vec![match (self.outgoing, self.incoming) {
            (true, false) => "what is sent".to_owned(),
            (false, true) => "what is received".to_owned(),
            _ => "traffic".to_owned(),
        }];
        let mut part = |words: &str, only: Vec<String>, never: Vec<String>| {
            if !only.is_empty() {
                parts.push(format!("{words} {}", only.join(", ")));
            }
            if !never.is_empty() {
                parts.push(format!("not {words} {}", never.join(", ")));
            }
        };
        let texts = |networks: &[Network]| networks.iter().map(address::show).collect::<Vec<_>>();
        let of_ports =
            |ports: &[(u16, u16)]| ports.iter().copied().map(address::show_ports).collect::<Vec<_>>();
        let names =
            |of: &[Protocol]| of.iter().map(|one| format!("{one:?}").to_lowercase()).collect::<Vec<_>>();
        let numbers = |of: &[u32]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        part("with", texts(&self.remote.only), texts(&self.remote.never));
        part("port", of_ports(&self.to_ports.only), of_ports(&self.to_ports.never));
        part("local port", of_ports(&self.from_ports.only), of_ports(&self.from_ports.never));
        part("protocol", names(&self.protocols.only), names(&self.protocols.never));
        part("of user", numbers(&self.users.only), numbers(&self.users.never));
        part("of cgroup", self.cgroups.only.clone(), self.cgroups.never.clone());
        if let Some(share) = self.flows {
            parts.push(format!("{share} % of the connections"));
        }
        parts.join(" ")
    }

    /// What guard rails are asked about.
    pub fn touches(&self) -> Vec<Touched> {
        let mut touches: Vec<Touched> =
            self.remote.only.iter().map(|network| Touched::Address(address::show(network))).collect();
        if touches.is_empty() {
            touches.extend(["0.0.0.0/0", "::/0"].map(|all| Touched::Address(all.to_owned())));
        }
        let ports = self.to_ports.only.iter().chain(&self.from_ports.only);
        let before = touches.len();
        touches.extend(ports.map(|(first, last)| Touched::Ports { first: *first, last: *last }));
        if touches.len() == before && self.protocols.only != [Protocol::Icmp] {
            touches.push(Touched::Ports { first: 1, last: u16::MAX });
        }
        touches
    }
}

fn merged(ports: &Listed<(u16, u16)>) -> Listed<(u16, u16)> {
    Listed { only: address::merged_ports(&ports.only), never: address::merged_ports(&ports.never) }
}

fn protocol(text: &str) -> Result<Vec<Protocol>, String> {
    match text.to_ascii_lowercase().as_str() {
        "tcp" => Ok(vec![Protocol::Tcp]),
        "udp" => Ok(vec![Protocol::Udp]),
        "icmp" => Ok(vec![Protocol::Icmp]),
        "all" => Ok(Vec::new()),
        _ => Err(format!("expected tcp, udp, icmp or all, found `{text}`")),
    }
}

/// The path of a control group, such as nftables takes it.
fn cgroup(text: &str) -> Result<Vec<String>, String> {
    let path = text.trim_start_matches("/sys/fs/cgroup").trim_start_matches("/unified").trim_matches('/');
    let fine = |c: char| c.is_alphanumeric() || "/._-@:\\".contains(c);
    if path.is_empty() || !path.chars().all(fine) || path.split('/').any(|part| part == "..") {
        return Err(format!(
            "expected the path of a cgroup such as system.slice/redis.service, found `{text}`"
        ));
    }
    Ok(vec![path.to_owned()])
}

/// The addresses of a name, looked up in the namespace.
pub(crate) fn look_up(name: &str, place: &Place) -> Result<Vec<IpAddr>, String> {
    let found = place.within(|| (name, 0).to_socket_addrs().map(|found| found.map(|one| one.ip()).collect()));
    let mut found: Vec<IpAddr> = found
        .map_err(|error| error.to_string())?
        .map_err(|error| format!("`{name}` cannot be looked up: {error}"))?;
    found.sort_unstable();
    found.dedup();
    if found.is_empty() { Err(format!("`{name}` has no address")) } else { Ok(found) }
}

fn from_file(path: &str) -> Result<Vec<Network>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("`{path}` cannot be read: {error}"))?;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            found.push(address::network(line).map_err(|why| format!("`{path}`, line {}: {why}", index + 1))?);
        }
    }
    if found.is_empty() { Err(format!("`{path}` names no address")) } else { Ok(found) }
}

/// Gives the host names of an AWS service: `s3`, or `s3:eu-west-1`.
pub type Endpoints = fn(service: &str) -> Result<Vec<String>, String>;

static ENDPOINTS: std::sync::OnceLock<Endpoints> = std::sync::OnceLock::new();

/// Says who knows the host names of AWS services. The first who says so, does.
pub fn endpoints_by(known: Endpoints) {
    let _ = ENDPOINTS.set(known);
}

/// The host names of an AWS service.
pub(super) fn endpoints(service: &str) -> Result<Vec<String>, String> {
    let known = ENDPOINTS.get().ok_or_else(|| {
        format!("`{service}` is no file, and nobody here knows the endpoints of AWS; give a file, or `host`")
    })?;
    known(service)
}
