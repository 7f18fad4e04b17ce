//! The fold of the records: which faults are open, and how they stand.

use std::collections::BTreeMap;

use super::record::{Damage, Fact, FaultId, Hand, Moment, Planned, Record};

/// How a fault stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Recorded; nobody knows whether it was applied.
    Planned,
    /// In force.
    Active,
    /// It ended by itself; what is left of it is still to be verified.
    Lapsed(String),
    /// It could not be put back, or not be shown to be: what is left.
    Stuck(Vec<String>),
    /// Put back, by whom and what was found.
    Undone {
        /// Who put it back.
        by: Hand,
        /// What was found and done.
        found: Vec<String>,
    },
}

impl Standing {
    /// Whether somebody still has to put something back.
    pub fn is_open(&self) -> bool {
        !matches!(self, Standing::Undone { .. })
    }

    /// The name that users see.
    pub fn name(&self) -> &'static str {
        match self {
            Standing::Planned => "planned",
            Standing::Active => "active",
            Standing::Lapsed(_) => "lapsed",
            Standing::Stuck(_) => "stuck",
            Standing::Undone { .. } => "undone",
        }
    }
}

/// What the ledger knows of one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was recorded before it.
    pub planned: Planned,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// How it stands.
    pub standing: Standing,
    /// Why it could not be applied as a whole, where that was so.
    pub not_applied: Option<String>,
}

impl Entry {
    /// Whether the guard's time has come.
    pub fn is_overdue(&self, now: &Moment) -> bool {
        self.planned.deadline.boot != now.boot || self.planned.deadline.millis <= now.millis
    }
}

/// A line of the file that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub damage: Damage,
}

/// All that the records say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The faults, in the order in which they were recorded.
    order: Vec<FaultId>,
    entries: BTreeMap<FaultId, Entry>,
    /// Faults that a newer version recorded and nobody closed, with their schema.
    newer: BTreeMap<FaultId, u32>,
    /// Lines that say nothing. A torn last line is none: nothing was done before it was whole.
    pub damaged: Vec<Damaged>,
    /// Whether the last line was torn.
    pub torn: bool,
}

impl Ledger {
    /// Reads the whole file's content.
    pub fn read(content: &[u8]) -> Self {
        let mut ledger = Ledger::default();
        let mut lines = content.split_inclusive(|byte| *byte == b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            // an empty line ends a torn one
            if line == b"\n" {
                continue;
            }
            let record = std::str::from_utf8(line).map_err(|_| Damage::Checksum).and_then(Record::from_line);
            match record {
                Err(damage @ (Damage::NoChecksum | Damage::Checksum)) => {
                    Record::salvage(line).into_iter().for_each(|record| ledger.take(index + 1, record));
                    if !line.ends_with(b"\n") && lines.peek().is_none() {
                        ledger.torn = true;
                    } else {
                        ledger.damaged.push(Damaged { line: index + 1, damage });
                    }
                }
                other => ledger.take(index + 1, other),
            }
        }
        ledger
    }

    fn take(&mut self, line: usize, record: Result<Record, Damage>) {
        match record {
            Ok(record) => self.note(record),
            Err(Damage::Newer { fault, schema }) => {
                self.newer.insert(fault, schema);
            }
            Err(damage) => self.damaged.push(Damaged { line, damage }),
        }
    }

    /// Takes one more record in.
    pub fn note(&mut self, record: Record) {
        let Record { fault, at, by, fact } = record;
        if let Fact::Planned(planned) = fact {
            if !self.entries.contains_key(&fault) {
                self.order.push(fault.clone());
                let entry = Entry { planned: *planned, at, standing: Standing::Planned, not_applied: None };
                self.entries.insert(fault, entry);
            }
            return;
        }
        let Some(entry) = self.entries.get_mut(&fault) else {
            if matches!(fact, Fact::Undone { .. }) {
                self.newer.remove(&fault);
            }
            return;
        };
        // a closed record stays closed: what comes late is from a hand that had not seen it
        if !entry.standing.is_open() {
            return;
        }
        match fact {
            Fact::Planned(_) => {}
            Fact::Applied { deadline } => {
                entry.standing = Standing::Active;
                if let Some(deadline) = deadline {
                    entry.planned.deadline = deadline;
                }
            }
            Fact::NotApplied { why } => entry.not_applied = Some(why),
            Fact::Lapsed { why } => entry.standing = Standing::Lapsed(why),
            Fact::Undone { found } => entry.standing = Standing::Undone { by, found },
            Fact::Stuck { left } => entry.standing = Standing::Stuck(left),
        }
    }

    /// What is known of a fault.
    pub fn get(&self, fault: &FaultId) -> Option<&Entry> {
        self.entries.get(fault)
    }

    /// All faults, in the order in which they were recorded.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (&FaultId, &Entry)> {
        self.order.iter().filter_map(|fault| Some((fault, self.entries.get(fault)?)))
    }

    /// The faults that somebody still has to put back, the latest last.
    pub fn open(&self) -> impl DoubleEndedIterator<Item = (&FaultId, &Entry)> {
        self.all().filter(|(_, entry)| entry.standing.is_open())
    }

    /// The faults that a newer version recorded and nobody put back, with the schema of their records. Only that
    /// version can undo them.
    pub fn newer(&self) -> impl Iterator<Item = (&FaultId, u32)> {
        self.newer.iter().map(|(fault, schema)| (fault, *schema))
    }

    /// Whether nobody needs these records any more: all is put back, and none is unreadable.
    pub fn is_done(&self) -> bool {
        self.open().next().is_none() && self.newer.is_empty() && self.damaged.is_empty()
    }

    /// The open faults of one run.
    pub fn open_of<'a>(&'a self, run: &'a str) -> impl DoubleEndedIterator<Item = &'a FaultId> {
        self.open().filter(move |(_, entry)| entry.planned.run == run).map(|(fault, _)| fault)
    }

    /// The faults whose id begins with these digits, with those of a newer version.
    pub fn beginning_with(&self, digits: &str) -> Vec<&FaultId> {
        self.order
            .iter()
            .chain(self.newer.keys())
            .filter(|fault| fault.as_str().starts_with(digits))
            .collect()
    }
}
