//! The values that experiments, activities and journals are made of.
//!
//! Experiments were written for a runner whose objects are Python's, and what they mean depends on
//! it: integers without bound, `1 == 1.0 == True`, mappings that keep their order and whose keys may
//! be numbers, and containers that are *shared*: a control that changes the experiment changes what
//! the journal shows of it. [`Value`] has exactly these properties. Cloning a [`List`] or a [`Map`]
//! yields another handle to the same container; [`Value::deep_clone`] makes an independent copy.

mod compare;
mod container;
mod int;

use std::fmt;
use std::sync::Arc;

pub use container::{Key, List, Map};
pub use int::Int;

/// Immutable text, cheap to clone.
pub type Str = Arc<str>;

/// One value of an experiment, a configuration, an activity's output or a journal.
///
/// `==` is Python's equality (`1 == 1.0 == True`, never `"1" == 1`); see [`Value::identical`] for a
/// comparison that also tells the types apart.
#[derive(Clone, Default)]
pub enum Value {
    /// `null`, `None`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of any size.
    Int(Int),
    /// A binary64 number; NaN and the infinities included.
    Float(f64),
    /// Text.
    Str(Str),
    /// A shared, ordered sequence.
    List(List),
    /// A shared mapping that keeps insertion order.
    Map(Map),
    /// A value that JSON has no form for.
    Other(Arc<Other>),
}

/// A value outside JSON: a date from YAML, bytes, or an object that a Python function returned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Other {
    /// What sort of value it is.
    pub kind: OtherKind,
    /// How it is written in a journal: ISO 8601 for dates, the number for decimals, Python's `repr`
    /// for what has no other form.
    pub text: Str,
    /// How Python's `str()` shows it, where that differs from `text`.
    pub display: Option<Str>,
}

/// The sorts of [`Other`] value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OtherKind {
    /// A calendar date.
    Date,
    /// A date with a time of day, with or without a zone.
    DateTime,
    /// A sequence of bytes.
    Bytes(Arc<[u8]>),
    /// An exact decimal number (`decimal.Decimal`).
    Decimal,
    /// A UUID.
    Uuid,
    /// Anything else, named by its Python type.
    Object(Str),
}

impl Value {
    /// Text from anything that can become it.
    pub fn str(text: impl Into<Str>) -> Self {
        Value::Str(text.into())
    }

    /// A new list holding `items`.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Value::List(items.into_iter().collect())
    }

    /// A new mapping holding `entries`, later keys winning.
    pub fn map<K: Into<Key>>(entries: impl IntoIterator<Item = (K, Value)>) -> Self {
        Value::Map(entries.into_iter().collect())
    }

    /// The text, when this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The mapping, when this is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, when this is one.
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The flag, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The value of `key`, when this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.as_map()?.get(key)
    }

    /// Whether this is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The number as binary64, for booleans, integers and floats (Python's `numbers.Number` among
    /// the JSON types).
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Int(int) => Some(int.to_f64()),
            Value::Float(float) => Some(*float),
            _ => None,
        }
    }

    /// Python's truth of a value: `null`, `false`, zero and whatever is empty are false.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            Value::Int(int) => !int.is_zero(),
            Value::Float(float) => *float != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Other(other) => match &other.kind {
                OtherKind::Bytes(bytes) => !bytes.is_empty(),
                _ => true,
            },
        }
    }

    /// The name of the Python type, as its messages show it: `str`, `int`, `dict`, `NoneType`...
    pub fn type_name(&self) -> &str {
        match self {
            Value::Null => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Str(_) => "str",
            Value::List(_) => "list",
            Value::Map(_) => "dict",
            Value::Other(other) => match &other.kind {
                OtherKind::Date => "date",
                OtherKind::DateTime => "datetime",
                OtherKind::Bytes(_) => "bytes",
                OtherKind::Decimal => "Decimal",
                OtherKind::Uuid => "UUID",
                OtherKind::Object(name) => name,
            },
        }
    }

    /// A copy that shares no container with this value. Containers that occur twice inside stay one.
    pub fn deep_clone(&self) -> Value {
        container::deep_clone(self)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(int: i64) -> Self {
        Value::Int(Int::from(int))
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Value::Float(float)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::Str(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Value::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(flag) => flag.fmt(f),
            Value::Int(int) => int.fmt(f),
            Value::Float(float) => fmt::Debug::fmt(float, f),
            Value::Str(text) => fmt::Debug::fmt(text, f),
            Value::List(list) => f.debug_list().entries(list.to_vec()).finish(),
            Value::Map(map) => f.debug_map().entries(map.entries()).finish(),
            Value::Other(other) => write!(f, "{:?}({})", other.kind, other.text),
        }
    }
}
