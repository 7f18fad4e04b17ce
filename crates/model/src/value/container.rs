//! Shared containers: handles to one list or mapping.

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexMap};

use super::{Other, Str, Value};

/// A handle to a shared sequence.
#[derive(Clone, Default)]
pub struct List(Arc<RwLock<Vec<Value>>>);

/// A handle to a shared mapping that keeps insertion order.
#[derive(Clone, Default)]
pub struct Map(Arc<RwLock<Entries>>);

type Entries = IndexMap<Key, Value, RandomState>;

/// A key of a mapping: text nearly always, any scalar where YAML or Python made it so.
#[derive(Clone, Debug)]
pub struct Key(Value);

impl List {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Vec<Value>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Value>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many items there are now.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there are none now.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// The item at `index`, counted from 0.
    pub fn get(&self, index: usize) -> Option<Value> {
        self.read().get(index).cloned()
    }

    /// The last item.
    pub fn last(&self) -> Option<Value> {
        self.read().last().cloned()
    }

    /// Appends an item.
    pub fn push(&self, item: Value) {
        self.write().push(item);
    }

    /// Replaces the content.
    pub fn replace(&self, items: Vec<Value>) {
        *self.write() = items;
    }

    /// The items as they are now.
    pub fn to_vec(&self) -> Vec<Value> {
        self.read().clone()
    }

    /// Whether both are handles to one list.
    pub fn same(&self, other: &List) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that is this container's own as long as a handle to it lives.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Map {
    /// An empty mapping.
    pub fn new() -> Self {
        Self::default()
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many entries there are now.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether there are none now.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<Value> {
        self.read().get(&TextKey(key)).cloned()
    }

    /// The value of any key.
    pub fn get_key(&self, key: &Key) -> Option<Value> {
        self.read().get(key).cloned()
    }

    /// Whether a text key is there.
    pub fn contains_key(&self, key: &str) -> bool {
        self.read().contains_key(&TextKey(key))
    }

    /// Sets a key; a key that is there keeps its place, a new one goes last.
    pub fn insert(&self, key: impl Into<Key>, value: Value) {
        self.write().insert(key.into(), value);
    }

    /// Removes a text key and gives its value; the order of the others stays.
    pub fn remove(&self, key: &str) -> Option<Value> {
        self.write().shift_remove(&TextKey(key))
    }

    /// Replaces the content, later keys winning.
    pub fn replace(&self, entries: impl IntoIterator<Item = (Key, Value)>) {
        let entries = entries.into_iter().collect();
        *self.write() = entries;
    }

    /// The entries as they are now, in order.
    pub fn entries(&self) -> Vec<(Key, Value)> {
        self.read().iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// The values as they are now, in order.
    pub fn values(&self) -> Vec<Value> {
        self.read().values().cloned().collect()
    }

    /// A new mapping with the same entries: Python's `dict.copy()`. The values are shared.
    pub fn shallow_clone(&self) -> Map {
        Map(Arc::new(RwLock::new(self.read().clone())))
    }

    /// Whether both are handles to one mapping.
    pub fn same(&self, other: &Map) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// A number that is this container's own as long as a handle to it lives.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        List(Arc::new(RwLock::new(items.into_iter().collect())))
    }
}

impl<K: Into<Key>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value)).collect();
        Map(Arc::new(RwLock::new(entries)))
    }
}

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.to_vec()).finish()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.entries()).finish()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        Value::List(self.clone()) == Value::List(other.clone())
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        Value::Map(self.clone()) == Value::Map(other.clone())
    }
}

impl Key {
    /// A key from a scalar; `None` for a container, which Python cannot hash.
    pub fn new(value: Value) -> Option<Key> {
        match value {
            Value::List(_) | Value::Map(_) => None,
            scalar => Some(Key(scalar)),
        }
    }

    /// The key as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The text, when the key is text.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Key(Value::from(text))
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Key(Value::from(text))
    }
}

impl From<Str> for Key {
    fn from(text: Str) -> Self {
        Key(Value::Str(text))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Value::Str(text) => TextKey(text).hash(state),
            Value::Null => state.write_u8(1),
            Value::Other(other) => Other::hash(other, state),
            // Equal numbers of different types must have one hash.
            number => {
                let float = number.as_f64().unwrap_or(f64::NAN);
                state.write_u64(if float == 0.0 { 0 } else { float.to_bits() });
            }
        }
    }
}

struct TextKey<'a>(&'a str);

impl Hash for TextKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Key> for TextKey<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.as_str() == Some(self.0)
    }
}

/// Copies all containers below `value`, one that occurs several times only once.
pub(super) fn deep_clone(value: &Value) -> Value {
    fn copy(value: &Value, done: &mut HashMap<usize, Value>) -> Value {
        match value {
            Value::List(list) => {
                if let Some(copy) = done.get(&list.identity()) {
                    return copy.clone();
                }
                let new = List::new();
                done.insert(list.identity(), Value::List(new.clone()));
                new.replace(list.to_vec().iter().map(|item| copy(item, done)).collect());
                Value::List(new)
            }
            Value::Map(map) => {
                if let Some(copy) = done.get(&map.identity()) {
                    return copy.clone();
                }
                let new = Map::new();
                done.insert(map.identity(), Value::Map(new.clone()));
                new.replace(map.entries().into_iter().map(|(key, item)| (key, copy(&item, done))));
                Value::Map(new)
            }
            scalar => scalar.clone(),
        }
    }
    copy(value, &mut HashMap::new())
}
