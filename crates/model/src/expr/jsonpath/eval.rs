//! The evaluation of paths: depth first, every match handed on as it is found, so that a filter stops at
//! the first one, as the library's generators do.

use std::ops::ControlFlow;

use super::{Expression, Function, Nested, Operand, Operator, Step, Subscript};
use crate::expr::{Raised, count};
use crate::value::{Int, Map, OtherKind, Value};

/// How deep a recursive descent goes.
const DEEPEST: usize = 900;

/// Why an evaluation ends early.
enum Stop {
    /// What was asked is answered.
    Enough,
    Raised(Raised),
}

type Flow = ControlFlow<Stop>;

/// Takes the matches one by one.
type Sink<'a> = &'a mut dyn FnMut(Value) -> Flow;

pub(super) fn matches(steps: &[Step], document: &Value) -> Result<Vec<Value>, Raised> {
    let mut found = Vec::new();
    let flow = Evaluation { root: document }.steps(steps, document.clone(), &mut |value| {
        found.push(value);
        Flow::Continue(())
    });
    match flow {
        ControlFlow::Break(Stop::Raised(raised)) => Err(raised),
        _ => Ok(found),
    }
}

#[derive(Clone, Copy)]
struct Evaluation<'a> {
    root: &'a Value,
}

impl Evaluation<'_> {
    fn steps(self, steps: &[Step], current: Value, sink: Sink<'_>) -> Flow {
        let Some((step, rest)) = steps.split_first() else { return sink(current) };
        if !step.recursive {
            return self.select(&step.subscripts, &current, &mut |value| self.steps(rest, value, sink));
        }
        let mut open = vec![(current, 0)];
        while let Some((value, depth)) = open.pop() {
            if depth > DEEPEST {
                return raise(Raised::new("RecursionError", "maximum recursion depth exceeded"));
            }
            self.select(&step.subscripts, &value, &mut |value| self.steps(rest, value, sink))?;
            open.extend(children(&value).into_iter().rev().map(|child| (child, depth + 1)));
        }
        Flow::Continue(())
    }

    fn select(self, subscripts: &[Subscript], current: &Value, sink: Sink<'_>) -> Flow {
        subscripts.iter().try_for_each(|subscript| self.subscript(subscript, current, sink))
    }

    fn subscript(self, subscript: &Subscript, current: &Value, sink: Sink<'_>) -> Flow {
        match subscript {
            Subscript::Key(key) => current.get(key).map_or(Flow::Continue(()), sink),
            Subscript::Index(index) => {
                sequence(current).and_then(|items| item(&items, *index)).map_or(Flow::Continue(()), sink)
            }
            Subscript::Slice { start, end, step } => match sequence(current) {
                Some(items) => slice(&items, *start, *end, *step, sink),
                None => Flow::Continue(()),
            },
            Subscript::Wildcard => children(current).into_iter().try_for_each(sink),
            Subscript::Filter(expression) => {
                if self.holds(expression, current)? {
                    sink(current.clone())
                } else {
                    Flow::Continue(())
                }
            }
            Subscript::Indirect(path) => self.nested(path, current, &mut |found| {
                let target = match &found {
                    Value::Str(key) => current.get(key),
                    found => index_of(found).and_then(|index| item(&sequence(current)?, index)),
                };
                target.map_or(Flow::Continue(()), &mut *sink)
            }),
            Subscript::Call(function, arguments) => self.call(*function, arguments, current, sink),
        }
    }

    fn nested(self, path: &Nested, current: &Value, sink: Sink<'_>) -> Flow {
        let start = if path.root { self.root } else { current };
        self.steps(&path.steps, start.clone(), sink)
    }

    /// All values of an operand: those that a path finds, or the one that is written.
    fn all(self, operand: &Operand, current: &Value) -> ControlFlow<Stop, Vec<Value>> {
        match operand {
            Operand::Literal(value) => ControlFlow::Continue(vec![value.clone()]),
            Operand::Path(path) => {
                let mut values = Vec::new();
                self.nested(path, current, &mut |value| {
                    values.push(value);
                    Flow::Continue(())
                })?;
                ControlFlow::Continue(values)
            }
        }
    }

    /// Hands the values of an operand on until `found` says that it has what it wants.
    fn any(
        self,
        operand: &Operand,
        current: &Value,
        found: &mut dyn FnMut(Value) -> ControlFlow<Stop, bool>,
    ) -> ControlFlow<Stop, bool> {
        let path = match operand {
            Operand::Literal(value) => return found(value.clone()),
            Operand::Path(path) => path,
        };
        let flow = self.nested(path, current, &mut |value| {
            if found(value)? { Flow::Break(Stop::Enough) } else { Flow::Continue(()) }
        });
        match flow {
            ControlFlow::Continue(()) => ControlFlow::Continue(false),
            ControlFlow::Break(Stop::Enough) => ControlFlow::Continue(true),
            ControlFlow::Break(raised) => ControlFlow::Break(raised),
        }
    }

    fn holds(self, expression: &Expression, current: &Value) -> ControlFlow<Stop, bool> {
        ControlFlow::Continue(match expression {
            Expression::All(operands) => {
                for operand in operands {
                    if !self.holds(operand, current)? {
                        return ControlFlow::Continue(false);
                    }
                }
                true
            }
            Expression::Any(operands) => {
                for operand in operands {
                    if self.holds(operand, current)? {
                        return ControlFlow::Continue(true);
                    }
                }
                false
            }
            Expression::Not(operand) => !self.holds(operand, current)?,
            Expression::Some(Operand::Literal(value)) => value.is_truthy(),
            Expression::Some(path) => self.any(path, current, &mut |_| ControlFlow::Continue(true))?,
            Expression::Compare { operator, left, right } => {
                let mut first = true;
                self.any(left, current, &mut |left| {
                    // The library reads the right path through a generator, which is used up after the
                    // first value on the left: the others are compared with nothing.
                    if matches!(right, Operand::Path(_)) && !std::mem::take(&mut first) {
                        return ControlFlow::Continue(false);
                    }
                    self.any(right, current, &mut |right| {
                        ControlFlow::Continue(compare(*operator, &left, &right))
                    })
                })?
            }
        })
    }

    fn call(self, function: Function, arguments: &[Operand], current: &Value, sink: Sink<'_>) -> Flow {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.all(argument, current)?);
        }
        match (function, values.as_slice()) {
            (Function::CharAt, [indexes]) => {
                for index in indexes {
                    char_at(current, index).map_or(Flow::Continue(()), &mut *sink)?;
                }
                Flow::Continue(())
            }
            (Function::Substring, [starts]) => {
                for start in starts {
                    substring(current, start, None).map_or(Flow::Continue(()), &mut *sink)?;
                }
                Flow::Continue(())
            }
            (Function::Substring, [starts, ends]) => {
                for start in starts {
                    for end in ends {
                        substring(current, start, Some(end)).map_or(Flow::Continue(()), &mut *sink)?;
                    }
                }
                Flow::Continue(())
            }
            (function, []) => without_arguments(function, current).map_or(Flow::Continue(()), sink),
            _ => Flow::Continue(()),
        }
    }
}

fn raise(raised: Raised) -> Flow {
    Flow::Break(Stop::Raised(raised))
}

/// The items of a list; bytes are a sequence of numbers in Python.
fn sequence(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.to_vec()),
        Value::Other(other) => match &other.kind {
            OtherKind::Bytes(bytes) => Some(bytes.iter().map(|&byte| Value::from(i64::from(byte))).collect()),
            _ => None,
        },
        _ => None,
    }
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => map.values(),
        other => sequence(other).unwrap_or_default(),
    }
}

/// The item at an index that counts from the end when it is negative.
fn item(items: &[Value], index: i128) -> Option<Value> {
    let length = length_of(items.len());
    let index = if index < 0 { index + length } else { index };
    items.get(usize::try_from(index).ok()?).cloned()
}

fn length_of(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::MAX)
}

/// The library's slices: bounds are made absolute by rules of its own, and then every index of the
/// range is looked up, negative ones from the end.
fn slice(
    items: &[Value],
    start: Option<i128>,
    end: Option<i128>,
    step: Option<i128>,
    sink: Sink<'_>,
) -> Flow {
    let length = length_of(items.len());
    let start = match start {
        None => 0,
        Some(start) if start >= 0 => start,
        Some(start) if -start < length => start + length,
        Some(_) => 0,
    };
    let end = end.map_or(length, |end| if end < 0 { end + length } else { end });
    let step = step.unwrap_or(1);
    if step == 0 {
        return raise(Raised::new("ValueError", "range() arg 3 must not be zero"));
    }
    // Only indexes from -length to length - 1 find something: skip to the first of these.
    let mut index = start;
    if step < 0 && index >= length {
        index -= (index - length) / -step * -step;
    }
    let inside = |index: i128| if step > 0 { index < end.min(length) } else { index > end.max(-length - 1) };
    while inside(index) {
        if let Some(value) = item(items, index) {
            sink(value)?;
        }
        index += step;
    }
    Flow::Continue(())
}

/// The index that a value is: an integer, or a boolean as 0 or 1.
fn index_of(value: &Value) -> Option<i128> {
    match value {
        Value::Bool(flag) => Some(i128::from(*flag)),
        Value::Int(int) => Some(match int.to_i64() {
            Some(index) => i128::from(index),
            // Beyond every list and text.
            None if *int < Int::Small(0) => i128::from(i64::MIN),
            None => i128::from(i64::MAX),
        }),
        _ => None,
    }
}

fn compare(operator: Operator, left: &Value, right: &Value) -> bool {
    let order = || left.numeric_cmp(right);
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => order().is_some_and(|order| order.is_lt()),
        Operator::LessOrEqual => order().is_some_and(|order| order.is_le()),
        Operator::Greater => order().is_some_and(|order| order.is_gt()),
        Operator::GreaterOrEqual => order().is_some_and(|order| order.is_ge()),
    }
}

fn char_at(current: &Value, index: &Value) -> Option<Value> {
    let text = current.as_str()?;
    let index = index_of(index)?;
    let index = if index < 0 { index + length_of(text.chars().count()) } else { index };
    let c = text.chars().nth(usize::try_from(index).ok()?)?;
    Some(Value::from(c.to_string()))
}

/// `current[start:end]` for a text.
fn substring(current: &Value, start: &Value, end: Option<&Value>) -> Option<Value> {
    let text = current.as_str()?;
    let length = length_of(text.chars().count());
    let clip = |index: i128| {
        let index = if index < 0 { index + length } else { index };
        usize::try_from(index.clamp(0, length)).unwrap_or_default()
    };
    let start = clip(index_of(start)?);
    let end = end.map_or(Some(length), index_of).map(clip)?;
    Some(Value::from(text.chars().skip(start).take(end.saturating_sub(start)).collect::<String>()))
}

fn without_arguments(function: Function, current: &Value) -> Option<Value> {
    let numbers = |length: usize| (0..length).map(count);
    match (function, current) {
        (Function::Length, Value::Str(text)) => Some(count(text.chars().count())),
        (Function::Length, list) => Some(count(sequence(list)?.len())),
        (Function::Entries, Value::Map(map)) => Some(pairs(map)),
        (Function::Entries, list) => {
            let items = sequence(list)?;
            let pairs = numbers(items.len()).zip(items.iter().cloned());
            Some(Value::list(pairs.map(|(index, item)| Value::list([index, item]))))
        }
        (Function::Keys, Value::Map(map)) => {
            Some(Value::list(map.entries().iter().map(|(key, _)| key.value().clone())))
        }
        (Function::Keys, list) => Some(Value::list(numbers(sequence(list)?.len()))),
        (Function::Values, Value::Map(map)) => Some(Value::list(map.values())),
        // A list is its values: the list itself, not a copy.
        (Function::Values, list) => sequence(list).map(|_| list.clone()),
        (Function::CharAt | Function::Substring, _) => None,
    }
}

fn pairs(map: &Map) -> Value {
    Value::list(map.entries().into_iter().map(|(key, value)| Value::list([key.value().clone(), value])))
}
