//! `network.partition`: two groups of hosts are cut off from each other, as this host sees it.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::rails::Network;
use squall_engine::fault::record::Class;

use crate::network::address::{self, Listed};
use crate::network::fault::{BOUND, Draft, Means};
use crate::network::place::Place;
use crate::network::selector::{
    EXEMPT_NAME_SERVERS, EXEMPT_STS, INTERFACE, NETNS, NO_EXEMPTIONS, Selection, look_up,
};
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.partition",
    summary: "cuts two groups of hosts off from each other: the one of this host loses sight of the other",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = &[
    Parameter::new("one", Form::Texts, "one group: addresses, networks or names of hosts").required(),
    Parameter::new("other", Form::Texts, "the other group; this host is in exactly one of them").required(),
    INTERFACE,
    NETNS,
    EXEMPT_NAME_SERVERS,
    EXEMPT_STS,
    NO_EXEMPTIONS,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let place = Place::of(arguments)?;
    let mut selection = Selection::of(arguments, &place)?;
    let one = group("one", arguments, &place, &mut selection.resolved)?;
    let other = group("other", arguments, &place, &mut selection.resolved)?;
    if let Some(both) = one.iter().find(|network| other.iter().any(|theirs| theirs.overlaps(network))) {
        let problem = Problem::of("other", format!("`{}` is in both groups", address::show(both)));
        return Err(vec![problem.help("nobody can be cut off from itself")]);
    }
    let here = place.own_addresses();
    let own = |group: &[Network]| {
        group.iter().any(|network| here.iter().any(|own| address::single(*own).overlaps(network)))
    };
    let (theirs, ours) = match (own(&one), own(&other)) {
        (true, false) => (other, "one"),
        (false, true) => (one, "other"),
        (true, true) => {
            return Err(vec![Problem::new("this host is in both groups").help("it can be on one side only")]);
        }
        (false, false) => {
            let help = "the addresses of this host must be in one of them (`ip addr` shows them)";
            return Err(vec![Problem::new("this host is in neither group").help(help)]);
        }
    };
    selection.remote = Listed { only: address::merged(&theirs), never: Vec::new() };
    let means = Means::Table(Action::Drop(None));
    let mut draft = Draft::with(arguments, place, selection, "cut off".to_owned(), means)?;
    draft.notes.push(format!("this host is in the group `{ours}`"));
    draft.notes.push(
        "a partition holds for hosts on which it is injected: hosts of the same group need no fault of their own only \
         where it is injected on all hosts of the other group"
            .to_owned(),
    );
    draft.plan()
}

fn group(
    parameter: &'static str,
    arguments: &Arguments,
    place: &Place,
    resolved: &mut Vec<String>,
) -> Result<Vec<Network>, Vec<Problem>> {
    let mut found = Vec::new();
    for text in arguments.texts(parameter) {
        match address::network(text) {
            Ok(network) => found.push(network),
            Err(_) if text.contains('/') => {
                return Err(vec![Problem::of(parameter, format!("`{text}` is no network"))]);
            }
            Err(_) => {
                let addresses = look_up(text, place).map_err(|why| vec![Problem::of(parameter, why)])?;
                let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                resolved.push(format!("{text} is {}", shown.join(", ")));
                found.extend(addresses.into_iter().map(address::single));
            }
        }
    }
    if found.is_empty() { Err(vec![Problem::of(parameter, "is empty")]) } else { Ok(found) }
}
