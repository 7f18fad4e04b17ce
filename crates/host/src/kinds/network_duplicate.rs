//! `network.duplicate`: a share of the packets comes twice.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::BOUND;
use crate::network::netem::{self, Netem};
use crate::network::selector::{DIRECTION_OUT, parameters};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.duplicate",
    summary: "sends a share of the packets twice; needs netem",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("percent", Form::Percent(100.0), "the share that comes twice").or("1"),
    Parameter::new(
        "correlation",
        Form::Percent(100.0),
        "how much the fate of a packet is that of the one before",
    ),
    DIRECTION_OUT,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let percent = arguments.number("percent").unwrap_or(1.0);
    let words = match arguments.number("correlation") {
        Some(correlation) => format!("duplicate {percent}% {correlation}%"),
        None => format!("duplicate {percent}%"),
    };
    let what = format!("sent twice to {percent} %");
    netem::plan(arguments, Netem { what, words, instead: None, percent: Some(("percent", percent)) })
}
