//! Everything that happens in a run, as facts with a time.
//!
//! A run is a stream of [`RunEvent`]s. The journal, the run log, the terminal and every report are
//! views of it. Events carry shared containers: within a run they show later changes, and
//! [`RunEvent::to_value`] fixes what they are at that moment.

use std::time::Duration;

use crate::{Key, Map, Str, Value, time};

/// The version of the run log's records, in its first one.
pub const SCHEMA: i64 = 1;

/// A fact of a run, with the time it was noted.
#[derive(Clone, Debug)]
pub struct RunEvent {
    /// Microseconds since 1970-01-01T00:00:00Z, by the host's clock.
    pub at: i64,
    /// Time since the run started, by a clock that never goes back.
    pub elapsed: Duration,
    /// What happened.
    pub kind: RunEventKind,
}

/// Identifies an activity's execution within its run.
pub type EntryId = u64;

/// Identifies one evaluation of the steady-state hypothesis within its run.
pub type StateId = u64;

/// What happened.
#[derive(Clone, Debug)]
pub enum RunEventKind {
    /// The run began.
    RunStarted(RunStarted),
    /// An evaluation of the hypothesis began.
    HypothesisStarted {
        /// Which evaluation.
        state: StateId,
        /// When in the run.
        phase: Phase,
        /// `steady_state_met` and `probes`, filled as the evaluation goes on.
        content: Map,
    },
    /// An evaluation of the hypothesis came to its end, and counts.
    HypothesisEnded {
        /// Which evaluation.
        state: StateId,
        /// Whether the steady state was met.
        met: Option<bool>,
    },
    /// A part of the run began.
    SectionStarted(Section),
    /// A part of the run ended, background activities included.
    SectionEnded(Section),
    /// An activity is about to be called.
    ActivityStarted {
        /// Which execution.
        entry: EntryId,
        /// Where in the run.
        place: Place,
        /// The journal's entry: `activity`, `output` and `start`.
        content: Map,
    },
    /// An activity's call ended. Nothing of `status`, `output` and `exception` is there when it was
    /// interrupted or ended in a way the reference has no status for.
    ActivityEnded {
        /// Which execution.
        entry: EntryId,
        /// `succeeded` or `failed`.
        status: Option<ActivityStatus>,
        /// What it returned.
        output: Value,
        /// Traceback lines of a failure.
        exception: Vec<Str>,
        /// When it ended, ISO 8601.
        end: Str,
        /// How long it took, in seconds.
        duration: f64,
    },
    /// What the provider of an activity has to tell while the call goes on: a sample that was taken, a fault that is in
    /// force. No part of the journal.
    Noted {
        /// Which execution.
        entry: EntryId,
        /// What it tells.
        note: Value,
    },
    /// A hypothesis probe was compared with its tolerance.
    ProbeJudged {
        /// The evaluation it belongs to.
        state: StateId,
        /// Which execution.
        entry: EntryId,
        /// Whether it is within the tolerance.
        met: bool,
    },
    /// The outcome changed.
    StatusChanged {
        /// `completed`, `failed`, `aborted` or `interrupted`.
        status: Option<Status>,
        /// Whether the steady state deviated.
        deviated: bool,
    },
    /// A control changed what was already noted.
    Amended {
        /// What was changed.
        target: Target,
        /// Its value from now on.
        value: Value,
    },
    /// The run is over.
    RunEnded {
        /// The final outcome.
        status: Status,
        /// When, ISO 8601.
        end: Str,
        /// Seconds from start to end.
        duration: f64,
    },
}

/// How a run began.
#[derive(Clone, Debug)]
pub struct RunStarted {
    /// The run's id.
    pub run: Str,
    /// The version of Squall.
    pub version: Str,
    /// Where the experiment came from.
    pub source: Str,
    /// The working directory.
    pub directory: Str,
    /// The rollback strategy in force.
    pub rollback_strategy: Str,
    /// The journal as it is at the start.
    pub journal: Map,
}

/// When in a run the hypothesis is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Before the method: the gate.
    Before,
    /// Beside the method, again and again.
    During,
    /// After the method.
    After,
}

/// The parts of a run that hold a list of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// The method.
    Method,
    /// The rollbacks.
    Rollbacks,
}

/// Where in a run an activity is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As a probe of an evaluation of the hypothesis.
    Hypothesis(StateId),
    /// In the method or the rollbacks.
    Section(Section),
}

/// The outcome of an activity, where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityStatus {
    /// It returned.
    Succeeded,
    /// It failed; the run goes on.
    Failed,
}

/// The outcome of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It came to its end.
    Completed,
    /// The hypothesis could not be verified, or failed fast.
    Failed,
    /// An unexpected error ended it.
    Aborted,
    /// A signal or a control ended it.
    Interrupted,
}

/// What a control changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An execution's entry.
    Entry(EntryId),
    /// An evaluation's state.
    State(StateId),
    /// A key of the journal.
    Journal(Key),
}

/// A name for each variant, both ways, as the run log and the journal spell it.
macro_rules! names {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            /// The name in the journal and the run log.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The variant of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some($type::$variant),)+ _ => None }
            }
        }
    };
}

names!(Phase { Before = "before", During = "during", After = "after" });
names!(Section { Method = "method", Rollbacks = "rollbacks" });
names!(ActivityStatus { Succeeded = "succeeded", Failed = "failed" });
names!(Status { Completed = "completed", Failed = "failed", Aborted = "aborted", Interrupted = "interrupted" });

/// Why a record of a run log cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordError {
    /// It is no mapping, or a field is missing or of another type.
    #[error("field `{0}` is missing or has an unexpected type")]
    Field(&'static str),
    /// It is of a kind that this version does not know.
    #[error("unknown event `{0}`; it may come from a newer version")]
    Kind(String),
}

impl RunEvent {
    /// The event as one record of the run log, independent of later changes once it is written.
    pub fn to_value(&self) -> Value {
        let record = Map::new();
        record.insert("at", Value::str(time::iso_from_micros(self.at)));
        record.insert("elapsed", Value::Float(self.elapsed.as_secs_f64()));
        self.kind.write(&record);
        Value::Map(record)
    }

    /// Reads a record that [`Self::to_value`] made.
    pub fn from_value(record: &Value) -> Result<Self, RecordError> {
        let elapsed = record.get("elapsed").and_then(|v| v.as_f64()).ok_or(RecordError::Field("elapsed"))?;
        let at = text(record, "at")?;
        Ok(RunEvent {
            at: time::micros_from_iso(&at).ok_or(RecordError::Field("at"))?,
            elapsed: Duration::try_from_secs_f64(elapsed).map_err(|_| RecordError::Field("elapsed"))?,
            kind: RunEventKind::read(record)?,
        })
    }
}

impl RunEventKind {
    fn write(&self, record: &Map) {
        let put = |key: &str, value: Value| record.insert(key, value);
        let event = |name: &str| record.insert("event", Value::from(name));
        match self {
            RunEventKind::RunStarted(started) => {
                event("run-started");
                put("schema", Value::from(SCHEMA));
                put("run", Value::Str(started.run.clone()));
                put("version", Value::Str(started.version.clone()));
                put("source", Value::Str(started.source.clone()));
                put("directory", Value::Str(started.directory.clone()));
                put("rollback_strategy", Value::Str(started.rollback_strategy.clone()));
                put("journal", Value::Map(started.journal.clone()));
            }
            RunEventKind::HypothesisStarted { state, phase, content } => {
                event("hypothesis-started");
                put("state", id(*state));
                put("phase", Value::from(phase.name()));
                put("content", Value::Map(content.clone()));
            }
            RunEventKind::HypothesisEnded { state, met } => {
                event("hypothesis-ended");
                put("state", id(*state));
                put("met", Value::from(*met));
            }
            RunEventKind::SectionStarted(section) => {
                event("section-started");
                put("section", Value::from(section.name()));
            }
            RunEventKind::SectionEnded(section) => {
                event("section-ended");
                put("section", Value::from(section.name()));
            }
            RunEventKind::ActivityStarted { entry, place, content } => {
                event("activity-started");
                put("entry", id(*entry));
                match place {
                    Place::Hypothesis(state) => put("state", id(*state)),
                    Place::Section(section) => put("section", Value::from(section.name())),
                }
                put("content", Value::Map(content.clone()));
            }
            RunEventKind::ActivityEnded { entry, status, output, exception, end, duration } => {
                event("activity-ended");
                put("entry", id(*entry));
                put("status", Value::from(status.map(ActivityStatus::name)));
                put("output", output.clone());
                put("exception", Value::list(exception.iter().cloned().map(Value::Str)));
                put("end", Value::Str(end.clone()));
                put("duration", Value::Float(*duration));
            }
            RunEventKind::Noted { entry, note } => {
                event("noted");
                put("entry", id(*entry));
                put("note", note.clone());
            }
            RunEventKind::ProbeJudged { state, entry, met } => {
                event("probe-judged");
                put("state", id(*state));
                put("entry", id(*entry));
                put("met", Value::Bool(*met));
            }
            RunEventKind::StatusChanged { status, deviated } => {
                event("status-changed");
                put("status", Value::from(status.map(Status::name)));
                put("deviated", Value::Bool(*deviated));
            }
            RunEventKind::Amended { target, value } => {
                event("amended");
                match target {
                    Target::Entry(entry) => put("entry", id(*entry)),
                    Target::State(state) => put("state", id(*state)),
                    Target::Journal(key) => put("key", key.value().clone()),
                }
                put("value", value.clone());
            }
            RunEventKind::RunEnded { status, end, duration } => {
                event("run-ended");
                put("status", Value::from(status.name()));
                put("end", Value::Str(end.clone()));
                put("duration", Value::Float(*duration));
            }
        }
    }

    fn read(record: &Value) -> Result<Self, RecordError> {
        let event = text(record, "event")?;
        Ok(match &*event {
            "run-started" => RunEventKind::RunStarted(RunStarted {
                run: text(record, "run")?,
                version: text(record, "version")?,
                source: text(record, "source")?,
                directory: text(record, "directory")?,
                rollback_strategy: text(record, "rollback_strategy")?,
                journal: map(record, "journal")?,
            }),
            "hypothesis-started" => RunEventKind::HypothesisStarted {
                state: number(record, "state")?,
                phase: Phase::from_name(&text(record, "phase")?).ok_or(RecordError::Field("phase"))?,
                content: map(record, "content")?,
            },
            "hypothesis-ended" => RunEventKind::HypothesisEnded {
                state: number(record, "state")?,
                met: record.get("met").and_then(|met| met.as_bool()),
            },
            "section-started" => RunEventKind::SectionStarted(section(record)?),
            "section-ended" => RunEventKind::SectionEnded(section(record)?),
            "activity-started" => RunEventKind::ActivityStarted {
                entry: number(record, "entry")?,
                place: match number(record, "state") {
                    Ok(state) => Place::Hypothesis(state),
                    Err(_) => Place::Section(section(record)?),
                },
                content: map(record, "content")?,
            },
            "activity-ended" => RunEventKind::ActivityEnded {
                entry: number(record, "entry")?,
                status: text(record, "status").ok().and_then(|name| ActivityStatus::from_name(&name)),
                output: record.get("output").ok_or(RecordError::Field("output"))?,
                exception: match record.get("exception") {
                    Some(Value::List(lines)) => lines
                        .to_vec()
                        .into_iter()
                        .filter_map(|line| match line {
                            Value::Str(text) => Some(text),
                            _ => None,
                        })
                        .collect(),
                    _ => return Err(RecordError::Field("exception")),
                },
                end: text(record, "end")?,
                duration: float(record, "duration")?,
            },
            "noted" => RunEventKind::Noted {
                entry: number(record, "entry")?,
                note: record.get("note").ok_or(RecordError::Field("note"))?,
            },
            "probe-judged" => RunEventKind::ProbeJudged {
                state: number(record, "state")?,
                entry: number(record, "entry")?,
                met: flag(record, "met")?,
            },
            "status-changed" => RunEventKind::StatusChanged {
                status: text(record, "status").ok().and_then(|name| Status::from_name(&name)),
                deviated: flag(record, "deviated")?,
            },
            "amended" => RunEventKind::Amended {
                target: if let Ok(entry) = number(record, "entry") {
                    Target::Entry(entry)
                } else if let Ok(state) = number(record, "state") {
                    Target::State(state)
                } else {
                    let key = record.get("key").and_then(Key::new).ok_or(RecordError::Field("key"))?;
                    Target::Journal(key)
                },
                value: record.get("value").ok_or(RecordError::Field("value"))?,
            },
            "run-ended" => RunEventKind::RunEnded {
                status: Status::from_name(&text(record, "status")?).ok_or(RecordError::Field("status"))?,
                end: text(record, "end")?,
                duration: float(record, "duration")?,
            },
            other => return Err(RecordError::Kind(other.to_owned())),
        })
    }
}

fn id(id: u64) -> Value {
    Value::from(i64::try_from(id).unwrap_or(i64::MAX))
}

fn text(record: &Value, field: &'static str) -> Result<Str, RecordError> {
    match record.get(field) {
        Some(Value::Str(text)) => Ok(text),
        _ => Err(RecordError::Field(field)),
    }
}

fn map(record: &Value, field: &'static str) -> Result<Map, RecordError> {
    match record.get(field) {
        Some(Value::Map(map)) => Ok(map),
        _ => Err(RecordError::Field(field)),
    }
}

fn flag(record: &Value, field: &'static str) -> Result<bool, RecordError> {
    record.get(field).and_then(|value| value.as_bool()).ok_or(RecordError::Field(field))
}

fn float(record: &Value, field: &'static str) -> Result<f64, RecordError> {
    record.get(field).and_then(|value| value.as_f64()).ok_or(RecordError::Field(field))
}

fn number(record: &Value, field: &'static str) -> Result<u64, RecordError> {
    match record.get(field) {
        Some(Value::Int(int)) => {
            int.to_i64().and_then(|id| u64::try_from(id).ok()).ok_or(RecordError::Field(field))
        }
        _ => Err(RecordError::Field(field)),
    }
}

fn section(record: &Value) -> Result<Section, RecordError> {
    Section::from_name(&text(record, "section")?).ok_or(RecordError::Field("section"))
}
