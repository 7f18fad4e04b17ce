//! Where credentials come from, with the built program against doubles of the services that give them: containers,
//! instances, token services, single sign-on, programs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

const SQUALL: &str = env!("CARGO_BIN_EXE_squall");

const EXPERIMENT: &str = r#"{"title": "t", "description": "d", "method": [{"type": "probe", "name": "who",
    "provider": {"type": "aws", "service": "sts", "operation": "get_caller_identity"}}]}"#;

/// A request that a double was sent.
#[derive(Clone, Debug)]
struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// All services in one: it answers by what it is asked, and keeps that.
struct Double {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Double {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Double { url, requests }
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The request that asks who we are: what it is signed with shows which credentials were used.
    fn asked(&self) -> Request {
        let requests = self.requests();
        let asked = requests.iter().find(|request| request.body.contains("Action=GetCallerIdentity"));
        asked.unwrap_or_else(|| panic!("nobody asked: {requests:#?}")).clone()
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let (status, body) = answer(&request);
        let extra = if request.line.contains("/latest/api/token") {
            "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n"
        } else {
            ""
        };
        kept.lock().unwrap().push(request);
        let head = format!("HTTP/1.1 {status} S\r\n{extra}content-length: {}\r\n\r\n", body.len());
        if reader.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, length)| length.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Request { line: line.trim_end().to_owned(), headers, body: String::from_utf8(body).unwrap() })
}

fn keys(id: &str) -> String {
    format!(
        r#"{{"Code": "Success", "Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "s", "Token": "t",
            "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z", "LastUpdated": "2026-01-01T00:00:00Z",
            "Type": "AWS-HMAC"}}"#
    )
}

fn answer(request: &Request) -> (u16, String) {
    let ok = |body: String| (200, body);
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    if request.body.contains("Action=GetCallerIdentity") {
        return ok("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account>\
            </GetCallerIdentityResult></GetCallerIdentityResponse>"
            .to_owned());
    }
    if request.body.contains("Action=AssumeRoleWithWebIdentity") {
        return ok("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
            <AccessKeyId>AKWEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
            </AssumeRoleWithWebIdentityResponse>"
            .to_owned());
    }
    match path {
        "/container" => ok(keys("AKCONTAINER")),
        "/latest/api/token" => ok("metadata-token".to_owned()),
        path if path.starts_with("/latest/meta-data/iam/security-credentials") => {
            match path.rsplit('/').next() {
                Some("web-server") => ok(keys("AKINSTANCE")),
                _ => ok("web-server".to_owned()),
            }
        }
        path if path.starts_with("/federation/credentials") => {
            ok(r#"{"roleCredentials": {"accessKeyId": "AKSSO",
            "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000}}"#
                .to_owned())
        }
        _ => (404, String::new()),
    }
}

/// Runs the experiment with that environment; gives what it said.
fn run(folder: &Path, double: &Double, environment: &[(&str, String)]) -> String {
    fs::write(folder.join("e.json"), EXPERIMENT).unwrap();
    let output = Command::new(SQUALL)
        .args(["--no-log-file", "run", "e.json"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL_STS", &double.url)
        .env("AWS_MAX_ATTEMPTS", "1")
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The credentials that were used, by their id.
fn used(double: &Double, said: &str) -> String {
    assert!(!said.contains("ERROR"), "{said}");
    let asked = double.asked();
    let authorization = asked.header("authorization").unwrap();
    let (_, rest) = authorization.split_once("Credential=").unwrap();
    rest.split('/').next().unwrap().to_owned()
}

#[test]
fn a_container_gives_credentials_for_its_token() {
    let (folder, double) = (tempfile::tempdir().unwrap(), Double::start());
    let said = run(
        folder.path(),
        &double,
        &[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/container", double.url)),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token".to_owned()),
        ],
    );
    assert_eq!(used(&double, &said), "AKCONTAINER");
    let request = double.requests().into_iter().find(|request| request.line.contains("/container")).unwrap();
    assert_eq!(request.header("authorization"), Some("container-token"));
}

#[test]
fn an_instance_gives_credentials_for_a_session_token() {
    let (folder, double) = (tempfile::tempdir().unwrap(), Double::start());
    let endpoint = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", double.url.clone())];
    let said = run(folder.path(), &double, &endpoint);
    assert_eq!(used(&double, &said), "AKINSTANCE");
    let requests = double.requests();
    assert!(requests[0].line.starts_with("PUT /latest/api/token"), "{requests:#?}");
    assert_eq!(requests[1].header("x-aws-ec2-metadata-token"), Some("metadata-token"));

    let double = Double::start();
    let disabled = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", double.url.clone()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ];
    let said = run(folder.path(), &double, &disabled);
    assert!(said.contains("Unable to locate credentials"), "{said}");
    assert!(double.requests().is_empty());
}

#[test]
fn a_token_file_gives_credentials_of_a_role() {
    let (folder, double) = (tempfile::tempdir().unwrap(), Double::start());
    let token = folder.path().join("token");
    fs::write(&token, "web-token").unwrap();
    let said = run(
        folder.path(),
        &double,
        &[
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token.display().to_string()),
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/web".to_owned()),
        ],
    );
    assert_eq!(used(&double, &said), "AKWEB");
    let requests = double.requests();
    let body = &requests.iter().find(|request| request.body.contains("WebIdentity")).unwrap().body;
    assert!(body.contains("WebIdentityToken=web-token"), "{body}");
}

#[test]
fn a_program_that_a_profile_names_gives_credentials() {
    let (folder, double) = (tempfile::tempdir().unwrap(), Double::start());
    let program = folder.path().join("give");
    fs::write(&program, format!("#!/bin/sh\ncat <<END\n{}\nEND\n", keys("AKPROCESS"))).unwrap();
    let config = folder.path().join("config");
    let line = format!("credential_process = sh {}", program.display());
    fs::write(&config, format!("[profile tools]\n{line}\n")).unwrap();
    let environment =
        [("AWS_CONFIG_FILE", config.display().to_string()), ("AWS_PROFILE", "tools".to_owned())];
    let said = run(folder.path(), &double, &environment);
    assert_eq!(used(&double, &said), "AKPROCESS");
}

#[test]
fn single_sign_on_gives_credentials_for_its_kept_token() {
    let (folder, double) = (tempfile::tempdir().unwrap(), Double::start());
    let config = folder.path().join("config");
    fs::write(
        &config,
        "[profile people]\nsso_start_url = https://people.example/start\nsso_region = eu-west-1\n\
         sso_account_id = 111122223333\nsso_role_name = reader\n",
    )
    .unwrap();
    // the name is the SHA-1 of the start URL
    let cache = folder.path().join(".aws/sso/cache");
    fs::create_dir_all(&cache).unwrap();
    fs::write(
        cache.join("43aa479648a77b345f23e5de1f1a6fe826ae4371.json"),
        r#"{"accessToken": "sso-token", "expiresAt": "2099-01-01T00:00:00Z", "region": "eu-west-1",
            "startUrl": "https://people.example/start"}"#,
    )
    .unwrap();
    let said = run(
        folder.path(),
        &double,
        &[
            ("AWS_CONFIG_FILE", config.display().to_string()),
            ("AWS_PROFILE", "people".to_owned()),
            ("AWS_ENDPOINT_URL_SSO", double.url.clone()),
        ],
    );
    assert_eq!(used(&double, &said), "AKSSO");
    let requests = double.requests();
    let request = requests.iter().find(|request| request.line.contains("/federation/credentials")).unwrap();
    assert_eq!(request.header("x-amz-sso_bearer_token"), Some("sso-token"));
}
