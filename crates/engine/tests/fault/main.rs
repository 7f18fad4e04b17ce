//! What faults break is put back, whoever dies when: against a world in memory, in which processes are killed between
//! any two things that they ask of it.

mod ledger;
mod putting_back;
mod world;
