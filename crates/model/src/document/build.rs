//! What the parsers make of a text: values alone, or values with their places.

use std::sync::Arc;

use super::places::{Entry, Place};
use super::source::Span;
use crate::value::{Key, Value};

/// Makes nodes of what a parser reads.
pub(crate) trait Build {
    /// One value of the document, with whatever is kept of its place.
    type Node: Clone;

    /// Everything that is neither a list nor a mapping.
    fn leaf(value: Value, span: Span) -> Self::Node;
    /// A list.
    fn list(items: Vec<Self::Node>, span: Span) -> Self::Node;
    /// A mapping; of equal keys the last one wins and the first one gives the position.
    fn map(entries: Vec<Member<Self::Node>>, span: Span) -> Self::Node;
    /// The value of a node.
    fn value(node: &Self::Node) -> &Value;
    /// The entries of a node that is a mapping.
    fn members(node: &Self::Node) -> Option<Vec<Member<Self::Node>>>;
    /// The items of a node that is a list.
    fn items(node: &Self::Node) -> Option<Vec<Self::Node>>;
}

/// One entry of a mapping.
#[derive(Clone)]
pub(crate) struct Member<N> {
    pub key: Key,
    pub at: Span,
    pub node: N,
}

/// Keeps values only.
pub(crate) struct Values;

impl Build for Values {
    type Node = Value;

    fn leaf(value: Value, _: Span) -> Value {
        value
    }

    fn list(items: Vec<Value>, _: Span) -> Value {
        Value::list(items)
    }

    fn map(entries: Vec<Member<Value>>, _: Span) -> Value {
        Value::map(entries.into_iter().map(|member| (member.key, member.node)))
    }

    fn value(node: &Value) -> &Value {
        node
    }

    fn members(node: &Value) -> Option<Vec<Member<Value>>> {
        let entries = node.as_map()?.entries();
        Some(entries.into_iter().map(|(key, node)| Member { key, at: Span::default(), node }).collect())
    }

    fn items(node: &Value) -> Option<Vec<Value>> {
        Some(node.as_list()?.to_vec())
    }
}

/// Keeps values and their places.
pub(crate) struct Placed;

impl Build for Placed {
    type Node = (Value, Arc<Place>);

    fn leaf(value: Value, span: Span) -> Self::Node {
        (value, Arc::new(Place::leaf(span)))
    }

    fn list(items: Vec<Self::Node>, span: Span) -> Self::Node {
        let (values, places): (Vec<_>, Vec<_>) = items.into_iter().unzip();
        (Value::list(values), Arc::new(Place::list(span, places)))
    }

    fn map(entries: Vec<Member<Self::Node>>, span: Span) -> Self::Node {
        let mut places = Vec::with_capacity(entries.len());
        let mut values = Vec::with_capacity(entries.len());
        for Member { key, at, node: (value, place) } in entries {
            places.push(Entry { key: key.clone(), at, place });
            values.push((key, value));
        }
        (Value::map(values), Arc::new(Place::map(span, places)))
    }

    fn value(node: &Self::Node) -> &Value {
        &node.0
    }

    fn members(node: &Self::Node) -> Option<Vec<Member<Self::Node>>> {
        let map = node.0.as_map()?;
        let entries = node.1.entries()?.iter();
        Some(
            entries
                .filter_map(|entry| {
                    let value = map.get_key(&entry.key)?;
                    Some(Member { key: entry.key.clone(), at: entry.at, node: (value, entry.place.clone()) })
                })
                .collect(),
        )
    }

    fn items(node: &Self::Node) -> Option<Vec<Self::Node>> {
        let values = node.0.as_list()?.to_vec();
        Some(values.into_iter().zip(node.1.items()?.iter().cloned()).collect())
    }
}
