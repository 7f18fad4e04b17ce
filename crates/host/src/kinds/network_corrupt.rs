//! `network.corrupt`: a bit is flipped in a share of the packets.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::jobs::Packets;
use crate::network::fault::BOUND;
use crate::network::netem::{self, Netem};
use crate::network::selector::{DIRECTION_OUT, parameters};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.corrupt",
    summary: "flips a bit in a share of the packets; receivers mostly drop those",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("percent", Form::Percent(100.0), "the share that is damaged").or("1"),
    Parameter::new(
        "correlation",
        Form::Percent(100.0),
        "how much the fate of a packet is that of the one before; needs netem",
    ),
    DIRECTION_OUT,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let percent = arguments.number("percent").unwrap_or(1.0);
    let correlation = arguments.number("correlation");
    let words = match correlation {
        Some(correlation) => format!("corrupt {percent}% {correlation}%"),
        None => format!("corrupt {percent}%"),
    };
    let instead = correlation.is_none().then(|| Packets { damaged: percent, ..Packets::default() });
    let what = format!("damaged to {percent} %");
    netem::plan(arguments, Netem { what, words, instead, percent: Some(("percent", percent)) })
}
