//! Faults that netem makes, and what is done where the kernel has none.

use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::port::{Fault, Need};

use super::fault::{Draft, Means};
use super::probe;
use super::shaping::Discipline;
use super::table::Action;
use crate::jobs::{Job, Packets};

/// What a kind wants of netem.
#[derive(Clone, Debug)]
pub struct Netem {
    /// What happens to packets, for people.
    pub what: String,
    /// The words behind `netem`.
    pub words: String,
    /// What a worker of ours does instead; `None`: it cannot.
    pub instead: Option<Packets>,
    /// A magnitude that guard rails are asked about.
    pub percent: Option<(&'static str, f64)>,
}

/// How many packets may wait in netem: its own limit of 1000 would lose packets at any decent rate.
const LIMIT: u32 = 50_000;

/// Plans a fault by netem, or by a worker of ours.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments, asked: Netem) -> Result<Box<dyn Fault>, Vec<Problem>> {
    let found = probe::netem();
    let words = format!("limit {LIMIT} {}", asked.words);
    let mut draft = Draft::of(arguments, asked.what, Means::Shape(Discipline::Netem(words)))?;
    draft.percent = asked.percent;
    match (found, asked.instead) {
        (Ok(()), _) => draft.needs.push(Need::met("the kernel's sch_netem")),
        (Err(why), Some(job)) if probe::queues().is_some() => {
            draft.means = Means::Worker(Action::Queue { number: 0 }, Job::Packets(job));
            draft
                .notes
                .push(format!("{why}, so packets pass through a worker of Squall, which holds them back"));
            if draft.selection.outgoing {
                draft.notes.push(
                    "what differs: the kernel lets a TCP connection send only a few packets until the worker lets them \
                     go, so a delay of what is sent limits each connection (some 9 Mbit/s at 5 ms, 0.5 Mbit/s at 50 ms); \
                     `direction` in has the same round trip without that"
                        .to_owned(),
                );
            } else {
                draft.notes.push(
                    "what differs: some 0.1 ms more for each packet, and some 500 Mbit/s at most".to_owned(),
                );
            }
            draft.notes.push(
                "where the worker ends, packets pass at once; those that wait just when it is put back are lost"
                    .to_owned(),
            );
        }
        (Err(why), _) => draft.needs.push(Need::unmet("the kernel's sch_netem", why)),
    }
    draft.plan()
}
