//! JMESPath over values.

use std::collections::HashMap;

use jmespath::ast::Ast;
use jmespath::{Context, DEFAULT_RUNTIME, Rcvar, Variable, interpret};
use serde_json::Number;
use squall_model::{Int, List, Map, Value};

use crate::error::AwsError;

/// A JMESPath expression.
#[derive(Clone)]
pub struct Query {
    text: String,
    form: Form,
}

#[derive(Clone)]
enum Form {
    /// Names with dots between them: most of what models have, done without a copy of the value.
    Names(Vec<String>),
    Expression(Box<Ast>),
}

/// An expression that is none, or that does not fit the value.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct QueryError {
    /// What is wrong.
    pub reason: String,
    /// Where in the expression, in characters from its start.
    pub offset: usize,
}

impl QueryError {
    fn new(error: &jmespath::JmespathError) -> Self {
        // The first line; the ones after it draw a picture of the place.
        let reason = match &error.reason {
            jmespath::ErrorReason::Parse(reason) => reason.clone(),
            jmespath::ErrorReason::Runtime(reason) => reason.to_string(),
        };
        let reason = reason.lines().next().unwrap_or_default().trim_end_matches([' ', '-']).to_owned();
        QueryError { reason, offset: error.offset }
    }
}

impl From<QueryError> for AwsError {
    fn from(error: QueryError) -> Self {
        AwsError::Other { class: "jmespath.exceptions.JMESPathError", message: error.reason }
    }
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Where it is none: what is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let is_name = |name: &str| {
            !name.is_empty()
                && !name.starts_with(|first: char| first.is_ascii_digit())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let form = if text.split('.').all(is_name) {
            Form::Names(text.split('.').map(ToOwned::to_owned).collect())
        } else {
            let ast = jmespath::parse(text).map_err(|error| QueryError::new(&error))?;
            Form::Expression(Box::new(ast))
        };
        Ok(Query { text: text.to_owned(), form })
    }

    /// The expression as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the expression finds; null where it finds nothing. Dates and bytes pass through unchanged;
    /// functions and comparisons see the dates as texts.
    ///
    /// # Errors
    ///
    /// A function that is not there, or is given what it does not take.
    pub fn search(&self, value: &Value) -> Result<Value, QueryError> {
        match &self.form {
            Form::Names(names) => Ok(names
                .iter()
                .try_fold(value.clone(), |value, name| value.as_map()?.get(name))
                .unwrap_or(Value::Null)),
            Form::Expression(ast) => {
                let mut bridge = Bridge::default();
                let data = bridge.enter(value);
                let mut context = Context::new(&self.text, &DEFAULT_RUNTIME);
                let found = interpret(&data, ast, &mut context).map_err(|error| QueryError::new(&error))?;
                let mut orders = Vec::new();
                key_orders(ast, &mut orders);
                Ok(bridge.leave(&found, &orders))
            }
        }
    }
}

/// Carries values over to JMESPath and back. What comes back as it went in is the value that went in.
#[derive(Default)]
struct Bridge {
    known: HashMap<*const Variable, Value>,
    /// Keeps the addresses taken.
    kept: Vec<Rcvar>,
}

impl Bridge {
    fn enter(&mut self, value: &Value) -> Rcvar {
        let variable = match value {
            Value::Null => Variable::Null,
            Value::Bool(flag) => Variable::Bool(*flag),
            Value::Int(int) => Variable::Number(match int.to_i64() {
                Some(small) => small.into(),
                None => Number::from_f64(int.to_f64()).unwrap_or_else(|| 0.into()),
            }),
            Value::Float(float) => match Number::from_f64(*float) {
                Some(number) => Variable::Number(number),
                None => Variable::Null,
            },
            Value::Str(text) => Variable::String(text.to_string()),
            Value::List(list) => Variable::Array(list.to_vec().iter().map(|item| self.enter(item)).collect()),
            Value::Map(map) => {
                let entries = map.entries();
                let entries = entries.iter().filter_map(|(key, value)| Some((key.as_str()?, value)));
                Variable::Object(entries.map(|(key, value)| (key.to_owned(), self.enter(value))).collect())
            }
            Value::Other(other) => Variable::String(other.text.to_string()),
        };
        let variable = Rcvar::new(variable);
        self.known.insert(Rcvar::as_ptr(&variable), value.clone());
        self.kept.push(Rcvar::clone(&variable));
        variable
    }

    fn leave(&self, variable: &Rcvar, orders: &[Vec<&str>]) -> Value {
        if let Some(known) = self.known.get(&Rcvar::as_ptr(variable)) {
            return known.clone();
        }
        match &**variable {
            Variable::Null | Variable::Expref(_) => Value::Null,
            Variable::Bool(flag) => (*flag).into(),
            Variable::Number(number) => number_value(number),
            Variable::String(text) => text.as_str().into(),
            Variable::Array(items) => {
                items.iter().map(|item| self.leave(item, orders)).collect::<List>().into()
            }
            Variable::Object(entries) => {
                // The library sorts the keys; people expect them as they wrote them.
                let written = orders.iter().find(|order| {
                    order.len() == entries.len() && order.iter().all(|key| entries.contains_key(*key))
                });
                let map: Map = match written {
                    Some(order) => {
                        order.iter().map(|key| (*key, self.leave(&entries[*key], orders))).collect()
                    }
                    None => {
                        entries.iter().map(|(key, item)| (key.as_str(), self.leave(item, orders))).collect()
                    }
                };
                map.into()
            }
        }
    }
}

fn number_value(number: &Number) -> Value {
    if let Ok(int) = number.to_string().parse::<Int>() {
        return Value::Int(int);
    }
    match number.as_f64() {
        // Sums and such are binary64 here, and whole numbers in Python.
        Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => (float as i64).into(),
        float => float.into(),
    }
}

/// The keys of all multi-select hashes of an expression, as they are written.
fn key_orders<'a>(ast: &'a Ast, orders: &mut Vec<Vec<&'a str>>) {
    let mut each = |children: &[&'a Ast]| children.iter().for_each(|child| key_orders(child, orders));
    match ast {
        Ast::MultiHash { elements, .. } => {
            each(&elements.iter().map(|element| &element.value).collect::<Vec<_>>());
            orders.push(elements.iter().map(|element| element.key.as_str()).collect());
        }
        Ast::Comparison { lhs, rhs, .. }
        | Ast::Projection { lhs, rhs, .. }
        | Ast::And { lhs, rhs, .. }
        | Ast::Or { lhs, rhs, .. }
        | Ast::Subexpr { lhs, rhs, .. } => each(&[lhs, rhs]),
        Ast::Condition { predicate, then, .. } => each(&[predicate, then]),
        Ast::Expref { ast, .. } => each(&[ast]),
        Ast::Flatten { node, .. } | Ast::Not { node, .. } | Ast::ObjectValues { node, .. } => each(&[node]),
        Ast::Function { args, .. } => each(&args.iter().collect::<Vec<_>>()),
        Ast::MultiList { elements, .. } => each(&elements.iter().collect::<Vec<_>>()),
        Ast::Identity { .. }
        | Ast::Field { .. }
        | Ast::Index { .. }
        | Ast::Literal { .. }
        | Ast::Slice { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use squall_model::value::{Other, OtherKind};
    use squall_model::{Value, json};

    use super::Query;

    fn search(expression: &str, value: &str) -> String {
        let found = Query::parse(expression).unwrap().search(&json::parse(value).unwrap()).unwrap();
        squall_model::python::repr(&found)
    }

    #[test]
    fn names_and_expressions_find_the_same() {
        let value = r#"{"a": {"b": [{"c": 1}, {"c": 2}]}, "z": null}"#;
        assert_eq!(search("a.b", value), "[{'c': 1}, {'c': 2}]");
        assert_eq!(search("a.b[].c", value), "[1, 2]");
        assert_eq!(search("a.x.y", value), "None");
        assert_eq!(search("a.b[?c > `1`] | [0].c", value), "2");
        assert_eq!(search("length(a.b)", value), "2");
        assert_eq!(search("sum(a.b[].c)", value), "3");
    }

    #[test]
    fn keys_keep_their_order() {
        let value = r#"{"items": [{"zone": "b", "id": 1, "name": "x"}]}"#;
        assert_eq!(search("items[0] | @", value), "{'zone': 'b', 'id': 1, 'name': 'x'}");
        assert_eq!(search("items[].{zone: zone, id: id}", value), "[{'zone': 'b', 'id': 1}]");
    }

    #[test]
    fn dates_and_bytes_come_through() {
        let date = Other {
            kind: OtherKind::DateTime,
            text: "2026-01-02T03:04:05+00:00".into(),
            display: Some("2026-01-02 03:04:05+00:00".into()),
        };
        let date = Value::Other(Arc::new(date));
        let value = Value::map([("items", Value::list([Value::map([("at", date.clone())])]))]);
        let found = Query::parse("items[0].at").unwrap().search(&value).unwrap();
        assert_eq!(found, date);
        let found = Query::parse("items[?starts_with(at, '2026-01')] | length(@)").unwrap();
        assert_eq!(found.search(&value).unwrap(), Value::from(1));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        let error = Query::parse("a[?").err().unwrap();
        assert!(!error.reason.is_empty() && !error.reason.contains('\n'), "{error}");
        let error =
            Query::parse("length(a)").unwrap().search(&Value::map([("a", Value::from(1))])).unwrap_err();
        assert!(error.reason.contains("length") || error.reason.contains("Argument 0"), "{error}");
    }
}
