//! `network.blackhole`: packets are lost, and nobody is told.

use squall_engine::fault::arguments::{Arguments, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::{BOUND, Draft, Means};
use crate::network::selector::{DIRECTION_BOTH, parameters};
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.blackhole",
    summary: "drops packets without telling anybody; callers wait until they give up",
    class: Class::Held,
    parameters: PARAMETERS,
    bound: BOUND,
    orphaned: Orphaned::Waits,
};

const PARAMETERS: &[Parameter] = parameters![DIRECTION_BOTH];

/// Plans it.
///
/// # Errors
/// What is wrong with the arguments.
pub fn plan(arguments: &Arguments) -> Result<Box<dyn Fault>, Vec<Problem>> {
    Draft::of(arguments, "lost".to_owned(), Means::Table(Action::Drop(None)))?.plan()
}
