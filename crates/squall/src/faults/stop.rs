//! Stopping this process at a step of a fault, so that a test can kill it exactly there.
//!
//! Asked for by the environment variable [`VARIABLE`], as `HAND:STEP`: `runner:recorded`, `guard:undone`. Whoever sets
//! it could as well send SIGSTOP: it lets nobody do what they may not do without.

use squall_engine::fault::record::Hand;
use squall_engine::fault::step::Step;

/// The variable's name.
const VARIABLE: &str = "SQUALL_STOP_AT";

/// Where this process stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop {
    by: Hand,
    step: Step,
}

impl Stop {
    /// What the environment asks for. Something else than a hand and a step asks for nothing.
    pub fn asked_for() -> Option<Self> {
        Stop::read(&std::env::var(VARIABLE).ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        let (hand, step) = text.split_once(':')?;
        let by = match hand {
            "runner" => Hand::Runner,
            "guard" => Hand::Guard,
            "undo" => Hand::Undo,
            _ => return None,
        };
        let step = Step::ALL.into_iter().find(|known| known.name() == step)?;
        Some(Stop { by, step })
    }

    /// Stops this process, if it is to stop here; it goes on when it gets SIGCONT.
    pub fn reached(self, by: Hand, step: Step) {
        if (by, step) == (self.by, self.step) {
            squall_os::process::stop_self();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_and_a_step_are_understood_and_nothing_else() {
        assert_eq!(Stop::read("guard:undo-locked"), Some(Stop { by: Hand::Guard, step: Step::UndoLocked }));
        for text in ["", "guard", "guard:", "runner:nowhere", "nobody:held", "guard:held:x"] {
            assert_eq!(Stop::read(text), None, "{text}");
        }
    }
}
