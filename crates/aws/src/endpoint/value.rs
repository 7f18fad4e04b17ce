//! Values while rules are evaluated.

use std::borrow::Cow;
use std::rc::Rc;

use super::functions::Arn;
use super::parameters::Parameter;
use super::partitions::Partition;
use super::url::Url;

/// A value in the scope of a rule; `'r` is the life of rule set and parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// Not set.
    None,
    /// Text.
    Text(Cow<'r, str>),
    /// A flag.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// Values in order.
    List(Rc<[Value<'r>]>),
    /// What `aws.partition` gives.
    Partition(&'r Partition),
    /// What `aws.parseArn` gives.
    Arn(Rc<Arn<'r>>),
    /// What `parseURL` gives.
    Url(Rc<Url>),
}

impl<'r> Value<'r> {
    /// Text.
    pub fn text(text: impl Into<Cow<'r, str>>) -> Self {
        Value::Text(text.into())
    }

    /// The text, where it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether a condition with this result holds: an empty text does, a number does.
    pub fn holds(&self) -> bool {
        !matches!(self, Value::None | Value::Flag(false))
    }

    /// Python's truth.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::None => false,
            Value::Text(text) => !text.is_empty(),
            Value::Flag(flag) => *flag,
            Value::Number(number) => *number != 0,
            Value::List(items) => !items.is_empty(),
            Value::Partition(_) | Value::Arn(_) | Value::Url(_) => true,
        }
    }

    /// The type as Python shows it.
    pub fn python_type(&self) -> &'static str {
        match self {
            Value::None => "<class 'NoneType'>",
            Value::Text(_) => "<class 'str'>",
            Value::Flag(_) => "<class 'bool'>",
            Value::Number(_) => "<class 'int'>",
            Value::List(_) => "<class 'tuple'>",
            Value::Partition(_) | Value::Arn(_) | Value::Url(_) => "<class 'dict'>",
        }
    }

    /// The attribute of that name; `None` where the value has no attributes, or not this one.
    pub fn attribute(&self, name: &str) -> Value<'r> {
        match self {
            Value::Partition(partition) => partition.attribute(name),
            Value::Arn(arn) => arn.attribute(name),
            Value::Url(url) => url.attribute(name),
            _ => Value::None,
        }
    }

    /// The item at that place.
    pub fn item(&self, index: usize) -> Value<'r> {
        match self {
            Value::List(items) => items.get(index).cloned().unwrap_or(Value::None),
            _ => Value::None,
        }
    }
}

impl<'r> From<&'r Parameter> for Value<'r> {
    fn from(parameter: &'r Parameter) -> Self {
        match parameter {
            Parameter::Text(text) => Value::text(text.as_str()),
            Parameter::Flag(flag) => Value::Flag(*flag),
            Parameter::Texts(texts) => {
                Value::List(texts.iter().map(|text| Value::text(text.as_str())).collect())
            }
        }
    }
}
