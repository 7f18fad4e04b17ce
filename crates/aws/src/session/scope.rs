//! Which account, region and role an activity means.

use std::fmt;
use std::sync::Arc;

use squall_model::{Map, Value, python};

use crate::activity::Raised;

/// The region, profile, role and keys of one activity, as far as they are named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The region; without one, the environment's.
    pub region: Option<Arc<str>>,
    /// The profile of the shared configuration files; without one, `AWS_PROFILE` or `default`.
    pub profile: Option<Arc<str>>,
    /// Keys that were given outright.
    pub keys: Option<Keys>,
    /// The role that is assumed before calls are made.
    pub role: Option<Role>,
}

/// Keys from the secrets of an experiment.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Keys {
    /// `aws_access_key_id`.
    pub access: Arc<str>,
    /// `aws_secret_access_key`.
    pub secret: Arc<str>,
    /// `aws_session_token`.
    pub token: Option<Arc<str>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("access", &self.access).finish_non_exhaustive()
    }
}

/// A role to assume.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// Its ARN.
    pub arn: Arc<str>,
    /// The name of the session, which shows up in the account's logs.
    pub session_name: Arc<str>,
}

/// The session's name where none is given; the reference's.
const SESSION_NAME: &str = "ChaosToolkit";

impl Role {
    /// The role, with a session named as the reference names it.
    pub fn new(arn: &str, session_name: Option<&str>) -> Self {
        let session_name = session_name.filter(|name| !name.is_empty()).unwrap_or(SESSION_NAME);
        Role { arn: arn.into(), session_name: session_name.into() }
    }
}

impl Scope {
    /// What the configuration and the secrets of an activity name, by the rules of `chaosaws`:
    /// `aws_region`, `aws_profile_name`, `aws_assume_role_arn`, `aws_assume_role_session_name` of the
    /// configuration; `aws_access_key_id`, `aws_secret_access_key`, `aws_session_token` of the secrets.
    ///
    /// # Errors
    ///
    /// One of the two keys without the other, and values that are no texts, in botocore's words.
    pub fn of(configuration: &Map, secrets: &Map) -> Result<Self, Raised> {
        let role = text(configuration, "aws_assume_role_arn")?;
        let session_name = text(configuration, "aws_assume_role_session_name")?;
        Ok(Scope {
            region: text(configuration, "aws_region")?,
            profile: text(configuration, "aws_profile_name")?,
            keys: keys(secrets)?,
            role: role.map(|arn| Role::new(&arn, session_name.as_deref())),
        })
    }
}

/// A text that is there and not empty.
fn text(map: &Map, key: &str) -> Result<Option<Arc<str>>, Raised> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::Str(text)) if !text.is_empty() => Ok(Some((&*text).into())),
        Some(value) if !value.is_truthy() => Ok(None),
        Some(value) => Err(Raised::of_class(
            "TypeError",
            format!("`{key}` must be a text, found {} `{}`", value.type_name(), python::str(&value)),
        )),
    }
}

fn keys(secrets: &Map) -> Result<Option<Keys>, Raised> {
    let key = |name: &str| {
        secrets.get(name).filter(|value| !value.is_null()).map(|value| Arc::from(python::str(&value)))
    };
    let missing = |name: &str| {
        Raised::of_class(
            "botocore.exceptions.PartialCredentialsError",
            format!("Partial credentials found in explicit, missing: {name}"),
        )
    };
    match (key("aws_access_key_id"), key("aws_secret_access_key")) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(missing("aws_secret_access_key")),
        (None, Some(_)) => Err(missing("aws_access_key_id")),
        (Some(access), Some(secret)) => Ok(Some(Keys { access, secret, token: key("aws_session_token") })),
    }
}

#[cfg(test)]
mod tests {
    use squall_model::{Map, Value};

    use super::{Role, Scope};

    fn map(entries: &[(&str, &str)]) -> Map {
        entries.iter().map(|(key, value)| (*key, Value::from(*value))).collect()
    }

    #[test]
    fn the_configuration_names_region_profile_and_role() {
        let configuration =
            map(&[("aws_region", "eu-west-3"), ("aws_profile_name", "staging"), ("other", "x")]);
        let scope = Scope::of(&configuration, &Map::new()).unwrap();
        assert_eq!((scope.region.as_deref(), scope.profile.as_deref()), (Some("eu-west-3"), Some("staging")));
        assert_eq!((scope.keys, scope.role), (None, None));

        let configuration = map(&[("aws_assume_role_arn", "arn:aws:iam::1:role/a"), ("aws_region", "")]);
        let scope = Scope::of(&configuration, &Map::new()).unwrap();
        assert_eq!(scope.region, None);
        assert_eq!(scope.role, Some(Role::new("arn:aws:iam::1:role/a", Some("ChaosToolkit"))));
    }

    #[test]
    fn keys_come_in_pairs() {
        let secrets = map(&[("aws_access_key_id", "AKIA"), ("aws_secret_access_key", "hidden")]);
        let scope = Scope::of(&Map::new(), &secrets).unwrap();
        assert_eq!(scope.keys.as_ref().unwrap().token, None);
        assert!(!format!("{scope:?}").contains("hidden"));

        let alone = map(&[("aws_access_key_id", "AKIA")]);
        let error = Scope::of(&Map::new(), &alone).unwrap_err();
        assert_eq!(error.text(), "Partial credentials found in explicit, missing: aws_secret_access_key");
    }

    #[test]
    fn a_region_that_is_no_text_is_refused() {
        let configuration: Map = [("aws_region", Value::from(5))].into_iter().collect();
        let error = Scope::of(&configuration, &Map::new()).unwrap_err();
        assert_eq!(error.text(), "`aws_region` must be a text, found int `5`");
    }
}
