//! Why a call has nowhere to go, or cannot be signed for where it goes.

use crate::error::AwsError;

/// Why there is no endpoint; in botocore's class and words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EndpointError {
    /// The qualified name of the class that botocore raises; Python's own without a module.
    pub class: &'static str,
    /// The exception's text.
    pub message: String,
}

impl EndpointError {
    /// An exception of `botocore.exceptions`, or one of Python's own.
    pub(super) fn new(class: &'static str, message: impl Into<String>) -> Self {
        EndpointError { class, message: message.into() }
    }

    /// A rule's refusal, or parameters that the rules cannot take.
    pub(super) fn resolution(message: impl Into<String>) -> Self {
        EndpointError::new("botocore.exceptions.EndpointResolutionError", message)
    }

    /// There is no region, and the service is not the same everywhere.
    pub(super) fn no_region() -> Self {
        EndpointError::new("botocore.exceptions.NoRegionError", "You must specify a region.")
    }
}

/// What botocore writes before the problems of a `ParamValidationError`.
const PARAMETERS: &str = "Parameter validation failed:\n";

impl From<EndpointError> for AwsError {
    fn from(error: EndpointError) -> Self {
        match error.message.strip_prefix(PARAMETERS) {
            Some(report) => AwsError::Parameters(report.lines().map(str::to_owned).collect()),
            None => AwsError::Other { class: error.class, message: error.message },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EndpointError;
    use crate::error::AwsError;

    #[test]
    fn a_report_on_parameters_becomes_one() {
        let class = "botocore.exceptions.ParamValidationError";
        let text = "Parameter validation failed:\nInvalid ARN: `x`";
        let error = AwsError::from(EndpointError::new(class, text));
        assert_eq!((error.class().as_str(), error.to_string().as_str()), (class, text));
        let error = AwsError::from(EndpointError::no_region());
        assert_eq!(error.class(), "botocore.exceptions.NoRegionError");
        assert_eq!(error.to_string(), "You must specify a region.");
    }
}
