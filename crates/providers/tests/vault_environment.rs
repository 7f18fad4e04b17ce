//! What the Vault client takes from the environment. One test: it is the whole process'.

#![allow(clippy::unwrap_used)]

mod http_server;

use std::fs;

use http_server::{Server, ok};
use squall_model::{Map, Value};
use squall_os::environment;
use squall_providers::http::HttpClient;
use squall_providers::vault::Vault;

#[tokio::test]
async fn address_token_and_namespace_come_from_the_environment() {
    let server = Server::start(|_| ok("", r#"{"data": {"data": {"user": "me"}}}"#)).await;
    let home = tempfile::tempdir().unwrap();
    environment::set("HOME", home.path());
    environment::set("VAULT_ADDR", server.url(""));
    environment::set("VAULT_TOKEN", "t-env");
    environment::set("VAULT_NAMESPACE", "team/one");
    let read = async || {
        let vault = Vault::from_configuration(&Map::new(), HttpClient::new());
        assert_eq!(vault.read("foo", Some("user")).await, Ok(Value::from("me")));
        server.last()
    };
    let seen = read().await;
    assert_eq!(seen.target, "/v1/secret/data/foo");
    assert_eq!(seen.header("X-Vault-Token"), Some("t-env"));
    assert_eq!(seen.header("X-Vault-Namespace"), Some("team/one"));

    environment::set("VAULT_TOKEN", "");
    environment::set("VAULT_NAMESPACE", "");
    fs::write(home.path().join(".vault-token"), "t-file\n").unwrap();
    let seen = read().await;
    assert_eq!(seen.header("X-Vault-Token"), Some("t-file"));
    assert_eq!(seen.header("X-Vault-Namespace"), None);

    environment::set("VAULT_ADDR", server.url("").replace("http", "https"));
    environment::set("VAULT_CACERT", "/no/bundle");
    let vault = Vault::from_configuration(&Map::new(), HttpClient::new());
    let error = vault.read("foo", None).await.unwrap_err().to_string();
    assert!(error.contains("invalid path: /no/bundle"), "{error}");
}
