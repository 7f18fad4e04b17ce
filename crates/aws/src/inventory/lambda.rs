//! Functions of Lambda.

use squall_model::{Map, Value};

use super::{count, listed, number, text};
use crate::error::AwsError;
use crate::session::{Scope, Session};

/// A function of Lambda.
#[derive(Debug, Default)]
pub struct Lambda {
    /// Its name.
    pub name: String,
    /// `python3.12`; empty for images.
    pub runtime: String,
    /// Memory in MB.
    pub memory: usize,
    /// The longest run, in seconds.
    pub timeout: usize,
}

/// All functions.
pub(super) async fn all(session: &Session, scope: &Scope) -> Result<Vec<Lambda>, AwsError> {
    let client = session.client("lambda", scope).await?;
    let functions = listed(&client, "ListFunctions", Map::new(), "Functions").await?;
    Ok(functions.iter().map(from).collect())
}

fn from(function: &Map) -> Lambda {
    Lambda {
        name: text(function, "FunctionName"),
        runtime: text(function, "Runtime"),
        memory: count(function, "MemorySize"),
        timeout: count(function, "Timeout"),
    }
}

impl Lambda {
    pub(super) fn to_value(&self) -> Value {
        Value::map([
            ("name", Value::from(self.name.as_str())),
            ("runtime", self.runtime.as_str().into()),
            ("memory_mb", number(self.memory)),
            ("timeout_s", number(self.timeout)),
        ])
    }

    pub(super) fn row(&self) -> [String; 4] {
        let runtime = if self.runtime.is_empty() { "image" } else { &self.runtime };
        [
            "Lambda function".to_owned(),
            self.name.clone(),
            format!("{runtime}, {} MB", self.memory),
            format!("times out after {} s", self.timeout),
        ]
    }
}
