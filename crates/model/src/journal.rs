//! The journal: a fold of the event stream into the reference's document.

use std::collections::HashMap;

use crate::event::{EntryId, Phase, Place, RunEventKind, Section, StateId, Target};
use crate::{List, Map, Value};

/// The journal of a run, kept up to date by [`Journal::apply`].
///
/// Its containers are shared with the events that it was made of, so that controls that hold parts
/// of it see it grow, and what they change in it stays changed.
#[derive(Debug, Default)]
pub struct Journal {
    root: Map,
    entries: HashMap<EntryId, Map>,
    states: HashMap<StateId, (Phase, Map)>,
}

/// The journal's content at the start of a run, in the reference's order of keys.
#[derive(Clone, Debug)]
pub struct Header {
    /// The version of the reference's library whose format this is.
    pub chaoslib_version: String,
    /// The operating system, as Python's `platform.platform()` names it.
    pub platform: String,
    /// The host name.
    pub node: String,
    /// The experiment, copied at its top level.
    pub experiment: Map,
    /// ISO 8601.
    pub start: String,
}

impl Header {
    /// The journal before anything has happened.
    pub fn into_map(self) -> Map {
        let states: [(&str, Value); 3] =
            [("before", Value::Null), ("after", Value::Null), ("during", List::new().into())];
        let entries: [(&str, Value); 10] = [
            ("chaoslib-version", self.chaoslib_version.into()),
            ("platform", self.platform.into()),
            ("node", self.node.into()),
            ("experiment", self.experiment.into()),
            ("start", self.start.into()),
            ("status", Value::Null),
            ("deviated", Value::Bool(false)),
            ("steady_states", Value::map(states)),
            ("run", List::new().into()),
            ("rollbacks", List::new().into()),
        ];
        entries.into_iter().collect()
    }
}

impl Journal {
    /// A journal to which nothing has happened yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The journal's document, shared.
    pub fn root(&self) -> &Map {
        &self.root
    }

    /// The entry of an execution.
    pub fn entry(&self, entry: EntryId) -> Option<&Map> {
        self.entries.get(&entry)
    }

    /// The executions so far, in order.
    pub fn entry_ids(&self) -> Vec<EntryId> {
        let mut ids: Vec<_> = self.entries.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// The state of an evaluation of the hypothesis.
    pub fn state(&self, state: StateId) -> Option<&Map> {
        self.states.get(&state).map(|(_, content)| content)
    }

    /// Takes one event in. Events that refer to what never began are without effect.
    pub fn apply(&mut self, event: &RunEventKind) {
        match event {
            RunEventKind::RunStarted(started) => self.root = started.journal.clone(),
            RunEventKind::HypothesisStarted { state, phase, content } => {
                self.states.insert(*state, (*phase, content.clone()));
            }
            RunEventKind::HypothesisEnded { state, met } => self.end_state(*state, *met),
            RunEventKind::SectionStarted(section) => self.root.insert(section.key(), List::new().into()),
            RunEventKind::SectionEnded(_) | RunEventKind::Noted { .. } => {}
            RunEventKind::ActivityStarted { entry, place, content } => {
                self.entries.insert(*entry, content.clone());
                if let Place::Section(section) = place
                    && let Some(Value::List(entries)) = self.root.get(section.key())
                {
                    entries.push(Value::Map(content.clone()));
                }
            }
            RunEventKind::ActivityEnded { entry, status, output, exception, end, duration } => {
                let Some(content) = self.entries.get(entry) else { return };
                content.insert("output", output.clone());
                if let Some(status) = status {
                    content.insert("status", Value::from(status.name()));
                }
                if !exception.is_empty() {
                    content.insert("exception", Value::list(exception.iter().cloned().map(Value::Str)));
                }
                content.insert("end", Value::Str(end.clone()));
                content.insert("duration", Value::Float(*duration));
            }
            RunEventKind::ProbeJudged { state, entry, met } => {
                let (Some(content), Some((_, state))) = (self.entries.get(entry), self.states.get(state))
                else {
                    return;
                };
                content.insert("tolerance_met", Value::Bool(*met));
                if let Some(Value::List(probes)) = state.get("probes") {
                    probes.push(Value::Map(content.clone()));
                }
            }
            RunEventKind::StatusChanged { status, deviated } => {
                self.root.insert("status", Value::from(status.map(|status| status.name())));
                self.root.insert("deviated", Value::Bool(*deviated));
            }
            RunEventKind::Amended { target, value } => self.amend(target, value),
            RunEventKind::RunEnded { status, end, duration } => {
                self.root.insert("end", Value::Str(end.clone()));
                self.root.insert("duration", Value::Float(*duration));
                self.root.insert("status", Value::from(status.name()));
            }
        }
    }

    fn end_state(&mut self, state: StateId, met: Option<bool>) {
        let Some((phase, content)) = self.states.get(&state) else { return };
        content.insert("steady_state_met", Value::from(met));
        let Some(Value::Map(states)) = self.root.get("steady_states") else { return };
        match phase {
            Phase::Before | Phase::After => states.insert(phase.name(), Value::Map(content.clone())),
            Phase::During => {
                if let Some(Value::List(during)) = states.get(phase.name()) {
                    during.push(Value::Map(content.clone()));
                }
            }
        }
    }

    fn amend(&mut self, target: &Target, value: &Value) {
        let map = match target {
            Target::Entry(entry) => self.entries.get(entry),
            Target::State(state) => self.states.get(state).map(|(_, content)| content),
            Target::Journal(key) => return self.root.insert(key.clone(), value.clone()),
        };
        if let (Some(map), Value::Map(new)) = (map, value) {
            map.replace(new.entries());
        }
    }
}

impl Section {
    /// The journal's key for the section's entries.
    pub fn key(self) -> &'static str {
        match self {
            Section::Method => "run",
            Section::Rollbacks => "rollbacks",
        }
    }
}
