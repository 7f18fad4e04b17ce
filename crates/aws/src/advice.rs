//! What to do about failures that have nothing to do with the experiment itself.

/// What to do about a failure, by its text as the journal has it; `None` where we know nothing better.
pub(crate) fn advice(text: &str) -> Option<String> {
    if let Some((code, operation)) = refusal(text) {
        return for_code(code, operation);
    }
    if let Some(parameter) = null_parameter(text) {
        return Some(format!(
            "an argument that AWS needs is missing, and a null was sent for it, as chaostoolkit-aws does: give the function the \
             one that becomes `{parameter}`"
        ));
    }
    let known = [
        (
            "AWS requires a region to be set!",
            "name the region: `aws_region` in the experiment's configuration, or the environment variable AWS_REGION",
        ),
        (
            "Unable to locate credentials",
            "give credentials: the provider's `secrets` with `aws_access_key_id` and `aws_secret_access_key`, \
             `aws_profile_name` in the configuration, or the environment variables of AWS",
        ),
        (
            "The config profile (",
            "profiles are read from ~/.aws/config and ~/.aws/credentials, or the files that AWS_CONFIG_FILE and \
             AWS_SHARED_CREDENTIALS_FILE name",
        ),
        (
            "Could not connect to the endpoint URL",
            "see that the region exists and has the service, that the network lets the URL through, and that \
             AWS_ENDPOINT_URL is not set by mistake",
        ),
        (
            "Connect timeout on endpoint URL",
            "the network does not let the URL through: look at routes, security groups and proxies",
        ),
        ("Partial credentials found in e", "an access key needs its secret key: give both or neither"),
        (
            "Error when retrieving credentials from profile",
            "see that the profile works: `aws sts get-caller-identity --profile NAME`; where a sign-in has expired, \
             `aws sso login --profile NAME` renews it",
        ),
        (
            "SSL validation failed for",
            "who signed the server's certificate is not trusted here: name a PEM file with that authority in AWS_CA_BUNDLE, \
             or as `ca_bundle` of the profile; proxies that look into connections have one of their own",
        ),
        ("invalid path:", "AWS_CA_BUNDLE, `ca_bundle` of the profile or REQUESTS_CA_BUNDLE name the file"),
        (
            "\"InstanceGroupType\", must be one of",
            "the function cannot choose by `group_type`, in chaostoolkit-aws neither: leave it out, or call `list_instances` of \
             `emr` in an activity of type `aws`, with `InstanceGroupTypes`",
        ),
    ];
    known.iter().find(|(words, _)| text.contains(words)).map(|(_, advice)| (*advice).to_owned())
}

/// The parameter that was null, where that alone is the matter.
fn null_parameter(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("Parameter validation failed:\nInvalid type for parameter ")?;
    let (parameter, rest) = rest.split_once(", value: None, ")?;
    (!rest.contains('\n') && !parameter.contains(['.', '\n'])).then_some(parameter)
}

/// The code and the operation of a service's refusal.
fn refusal(text: &str) -> Option<(&str, &str)> {
    let (code, rest) = text.split_once("An error occurred (")?.1.split_once(") when calling the ")?;
    Some((code, rest.split_once(" operation")?.0))
}

fn for_code(code: &str, operation: &str) -> Option<String> {
    let throttled =
        ["Throttl", "RequestLimitExceeded", "TooManyRequests", "SlowDown", "BandwidthLimitExceeded"];
    if throttled.iter().any(|word| code.contains(word)) {
        return Some(format!(
            "AWS was asked too often for `{operation}`: lower `requests_per_second` in the experiment's \
             `runtime.aws`, or give the account a higher quota; others may use up the quota, too"
        ));
    }
    Some(match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "AuthorizationError"
        | "AuthorizationErrorException" | "NotAuthorized" | "403" => {
            format!("the credentials in use may not call `{operation}`: allow that action in their IAM policy")
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" | "TokenRefreshRequired" => {
            "the credentials have expired: get new ones, or use a profile or a role, which are renewed".to_owned()
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            "AWS does not take these credentials: see that key and secret belong together, that a temporary key has \
             its session token, that the region is enabled for the account, and that the clock is right"
                .to_owned()
        }
        "OptInRequired" | "SubscriptionRequiredException" => {
            "the account is not subscribed to this service, or the region is not enabled for it".to_owned()
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::advice;

    #[test]
    fn certificates_sign_ins_and_nulls_say_what_to_do() {
        let said = |text: &str| advice(text).unwrap_or_default();
        assert!(
            said("SSL validation failed for https://a/ invalid peer certificate: UnknownIssuer")
                .contains("AWS_CA_BUNDLE")
        );
        assert!(
            said("Could not find a suitable TLS CA certificate bundle, invalid path: /x")
                .contains("`ca_bundle`")
        );
        assert!(
            said("Error when retrieving credentials from profile: failed to load the cached SSO token")
                .contains("aws sso login")
        );
        let null = "Parameter validation failed:\nInvalid type for parameter version, value: None, type: <class 'NoneType'>, \
                    valid types: <class 'str'>";
        assert!(said(null).contains("becomes `version`"));
        assert_eq!(advice(&format!("{null}\nUnknown parameter in input: \"x\"")), None);
    }

    #[test]
    fn throttles_denials_and_missing_regions_say_what_to_do() {
        let said = |text: &str| advice(text).unwrap_or_default();
        assert!(
            said("An error occurred (RequestLimitExceeded) when calling the DescribeInstances operation: Slow down")
                .contains("`requests_per_second`")
        );
        assert!(
            said(
                "botocore.exceptions.ClientError: An error occurred (UnauthorizedOperation) when calling the \
                  StopInstances operation: no"
            )
            .contains("may not call `StopInstances`")
        );
        assert!(
            said("chaoslib.exceptions.InterruptExecution: AWS requires a region to be set!")
                .contains("`aws_region`")
        );
        assert_eq!(
            advice(
                "An error occurred (InvalidInstanceID.NotFound) when calling the StopInstances operation: x"
            ),
            None
        );
        assert_eq!(advice("No instances in availability zone: eu-west-3a"), None);
    }
}
