//! Profiles that assume a role: read before anybody is asked for keys, so that a mistake in the shared files
//! is told as one. What is done with a profile without mistakes is `aws-config`'s.

use super::files::SharedFiles;
use crate::error::AwsError;

/// Looks through the profile `selected` and those that its keys come from.
///
/// # Errors
///
/// What botocore refuses, in its classes and words; and a role for which somebody would have to type a
/// code, which botocore asks for at the terminal.
pub(super) fn check(files: &SharedFiles, selected: &str) -> Result<(), AwsError> {
    let mut visited = vec![selected.to_owned()];
    let mut name = selected.to_owned();
    while let Some(profile) = files.profile(&name) {
        let has_keys =
            ["aws_access_key_id", "aws_secret_access_key"].iter().any(|key| profile.get(key).is_some());
        let assumes = profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none();
        // A profile's keys go before its role where another profile refers to it.
        if !assumes || (has_keys && visited.len() > 1) {
            return Ok(());
        }
        if let Some(device) = profile.get("mfa_serial") {
            return invalid(format!(
                "The role of the profile \"{name}\" wants a code of the device `{device}` (mfa_serial), and nobody is \
                 asked for one during a run: sign in with SSO, or use keys that `aws sts get-session-token` gave for a code."
            ));
        }
        let source = match (profile.get("source_profile"), profile.get("credential_source")) {
            (Some(_), Some(_)) => {
                return invalid(format!(
                    "The profile \"{name}\" contains both source_profile and credential_source."
                ));
            }
            (None, None) => {
                return Err(AwsError::Other {
                    class: "botocore.exceptions.PartialCredentialsError",
                    message: "Partial credentials found in assume-role, missing: source_profile or credential_source"
                        .to_owned(),
                });
            }
            (None, Some(source)) => return of_place(source, &name),
            (Some(source), None) => source.to_owned(),
        };
        if files.profile(&source).is_none() {
            return invalid(format!(
                "The source_profile \"{source}\" referenced in the profile \"{name}\" does not exist."
            ));
        }
        if visited.contains(&source) {
            if source == name && has_keys {
                return Ok(());
            }
            let shown: Vec<String> = visited.iter().map(|name| format!("'{name}'")).collect();
            return Err(AwsError::Other {
                class: "botocore.exceptions.InfiniteLoopConfigError",
                message: format!(
                    "Infinite loop in credential configuration detected. Attempting to load from profile {source} which \
                     has already been visited. Visited profiles: [{}]",
                    shown.join(", ")
                ),
            });
        }
        visited.push(source.clone());
        name = source;
    }
    Ok(())
}

/// The places that `credential_source` can name.
fn of_place(source: &str, profile: &str) -> Result<(), AwsError> {
    if ["Environment", "Ec2InstanceMetadata", "EcsContainer"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(source))
    {
        return Ok(());
    }
    invalid(format!("The credential source \"{source}\" referenced in profile \"{profile}\" is not valid."))
}

fn invalid(message: String) -> Result<(), AwsError> {
    Err(AwsError::Other { class: "botocore.exceptions.InvalidConfigError", message })
}

#[cfg(test)]
mod tests {
    use super::super::files::SharedFiles;
    use super::check;

    const CONFIG: &str = "
[profile keys]
aws_access_key_id = AKIA
aws_secret_access_key = hidden
[profile plain]
role_arn = arn:aws:iam::1:role/r
source_profile = keys
[profile deep]
role_arn = arn:aws:iam::1:role/r
source_profile = plain
[profile own]
role_arn = arn:aws:iam::1:role/r
source_profile = own
aws_access_key_id = AKIA
aws_secret_access_key = hidden
[profile lost]
role_arn = arn:aws:iam::1:role/r
source_profile = nobody
[profile round]
role_arn = arn:aws:iam::1:role/r
source_profile = again
[profile again]
role_arn = arn:aws:iam::1:role/r
source_profile = round
[profile bare]
role_arn = arn:aws:iam::1:role/r
[profile both]
role_arn = arn:aws:iam::1:role/r
source_profile = keys
credential_source = Environment
[profile odd]
role_arn = arn:aws:iam::1:role/r
credential_source = Moon
[profile place]
role_arn = arn:aws:iam::1:role/r
credential_source = EcsContainer
[profile code]
role_arn = arn:aws:iam::1:role/r
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/me
[profile web]
role_arn = arn:aws:iam::1:role/r
web_identity_token_file = /token
";

    #[test]
    fn mistakes_are_told_in_botocores_words() {
        let path = std::env::temp_dir().join(format!("squall-aws-roles-{}", uuid::Uuid::new_v4()));
        std::fs::write(&path, CONFIG).unwrap();
        let files = SharedFiles::read_at(Some(path.clone()), None);
        let files = tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(files).unwrap();
        std::fs::remove_file(path).unwrap();
        for fine in ["keys", "plain", "deep", "own", "place", "web", "nobody"] {
            assert!(check(&files, fine).is_ok(), "{fine}");
        }
        let said = |name: &str| check(&files, name).unwrap_err().to_string();
        assert_eq!(
            said("lost"),
            "The source_profile \"nobody\" referenced in the profile \"lost\" does not exist."
        );
        assert_eq!(
            said("round"),
            "Infinite loop in credential configuration detected. Attempting to load from profile round which has \
             already been visited. Visited profiles: ['round', 'again']"
        );
        assert_eq!(
            said("bare"),
            "Partial credentials found in assume-role, missing: source_profile or credential_source"
        );
        assert_eq!(said("both"), "The profile \"both\" contains both source_profile and credential_source.");
        assert_eq!(said("odd"), "The credential source \"Moon\" referenced in profile \"odd\" is not valid.");
        assert!(
            said("code").contains("wants a code of the device `arn:aws:iam::1:mfa/me`"),
            "{}",
            said("code")
        );
    }
}
