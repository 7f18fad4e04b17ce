//! `network.loss`: a share of the packets is lost, each by itself or in bursts.

use squall_engine::fault::arguments::{Arguments, Form, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Need, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::{BOUND, Draft, Means};
use crate::network::probe;
use crate::network::selector::{DIRECTION_OUT, parameters};
use crate::network::shaping::Discipline;
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.loss",
    summary: "loses a share of the packets, at random or in bursts",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![
    Parameter::new("percent", Form::Percent(100.0), "the share that is lost; with bursts, that of bad times")
        .or("1"),
    Parameter::new(
        "correlation",
        Form::Percent(100.0),
        "how much the fate of a packet is that of the one before; needs netem",
    ),
    Parameter::new(
        "burst",
        Form::Number(1.0, 1_000_000.0),
        "lose packets in bursts of so many on average (Gilbert-Elliott); needs netem",
    ),
    Parameter::new(
        "burst_percent",
        Form::Percent(100.0),
        "the share that is lost within a burst [default: 100]",
    ),
    DIRECTION_OUT,
];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let percent = arguments.number("percent").unwrap_or(1.0);
    let (correlation, burst) = (arguments.number("correlation"), arguments.number("burst"));
    if correlation.is_some() && burst.is_some() {
        return Err(vec![Problem::of("burst", "cannot go together with `correlation`")]);
    }
    if arguments.has("burst_percent") && burst.is_none() {
        return Err(vec![Problem::of("burst_percent", "needs `burst`")]);
    }
    let what = match (burst, correlation) {
        (Some(burst), _) => format!("lost to {percent} % in bursts of {burst}"),
        (_, Some(correlation)) => format!("lost to {percent} %, correlated by {correlation} %"),
        _ => format!("lost to {percent} %"),
    };
    // memory of packets before has netem alone
    let plain = correlation.is_none() && burst.is_none();
    let simple = Means::Table(Action::Drop(Some(percent)));
    let mut draft = Draft::of(arguments, what, simple)?;
    draft.percent = Some(("percent", percent));
    if !plain {
        let words = match (burst, correlation) {
            (Some(burst), _) => {
                let (enter, leave) = gilbert(percent, burst);
                let within = arguments.number("burst_percent").unwrap_or(100.0);
                // p, r, loss in the bad state, loss in the good one
                format!("loss gemodel {enter:.4}% {leave:.4}% {within}% 0%")
            }
            _ => format!("loss {percent}% {}%", correlation.unwrap_or_default()),
        };
        draft.means = Means::Shape(Discipline::Netem(format!("limit 50000 {words}")));
        if correlation.is_some() {
            let note = "netem loses fewer packets than asked for where their fates are correlated: `burst` keeps the share";
            draft.notes.push(note.to_owned());
        }
        let what = "the kernel's sch_netem";
        draft.needs.push(probe::netem().map_or_else(|why| Need::unmet(what, why), |()| Need::met(what)));
    }
    draft.plan()
}

/// The chances, in percent, to begin and to end a burst with each packet, so that bursts are so long on average, and so
/// large a share of packets is in one.
fn gilbert(percent: f64, burst: f64) -> (f64, f64) {
    let leave = 100.0 / burst;
    if percent >= 100.0 {
        return (100.0, 0.0);
    }
    ((leave * percent / (100.0 - percent)).min(100.0), leave)
}

#[cfg(test)]
mod tests {
    use super::gilbert;

    #[test]
    fn the_share_of_packets_in_bursts_is_what_was_asked_for() {
        for (percent, burst) in [(1.0, 5.0), (10.0, 3.0), (50.0, 20.0)] {
            let (enter, leave) = gilbert(percent, burst);
            let share: f64 = 100.0 * enter / (enter + leave);
            assert!((share - percent).abs() < 1e-9 && (100.0 / leave - burst).abs() < 1e-9);
        }
    }
}
