//! `network.reset`: TCP connections are broken off.

use squall_engine::fault::arguments::{Arguments, Parameter, Problem};
use squall_engine::fault::port::{Description, Fault, Orphaned};
use squall_engine::fault::record::Class;

use crate::network::fault::{BOUND, Draft, Means};
use crate::network::selector::{DIRECTION_BOTH, parameters};
use crate::network::table::Action;

/// What the catalogue shows.
pub const DESCRIPTION: Description = Description {
    name: "network.reset",
    summary: "breaks off TCP connections, new ones and those that there are, by a reset (RST)",
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
    let action = Action::Refuse { tcp: "tcp reset", other: None };
    let mut draft = Draft::of(arguments, "broken off".to_owned(), Means::Table(action))?;
    draft.notes.push(
        "a connection is broken off with its next packet: an idle one stays until something is sent; connections that \
         were broken off do not come back"
            .to_owned(),
    );
    draft.plan()
}
