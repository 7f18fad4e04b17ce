//! Why a call of an AWS operation did not succeed.

use std::fmt;

use squall_model::{Map, Value};

use crate::client::is_throttle;

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
        /// Its text.
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
    /// How often the call was repeated before it was given up.
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

    /// What can be done about it, where that is known: for logs, since the message is botocore's.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            AwsError::Service(error) => error.help(),
            AwsError::Parameters(_) => None,
            AwsError::Other { class, .. } => match class.rsplit('.').next()? {
                "NoCredentialsError" => Some(
                    "set `AWS_PROFILE`, or `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, name a profile in the \
                     configuration (`aws_profile_name`), or run where a role is attached",
                ),
                "CredentialRetrievalError" => Some(
                    "see that the profile, the role or the process that gives the credentials works: `aws sts get-caller-identity`",
                ),
                "NoRegionError" => {
                    Some("set `aws_region` in the configuration, or `AWS_REGION` in the environment")
                }
                "EndpointConnectionError" | "ConnectTimeoutError" => Some(
                    "see that the region is one of the service's, and that its endpoint can be reached from here (DNS, \
                     routes, proxies)",
                ),
                "SSLError" => {
                    Some("see that the certificates of your proxy are in the file that `AWS_CA_BUNDLE` names")
                }
                _ => None,
            },
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
                write!(
                    f,
                    "An error occurred ({}) when calling the {} operation",
                    error.code, error.operation
                )?;
                if error.reached_max_attempts() {
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
    /// Whether the call was repeated as often as it may be.
    pub fn reached_max_attempts(&self) -> bool {
        let metadata = self.response.get("ResponseMetadata");
        metadata.and_then(|metadata| metadata.get("MaxAttemptsReached")).is_some_and(|flag| flag.is_truthy())
    }

    fn help(&self) -> Option<&'static str> {
        match self.code.as_str() {
            code if is_throttle(code) => Some(
                "requests come too fast: lower `requests_per_second` or `concurrency` under `runtime.aws`, raise \
                 `AWS_MAX_ATTEMPTS`, or have the account's quota raised",
            ),
            "AccessDenied"
            | "AccessDeniedException"
            | "UnauthorizedOperation"
            | "AuthorizationError"
            | "UnauthorizedAccess"
            | "Client.UnauthorizedOperation" => Some(
                "the credentials may not do this: allow the operation in the policies of the user or role",
            ),
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
                Some("the credentials have expired: sign in again")
            }
            "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "AuthFailure"
            | "InvalidAccessKeyId"
            | "SignatureDoesNotMatch" => {
                Some("the access key or its secret is wrong, or not for this partition of AWS")
            }
            "OptInRequired" => {
                Some("the account has not subscribed to the service, or the region is not enabled for it")
            }
            _ => None,
        }
    }

    /// A member of the error's shape.
    pub fn member(&self, name: &str) -> Option<Value> {
        self.response.get(name)
    }
}
