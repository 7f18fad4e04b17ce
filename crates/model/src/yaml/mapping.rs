//! The entries of a mapping, and those that it takes over from others.

use super::construct;
use super::{Fault, Result};
use crate::document::{Build, Member, Span};
use crate::value::{Key, Value};

/// A key as it was read.
pub(super) enum MapKey {
    Key(Key, Span),
    Merge(Span),
}

impl MapKey {
    pub fn null(at: usize) -> Self {
        // A key that is not there; `null` is no container.
        MapKey::Key(Key::new(Value::Null).expect("a scalar"), Span::at(at))
    }
}

/// A mapping being read: its own entries, and those that it takes over.
pub(super) struct Mapping<N> {
    own: Vec<Member<N>>,
    merged: Vec<Member<N>>,
}

impl<N> Default for Mapping<N> {
    fn default() -> Self {
        Mapping { own: Vec::new(), merged: Vec::new() }
    }
}

impl<N> Mapping<N> {
    pub fn add<B: Build<Node = N>>(&mut self, key: MapKey, node: N) -> Result<()> {
        const CONTEXT: &str = "while constructing a mapping";
        match key {
            MapKey::Key(key, at) => self.own.push(Member { key, at, node }),
            MapKey::Merge(at) => {
                if let Some(members) = B::members(&node) {
                    self.merged.extend(members);
                } else if let Some(items) = B::items(&node) {
                    // Earlier ones win, so they come last.
                    for item in items.iter().rev() {
                        let Some(members) = B::members(item) else {
                            let kind = construct::node_kind(B::value(item));
                            let problem = format!("expected a mapping for merging, but found {kind}");
                            return Err(Fault::new(problem, at).within(CONTEXT, at.start));
                        };
                        self.merged.extend(members);
                    }
                } else {
                    let kind = construct::node_kind(B::value(&node));
                    let problem =
                        format!("expected a mapping or list of mappings for merging, but found {kind}");
                    return Err(Fault::new(problem, at).within(CONTEXT, at.start));
                }
            }
        }
        Ok(())
    }

    /// All entries, those that are taken over first; nothing is left.
    pub fn finish(&mut self) -> Vec<Member<N>> {
        let mut members = std::mem::take(&mut self.merged);
        if members.is_empty() {
            return std::mem::take(&mut self.own);
        }
        members.append(&mut self.own);
        members
    }
}
