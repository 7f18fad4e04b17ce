//! What the parsers make of a text: its values, or the places where they stand.

use std::sync::Arc;

use super::places::{Entry, Place};
use super::source::Span;
use crate::value::{Key, List, Map, Value};

/// Makes nodes of what a parser reads.
pub(crate) trait Build {
    /// What is kept of one value of the document.
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

/// Keeps places. Of the values there is only what the parsers ask about: scalars, and the type of the
/// rest.
pub(crate) struct Placed;

impl Build for Placed {
    type Node = (Value, Arc<Place>);

    fn leaf(value: Value, span: Span) -> Self::Node {
        (value, Arc::new(Place::leaf(span)))
    }

    fn list(items: Vec<Self::Node>, span: Span) -> Self::Node {
        let places = items.into_iter().map(|(_, place)| place).collect();
        (Value::List(List::new()), Arc::new(Place::list(span, places)))
    }

    fn map(entries: Vec<Member<Self::Node>>, span: Span) -> Self::Node {
        let places = entries
            .into_iter()
            .map(|Member { key, at, node: (_, place) }| Entry { key, at, place })
            .collect();
        (Value::Map(Map::new()), Arc::new(Place::map(span, places)))
    }

    fn value(node: &Self::Node) -> &Value {
        &node.0
    }

    fn members(node: &Self::Node) -> Option<Vec<Member<Self::Node>>> {
        let entries = node.1.entries()?.iter();
        Some(
            entries
                .map(|Entry { key, at, place }| Member {
                    key: key.clone(),
                    at: *at,
                    node: (Value::Null, place.clone()),
                })
                .collect(),
        )
    }

    fn items(node: &Self::Node) -> Option<Vec<Self::Node>> {
        Some(node.1.items()?.iter().map(|place| (Value::Null, place.clone())).collect())
    }
}
