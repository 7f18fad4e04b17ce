//! Which account, region and role a call is made with, and what all calls of a run share.

mod credentials;
mod files;
mod http;
mod limits;
mod scope;
mod settings;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use aws_config::Region;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::identity::SharedIdentityCache;
use squall_engine::configuration::Environment;

pub(crate) use self::credentials::cause;
pub use self::limits::{Limits, Rate};
pub use self::scope::{Keys, Role, Scope};

use self::files::SharedFiles;
use self::limits::Buckets;
use self::settings::Settings;
use crate::client::{Client, ClientConfig};
use crate::error::AwsError;
use crate::model;

/// The longest that credentials may take to be found, role and token services included.
const CREDENTIALS_PATIENCE: Duration = Duration::from_secs(120);

/// botocore's, for connecting and for reading.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where clients come from; one for a run.
///
/// Files are read, certificates loaded and credentials looked for when the first client needs them.
/// Clients of the same profile, keys and role share their credentials, which are renewed before they
/// expire; all clients share connections and limits.
pub struct Session {
    environment: Rc<dyn Environment>,
    buckets: Buckets,
    user_agent: Arc<str>,
    files: tokio::sync::OnceCell<SharedFiles>,
    identities: OnceCell<SharedIdentityCache>,
    http: RefCell<HashMap<Option<PathBuf>, SharedHttpClient>>,
    providers: RefCell<HashMap<Scope, SharedCredentialsProvider>>,
}

impl Session {
    /// A session with these environment variables and limits.
    pub fn new(environment: Rc<dyn Environment>, limits: Limits) -> Self {
        Session {
            environment,
            buckets: Buckets::new(limits),
            user_agent: concat!("Squall/", env!("CARGO_PKG_VERSION"), " ua/2.1 lang/rust").into(),
            files: tokio::sync::OnceCell::new(),
            identities: OnceCell::new(),
            http: RefCell::default(),
            providers: RefCell::default(),
        }
    }

    /// A client of `service` (boto3's name) for `scope`.
    ///
    /// # Errors
    ///
    /// Where there is no such service, profile or region, or the role cannot be assumed. Missing
    /// credentials show at the first call.
    pub async fn client(&self, service: &str, scope: &Scope) -> Result<Client, AwsError> {
        let region = self.region(scope)?;
        let files = self.files().await?;
        let selected = self.profile_name(scope);
        if files.profile(&selected).is_none() && self.is_chosen(scope) {
            return Err(AwsError::Other {
                class: "botocore.exceptions.ProfileNotFound",
                message: format!("The config profile ({selected}) could not be found"),
            });
        }
        let base = self.base_credentials(scope, &region, files, &selected)?;
        let account = scope.account();
        let Some(role) = &scope.role else {
            log::debug!("Client will be using profile '{}'", scope.profile.as_deref().unwrap_or("default"));
            return self.build(service, &region, base, files, &selected, &account);
        };
        let key = Scope { region: Some(Arc::clone(&region)), ..scope.clone() };
        let known = self.providers.borrow().get(&key).cloned();
        let provider = match known {
            Some(provider) => provider,
            None => {
                let sts = self.build("sts", &region, base, files, &selected, &account)?;
                let provider = credentials::assumed(sts, role.clone());
                self.providers.borrow_mut().insert(key, provider.clone());
                provider
            }
        };
        // As in the reference, a role that cannot be assumed shows before the first call.
        if let Err(error) = provider.provide_credentials().await {
            return Err(match cause(&error) {
                Some(cause) => cause.clone(),
                None => AwsError::Other {
                    class: "botocore.exceptions.CredentialRetrievalError",
                    message: format!(
                        "Error when retrieving credentials from assume-role: {}",
                        innermost(&error)
                    ),
                },
            });
        }
        self.build(service, &region, provider, files, &selected, &account)
    }

    /// The region of a scope: its own, else that of `AWS_REGION`, else that of `AWS_DEFAULT_REGION`. A
    /// profile's region does not count, as in the reference.
    ///
    /// # Errors
    ///
    /// Where there is none, in the reference's words, and where it can be none, in botocore's.
    pub fn region(&self, scope: &Scope) -> Result<Arc<str>, AwsError> {
        let region = scope.region.clone().or_else(|| {
            log::debug!(
                "The configuration key `aws_region` is not set, looking in the environment instead for `AWS_REGION` \
                 or `AWS_DEFAULT_REGION`"
            );
            let named = self.environment.var("AWS_REGION");
            named.or_else(|| self.environment.var("AWS_DEFAULT_REGION")).map(Arc::from)
        });
        let Some(region) = region.filter(|region| !region.is_empty()) else {
            return Err(AwsError::Other {
                class: "chaoslib.exceptions.InterruptExecution",
                message: "AWS requires a region to be set!".to_owned(),
            });
        };
        if !is_host_label(&region) {
            return Err(AwsError::Other {
                class: "botocore.exceptions.InvalidRegionError",
                message: format!("Provided region_name '{region}' doesn't match a supported format."),
            });
        }
        log::debug!("Using AWS region '{region}'");
        Ok(region)
    }

    fn build(
        &self,
        service: &str,
        region: &Arc<str>,
        credentials: SharedCredentialsProvider,
        files: &SharedFiles,
        profile: &str,
        account: &str,
    ) -> Result<Client, AwsError> {
        let service = model::load(service).map_err(|error| AwsError::Other {
            class: "botocore.exceptions.UnknownServiceError",
            message: error.to_string(),
        })?;
        let settings = Settings { environment: &*self.environment, files, profile: files.profile(profile) };
        Ok(Client::new(ClientConfig {
            service,
            region: Some(Arc::clone(region)),
            credentials,
            identities: self.identities(),
            http: self.http(settings.ca_bundle()),
            endpoint: settings.endpoint(service, region),
            retry: settings.retry(service.name)?,
            connect_timeout: PATIENCE,
            read_timeout: PATIENCE,
            limiter: Some(self.buckets.bucket(service.name, region, account)),
            user_agent: Arc::clone(&self.user_agent),
        }))
    }

    /// The credentials of a scope without its role.
    fn base_credentials(
        &self,
        scope: &Scope,
        region: &Arc<str>,
        files: &SharedFiles,
        selected: &str,
    ) -> Result<SharedCredentialsProvider, AwsError> {
        // The region is where tokens are asked for, no part of whose credentials they are; yet a profile's
        // role can be assumed in one region and not in another.
        let key = Scope { region: Some(Arc::clone(region)), role: None, ..scope.clone() };
        if let Some(known) = self.providers.borrow().get(&key) {
            return Ok(known.clone());
        }
        let provider = match &scope.keys {
            Some(keys) => credentials::given(keys),
            None => {
                let settings =
                    Settings { environment: &*self.environment, files, profile: files.profile(selected) };
                let config = ProviderConfig::empty()
                    .with_region(Some(Region::new(region.to_string())))
                    .with_http_client(self.http(settings.ca_bundle()))
                    .with_sleep_impl(TokioSleep::new());
                credentials::chain(&credentials::Places {
                    environment: &*self.environment,
                    files: files.files(),
                    config,
                    profile: scope.profile.as_deref(),
                    selected,
                    profile_has_role: settings
                        .profile
                        .is_some_and(|profile| profile.get("role_arn").is_some()),
                })?
            }
        };
        self.providers.borrow_mut().insert(key, provider.clone());
        Ok(provider)
    }

    async fn files(&self) -> Result<&SharedFiles, AwsError> {
        self.files.get_or_try_init(|| SharedFiles::read(&*self.environment)).await
    }

    /// The profile that is looked into.
    fn profile_name(&self, scope: &Scope) -> Arc<str> {
        let named = || {
            let variable = |name: &str| self.environment.var(name).filter(|name| !name.is_empty());
            variable("AWS_DEFAULT_PROFILE").or_else(|| variable("AWS_PROFILE")).map(Arc::from)
        };
        scope.profile.clone().or_else(named).unwrap_or_else(|| "default".into())
    }

    /// Whether somebody chose the profile, so that it must be there.
    fn is_chosen(&self, scope: &Scope) -> bool {
        scope.profile.is_some()
            || ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"]
                .iter()
                .any(|name| self.environment.var(name).is_some_and(|name| !name.is_empty()))
    }

    fn identities(&self) -> SharedIdentityCache {
        self.identities
            .get_or_init(|| {
                IdentityCache::lazy()
                    .load_timeout(CREDENTIALS_PATIENCE)
                    .buffer_time(Duration::from_secs(5 * 60))
                    .build()
            })
            .clone()
    }

    fn http(&self, bundle: Option<PathBuf>) -> SharedHttpClient {
        let mut clients = self.http.borrow_mut();
        let proxied = settings::has_proxy(&*self.environment);
        clients.entry(bundle.clone()).or_insert_with(|| http::client(bundle, proxied)).clone()
    }
}

impl Scope {
    /// What stands for the account, as far as can be known without asking.
    fn account(&self) -> String {
        let role = self.role.as_ref().and_then(|role| role.arn.split(':').nth(4));
        let own = self.keys.as_ref().map(|keys| &*keys.access).or(self.profile.as_deref());
        role.or(own).unwrap_or_default().to_owned()
    }
}

/// Whether botocore takes it for a region.
fn is_host_label(name: &str) -> bool {
    name.len() <= 63
        && !name.starts_with('-')
        && !name.ends_with('-')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What lies at the bottom of an error: the words of whoever met it first.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current.to_string()
}
