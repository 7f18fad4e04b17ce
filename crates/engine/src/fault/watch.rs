//! The guard's part: who must be undone, and when. What it does with processes and pipes is an adapter's.

use std::collections::BTreeMap;

use super::record::{FaultId, Moment};

/// What the runner says to its guard: look into the ledger again. The guard takes over what is open there, forgets what
/// is closed, and answers [`SEEN`].
pub const LOOK: &str = "look";
/// The guard's answer.
pub const SEEN: &str = "seen";
/// What the runner says when the run is over: no need to stay. Closing the pipe means the same, and worse.
pub const LEAVE: &str = "leave";

/// What the guard is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Wait for a message, for at most so many milliseconds where there is a deadline.
    Wait(Option<u64>),
    /// Undo this fault now.
    Undo(FaultId),
    /// Nothing is left to watch over, and nobody will ask: end.
    End,
}

/// What the guard knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    held: BTreeMap<FaultId, Held>,
    count: u64,
    alone: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    deadline: Moment,
    /// The order in which they were taken, since the latest goes first.
    order: u64,
    /// Not before this moment, after an undo that failed.
    not_before: u64,
}

impl Watch {
    /// How long the guard waits after an undo that failed until it tries again, in milliseconds.
    pub const RETRY_MILLIS: u64 = 1000;
    /// How often it tries, once the runner is gone.
    pub const ATTEMPTS: u32 = 5;

    /// Takes over what is open in the ledger, the latest last, and forgets what is not.
    pub fn look(&mut self, open: &[(FaultId, Moment)]) {
        self.held.retain(|fault, _| open.iter().any(|(known, _)| known == fault));
        for (fault, deadline) in open {
            if let Some(held) = self.held.get_mut(fault) {
                // counted anew when it was seen in force
                held.deadline = deadline.clone();
            } else {
                self.count += 1;
                let held = Held { deadline: deadline.clone(), order: self.count, not_before: 0 };
                self.held.insert(fault.clone(), held);
            }
        }
    }

    /// The runner is gone: its pipe is closed.
    pub fn runner_gone(&mut self) {
        self.alone = true;
    }

    /// Whether the runner is gone.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// What is to be done now.
    pub fn duty(&self, now: &Moment) -> Duty {
        if self.alone && self.held.is_empty() {
            return Duty::End;
        }
        let due = |held: &Held| {
            let over = held.deadline.boot != now.boot || held.deadline.millis <= now.millis;
            (self.alone || over) && held.not_before <= now.millis
        };
        let next = self.held.iter().filter(|(_, held)| due(held)).max_by_key(|(_, held)| held.order);
        if let Some((fault, _)) = next {
            return Duty::Undo(fault.clone());
        }
        let waits = self.held.values().map(|held| {
            let end = if self.alone { held.not_before } else { held.deadline.millis.max(held.not_before) };
            end.saturating_sub(now.millis).max(1)
        });
        Duty::Wait(waits.min())
    }

    /// A fault is put back, or given up.
    pub fn done(&mut self, fault: &FaultId) {
        self.held.remove(fault);
    }

    /// An undo failed: it is tried again after a while.
    pub fn failed(&mut self, fault: &FaultId, now: &Moment) {
        if let Some(held) = self.held.get_mut(fault) {
            held.not_before = now.millis + Self::RETRY_MILLIS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment { boot: "b".to_owned(), millis }
    }

    fn open(faults: &[(u64, u64)]) -> Vec<(FaultId, Moment)> {
        faults.iter().map(|(bits, millis)| (FaultId::from_bits(*bits), at(*millis))).collect()
    }

    #[test]
    fn a_deadline_that_passes_is_an_undo_and_the_others_are_waited_for() {
        let mut watch = Watch::default();
        assert_eq!(watch.duty(&at(0)), Duty::Wait(None));
        watch.look(&open(&[(1, 100), (2, 500)]));
        let short = FaultId::from_bits(1);
        assert_eq!(watch.duty(&at(40)), Duty::Wait(Some(60)));
        assert_eq!(watch.duty(&at(100)), Duty::Undo(short.clone()));
        watch.done(&short);
        assert_eq!(watch.duty(&at(100)), Duty::Wait(Some(400)));
    }

    #[test]
    fn without_a_runner_everything_is_undone_from_the_latest_to_the_first_and_then_it_ends() {
        let mut watch = Watch::default();
        watch.look(&open(&[(9, 1000), (3, 1000)]));
        let (first, second) = (FaultId::from_bits(9), FaultId::from_bits(3));
        watch.runner_gone();
        assert_eq!(watch.duty(&at(1)), Duty::Undo(second.clone()));
        watch.failed(&second, &at(1));
        assert_eq!(watch.duty(&at(1)), Duty::Undo(first.clone()));
        watch.done(&first);
        assert_eq!(watch.duty(&at(1)), Duty::Wait(Some(Watch::RETRY_MILLIS)));
        assert_eq!(watch.duty(&at(1 + Watch::RETRY_MILLIS)), Duty::Undo(second.clone()));
        watch.done(&second);
        assert_eq!(watch.duty(&at(2000)), Duty::End);
    }

    #[test]
    fn a_reboot_is_past_every_deadline() {
        let mut watch = Watch::default();
        watch.look(&open(&[(1, 1_000_000)]));
        let later = Moment { boot: "c".to_owned(), millis: 5 };
        assert_eq!(watch.duty(&later), Duty::Undo(FaultId::from_bits(1)));
    }

    #[test]
    fn what_another_hand_has_closed_is_forgotten() {
        let mut watch = Watch::default();
        watch.look(&open(&[(1, 10), (2, 20)]));
        watch.look(&open(&[(2, 20), (3, 5)]));
        assert_eq!(watch.duty(&at(10)), Duty::Undo(FaultId::from_bits(3)));
        assert_eq!(watch.duty(&at(4)), Duty::Wait(Some(1)));
    }
}
