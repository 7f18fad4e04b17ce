//! Where the values of a document stand in its text.

use std::sync::Arc;

use super::pointer::{Part, Pointer, Step};
use super::source::Span;
use crate::value::Key;

/// The place of one value and of all below it.
#[derive(Debug)]
pub(crate) struct Place {
    span: Span,
    below: Below,
}

#[derive(Debug)]
enum Below {
    Nothing,
    Items(Vec<Arc<Place>>),
    Entries(Vec<Entry>),
}

/// The place of one entry of a mapping.
#[derive(Debug)]
pub(crate) struct Entry {
    pub key: Key,
    pub at: Span,
    pub place: Arc<Place>,
}

impl Place {
    pub fn leaf(span: Span) -> Self {
        Place { span, below: Below::Nothing }
    }

    pub fn list(span: Span, items: Vec<Arc<Place>>) -> Self {
        Place { span, below: Below::Items(items) }
    }

    pub fn map(span: Span, entries: Vec<Entry>) -> Self {
        Place { span, below: Below::Entries(entries) }
    }

    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.below {
            Below::Entries(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn items(&self) -> Option<&[Arc<Place>]> {
        match &self.below {
            Below::Items(items) => Some(items),
            _ => None,
        }
    }

    /// The place that `pointer` leads to from here, the last of equal keys winning. What has no key
    /// (an item, the whole document) gives its own place for [`Part::Key`] too.
    pub fn find(&self, pointer: &Pointer, part: Part) -> Option<Span> {
        let (mut place, mut key) = (self, None);
        for step in pointer.steps() {
            match step {
                Step::Index(index) => {
                    place = place.items()?.get(*index)?;
                    key = None;
                }
                Step::Key(wanted) => {
                    let entry = place.entries()?.iter().rev().find(|entry| entry.key == *wanted)?;
                    place = &entry.place;
                    key = Some(entry.at);
                }
            }
        }
        match (part, key) {
            (Part::Key, Some(span)) => Some(span),
            _ => Some(place.span),
        }
    }
}
