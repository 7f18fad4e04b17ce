//! The catalogue. A kind is one file: its description, its plan, and its steps.

mod cpu;
mod disk_fill;
mod disk_io;
mod fds;
mod memory;
mod pids;
mod process_pause;

use squall_engine::fault::arguments::{Arguments, Problem};
use squall_engine::fault::port::{Description, Fault};

/// A kind of fault.
pub struct Kind {
    /// What the catalogue shows.
    pub description: &'static Description,
    /// Resolves targets and looks at what is needed, without changing anything.
    pub plan: Plan,
}

/// Plans a fault of one kind.
pub type Plan = fn(&Arguments) -> Result<Box<dyn Fault>, Vec<Problem>>;

/// All kinds, in the order in which they are shown.
pub const ALL: &[Kind] = &[
    Kind { description: &cpu::DESCRIPTION, plan: cpu::plan },
    Kind { description: &disk_fill::DESCRIPTION, plan: disk_fill::plan },
    Kind { description: &disk_io::DESCRIPTION, plan: disk_io::plan },
    Kind { description: &fds::DESCRIPTION, plan: fds::plan },
    Kind { description: &memory::DESCRIPTION, plan: memory::plan },
    Kind { description: &pids::DESCRIPTION, plan: pids::plan },
    Kind { description: &process_pause::DESCRIPTION, plan: process_pause::plan },
];

/// Their descriptions.
pub const DESCRIPTIONS: &[&Description] = &{
    let mut descriptions = [ALL[0].description; ALL.len()];
    let mut index = 0;
    while index < ALL.len() {
        descriptions[index] = ALL[index].description;
        index += 1;
    }
    descriptions
};
