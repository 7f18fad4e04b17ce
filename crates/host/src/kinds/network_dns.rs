//! `network.dns`: names cannot be looked up, all of them or chosen ones.

use std::net::IpAddr;
use std::path::Path;

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::jobs::{Answer, Job, Names};
use crate::network::address::Listed;
use crate::network::exempt::{Exemption, name_servers};
use crate::network::fault::{BOUND, Draft, Means};
use crate::network::place::Place;
use crate::network::selector::{DIRECTION_BOTH, Protocol, Selection, parameters};
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.dns",
    summary: "breaks looking up names: no answer, NXDOMAIN or SERVFAIL, for all names or chosen ones",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new(
        "answer",
        Form::Choice(&["none", "nxdomain", "servfail"]),
        "what questions get; `address` chooses the name servers",
    )
    .or("none"),
    Parameter::new(
        "names",
        Form::Texts,
        "only these names and those below them; other names are answered as ever"
    ),
    DIRECTION_BOTH,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments)?;
    let mut selection = Selection::of(arguments, &place)?;
    for ports in [("to_port", &selection.to_ports), ("from_port", &selection.from_ports)] {
        if !ports.1.is_empty() {
            return Err(vec![Problem::of(ports.0, "cannot be chosen: names are looked up at port 53")]);
        }
    }
    if selection.protocols.only.contains(&Protocol::Icmp) {
        return Err(vec![Problem::of("protocol", "names are looked up by tcp and udp")]);
    }
    let names = names(arguments)?;
    let answer = arguments.text("answer").unwrap_or("none");
    let whose = if names.is_empty() { "all names".to_owned() } else { names.join(", ") };
    let what = match answer {
        "none" => format!("looking up {whose} stays without an answer"),
        other => format!("looking up {whose} gives {}", other.to_uppercase()),
    };
    if answer == "none" && names.is_empty() {
        selection.to_ports = Listed { only: vec![(53, 53)], never: Vec::new() };
        let mut draft = Draft::with(arguments, place, selection, what, Means::Table(Action::Drop(None)))?;
        // name servers on this host are reached through it, and control does not need them
        draft.exemptions.retain(|exemption| *exemption != Exemption::Loopback);
        return draft.plan();
    }
    let servers = servers(&selection)?;
    for (name, used) in [("cgroup", !selection.cgroups.is_empty()), ("flows", selection.flows.is_some())] {
        if used {
            return Err(vec![Problem::of(name, "cannot go together with `names`, or an answer")]);
        }
    }
    let shown: Vec<String> = servers.iter().map(ToString::to_string).collect();
    let job = Job::Names(Names {
        space: None,
        mark: 0,
        servers: servers.clone(),
        names,
        answer: match answer {
            "nxdomain" => Answer::Nxdomain,
            "servfail" => Answer::Servfail,
            _ => Answer::Silence,
        },
    });
    // ports and mark are known when the worker runs
    let action =
        Action::Redirect { servers: servers.into_iter().map(|server| (server, 53)).collect(), mark: 1 };
    selection.to_ports = Listed { only: vec![(53, 53)], never: Vec::new() };
    selection.remote = Listed::default();
    let mut draft = Draft::with(arguments, place, selection, what, Means::Worker(action, job))?;
    draft.exemptions.clear();
    draft.notes.push(format!("questions of this host to {} go to a worker of Squall", shown.join(", ")));
    draft.notes.push(
        "questions to other servers, by DNS over TLS or HTTPS, and those of forwarded containers are not touched; \
         answers in callers' caches stay"
            .to_owned(),
    );
    draft.notes.push(
        "where the worker is lost, these servers cannot be asked at all until it is put back: by the guard, or by `squall \
         undo` where the guard is lost as well"
            .to_owned(),
    );
    draft.plan()
}

/// The name servers whose questions are redirected: those that are chosen, or those of this host.
fn servers(selection: &Selection) -> Result<Vec<IpAddr>, Vec<Problem>> {
    let mut servers: Vec<IpAddr> = Vec::new();
    for network in &selection.remote.only {
        if network.prefix != if network.address.is_ipv4() { 32 } else { 128 } {
            let help = "name servers are single addresses here";
            return Err(vec![Problem::of("address", "names a network").help(help)]);
        }
        servers.push(network.address);
    }
    if servers.is_empty() {
        servers = name_servers(Path::new("/etc/resolv.conf"));
    }
    servers.retain(|server| {
        !selection.remote.never.iter().any(|never| never.overlaps(&crate::network::address::single(*server)))
    });
    servers.sort_unstable();
    servers.dedup();
    if servers.is_empty() {
        let problem = Problem::of("address", "names no name server, and /etc/resolv.conf has none");
        return Err(vec![problem.help("give the name server's address")]);
    }
    Ok(servers)
}

/// The chosen names in small letters.
fn names(arguments: &Arguments) -> Result<Vec<String>, Vec<Problem>> {
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut found = Vec::new();
    for text in arguments.texts("names") {
        let name = text.trim_start_matches("*.").trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() || name.len() > 253 || !name.chars().all(fine) {
            let problem = Problem::of("names", format!("`{text}` is no name of a host"));
            return Err(vec![
                problem.help("names that are not ASCII are given as they are asked for: xn--..."),
            ]);
        }
        found.push(name);
    }
    Ok(found)
}
