//! Guard rails: what the settings forbid, whatever an experiment asks for.

use std::net::IpAddr;
use std::time::Duration;

use squall_model::{Map, Value, python};

use super::port::Touched;
use squall_model::quantity;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The kind's name.
    pub kind: &'a str,
    /// How long it is to be held; `None` until the end of the run.
    pub duration: Option<Duration>,
    /// What it hits.
    pub touches: &'a [Touched],
}

/// The part `squall: guard_rails:` of the settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rails {
    /// Names of processes that are never touched.
    pub processes: Vec<String>,
    /// Networks that are never touched.
    pub addresses: Vec<Network>,
    /// Ports that are never touched, first to last.
    pub ports: Vec<(u16, u16)>,
    /// Kinds that are never used.
    pub kinds: Vec<String>,
    /// How long a fault may be held.
    pub longest: Option<Duration>,
    /// The largest share of anything, in percent.
    pub percent: Option<f64>,
    /// When faults may be injected, in this host's time zone; whenever, where it is empty.
    pub hours: Vec<Hours>,
    /// A file whose presence stops everything.
    pub stop_file: Option<String>,
    /// Minutes that this host's time zone is ahead of UTC.
    pub zone_minutes: i64,
    /// Whether the stop file is there, seen when the rails were read.
    pub stopped: bool,
}

/// How long a fault is held that has no duration of its own, where the settings say nothing.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// The names that settings use.
pub const KEYS: &[&str] = &[
    "never_processes",
    "never_addresses",
    "never_ports",
    "never_kinds",
    "longest",
    "largest_percent",
    "hours",
    "stop_file",
];

/// A network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// An address in it.
    pub address: IpAddr,
    /// The length of its prefix in bits.
    pub prefix: u8,
}

/// Some hours of some days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// Days, 0 being Monday.
    pub days: Vec<u8>,
    /// Minutes since midnight, from the first to before the last.
    pub minutes: (u16, u16),
}

impl Rails {
    /// Reads the settings' `squall: guard_rails:`; nothing is forbidden where there are none. What cannot be
    /// understood is an error: a rail that is not understood must not be taken for none.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn from_settings(settings: &Value) -> Result<Self, Vec<String>> {
        let rails = settings.get("squall").and_then(|squall| squall.get("guard_rails"));
        match rails {
            None | Some(Value::Null) => Ok(Rails::default()),
            Some(Value::Map(rails)) => Rails::read(&rails),
            Some(other) => {
                Err(vec![format!("`squall.guard_rails` must be a mapping, found a {}", other.type_name())])
            }
        }
    }

    fn read(given: &Map) -> Result<Self, Vec<String>> {
        let mut rails = Rails::default();
        let mut problems = Vec::new();
        for (key, value) in given.entries() {
            let key = python::str(key.value());
            if let Err(problem) = rails.take(&key, &value) {
                problems.push(format!("`squall.guard_rails.{key}`: {problem}"));
            }
        }
        if problems.is_empty() { Ok(rails) } else { Err(problems) }
    }

    fn take(&mut self, key: &str, value: &Value) -> Result<(), String> {
        let texts = || match value {
            Value::List(list) => Ok(list.to_vec().iter().map(python::str).collect::<Vec<String>>()),
            Value::Str(text) => Ok(vec![text.to_string()]),
            Value::Int(_) => Ok(vec![python::str(value)]),
            other => Err(format!("expected a list, found a {}", other.type_name())),
        };
        match key {
            "never_processes" => self.processes = texts()?,
            "never_kinds" => self.kinds = texts()?,
            "never_addresses" => {
                self.addresses = texts()?.iter().map(|text| network(text)).collect::<Result<_, _>>()?;
            }
            "never_ports" => {
                self.ports = texts()?.iter().map(|text| ports(text)).collect::<Result<_, _>>()?
            }
            "longest" => self.longest = Some(quantity::duration(&python::str(value))?),
            "largest_percent" => {
                let percent = value.as_f64().filter(|percent| (0.0..=100.0).contains(percent));
                self.percent = Some(percent.ok_or("expected a number from 0 to 100")?);
            }
            "hours" => self.hours = texts()?.iter().map(|text| hours(text)).collect::<Result<_, _>>()?,
            "stop_file" => {
                self.stop_file = Some(value.as_str().ok_or("expected the path of a file")?.to_owned());
            }
            _ => return Err(format!("there is no such guard rail; known are {}", KEYS.join(", "))),
        }
        Ok(())
    }

    /// How long a fault may be held.
    pub fn longest(&self) -> Duration {
        self.longest.unwrap_or(LONGEST)
    }

    /// What stands against a request, at this moment of the wall clock.
    pub fn objections(&self, request: &Request<'_>, now_micros: i64) -> Vec<String> {
        let mut objections = Vec::new();
        if let Some(file) = self.stop_file.as_ref().filter(|_| self.stopped) {
            objections.push(format!("`{file}` is there, which stops everything"));
        }
        if self.kinds.iter().any(|kind| kind == request.kind || under(request.kind, kind)) {
            objections.push(format!("faults of kind `{}` are not allowed", request.kind));
        }
        if let (Some(longest), Some(duration)) = (self.longest, request.duration)
            && duration > longest
        {
            let (asked, most) = (quantity::show_duration(duration), quantity::show_duration(longest));
            objections.push(format!("{asked} is longer than {most}, the longest that is allowed"));
        }
        if !self.hours.is_empty()
            && !self.hours.iter().any(|hours| hours.holds(now_micros, self.zone_minutes))
        {
            objections.push("faults are not allowed at this hour".to_owned());
        }
        for touched in request.touches {
            self.object(touched, &mut objections);
        }
        objections
    }

    fn object(&self, touched: &Touched, objections: &mut Vec<String>) {
        match touched {
            Touched::Process { pid, name } => {
                if self.processes.iter().any(|never| never == name) {
                    objections.push(format!("process {pid} (`{name}`) must not be touched"));
                }
            }
            Touched::Address(text) => {
                let Ok(hit) = network(text) else { return };
                for never in self.addresses.iter().filter(|never| never.overlaps(&hit)) {
                    let (address, prefix) = (never.address, never.prefix);
                    objections
                        .push(format!("`{text}` reaches {address}/{prefix}, which must not be touched"));
                }
            }
            Touched::Ports { first, last } => {
                for (from, to) in self.ports.iter().filter(|(from, to)| from <= last && first <= to) {
                    objections.push(format!(
                        "ports {first} to {last} reach {from} to {to}, which must not be touched"
                    ));
                }
            }
            Touched::Percent(what, percent) => {
                if let Some(most) = self.percent.filter(|most| percent > most) {
                    objections.push(format!("`{what}`: {percent} % is more than {most} %, the most allowed"));
                }
            }
            Touched::Host => {}
        }
    }
}

/// Whether a kind belongs to a group: `network.loss` to `network`.
fn under(kind: &str, group: &str) -> bool {
    kind.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'))
}

impl Network {
    /// Whether an address is in both.
    pub fn overlaps(&self, other: &Network) -> bool {
        let prefix = u32::from(self.prefix.min(other.prefix));
        match (self.address, other.address) {
            (IpAddr::V4(one), IpAddr::V4(two)) => {
                (one.to_bits() ^ two.to_bits()).checked_shr(32 - prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(one), IpAddr::V6(two)) => {
                (one.to_bits() ^ two.to_bits()).checked_shr(128 - prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

/// A network in CIDR notation, or an address.
///
/// # Errors
/// What was expected.
pub fn network(text: &str) -> Result<Network, String> {
    let expected = || format!("expected an address or a network such as 10.0.0.0/8, found `{text}`");
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().map_err(|_| expected())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Ok(most), |prefix| prefix.trim().parse::<u8>().map_err(|_| expected()))?;
    if prefix > most { Err(expected()) } else { Ok(Network { address, prefix }) }
}

/// A port, or some from the first to the last: `8000-8080`.
///
/// # Errors
/// What was expected.
pub fn ports(text: &str) -> Result<(u16, u16), String> {
    let expected = || format!("expected a port or ports such as 8000-8080, found `{text}`");
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let port = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(expected);
    let (first, last) = (port(first)?, port(last)?);
    if first <= last { Ok((first, last)) } else { Err(expected()) }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Hours such as `mon-fri 09:00-17:00` or `22:00-24:00`.
fn hours(text: &str) -> Result<Hours, String> {
    let expected = || format!("expected hours such as `mon-fri 09:00-17:00`, found `{text}`");
    let (days, span) = match text.trim().rsplit_once(' ') {
        Some((days, span)) => (days_of(days).ok_or_else(expected)?, span),
        None => ((0..7).collect(), text.trim()),
    };
    let (from, to) = span.split_once('-').ok_or_else(expected)?;
    let minute = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
        (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
    };
    let (from, to) = (minute(from).ok_or_else(expected)?, minute(to).ok_or_else(expected)?);
    if from < to { Ok(Hours { days, minutes: (from, to) }) } else { Err(expected()) }
}

fn days_of(text: &str) -> Option<Vec<u8>> {
    let day = |name: &str| {
        let name = name.trim().to_ascii_lowercase();
        DAYS.iter().position(|day| *day == name).and_then(|day| u8::try_from(day).ok())
    };
    let mut days = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (day(first)?, day(last)?);
                // `sat-mon` goes over the end of the week
                days.extend(
                    (0..7).map(|step| (first + step) % 7).take(usize::from((last + 7 - first) % 7) + 1),
                );
            }
            None => days.push(day(part)?),
        }
    }
    Some(days)
}

impl Hours {
    fn holds(&self, now_micros: i64, zone_minutes: i64) -> bool {
        let minutes = now_micros.div_euclid(60_000_000) + zone_minutes;
        // 1970-01-01 was a Thursday
        let day = (minutes.div_euclid(24 * 60) + 3).rem_euclid(7);
        let minute = minutes.rem_euclid(24 * 60);
        self.days.iter().any(|known| i64::from(*known) == day)
            && (i64::from(self.minutes.0)..i64::from(self.minutes.1)).contains(&minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rails(entries: &[(&str, Value)]) -> Result<Rails, Vec<String>> {
        let rails = Value::map(entries.iter().map(|(key, value)| (*key, value.clone())));
        Rails::from_settings(&Value::map([("squall", Value::map([("guard_rails", rails)]))]))
    }

    fn texts(texts: &[&str]) -> Value {
        Value::list(texts.iter().map(|text| Value::from(*text)))
    }

    #[test]
    fn what_must_not_be_touched_is_objected_to() {
        let rails = rails(&[
            ("never_processes", texts(&["postgres"])),
            ("never_addresses", texts(&["10.0.0.0/8", "::1"])),
            ("never_ports", texts(&["22", "6000-6100"])),
            ("largest_percent", Value::from(50_i64)),
            ("longest", Value::from("5m")),
            ("never_kinds", texts(&["network"])),
        ])
        .unwrap();
        let objections = |kind: &str, duration: Option<u64>, touched: Touched| {
            let duration = duration.map(Duration::from_secs);
            rails.objections(&Request { kind, duration, touches: &[touched] }, 0).len()
        };
        let process = |name: &str| Touched::Process { pid: 7, name: name.to_owned() };
        assert_eq!(objections("cpu", None, process("postgres")), 1);
        assert_eq!(objections("cpu", None, process("redis")), 0);
        assert_eq!(objections("cpu", None, Touched::Address("10.1.2.3".to_owned())), 1);
        assert_eq!(objections("cpu", None, Touched::Address("0.0.0.0/0".to_owned())), 1);
        assert_eq!(objections("cpu", None, Touched::Address("192.168.0.0/16".to_owned())), 0);
        assert_eq!(objections("cpu", None, Touched::Address("::/0".to_owned())), 1);
        assert_eq!(objections("cpu", None, Touched::Ports { first: 1, last: 6050 }), 2);
        assert_eq!(objections("cpu", None, Touched::Percent("percent", 50.5)), 1);
        assert_eq!(objections("cpu", Some(301), Touched::Host), 1);
        assert_eq!(objections("network.loss", None, Touched::Host), 1);
        assert_eq!(objections("networking", None, Touched::Host), 0);
    }

    #[test]
    fn hours_are_of_this_zone_and_may_go_over_the_week() {
        // 2026-11-27 was a Friday; 08:30 UTC
        let friday = 1_795_768_200_000_000;
        let holds = |text: &str, zone: i64| hours(text).is_ok_and(|hours| hours.holds(friday, zone));
        assert!(holds("mon-fri 08:00-09:00", 0));
        assert!(!holds("mon-fri 08:00-08:30", 0));
        assert!(!holds("mon-thu 08:00-09:00", 0));
        assert!(holds("fri-mon 09:00-10:00", 60));
        assert!(holds("00:00-24:00", 0));
        assert!(
            hours("mon 9-17").is_err() && hours("17:00-09:00").is_err() && hours("xyz 1:00-2:00").is_err()
        );
    }

    #[test]
    fn a_rail_that_is_not_understood_is_an_error() {
        let problems = rails(&[
            ("longest", Value::from("soon")),
            ("never_ports", texts(&["0"])),
            ("never", Value::Null),
        ]);
        assert_eq!(problems.map_err(|problems| problems.len()), Err(3));
    }
}
