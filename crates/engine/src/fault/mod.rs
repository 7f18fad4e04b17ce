//! Faults: what breaks on purpose, and the guarantee that it is put back.
//!
//! A fault goes through the same steps whatever its kind: *plan* (nothing is changed) → *prepare* (only what
//! ends by itself if we die) → *record* in the ledger, on the disk → *apply* → *verify* → … → *undo* → *verify
//! restored* → *close the record*. So whatever was changed, its undo was on the disk before.
//!
//! Three hands may undo, one at a time under the ledger's lock: the runner, the guard (a process that outlives
//! the runner) and `squall undo`. All three use [`hands`]. The runner holds a fault's lock from before its record until
//! it is seen in force, so nobody undoes what is about to be applied.
//!
//! | module | what it holds |
//! |---|---|
//! | [`record`] | what the ledger's records say, and their form on the disk |
//! | [`ledger`] | the fold of the records: which faults are open, and how they stand |
//! | [`port`] | what is asked of the host, the ledger's file and the guard's process |
//! | [`arguments`] | the parameters of kinds: names, units, ranges, defaults, and reading them |
//! | [`hands`] | undoing, the same for everybody |
//! | [`injector`] | the runner's part, from plan to close |
//! | [`watch`] | the guard's part: who must be undone, and when |
//! | [`guardian`] | the guard's part: undoing it, with what was opened beforehand |
//! | [`step`] | names of the moments between two steps, where tests stop a process |
//! | [`rails`] | what settings forbid |
//! | [`provider`], [`check`] | activities of type `fault`, and what is wrong with them |

pub mod arguments;
pub mod check;
pub mod guardian;
pub mod hands;
pub mod injector;
pub mod ledger;
pub mod port;
pub mod provider;
pub mod rails;
pub mod record;
pub mod step;
pub mod watch;
