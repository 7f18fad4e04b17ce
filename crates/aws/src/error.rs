//! Why a call of an AWS operation did not succeed.

use std::fmt;

use squall_model::{Map, Value};

/// Why a call did not succeed; shown in botocore's words, as people's tolerances and eyes know them.
#[derive(Clone, Debug)]
pub enum AwsError {
    /// The service refused it.
    Service(Box<ServiceError>),
    /// The parameters do not fit the operation: every problem, in botocore's words. Nothing was sent.
    Parameters(Vec<String>),
    /// Everything else, by the class that botocore raises.
    Other {
        /// Its qualified name: `botocore.exceptions.NoCredentialsError`.
        class: &'static str,
        /// Its text, with what to do where we know.
        message: String,
    },
}

/// What a service said.
#[derive(Clone, Debug)]
pub struct ServiceError {
    /// The error code: `ThrottlingException`, or the HTTP status as text where an answer has none.
    pub code: String,
    /// The message, empty where there is none.
    pub message: String,
    /// The operation's name as in the model.
    pub operation: String,
    /// The HTTP status.
    pub status: u16,
    /// The request's id.
    pub request_id: Option<String>,
    /// The name of the model's shape for this code, where it has one.
    pub shape: Option<String>,
    /// How often the call was repeated before it was given up; zero where that is no retried call.
    pub retries: u32,
    /// boto3's `response` of the error: `Error`, `ResponseMetadata`, and the shape's members.
    pub response: Map,
}

impl AwsError {
    /// The error code, for what a service refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            AwsError::Service(error) => Some(&error.code),
            AwsError::Parameters(_) | AwsError::Other { .. } => None,
        }
    }

    /// The service's message (boto3's `e.response["Error"]["Message"]`), for what a service refused.
    pub fn service_message(&self) -> Option<&str> {
        match self {
            AwsError::Service(error) => Some(&error.message),
            AwsError::Parameters(_) | AwsError::Other { .. } => None,
        }
    }

    /// Whether boto3 would raise a `ClientError` (a service's refusal, named by its model or not).
    pub fn is_client_error(&self) -> bool {
        matches!(self, AwsError::Service(_))
    }

    /// The Python class' qualified name.
    pub fn class(&self) -> String {
        match self {
            AwsError::Service(error) => match &error.shape {
                Some(shape) => format!("botocore.errorfactory.{shape}"),
                None => "botocore.exceptions.ClientError".to_owned(),
            },
            AwsError::Parameters(_) => "botocore.exceptions.ParamValidationError".to_owned(),
            AwsError::Other { class, .. } => (*class).to_owned(),
        }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AwsError::Service(error) => {
                write!(f, "An error occurred ({}) when calling the {} operation", error.code, error.operation)?;
                if error.retries > 0 {
                    write!(f, " (reached max retries: {})", error.retries)?;
                }
                write!(f, ": {}", error.message)
            }
            AwsError::Parameters(problems) => {
                write!(f, "Parameter validation failed:")?;
                problems.iter().try_for_each(|problem| write!(f, "\n{problem}"))
            }
            AwsError::Other { message, .. } => f.write_str(message),
        }
    }
}

impl std::error::Error for AwsError {}

impl ServiceError {
    /// A member of the error's shape.
    pub fn member(&self, name: &str) -> Option<Value> {
        self.response.get(name)
    }
}
