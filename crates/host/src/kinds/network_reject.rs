//! `network.reject`: packets are refused, and whoever sends them is told at once.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::{BOUND, Draft, Means};
use crate::network::selector::{DIRECTION_BOTH, parameters};
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.reject",
    summary: "refuses packets: callers are told at once, by ICMP or a TCP reset",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new(
        "with",
        Form::Choice(&["reset", "port-unreachable", "host-unreachable", "no-route", "admin-prohibited"]),
        "what callers are told; reset: TCP by a reset, the rest by port-unreachable",
    )
    .or("reset"),
    DIRECTION_BOTH,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let with = arguments.text("with").unwrap_or("reset");
    let other = match with {
        "host-unreachable" => "icmpx type host-unreachable",
        "no-route" => "icmpx type no-route",
        "admin-prohibited" => "icmpx type admin-prohibited",
        _ => "icmpx type port-unreachable",
    };
    let tcp = if with == "reset" { "tcp reset" } else { other };
    let action = Action::Refuse { tcp, other: Some(other) };
    Draft::of(arguments, format!("refused ({with})"), Means::Table(action))?.plan()
}
