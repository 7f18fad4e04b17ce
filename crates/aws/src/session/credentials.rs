//! Where credentials come from, in botocore's order of places.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::imds;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_runtime::env_config::file::EnvConfigFiles;
use squall_engine::configuration::Environment;
use squall_model::{Map, Value};

use super::scope::{Keys, Role};
use crate::client::Client;
use crate::error::AwsError;

/// The longest that credentials may take to be found, role and token services included.
const PATIENCE: Duration = Duration::from_secs(120);

/// Credentials are renewed when they have less than this left, as botocore does at the latest.
const RENEWAL: Duration = Duration::from_secs(10 * 60);

/// What the places need.
pub(super) struct Places<'a> {
    /// Environment variables.
    pub(super) environment: &'a dyn Environment,
    /// The shared files.
    pub(super) files: EnvConfigFiles,
    /// Region, connections and timers, for places that are services themselves.
    pub(super) config: ProviderConfig,
    /// The profile, where the activity names one.
    pub(super) profile: Option<&'a str>,
    /// The profile that is looked into: the activity's, else the environment's, else `default`.
    pub(super) selected: &'a str,
    /// Whether that profile names a role of its own.
    pub(super) profile_has_role: bool,
}

/// Keys that were given outright.
pub(super) fn given(keys: &Keys) -> SharedCredentialsProvider {
    let token = keys.token.as_deref().map(ToOwned::to_owned);
    SharedCredentialsProvider::new(Credentials::new(&*keys.access, &*keys.secret, token, None, "secrets"))
}

/// The first place that has credentials: environment, profile with a role, web identity, profile,
/// container, instance. A profile that an activity names hides what the environment has.
pub(super) fn chain(places: &Places) -> Result<SharedCredentialsProvider, AwsError> {
    let environment = places.environment;
    let mut links: Vec<Link> = Vec::new();
    if places.profile.is_none()
        && let Some(credentials) = from_environment(environment)?
    {
        return Ok(SharedCredentialsProvider::new(credentials));
    }
    let profile = ProfileFileCredentialsProvider::builder()
        .configure(&places.config)
        .profile_name(places.selected)
        .profile_files(places.files.clone())
        .build();
    let profile = Link { name: "profile", provider: Arc::new(profile), optional: false, file: None };
    let web_identity = web_identity(places);
    if places.profile_has_role {
        links.push(profile);
        links.extend(web_identity);
    } else {
        links.extend(web_identity);
        links.push(profile);
    }
    let container = EcsCredentialsProvider::builder().configure(&places.config).build();
    links.push(Link { name: "container-role", provider: Arc::new(container), optional: false, file: None });
    if !is_true(environment, "AWS_EC2_METADATA_DISABLED") {
        links.push(Link {
            name: "iam-role",
            provider: Arc::new(instance(places)),
            optional: true,
            file: None,
        });
    }
    Ok(SharedCredentialsProvider::new(Kept::new(Chain { links })))
}

fn from_environment(environment: &dyn Environment) -> Result<Option<Credentials>, AwsError> {
    let var = |name: &str| environment.var(name).filter(|value| !value.is_empty());
    let Some(access) = var("AWS_ACCESS_KEY_ID") else { return Ok(None) };
    let Some(secret) = var("AWS_SECRET_ACCESS_KEY") else {
        return Err(AwsError::Other {
            class: "botocore.exceptions.PartialCredentialsError",
            message: "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY".to_owned(),
        });
    };
    let token = var("AWS_SESSION_TOKEN").or_else(|| var("AWS_SECURITY_TOKEN"));
    Ok(Some(Credentials::new(access, secret, token, None, "env")))
}

fn web_identity(places: &Places) -> Option<Link> {
    let var = |name: &str| places.environment.var(name).filter(|value| !value.is_empty());
    if places.profile.is_some() {
        return None;
    }
    let file = PathBuf::from(var("AWS_WEB_IDENTITY_TOKEN_FILE")?);
    let configuration = StaticConfiguration {
        web_identity_token_file: file.clone(),
        role_arn: var("AWS_ROLE_ARN")?,
        session_name: var("AWS_ROLE_SESSION_NAME")
            .unwrap_or_else(|| format!("botocore-session-{}", time_stamp())),
    };
    let provider = WebIdentityTokenCredentialsProvider::builder()
        .configure(&places.config)
        .static_configuration(configuration)
        .build();
    let name = "assume-role-with-web-identity";
    Some(Link { name, provider: Arc::new(provider), optional: false, file: Some(file) })
}

fn time_stamp() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The instance that we may be on; asked once, for one second, as botocore does.
fn instance(places: &Places) -> ImdsCredentialsProvider {
    let number = |name: &str| places.environment.var(name).and_then(|text| text.parse::<u32>().ok());
    let patience = Duration::from_secs(number("AWS_METADATA_SERVICE_TIMEOUT").unwrap_or(1).into());
    let client = imds::Client::builder()
        .configure(&places.config)
        .max_attempts(number("AWS_METADATA_SERVICE_NUM_ATTEMPTS").unwrap_or(1).max(1))
        .connect_timeout(patience)
        .read_timeout(patience)
        .build();
    ImdsCredentialsProvider::builder().configure(&places.config).imds_client(client).build()
}

pub(super) fn is_true(environment: &dyn Environment, name: &str) -> bool {
    environment.var(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// One place.
#[derive(Debug)]
struct Link {
    /// botocore's name of it.
    name: &'static str,
    provider: Arc<dyn ProvideCredentials>,
    /// Whether a place that cannot be asked is passed over.
    optional: bool,
    /// The file that it reads, where errors do not name it.
    file: Option<PathBuf>,
}

/// Places that are asked one after the other.
#[derive(Debug)]
struct Chain {
    links: Vec<Link>,
}

impl Source for Chain {
    fn load(&self) -> Loading<'_> {
        Box::pin(async move {
            for link in &self.links {
                match link.provider.provide_credentials().await {
                    Ok(credentials) => {
                        log::debug!("Found AWS credentials in: {}", link.name);
                        return Ok(credentials);
                    }
                    Err(error)
                        if link.optional || matches!(error, CredentialsError::CredentialsNotLoaded(_)) =>
                    {
                        log::debug!("No AWS credentials from {}: {}", link.name, told(&error));
                    }
                    Err(error) => {
                        let mut reason = told(&error);
                        if let Some(file) = &link.file
                            && error.source().is_some_and(|cause| cause.is::<std::io::Error>())
                        {
                            reason = format!("`{}` cannot be read: {reason}", file.display());
                        }
                        return Err(AwsError::Other {
                            class: "botocore.exceptions.CredentialRetrievalError",
                            message: format!(
                                "Error when retrieving credentials from {}: {reason}",
                                link.name
                            ),
                        });
                    }
                }
            }
            Err(AwsError::Other {
                class: "botocore.exceptions.NoCredentialsError",
                message: "Unable to locate credentials".to_owned(),
            })
        })
    }
}

/// What was said on the way from a place to its innermost cause, each thing once.
fn told(error: &CredentialsError) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut current = error.source();
    while let Some(error) = current {
        let text = error.to_string();
        // That there are no credentials is known.
        let is_news =
            !error.is::<CredentialsError>() && !said.last().is_some_and(|last| last.contains(&text));
        if is_news {
            said.push(text);
        }
        current = error.source();
    }
    if said.is_empty() { error.to_string() } else { said.join(": ") }
}

/// The credentials of a role, got with others'.
pub(super) fn assumed(sts: Client, role: Role) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Kept::new(Assumed { sts, role }))
}

struct Assumed {
    /// Signs with the credentials that may assume the role.
    sts: Client,
    role: Role,
}

impl fmt::Debug for Assumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assumed").field("role", &self.role).finish_non_exhaustive()
    }
}

impl Source for Assumed {
    fn load(&self) -> Loading<'_> {
        Box::pin(async move {
            log::debug!("Fetching credentials dynamically assuming role '{}'", self.role.arn);
            let parameters: Map = [
                ("RoleArn", Value::from(&*self.role.arn)),
                ("RoleSessionName", Value::from(&*self.role.session_name)),
            ]
            .into_iter()
            .collect();
            let answer = self.sts.call("AssumeRole", parameters).await?;
            let credentials = answer.get("Credentials").unwrap_or(Value::Null);
            let member = |name: &str| {
                credentials.get(name).as_ref().and_then(Value::as_str).map(ToOwned::to_owned).ok_or_else(
                    || AwsError::Other {
                        class: "botocore.exceptions.CredentialRetrievalError",
                        message: format!(
                            "Error when retrieving credentials from assume-role: the answer has no `{name}`"
                        ),
                    },
                )
            };
            let expiry = credentials.get("Expiration").and_then(|expiry| instant(&expiry));
            log::debug!("Temporary credentials will expire on {}", shown(credentials.get("Expiration")));
            Ok(Credentials::new(
                member("AccessKeyId")?,
                member("SecretAccessKey")?,
                member("SessionToken").ok(),
                expiry,
                "assume-role",
            ))
        })
    }
}

fn shown(value: Option<Value>) -> String {
    value.map_or_else(|| "an unknown date".to_owned(), |value| squall_model::python::str(&value))
}

/// The point in time that a datetime stands for.
fn instant(value: &Value) -> Option<SystemTime> {
    let Value::Other(other) = value else { return None };
    let timestamp: jiff::Timestamp = other.text.replacen(' ', "T", 1).parse().ok()?;
    let seconds = u64::try_from(timestamp.as_second()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

type Loading<'a> = Pin<Box<dyn Future<Output = Result<Credentials, AwsError>> + Send + 'a>>;

/// Where credentials can be got anew.
trait Source: fmt::Debug + Send + Sync {
    fn load(&self) -> Loading<'_>;
}

/// Keeps the credentials of a source until they are about to expire. Callers that come at the same time
/// share one look-up.
struct Kept<S> {
    source: S,
    current: tokio::sync::Mutex<Option<Credentials>>,
}

impl<S> Kept<S> {
    fn new(source: S) -> Self {
        Kept { source, current: tokio::sync::Mutex::new(None) }
    }
}

impl<S: Source> Kept<S> {
    async fn credentials(&self) -> Result<Credentials, CredentialsError> {
        let mut current = self.current.lock().await;
        if let Some(credentials) = current.as_ref().filter(|credentials| is_fresh(credentials)) {
            return Ok(credentials.clone());
        }
        let loaded = tokio::time::timeout(PATIENCE, self.source.load()).await;
        match loaded.unwrap_or_else(|_| Err(late())) {
            Ok(credentials) => Ok(current.insert(credentials).clone()),
            // Better old ones than none, while they are good.
            Err(error) => match current.as_ref().filter(|credentials| !is_over(credentials)) {
                Some(credentials) => {
                    log::warn!("AWS credentials could not be renewed: {error}");
                    Ok(credentials.clone())
                }
                None => Err(CredentialsError::provider_error(error)),
            },
        }
    }
}

fn late() -> AwsError {
    AwsError::Other {
        class: "botocore.exceptions.CredentialRetrievalError",
        message: format!(
            "Error when retrieving credentials: no place answered within {} seconds",
            PATIENCE.as_secs()
        ),
    }
}

fn is_fresh(credentials: &Credentials) -> bool {
    credentials.expiry().is_none_or(|expiry| expiry > SystemTime::now() + RENEWAL)
}

fn is_over(credentials: &Credentials) -> bool {
    credentials.expiry().is_some_and(|expiry| expiry <= SystemTime::now())
}

impl<S: Source> fmt::Debug for Kept<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl<S: Source> ProvideCredentials for Kept<S> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}

/// The error that a provider of ours gave up with, found in what came of it.
pub(crate) fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a AwsError> {
    let mut current = Some(error);
    while let Some(error) = current {
        if let Some(found) = error.downcast_ref::<AwsError>() {
            return Some(found);
        }
        current = error.source();
    }
    None
}
