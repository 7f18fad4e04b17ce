//! `network.bandwidth`: packets get so many bits per second.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::{BOUND, Draft, Means};
use crate::network::selector::{DIRECTION_OUT, parameters};
use crate::network::shaping::Discipline;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.bandwidth",
    summary: "limits the rate; what is too much waits up to 400 ms, and is lost then",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("rate", Form::Rate, "how much passes, for each interface and direction").required(),
    DIRECTION_OUT,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let rate = arguments.whole("rate").unwrap_or_default();
    if rate < 8000 {
        return Err(vec![
            Problem::of("rate", format!("found {rate} bits per second")).help("at least 8kbit are possible"),
        ]);
    }
    let shown = match rate {
        _ if rate.is_multiple_of(1_000_000) => format!("{}mbit", rate / 1_000_000),
        _ if rate.is_multiple_of(1000) => format!("{}kbit", rate / 1000),
        _ => format!("{rate}bit"),
    };
    let means = Means::Shape(Discipline::Rate(rate));
    Draft::of(arguments, format!("limited to {shown}/s"), means)?.plan()
}
