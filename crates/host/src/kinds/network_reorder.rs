//! `network.reorder`: a share of the packets overtakes the others.

use std::time::Duration;

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;
use squall_model::quantity::show_duration;

use crate::jobs::Packets;
use crate::network::fault::BOUND;
use crate::network::netem::{self, Netem};
use crate::network::selector::{DIRECTION_OUT, parameters};

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.reorder",
    summary: "lets a share of the packets overtake the others, which are held back a little",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("percent", Form::Percent(100.0), "the share that overtakes").or("25"),
    Parameter::new("delay", Form::Duration, "how long the others are held back").or("10ms"),
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
    let percent = arguments.number("percent").unwrap_or(25.0);
    let delay = arguments.duration("delay").unwrap_or(Duration::from_millis(10));
    if delay.is_zero() {
        return Err(vec![Problem::of("delay", "is 0, and nobody overtakes who does not wait")]);
    }
    let correlation = arguments.number("correlation");
    let mut words = format!("delay {}us reorder {percent}%", delay.as_micros());
    if let Some(correlation) = correlation {
        words.push_str(&format!(" {correlation}%"));
    }
    let instead = correlation.is_none().then(|| Packets {
        delay: u64::try_from(delay.as_micros()).unwrap_or(u64::MAX),
        at_once: percent,
        ..Packets::default()
    });
    let what = format!("reordered: {percent} % overtake the others, held back by {}", show_duration(delay));
    netem::plan(arguments, Netem { what, words, instead, percent: Some(("percent", percent)) })
}
