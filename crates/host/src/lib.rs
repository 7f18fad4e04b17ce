//! Faults of the Linux host: one file a kind, on top of `squall-os`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`kinds`] | the catalogue: each kind's description and its steps |
//! | [`network`] | what network faults have in common |
//! | [`undo`] | what undos are as data, and carrying them out: by the runner, the guard or `squall undo` |
//! | [`worker`] | processes of our own that make load, wait to begin, and end with us |
//! | [`crew`] | the workers of one fault |
//! | [`jobs`] | what workers do |
//! | [`need`] | what kinds need of this host |
//! | [`nameless`] | files that have no name |
//! | [`place`] | the control group that load is put into |
//! | [`target`] | choosing processes |

pub mod crew;
pub mod jobs;
pub mod kinds;
pub mod nameless;
pub mod need;
pub mod network;
pub mod place;
pub mod target;
pub mod undo;
pub mod worker;

use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::port::{Catalogue, Description, Fault, FaultError, Ready, Undoer};

/// The faults of this host.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host;

impl Catalogue for Host {
    fn kinds(&self) -> &'static [&'static Description] {
        kinds::DESCRIPTIONS
    }

    fn plan(&self, kind: &str, arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
        let kind = kinds::ALL.iter().find(|known| known.description.name == kind);
        let kind = kind.ok_or_else(|| vec![Problem::new("there is no such kind")])?;
        (kind.plan)(arguments)
    }
}

impl Undoer for Host {
    fn ready(&self, undo: &serde_json::Value) -> Result<Box<dyn Ready>, FaultError> {
        undo::ready(undo)
    }
}
