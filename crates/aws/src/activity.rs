//! What a function of `chaosaws` is made of: its signature, and its code with what that may use.

use std::rc::Rc;

use squall_engine::ports::{BoxFuture, Clock, Failure};
use squall_model::{Map, Value};

use crate::client::Client;
use crate::error::AwsError;
use crate::random::Random;
use crate::session::{Scope, Session};

/// One function: everything that validation, discovery and a run need to know of it.
pub struct Function {
    /// The Python module that experiments name: `chaosaws.asg.actions`.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// One or two sentences, for discovery.
    pub about: &'static str,
    /// Its parameters in order, without `configuration` and `secrets`.
    pub parameters: &'static [Parameter],
    /// The annotation of what it returns, as Python shows it; empty without one.
    pub returns: &'static str,
    /// Whether discovery lists it.
    pub discovered: bool,
    /// Carries it out.
    pub run: Run,
}

/// A function's code.
pub type Run = for<'a> fn(&'a Activity) -> BoxFuture<'a, Result<Value, Raised>>;

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It changes something.
    Action,
    /// It looks.
    Probe,
    /// It is a control.
    Control,
}

/// A parameter of a function.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its annotation, as Python shows it: `List[str]`.
    pub kind: &'static str,
    /// The default as JSON text; `None` for a required parameter.
    pub default: Option<&'static str>,
}

impl Parameter {
    /// A parameter that must be given.
    pub const fn required(name: &'static str, kind: &'static str) -> Self {
        Parameter { name, kind, default: None }
    }

    /// A parameter with a default, as JSON text.
    pub const fn optional(name: &'static str, kind: &'static str, default: &'static str) -> Self {
        Parameter { name, kind, default: Some(default) }
    }
}

/// One call of a function: its arguments, and what it may use.
pub struct Activity {
    /// The arguments, with the defaults of those that were left out.
    pub arguments: Map,
    /// The experiment's configuration.
    pub configuration: Map,
    /// The secrets that the provider names, merged.
    pub secrets: Map,
    /// Where clients come from.
    pub session: Rc<Session>,
    /// Random choices.
    pub random: Rc<Random>,
    /// The time.
    pub clock: Rc<dyn Clock>,
}

impl Activity {
    /// The argument of that name; null where the function has no such parameter.
    pub fn argument(&self, name: &str) -> Value {
        self.arguments.get(name).unwrap_or(Value::Null)
    }

    /// A client of the service (boto3's name: `autoscaling`), for the region, the profile and the role
    /// that the configuration names.
    ///
    /// # Errors
    ///
    /// Where no region is set, or the role cannot be assumed.
    pub async fn client(&self, service: &str) -> Result<Client, Raised> {
        self.session
            .client(service, &Scope::of(&self.configuration, &self.secrets)?)
            .await
            .map_err(Raised::from)
    }
}

/// What a function raised.
#[derive(Clone, Debug)]
pub enum Raised {
    /// `ActivityFailed` with this text.
    Failed(String),
    /// Another exception: its class' qualified name, and its text.
    Error {
        /// `KeyError` for Python's own, `botocore.exceptions.ClientError`.
        class: String,
        /// `str()` of the exception.
        message: String,
    },
}

impl Raised {
    /// `ActivityFailed` with this text.
    pub fn failed(message: impl Into<String>) -> Self {
        Raised::Failed(message.into())
    }

    /// An exception of that class.
    pub fn of_class(class: impl Into<String>, message: impl Into<String>) -> Self {
        Raised::Error { class: class.into(), message: message.into() }
    }

    /// The text of the exception, as Python's `str()` gives it.
    pub fn text(&self) -> &str {
        match self {
            Raised::Failed(message) | Raised::Error { message, .. } => message,
        }
    }
}

impl From<AwsError> for Raised {
    fn from(error: AwsError) -> Self {
        Raised::Error { class: error.class(), message: error.to_string() }
    }
}

impl From<Raised> for Failure {
    /// What the reference writes of it into the journal: an `ActivityFailed` about the exception, also
    /// where that is one itself.
    fn from(raised: Raised) -> Self {
        let (class, message) = match &raised {
            Raised::Failed(message) => ("chaoslib.exceptions.ActivityFailed", message),
            Raised::Error { class, message } => (&**class, message),
        };
        let text = if message.is_empty() { class.to_owned() } else { format!("{class}: {message}") };
        Failure::activity(text.trim())
    }
}
