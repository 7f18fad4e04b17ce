//! Names of the moments between two steps of a fault, where tests stop a process to kill it there.

/// A moment that a hand has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// What has to be there before the record is there; nothing is recorded.
    Prepared,
    /// The record is on the disk.
    Recorded,
    /// The guard has taken it over.
    Watched,
    /// It is applied; nobody has looked yet.
    Applied,
    /// It was seen in force; the ledger does not say so yet.
    Verified,
    /// It is in force and all know it.
    Held,
    /// A hand is about to undo it.
    UndoLocked,
    /// It is undone; the record is still open.
    Undone,
    /// The record is closed.
    Closed,
    /// The guard has looked into the ledger.
    Looked,
}

impl Step {
    /// All of them.
    pub const ALL: [Step; 10] = [
        Step::Prepared,
        Step::Recorded,
        Step::Watched,
        Step::Applied,
        Step::Verified,
        Step::Held,
        Step::UndoLocked,
        Step::Undone,
        Step::Closed,
        Step::Looked,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Step::Prepared => "prepared",
            Step::Recorded => "recorded",
            Step::Watched => "watched",
            Step::Applied => "applied",
            Step::Verified => "verified",
            Step::Held => "held",
            Step::UndoLocked => "undo-locked",
            Step::Undone => "undone",
            Step::Closed => "closed",
            Step::Looked => "looked",
        }
    }
}
