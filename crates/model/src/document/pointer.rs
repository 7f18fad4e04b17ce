//! The way to a value inside a document.

use std::fmt;

use crate::python;
use crate::value::{Key, Value};

/// A path of keys and indexes from the top of a document to one of its values. Shown as a JSON
/// Pointer (RFC 6901); keys that are not text are shown as Python's `str()` does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pointer(Vec<Step>);

/// One step of a [`Pointer`].
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// To the value of a mapping's key.
    Key(Key),
    /// To an item of a list, counted from 0.
    Index(usize),
}

/// Which part of a mapping's entry is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    #[default]
    Value,
}

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// One step further.
    #[must_use]
    pub fn then(&self, step: impl Into<Step>) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step.into());
        Pointer(steps)
    }

    /// The steps from the top.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The way to what holds this value; `None` at the top.
    pub fn parent(&self) -> Option<Pointer> {
        let (_, above) = self.0.split_last()?;
        Some(Pointer(above.to_vec()))
    }

    /// The value it leads to below `value`, if there is one.
    pub fn follow(&self, value: &Value) -> Option<Value> {
        let mut at = value.clone();
        for step in &self.0 {
            at = match step {
                Step::Key(key) => at.as_map()?.get_key(key)?,
                Step::Index(index) => at.as_list()?.get(*index)?,
            };
        }
        Some(at)
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Step::Key(key.into())
    }
}

impl From<Key> for Step {
    fn from(key: Key) -> Self {
        Step::Key(key)
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Step::Index(index)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.0 {
            match step {
                Step::Index(index) => write!(f, "/{index}")?,
                Step::Key(key) => {
                    write!(f, "/{}", python::str(key.value()).replace('~', "~0").replace('/', "~1"))?;
                }
            }
        }
        Ok(())
    }
}
