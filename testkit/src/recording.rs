//! A server that answers AWS calls as it is told, and remembers them.

pub use squall_compat::aws::call::{Call, Request};
pub use squall_compat::aws::recording::{Answer, Recording};
use squall_compat::json::Json;

/// Starts a server with answers in the form of `compat/aws/cases` (`answers`), as JSON text.
///
/// # Panics
///
/// When the answers are not as they should be, or no port is free.
#[must_use]
pub fn recording(answers: &str) -> Recording {
    let answers = Json::parse(answers).expect("the answers are JSON");
    let answers: Result<Vec<Answer>, String> =
        answers.as_array().expect("the answers are a list").iter().map(Answer::read).collect();
    Recording::start(&answers.expect("the answers are as they should be")).expect("a port is free")
}
