//! Waiting until something is in a state.

use std::time::Duration;

use squall_model::{Map, Value, python};
use tokio::time::Instant;

use super::Client;
use super::query::Query;
use crate::error::AwsError;
use crate::model::{Acceptor, Matcher, Verdict, Waiter};

/// How long to wait; what is left out is the waiter's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Patience {
    /// The time between two calls.
    pub interval: Option<Duration>,
    /// How many calls are made at most; at least 1.
    pub attempts: Option<u32>,
    /// The time after which no further call is made. With it, and without `attempts`, the number of
    /// calls is not bounded.
    pub timeout: Option<Duration>,
}

impl Client {
    /// Waits as boto3's waiter of that name does (the model's name: `InstanceStopped`), and gives the
    /// answer that ended the wait. `parameters` may hold boto3's `WaiterConfig` (`Delay`, `MaxAttempts`).
    ///
    /// # Errors
    ///
    /// botocore's `WaiterError`, with its text; errors that are no answers of the service.
    pub async fn wait(&self, waiter: &str, parameters: Map) -> Result<Map, AwsError> {
        let parameters = parameters.shallow_clone();
        let config = parameters.remove("WaiterConfig").unwrap_or(Value::Null);
        let patience = Patience {
            interval: config.get("Delay").and_then(|delay| Duration::try_from_secs_f64(delay.as_f64()?).ok()),
            attempts: config.get("MaxAttempts").and_then(|most| most.as_f64()).map(|most| most as u32),
            timeout: None,
        };
        self.wait_with(waiter, parameters, patience).await
    }

    /// As [`Client::wait`], with another patience than the waiter's own.
    ///
    /// # Errors
    ///
    /// As [`Client::wait`].
    pub async fn wait_with(&self, name: &str, parameters: Map, patience: Patience) -> Result<Map, AwsError> {
        let waiter = self.service().waiters().get(name).ok_or_else(|| AwsError::Other {
            class: "ValueError",
            message: format!("Waiter does not exist: {name}"),
        })?;
        let interval = patience.interval.unwrap_or(Duration::from_secs(waiter.delay));
        let attempts = patience.attempts.unwrap_or(match patience.timeout {
            Some(_) => u32::MAX,
            None => waiter.max_attempts,
        });
        let acceptors = waiter.acceptors.iter().map(Judge::new).collect::<Result<Vec<_>, _>>()?;
        let failed = |reason: String| AwsError::Other {
            class: "botocore.exceptions.WaiterError",
            message: format!("Waiter {name} failed: {reason}"),
        };
        let start = Instant::now();
        let mut matched_before = false;
        for attempt in 1.. {
            let (answer, refused) = ask(self, waiter, &parameters).await?;
            let mut matching = None;
            for acceptor in &acceptors {
                if acceptor.accepts(&answer, refused)? {
                    matching = Some(acceptor);
                    break;
                }
            }
            match matching.map(|acceptor| acceptor.acceptor.state) {
                Some(Verdict::Success) => return Ok(answer),
                None if refused => {
                    let error = answer.get("Error").unwrap_or(Value::Null);
                    let part = |name| error.get(name).map_or("Unknown".to_owned(), |part| python::str(&part));
                    return Err(failed(format!("An error occurred ({}): {}", part("Code"), part("Message"))));
                }
                Some(Verdict::Failure) | Some(Verdict::Retry) | None => {}
            }
            // botocore explains by the acceptor that it looked at last.
            let explained = matching.or(acceptors.last()).map(Judge::explanation).unwrap_or_default();
            if matching.is_some_and(|acceptor| acceptor.acceptor.state == Verdict::Failure) {
                return Err(failed(format!("Waiter encountered a terminal failure state: {explained}")));
            }
            matched_before |= matching.is_some();
            let too_late = patience.timeout.is_some_and(|timeout| start.elapsed() + interval > timeout);
            if attempt >= attempts || too_late {
                return Err(failed(if matched_before {
                    format!("Max attempts exceeded. Previously accepted state: {explained}")
                } else {
                    "Max attempts exceeded".to_owned()
                }));
            }
            tokio::time::sleep(interval).await;
        }
        Err(failed("Max attempts exceeded".to_owned()))
    }
}

/// One call: its answer, or the service's refusal in the form of an answer.
async fn ask(client: &Client, waiter: &Waiter, parameters: &Map) -> Result<(Map, bool), AwsError> {
    match client.call(&waiter.operation, parameters.shallow_clone()).await {
        Ok(answer) => Ok((answer, false)),
        Err(AwsError::Service(error)) => Ok((error.response.clone(), true)),
        Err(error) => Err(error),
    }
}

/// An acceptor, ready to judge.
struct Judge {
    acceptor: &'static Acceptor,
    path: Option<Query>,
    expected: Value,
}

impl Judge {
    fn new(acceptor: &'static Acceptor) -> Result<Self, AwsError> {
        let path = match acceptor.matcher {
            Matcher::Path | Matcher::PathAll | Matcher::PathAny => Some(Query::parse(&acceptor.argument)?),
            Matcher::Status | Matcher::Error => None,
        };
        Ok(Judge { acceptor, path, expected: value_of(&acceptor.expected) })
    }

    fn accepts(&self, answer: &Map, refused: bool) -> Result<bool, AwsError> {
        let whole = Value::Map(answer.clone());
        if let Some(path) = &self.path {
            if refused {
                return Ok(false);
            }
            let found = path.search(&whole)?;
            let items = || found.as_list().map(|items| items.to_vec()).unwrap_or_default();
            return Ok(match self.acceptor.matcher {
                Matcher::PathAll => {
                    let items = items();
                    !items.is_empty() && items.iter().all(|item| *item == self.expected)
                }
                Matcher::PathAny => items().contains(&self.expected),
                _ => found == self.expected,
            });
        }
        if self.acceptor.matcher == Matcher::Status {
            let status = answer.get("ResponseMetadata").and_then(|metadata| metadata.get("HTTPStatusCode"));
            return Ok(status.unwrap_or(Value::Null) == self.expected);
        }
        let code = answer.get("Error").and_then(|error| error.get("Code"));
        Ok(match &self.expected {
            Value::Bool(any) => code.is_some() == *any,
            expected => code.unwrap_or_else(|| "".into()) == *expected,
        })
    }

    /// botocore's words for what it means that this one accepted.
    fn explanation(&self) -> String {
        let (argument, expected) = (&self.acceptor.argument, python::str(&self.expected));
        match self.acceptor.matcher {
            Matcher::Path => {
                format!("For expression \"{argument}\" we matched expected path: \"{expected}\"")
            }
            Matcher::PathAll => {
                format!("For expression \"{argument}\" all members matched expected path: \"{expected}\"")
            }
            Matcher::PathAny => {
                format!(
                    "For expression \"{argument}\" we matched expected path: \"{expected}\" at least once"
                )
            }
            Matcher::Status => format!("Matched expected HTTP status code: {expected}"),
            Matcher::Error => format!("Matched expected service error code: {expected}"),
        }
    }
}

fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Bool(flag) => (*flag).into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => int.into(),
            None => number.as_f64().into(),
        },
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => Value::Null,
    }
}
