//! What users say of AWS as a whole: in the `runtime` part of an experiment or of the settings, and on
//! the command line.
//!
//! ```yaml
//! runtime:
//!   aws: {requests_per_second: 5, burst: 10, concurrency: 20}
//!   python: {chaosaws: python}
//! ```

use squall_aws::provider::{Aws, Options};
use squall_aws::session::Limits;
use squall_model::{Value, python};

/// What sends functions of `chaosaws` to Python, as the command line's `--python-chaosaws` does.
const VARIABLE: &str = "SQUALL_CHAOSAWS";

/// Takes over what the experiment says, or, where it has no `runtime`, the settings.
///
/// # Errors
/// An option of another type than it must be.
pub fn configure(
    aws: &Aws,
    experiment: &Value,
    settings: &Value,
    to_python: bool,
    seed: Option<u64>,
) -> Result<(), String> {
    let own = experiment.get("runtime").filter(Value::is_truthy);
    let runtime = own.or_else(|| settings.get("runtime")).unwrap_or(Value::Null);
    let limits = runtime.get("aws").filter(|options| !options.is_null()).unwrap_or_default();
    if !matches!(limits, Value::Null | Value::Map(_)) {
        let found = limits.type_name();
        return Err(format!("`runtime.aws` must be a mapping, found {found}"));
    }
    let number = |key: &str, least: f64| match limits.get(key).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => match value.as_f64().filter(|number| number.is_finite() && *number >= least) {
            Some(number) => Ok(Some(number)),
            None => {
                let found = python::str(&value);
                Err(format!("`{key}` in `runtime.aws` must be a number of at least {least}, found `{found}`"))
            }
        },
    };
    let limits = Limits {
        requests_per_second: number("requests_per_second", 0.01)?,
        burst: number("burst", 1.0)?,
        concurrency: number("concurrency", 1.0)?.map(|most| most as usize),
    };
    aws.configure(Options { limits, seed });
    let chosen = runtime.get("python").and_then(|python| python.get("chaosaws"));
    let in_experiment = chosen.is_some_and(|chosen| chosen.as_str() == Some("python"));
    let in_environment = squall_os::environment::var(VARIABLE).as_deref() == Some("python");
    aws.leave_to_python(to_python || in_experiment || in_environment);
    Ok(())
}
