//! The Vault client against a double of Vault's documented HTTP API.

#![allow(clippy::unwrap_used)]

mod http_server;

use std::fs;

use http_server::{Received, Reply, Server};
use squall_engine::secrets::SecretStore;
use squall_model::{Map, Value, json};
use squall_providers::http::HttpClient;
use squall_providers::vault::{Vault, VaultStore};

fn answer(status: u16, body: &str) -> Reply {
    Reply::Bytes(
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: \
             {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// Vault with a KV engine of either version at `secret` (2), `kv1` (1) and `team/kv` (2, namespace `ns`).
fn vault(request: &Received) -> Reply {
    assert_eq!(request.header("X-Vault-Request"), Some("true"));
    let login = |expected: &str, token: &str| {
        assert_eq!(request.method, "POST");
        assert_eq!(request.header("Content-Type"), Some("application/json"));
        assert_eq!(request.header("X-Vault-Token"), None);
        if request.body == expected {
            let lease = r#""lease_duration": 1200, "renewable": true"#;
            answer(
                200,
                &format!(
                    r#"{{"auth": {{"client_token": "{token}", "policies": ["default"], {lease}}}, "data": null}}"#
                ),
            )
        } else {
            answer(400, r#"{"errors":["invalid role or secret ID"]}"#)
        }
    };
    match request.target.as_str() {
        "/v1/auth/approle/login" => return login(r#"{"role_id": "role", "secret_id": "hush"}"#, "t-approle"),
        "/v1/auth/kubernetes/login" => return login(r#"{"role": "app", "jwt": "a.b.c"}"#, "t-k8s"),
        "/v1/auth/cluster%20two/login" => return login(r#"{"role": "app", "jwt": "a.b.c"}"#, "t-k8s"),
        _ => assert_eq!(request.method, "GET"),
    }
    let known = ["t-approle", "t-k8s", "t-env", "t-file", "t-config"];
    if !request.header("X-Vault-Token").is_some_and(|token| known.contains(&token)) {
        return answer(403, r#"{"errors":["permission denied"]}"#);
    }
    let namespace = request.header("X-Vault-Namespace");
    match (request.target.as_str(), namespace) {
        ("/v1/secret/data/foo/b%20r", None) => answer(
            200,
            r#"{"request_id": "1", "lease_id": "", "data": {"data": {"user": "me", "port": 5432}, "metadata": {"version": 2}}, "warnings": null}"#,
        ),
        ("/v1/kv1/foo", None) => answer(200, r#"{"lease_duration": 2764800, "data": {"user": "one"}}"#),
        ("/v1/team/kv/data/foo", Some("ns")) => answer(200, r#"{"data": {"data": {"user": "team"}}}"#),
        ("/v1/secret/data/deleted", None) => {
            answer(404, r#"{"data": {"data": null, "metadata": {"version": 1}}}"#)
        }
        ("/v1/secret/data/none", None) => answer(200, "{}"),
        ("/v1/secret/data/page", None) => answer(200, "<html>"),
        _ => answer(404, r#"{"errors":[]}"#),
    }
}

fn configuration(server: &Server, more: &str) -> Map {
    let text = format!(r#"{{"vault_addr": "{}/"{more}}}"#, server.url(""));
    json::parse(&text).unwrap().as_map().unwrap().clone()
}

async fn read(configuration: &Map, path: &str, key: Option<&str>) -> Result<String, String> {
    let vault = Vault::from_configuration(configuration, HttpClient::new());
    let secret = vault.read(path, key).await.map_err(|error| error.to_string())?;
    Ok(format!("{secret:?}"))
}

const TOKEN: &str = r#", "vault_token": "t-config""#;

#[tokio::test]
async fn both_versions_of_the_engine_are_read() {
    let server = Server::start(vault).await;
    let two = configuration(&server, TOKEN);
    let whole = json::parse(r#"{"user": "me", "port": 5432}"#).unwrap();
    assert_eq!(read(&two, "foo/b r", None).await.unwrap(), format!("{whole:?}"));
    assert_eq!(read(&two, "/foo//b r", Some("port")).await.unwrap(), "5432");
    let one = configuration(
        &server,
        r#", "vault_token": "t-config", "vault_kv_version": 1, "vault_secrets_mount_point": "kv1""#,
    );
    assert_eq!(read(&one, "foo", Some("user")).await.unwrap(), "\"one\"");
}

#[tokio::test]
async fn errors_have_vault_s_words() {
    let server = Server::start(vault).await;
    let url = server.url("");
    let known = configuration(&server, TOKEN);
    let denied = configuration(&server, r#", "vault_token": "wrong""#);
    assert_eq!(
        read(&denied, "x", None).await.unwrap_err(),
        format!("cannot read the Vault secret at `x`: permission denied, on get {url}/v1/secret/data/x")
    );
    assert_eq!(
        read(&known, "deleted", None).await.unwrap_err(),
        format!("cannot read the Vault secret at `deleted`: status 404, on get {url}/v1/secret/data/deleted")
    );
    assert!(read(&known, "page", None).await.unwrap_err().contains("the answer is no JSON, on get"));
    assert_eq!(
        read(&known, "foo/b r", Some("pass")).await.unwrap_err(),
        "the Vault secret at `foo/b r` has no key `pass`; it has `user`, `port`"
    );
    let wrong = configuration(&server, r#", "vault_role_id": "role", "vault_role_secret": "nope""#);
    assert_eq!(
        read(&wrong, "x", None).await.unwrap_err(),
        format!(
            "Failed to connect to Vault with the AppRole: invalid role or secret ID, on post \
             {url}/v1/auth/approle/login"
        )
    );
    let gone = configuration(&server, r#", "vault_sa_role": "app", "vault_sa_token_path": "/no/token""#);
    assert_eq!(
        read(&gone, "x", None).await.unwrap_err(),
        "Failed to get service account token at: /no/token"
    );
    let refused = json::parse(
        r#"{"vault_addr": "http://127.0.0.1:1", "vault_sa_role": "app", "vault_sa_token_path": "/dev/null"}"#,
    )
    .unwrap();
    let error = read(refused.as_map().unwrap(), "x", None).await.unwrap_err();
    assert!(
        error.starts_with(
            "Failed to connect to Vault using service account with errors: 'HTTPConnectionPool("
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_run_logs_in_once() {
    let server = Server::start(vault).await;
    let store = VaultStore::new(HttpClient::new());
    let configuration = configuration(&server, r#", "vault_role_id": "role", "vault_role_secret": "hush""#);
    let definition = |text: &str| json::parse(text).unwrap().as_map().unwrap().clone();
    for _ in 0..2 {
        let secret = store.read(&definition(r#"{"path": "foo/b r", "key": "user"}"#), &configuration).await;
        assert_eq!(secret, Ok(Value::from("me")));
    }
    let logins = server.seen().iter().filter(|request| request.method == "POST").count();
    assert_eq!(logins, 1);
    assert_eq!(server.last().header("X-Vault-Token"), Some("t-approle"));
    assert_eq!(
        store.read(&definition(r#"{"type": "vault"}"#), &configuration).await,
        Ok(Value::map::<&str>([]))
    );
    assert_eq!(
        store.read(&definition(r#"{"path": "none"}"#), &configuration).await,
        Ok(Value::map::<&str>([]))
    );
    let error = store.read(&definition(r#"{"path": "foo/b r", "key": "pass"}"#), &configuration).await;
    assert!(error.unwrap_err().contains("has no key `pass`"));
}

#[tokio::test]
async fn service_accounts_log_in() {
    let server = Server::start(vault).await;
    let token = tempfile::NamedTempFile::new().unwrap();
    fs::write(token.path(), "a.b.c").unwrap();
    let path = token.path().display();
    let by_default =
        configuration(&server, &format!(r#", "vault_sa_role": "app", "vault_sa_token_path": "{path}""#));
    assert_eq!(read(&by_default, "foo/b r", Some("user")).await.unwrap(), "\"me\"");
    let mounted = configuration(
        &server,
        &format!(
            r#", "vault_sa_role": "app", "vault_sa_token_path": "{path}", "vault_k8s_mount_point": "cluster two""#
        ),
    );
    assert_eq!(read(&mounted, "foo/b r", Some("user")).await.unwrap(), "\"me\"");
}
