//! How long to wait.

use std::time::Duration;

use squall_model::{Value, python};

use super::error::HttpError;

/// How long a request may take; `None` waits for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection to one address, and for the TLS handshake.
    pub connect: Option<Limit>,
    /// Between any two pieces of the response (not for all of it).
    pub read: Option<Limit>,
}

/// A time limit, and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub(super) duration: Duration,
    pub(super) shown: String,
}

impl Limit {
    /// A limit of whole seconds.
    pub fn seconds(seconds: u32) -> Limit {
        Limit { duration: Duration::from_secs(seconds.into()), shown: seconds.to_string() }
    }
}

impl Timeouts {
    /// From an activity's `timeout`: null, a number of seconds above zero, or a list of two such for
    /// connecting and reading.
    ///
    /// # Errors
    ///
    /// Any other value; the reference meets a `ValueError`.
    pub fn from_value(value: &Value) -> Result<Timeouts, HttpError> {
        let fail = |message: String| HttpError::other("ValueError", message);
        let Value::List(list) = value else {
            return Ok(Timeouts {
                connect: limit(value, "connect").map_err(fail)?,
                read: limit(value, "read").map_err(fail)?,
            });
        };
        let pair = list.to_vec();
        let limits = match pair.as_slice() {
            [connect, read] => {
                limit(connect, "connect").and_then(|connect| Ok((connect, limit(read, "read")?)))
            }
            _ => Err(String::new()),
        };
        match limits {
            Ok((connect, read)) => Ok(Timeouts { connect, read }),
            Err(_) => {
                let shown: Vec<String> = pair.iter().map(python::repr).collect();
                let shown = if let [one] = shown.as_slice() { format!("{one},") } else { shown.join(", ") };
                Err(fail(format!(
                    "Invalid timeout ({shown}). Pass a (connect, read) timeout tuple, or a single float to set \
                     both timeouts to the same value."
                )))
            }
        }
    }
}

fn limit(value: &Value, which: &str) -> Result<Option<Limit>, String> {
    let seconds = match value {
        Value::Null => return Ok(None),
        Value::Bool(_) => {
            return Err("Timeout cannot be a boolean value. It must be an int, float or None.".to_owned());
        }
        Value::Int(int) => int.to_f64(),
        Value::Float(float) => *float,
        _ => {
            let shown = python::str(value);
            return Err(format!("Timeout value {which} was {shown}, but it must be an int, float or None."));
        }
    };
    let shown = python::str(value);
    if seconds.is_nan() {
        return Err("Invalid value NaN (not a number)".to_owned());
    }
    if seconds <= 0.0 {
        return Err(format!(
            "Attempted to set {which} timeout to {shown}, but the timeout cannot be set to a value less than or \
             equal to 0."
        ));
    }
    // Beyond the range of durations is beyond any run.
    Ok(Duration::try_from_secs_f64(seconds).ok().map(|duration| Limit { duration, shown }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_pairs_are_limits() {
        let half = Some(Limit { duration: Duration::from_millis(500), shown: "0.5".to_owned() });
        let both = Timeouts { connect: half.clone(), read: half.clone() };
        assert_eq!(Timeouts::from_value(&Value::from(0.5)), Ok(both));
        let pair = Value::list([Value::Null, Value::from(0.5)]);
        assert_eq!(Timeouts::from_value(&pair), Ok(Timeouts { connect: None, read: half }));
        assert_eq!(Timeouts::from_value(&Value::Null), Ok(Timeouts::default()));
        assert_eq!(Timeouts::from_value(&Value::from(2)).unwrap().read, Some(Limit::seconds(2)));
        assert_eq!(Timeouts::from_value(&Value::from(f64::INFINITY)), Ok(Timeouts::default()));
    }

    #[test]
    fn other_values_are_refused() {
        let error = |value: Value| Timeouts::from_value(&value).unwrap_err().to_string();
        assert_eq!(
            error(Value::from("1")),
            "Timeout value connect was 1, but it must be an int, float or None."
        );
        assert!(error(Value::from(true)).starts_with("Timeout cannot be a boolean value."));
        assert!(error(Value::from(0)).starts_with("Attempted to set connect timeout to 0, but"));
        assert!(error(Value::list([Value::from(1)])).starts_with("Invalid timeout (1,). Pass a"));
        assert!(
            error(Value::list([Value::from("a"), Value::from(1)]))
                .starts_with("Invalid timeout ('a', 1). Pass")
        );
    }
}
