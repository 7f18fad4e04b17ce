//! `network.latency`: packets come later.

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
    name: "network.latency",
    summary: "delays packets, evenly or with jitter",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("delay", Form::Duration, "how much later each packet comes").or("100ms"),
    Parameter::new("jitter", Form::Duration, "by how much the delay varies, up and down"),
    Parameter::new("correlation", Form::Percent(100.0), "how much each delay is like the one before"),
    Parameter::new(
        "distribution",
        Form::Choice(&["uniform", "normal", "pareto", "paretonormal"]),
        "how the delay varies; the last two need netem",
    )
    .or("uniform"),
    DIRECTION_OUT,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let delay = arguments.duration("delay").unwrap_or(Duration::from_millis(100));
    let jitter = arguments.duration("jitter").unwrap_or_default();
    let correlation = arguments.number("correlation");
    let distribution = arguments.text("distribution").unwrap_or("uniform");
    if jitter.is_zero() && (correlation.is_some() || distribution != "uniform") {
        let why = "`correlation` and `distribution` say how the delay varies";
        return Err(vec![Problem::of("jitter", "is missing").help(why)]);
    }
    let mut words = format!("delay {}us", delay.as_micros());
    let mut what = format!("delayed by {}", show_duration(delay));
    if !jitter.is_zero() {
        words.push_str(&format!(" {}us", jitter.as_micros()));
        what.push_str(&format!(" +- {}", show_duration(jitter)));
        // a share of 0 % has to be there where a distribution follows
        words.push_str(&format!(" {}%", correlation.unwrap_or(0.0)));
        if distribution != "uniform" {
            words.push_str(&format!(" distribution {distribution}"));
            what.push_str(&format!(" ({distribution})"));
        }
    }
    let micros = |duration: Duration| u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let instead = Packets {
        delay: micros(delay),
        jitter: micros(jitter),
        normal: distribution == "normal",
        correlation: correlation.unwrap_or(0.0),
        ..Packets::default()
    };
    let instead = (!distribution.starts_with("pareto")).then_some(instead);
    netem::plan(arguments, Netem { what, words, instead, percent: None })
}
