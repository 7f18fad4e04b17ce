//! Secrets from HashiCorp Vault: its KV secrets engine, versions 1 and 2, with token, AppRole and Kubernetes
//! authentication. What the configuration leaves open comes from the environment, as with the `hvac` library.
//!
//! It is a thin client of the documented API: three requests on the project's own HTTP client, so that
//! proxies and certificates work as everywhere else.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use squall_engine::log::LOG;
use squall_engine::ports::BoxFuture;
use squall_engine::secrets::SecretStore;
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Map, Value, python};
use squall_os::{environment, paths};
use tokio::sync::OnceCell;

use crate::http::{HttpClient, Limit, Request, Timeouts, Verify, quote};

const DEFAULT_ADDRESS: &str = "http://localhost:8200";
const DEFAULT_MOUNT: &str = "secret";
const DEFAULT_SERVICE_ACCOUNT_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const DEFAULT_KUBERNETES_MOUNT: &str = "kubernetes";
/// How long one request may wait, in seconds.
const TIMEOUT: u32 = 30;

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// The AppRole login failed.
    #[error("Failed to connect to Vault with the AppRole: {0}")]
    AppRole(String),
    /// The Kubernetes login failed.
    #[error("Failed to connect to Vault using service account with errors: '{0}'")]
    ServiceAccount(String),
    /// The service account's token cannot be read.
    #[error("Failed to get service account token at: {0}")]
    ServiceAccountToken(String),
    /// Vault refused the secret, or cannot be reached.
    #[error("cannot read the Vault secret at `{path}`: {reason}")]
    Read {
        /// The secret's path, without the mount point.
        path: String,
        /// Vault's own words, and the request.
        reason: String,
    },
    /// The secret does not have the key that is asked for.
    #[error("the Vault secret at `{path}` has no key `{key}`; it has {known}")]
    MissingKey {
        /// The secret's path, without the mount point.
        path: String,
        /// The key.
        key: String,
        /// The keys that it has.
        known: String,
    },
}

/// Where and how to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    address: String,
    namespace: Option<String>,
    verify: Verify,
    kv1: bool,
    mount: String,
    login: Login,
}

#[derive(Clone, PartialEq, Eq)]
enum Login {
    /// The token at hand, if any.
    Token(Option<String>),
    AppRole {
        role: String,
        secret: String,
    },
    Kubernetes {
        role: String,
        token: PathBuf,
        mount: String,
    },
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Login::Token(_) => "Token",
            Login::AppRole { .. } => "AppRole",
            Login::Kubernetes { .. } => "Kubernetes",
        })
    }
}

impl Settings {
    /// From an experiment's configuration (`vault_addr`, `vault_token`...) and the environment.
    fn of(configuration: &Map) -> Settings {
        let text = |key: &str| {
            configuration.get(key).filter(|value| value.is_truthy()).map(|value| python::str(&value))
        };
        let variable = |name: &str| environment::var(name).filter(|value| !value.is_empty());
        let given = |key: &str| configuration.get(key).map(|value| python::str(&value));
        let login = if let Some(token) = given("vault_token") {
            Login::Token(Some(token).filter(|token| !token.is_empty()))
        } else if let (Some(role), Some(secret)) = (given("vault_role_id"), given("vault_role_secret")) {
            Login::AppRole { role, secret }
        } else if let Some(role) = given("vault_sa_role") {
            let token =
                text("vault_sa_token_path").unwrap_or_else(|| DEFAULT_SERVICE_ACCOUNT_TOKEN.to_owned());
            let mount = given("vault_k8s_mount_point").unwrap_or_else(|| DEFAULT_KUBERNETES_MOUNT.to_owned());
            Login::Kubernetes { role, token: token.into(), mount }
        } else {
            Login::Token(variable("VAULT_TOKEN").or_else(token_file))
        };
        let bundle = variable("VAULT_CACERT").or_else(|| variable("VAULT_CAPATH"));
        Settings {
            address: text("vault_addr")
                .or_else(|| variable("VAULT_ADDR"))
                .unwrap_or_else(|| DEFAULT_ADDRESS.to_owned()),
            namespace: variable("VAULT_NAMESPACE"),
            verify: bundle.map_or(Verify::System, |path| Verify::Bundle(path.into())),
            kv1: given("vault_kv_version").as_deref() == Some("1"),
            mount: given("vault_secrets_mount_point").unwrap_or_else(|| DEFAULT_MOUNT.to_owned()),
            login,
        }
    }
}

/// The token that `vault login` leaves.
fn token_file() -> Option<String> {
    let token = std::fs::read_to_string(paths::expand_user("~/.vault-token")).ok()?;
    Some(token.trim().to_owned()).filter(|token| !token.is_empty())
}

/// A Vault server, with one login for all secrets.
pub struct Vault {
    client: HttpClient,
    settings: Settings,
    token: OnceCell<Option<String>>,
}

impl Vault {
    /// The server that an experiment's configuration and the environment name: `vault_addr` or `VAULT_ADDR`,
    /// by default `http://localhost:8200`. The first read logs in: with `vault_token`; with `vault_role_id`
    /// and `vault_role_secret`; with `vault_sa_role`; or with `VAULT_TOKEN` or `~/.vault-token`.
    pub fn from_configuration(configuration: &Map, client: HttpClient) -> Vault {
        Self::with(Settings::of(configuration), client)
    }

    fn with(settings: Settings, client: HttpClient) -> Vault {
        let version = if settings.kv1 { "1" } else { "2" };
        log::debug!(target: LOG, "Using Vault secrets KV version {version}");
        Vault { client, settings, token: OnceCell::new() }
    }

    /// The secret at `path`: the value of `key`, or all of them as a mapping.
    ///
    /// # Errors
    ///
    /// See [`VaultError`].
    pub async fn read(&self, path: &str, key: Option<&str>) -> Result<Value, VaultError> {
        let token = self.token.get_or_try_init(|| self.login()).await?;
        let kind = if self.settings.kv1 { "" } else { "/data" };
        let place = format!("/v1/{}{kind}/{}", quote(&self.settings.mount, "/"), quote(path, "/"));
        let read = |reason| VaultError::Read { path: path.to_owned(), reason };
        let payload = self.request("GET", &place, token.as_deref(), None).await.map_err(read)?;
        if !payload.is_truthy() {
            log::warn!(target: LOG, "No Vault secret found at path: {path}");
            return Ok(Value::map::<&str>([]));
        }
        let mut data = payload.get("data").unwrap_or(Value::Null);
        if !self.settings.kv1 {
            data = data.get("data").unwrap_or(Value::Null);
        }
        let Some(key) = key else { return Ok(data) };
        data.get(key).ok_or_else(|| VaultError::MissingKey {
            path: path.to_owned(),
            key: key.to_owned(),
            known: keys(&data),
        })
    }

    async fn login(&self) -> Result<Option<String>, VaultError> {
        match &self.settings.login {
            Login::Token(token) => Ok(token.clone()),
            Login::AppRole { role, secret } => {
                let body = Value::map([
                    ("role_id", Value::from(role.as_str())),
                    ("secret_id", Value::from(secret.as_str())),
                ]);
                self.client_token("/v1/auth/approle/login", &body)
                    .await
                    .map(Some)
                    .map_err(VaultError::AppRole)
            }
            Login::Kubernetes { role, token, mount } => {
                let jwt = std::fs::read_to_string(token)
                    .map_err(|_| VaultError::ServiceAccountToken(token.display().to_string()))?;
                let body = Value::map([("role", Value::from(role.as_str())), ("jwt", Value::from(jwt))]);
                let place = format!("/v1/auth/{}/login", quote(mount, "/"));
                self.client_token(&place, &body).await.map(Some).map_err(VaultError::ServiceAccount)
            }
        }
    }

    async fn client_token(&self, place: &str, body: &Value) -> Result<String, String> {
        let answer = self.request("POST", place, None, Some(body)).await?;
        let token = answer.get("auth").and_then(|auth| auth.get("client_token"));
        match token.as_ref().and_then(Value::as_str) {
            Some(token) => Ok(token.to_owned()),
            None => Err(format!(
                "the answer has no `auth.client_token`, on post {}{place}",
                self.settings.address
            )),
        }
    }

    /// Makes a request and gives the answer's JSON; an error in the form of the `hvac` library's.
    async fn request(
        &self,
        method: &str,
        place: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let mut place = place.to_owned();
        while place.contains("//") {
            place = place.replace("//", "/");
        }
        let url = format!("{}{place}", self.settings.address.trim_end_matches('/'));
        let header = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        let mut headers = vec![header("X-Vault-Request", "true")];
        headers.extend(token.map(|token| header("X-Vault-Token", token)));
        headers.extend(self.settings.namespace.as_deref().map(|name| header("X-Vault-Namespace", name)));
        let style = Style { layout: Layout::Spaced, ascii: true, non_finite: NonFinite::AsText };
        let limit = Some(Limit::seconds(TIMEOUT));
        let request = Request {
            method: method.to_owned(),
            url: url.clone(),
            headers,
            body: body.map(|body| json::write(body, &style).into_bytes()),
            content_type: body.map(|_| "application/json"),
            timeouts: Timeouts { connect: limit.clone(), read: limit },
            verify: self.settings.verify.clone(),
            ..Request::default()
        };
        let response = self.client.send(&request).await.map_err(|error| error.to_string())?;
        let text = response.text();
        let answer = json::parse(&text);
        if response.status >= 400 {
            let errors = answer.ok().and_then(|answer| answer.get("errors"));
            let errors = errors.as_ref().and_then(Value::as_list).filter(|errors| !errors.is_empty());
            let reason = match errors {
                Some(errors) => errors.to_vec().iter().map(python::str).collect::<Vec<_>>().join(", "),
                None => format!("status {}", response.status),
            };
            return Err(format!("{reason}, on {} {url}", method.to_lowercase()));
        }
        answer.map_err(|_| format!("the answer is no JSON, on {} {url}", method.to_lowercase()))
    }
}

fn keys(data: &Value) -> String {
    let Value::Map(data) = data else { return "no keys at all".to_owned() };
    let keys: Vec<String> =
        data.entries().iter().map(|(key, _)| format!("`{}`", python::str(key.value()))).collect();
    if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
}

/// The secret store of a run: logs in once as long as the configuration stays the same.
#[derive(Default)]
pub struct VaultStore {
    client: HttpClient,
    current: Mutex<Option<Arc<Vault>>>,
}

impl VaultStore {
    /// A store that makes its requests with `client`.
    pub fn new(client: HttpClient) -> Self {
        VaultStore { client, current: Mutex::new(None) }
    }

    fn vault(&self, configuration: &Map) -> Arc<Vault> {
        let settings = Settings::of(configuration);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(vault) if vault.settings == settings => Arc::clone(vault),
            _ => {
                let vault = Arc::new(Vault::with(settings, self.client.clone()));
                *current = Some(Arc::clone(&vault));
                vault
            }
        }
    }
}

impl SecretStore for VaultStore {
    fn read<'a>(
        &'a self,
        definition: &'a Map,
        configuration: &'a Map,
    ) -> BoxFuture<'a, Result<Value, String>> {
        Box::pin(async move {
            let path = match definition.get("path") {
                None | Some(Value::Null) => {
                    let shown = python::str(&Value::Map(definition.clone()));
                    log::warn!(target: LOG, "Missing Vault secret path for '{shown}'");
                    return Ok(Value::map::<&str>([]));
                }
                Some(path) => python::str(&path),
            };
            let key = definition.get("key").filter(|key| !key.is_null()).map(|key| python::str(&key));
            let secret = self.vault(configuration).read(&path, key.as_deref()).await;
            secret.map_err(|error| error.to_string())
        })
    }
}
