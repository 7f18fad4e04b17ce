//! The catalogue. A kind is one file: its description, its plan, and its steps.

mod cpu;
mod disk_fill;
mod disk_io;
mod fds;
mod memory;
mod network_bandwidth;
mod network_blackhole;
mod network_corrupt;
mod network_dns;
mod network_duplicate;
mod network_latency;
mod network_loss;
mod network_partition;
mod network_reject;
mod network_reorder;
mod network_reset;
mod pids;
mod process_kill;
mod process_pause;
mod shutdown;

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
    Kind { description: &memory::DESCRIPTION, plan: memory::plan },
    Kind { description: &disk_fill::DESCRIPTION, plan: disk_fill::plan },
    Kind { description: &network_bandwidth::DESCRIPTION, plan: network_bandwidth::plan },
    Kind { description: &network_blackhole::DESCRIPTION, plan: network_blackhole::plan },
    Kind { description: &network_corrupt::DESCRIPTION, plan: network_corrupt::plan },
    Kind { description: &network_dns::DESCRIPTION, plan: network_dns::plan },
    Kind { description: &network_duplicate::DESCRIPTION, plan: network_duplicate::plan },
    Kind { description: &network_latency::DESCRIPTION, plan: network_latency::plan },
    Kind { description: &network_loss::DESCRIPTION, plan: network_loss::plan },
    Kind { description: &network_partition::DESCRIPTION, plan: network_partition::plan },
    Kind { description: &network_reject::DESCRIPTION, plan: network_reject::plan },
    Kind { description: &network_reorder::DESCRIPTION, plan: network_reorder::plan },
    Kind { description: &network_reset::DESCRIPTION, plan: network_reset::plan },
    Kind { description: &process_kill::DESCRIPTION, plan: process_kill::plan },
    Kind { description: &disk_io::DESCRIPTION, plan: disk_io::plan },
    Kind { description: &fds::DESCRIPTION, plan: fds::plan },
    Kind { description: &pids::DESCRIPTION, plan: pids::plan },
    Kind { description: &process_pause::DESCRIPTION, plan: process_pause::plan },
    Kind { description: &shutdown::DESCRIPTION, plan: shutdown::plan },
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
