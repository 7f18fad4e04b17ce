//! Where the built program gets AWS credentials from, each place a server of this test or a file: which key the
//! calls are signed with, what the place was asked, and what is said when it gives nothing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aws_double;

use std::time::Duration;

use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use self::aws_double::{Double, Home, LATE, Seen, sts};

/// Keys as containers and instances hand them out.
fn keys(id: &str, expiry: &str) -> String {
    json!({
        "Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2024-01-01T00:00:00Z",
        "AccessKeyId": id, "SecretAccessKey": "s", "Token": "t", "Expiration": expiry,
    })
    .to_string()
}

fn nothing() -> (u16, String) {
    (404, "{}".to_owned())
}

/// A container's agent, which wants its token.
fn container(seen: &Seen) -> (u16, String) {
    match (seen.target.as_str(), seen.header("authorization")) {
        ("/role?id=1", "let-me-in") => (200, keys("AKIACONTAINER", LATE)),
        ("/role?id=1", _) => (401, "{}".to_owned()),
        _ => sts(seen).unwrap_or_else(nothing),
    }
}

#[test]
fn a_container_has_a_role() {
    let (home, double) = (Home::new(), Double::start(container));
    let (url, role) = (double.url(), format!("{}/role?id=1", double.url()));
    let set = [("AWS_ENDPOINT_URL", url.as_str()), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.as_str())];
    let with = |more: &[(&'static str, &str)]| home.who(1, &[&set, more].concat());
    assert_eq!(with(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in")]).keys, ["AKIACONTAINER"]);
    // A pod's token lies in a file, which goes before the variable.
    let file = home.file("token", "let-me-in");
    let file = [
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file.to_str().unwrap()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "old"),
    ];
    assert_eq!(with(&file).keys, ["AKIACONTAINER"]);
    let refused = with(&[("AWS_CONTAINER_AUTHORIZATION_TOKEN", "guessed")]);
    assert_eq!(refused.keys, [Value::Null]);
    assert!(
        refused.exception.contains("Error when retrieving credentials from container-role: ")
            && refused.exception.contains("401"),
        "{}",
        refused.exception
    );
    // Keys in clear text only from this machine.
    let far = home.who(1, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/role")]);
    assert!(far.exception.contains("http://192.0.2.1/role"), "{}", far.exception);
}

#[test]
fn keys_are_asked_for_again_before_they_expire() {
    for (expiry, questions) in [("in five minutes", 2), (LATE, 1)] {
        let answer = move |seen: &Seen| {
            let soon = || (jiff::Timestamp::now() + Duration::from_secs(300)).to_string();
            let expiry = if expiry == LATE { LATE.to_owned() } else { soon() };
            if seen.target == "/role" {
                (200, keys("AKIASOON", &expiry))
            } else {
                sts(seen).unwrap_or_else(nothing)
            }
        };
        let (home, double) = (Home::new(), Double::start(answer));
        let (url, role) = (double.url(), format!("{}/role", double.url()));
        let set = [("AWS_ENDPOINT_URL", url.as_str()), ("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.as_str())];
        assert_eq!(home.who(2, &set).keys, ["AKIASOON", "AKIASOON"]);
        assert_eq!(double.asked(), vec!["GET /role"; questions], "keys that expire {expiry}");
    }
}

/// The metadata service of an instance that has a role.
fn instance(seen: &Seen) -> (u16, String) {
    const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
    let may = seen.header("x-aws-ec2-metadata-token") == "session";
    match (seen.method.as_str(), seen.target.as_str()) {
        ("PUT", "/latest/api/token") if !seen.header("x-aws-ec2-metadata-token-ttl-seconds").is_empty() => {
            (200, "session".to_owned())
        }
        ("GET", ROLES) if may => (200, "workers".to_owned()),
        ("GET", path) if may && path.strip_prefix(ROLES) == Some("workers") => {
            (200, keys("AKIAINSTANCE", LATE))
        }
        _ => sts(seen).unwrap_or_else(nothing),
    }
}

#[test]
fn an_instance_has_a_role() {
    let (home, double) = (Home::new(), Double::start(instance));
    let url = double.url();
    let set = [("AWS_ENDPOINT_URL_STS", url.as_str()), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())];
    assert_eq!(home.key(&set), "AKIAINSTANCE");
    assert_eq!(
        double.asked(),
        [
            "PUT /latest/api/token",
            "GET /latest/meta-data/iam/security-credentials/",
            "GET /latest/meta-data/iam/security-credentials/workers",
        ]
    );
    let off = home.who(1, &[&set[..], &[("AWS_EC2_METADATA_DISABLED", "true")]].concat());
    assert!(off.exception.ends_with("NoCredentialsError: Unable to locate credentials"), "{}", off.exception);
    assert!(off.log.contains("give credentials: "), "{}", off.log);
    // An instance without a role, and no service at all, are the same: nobody has credentials.
    let bare = Double::start(|_| nothing());
    for endpoint in [bare.url(), "http://127.0.0.1:9".to_owned()] {
        let none = home.who(1, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.as_str())]);
        assert!(none.exception.ends_with("Unable to locate credentials"), "{}", none.exception);
    }
}

#[test]
fn a_web_identity_is_a_role() {
    let (home, double) = (Home::new(), Double::start(|seen| sts(seen).unwrap_or_else(nothing)));
    let url = double.url();
    let token = home.file("token", "j.w.t");
    let set = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap()),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/pods"),
        ("AWS_ROLE_SESSION_NAME", "pod-7"),
    ];
    assert_eq!(home.key(&set), "AssumeRoleWithWebIdentity");
    let asked = double.seen();
    for part in
        ["RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpods", "RoleSessionName=pod-7", "WebIdentityToken=j.w.t"]
    {
        assert!(asked[0].body.contains(part), "{}", asked[0].body);
    }
    assert_eq!(asked[0].header("authorization"), "", "who has no keys yet signs nothing");

    home.file(
        ".aws/config",
        &format!(
            "[profile pods]\nrole_arn = arn:aws:iam::1:role/pods\nweb_identity_token_file = {}\n",
            token.display()
        ),
    );
    assert_eq!(home.key(&[set[0], ("AWS_PROFILE", "pods")]), "AssumeRoleWithWebIdentity");

    let gone = home.who(1, &[set[0], ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"), set[2]]);
    assert!(
        gone.exception
            .contains("from assume-role-with-web-identity: `/nowhere/token` cannot be read: No such file"),
        "{}",
        gone.exception
    );
}

/// The portal of IAM Identity Center, and its sign-in.
fn portal(seen: &Seen) -> (u16, String) {
    let token = seen.header("x-amz-sso_bearer_token");
    match seen.target.split('?').next().unwrap_or_default() {
        "/token" => {
            (200, json!({"accessToken": "renewed", "tokenType": "Bearer", "expiresIn": 28800}).to_string())
        }
        "/federation/credentials" if ["signed-in", "renewed"].contains(&token) => {
            let keys = json!({
                "accessKeyId": "AKIASSO", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4_102_444_800_000_i64,
            });
            (200, json!({"roleCredentials": keys}).to_string())
        }
        "/federation/credentials" => (
            401,
            json!({"__type": "UnauthorizedException", "message": "Session token not found or invalid"})
                .to_string(),
        ),
        _ => sts(seen).unwrap_or_else(nothing),
    }
}

/// Signs in as `aws sso login` does: a file named by a sum of `name`.
fn sign_in(home: &Home, name: &str, token: &str, until: &str) {
    use std::fmt::Write as _;
    let mut sum = String::new();
    for byte in Sha1::digest(name) {
        write!(sum, "{byte:02x}").unwrap();
    }
    let cached = json!({
        "startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": token, "expiresAt": until,
        "clientId": "c", "clientSecret": "cs", "registrationExpiresAt": LATE, "refreshToken": "r",
    });
    home.file(&format!(".aws/sso/cache/{sum}.json"), &cached.to_string());
}

#[test]
fn who_signed_in_has_a_role() {
    let (home, double) = (Home::new(), Double::start(portal));
    let url = double.url();
    let mut config = String::new();
    for session in ["corp", "late", "out", "never"] {
        config += &format!(
            "[profile {session}]\nsso_session = {session}\nsso_account_id = 111122223333\nsso_role_name = Chaos\n\
             [sso-session {session}]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
        );
    }
    config += "[profile old]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n\
               sso_account_id = 111122223333\nsso_role_name = Chaos\n";
    home.file(".aws/config", &config);
    sign_in(&home, "corp", "signed-in", LATE);
    sign_in(&home, "https://corp.awsapps.com/start", "signed-in", LATE);
    sign_in(&home, "late", "signed-in", "2024-01-01T00:00:00Z");
    sign_in(&home, "out", "signed-out", LATE);
    let with = |profile| home.who(1, &[("AWS_ENDPOINT_URL", url.as_str()), ("AWS_PROFILE", profile)]);
    for profile in ["corp", "old", "late"] {
        let outcome = with(profile);
        assert_eq!(outcome.keys, ["AKIASSO"], "{profile}: {}", outcome.log);
    }
    let role = "GET /federation/credentials?role_name=Chaos&account_id=111122223333";
    assert_eq!(double.asked(), [role, role, "POST /token", role], "a token that is over is renewed");
    let out = with("out");
    assert!(out.exception.contains("Session token not found or invalid"), "{}", out.exception);
    for profile in ["out", "never"] {
        let outcome = with(profile);
        assert!(outcome.exception.contains("CredentialRetrievalError"), "{}", outcome.exception);
        assert!(outcome.log.contains("`aws sso login --profile"), "{}", outcome.log);
    }
}

#[test]
fn a_process_hands_out_keys() {
    let (home, double) = (Home::new(), Double::start(|seen| sts(seen).unwrap_or_else(nothing)));
    let url = double.url();
    let keys = json!({
        "Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": LATE,
    });
    let script = home.file("keys.sh", &format!("test \"$1\" = 'a b' || exit 9\necho '{keys}'\n"));
    let fails = home.file("fails.sh", "echo 'sign in first' >&2\nexit 3\n");
    home.file(
        ".aws/config",
        &format!(
            "[profile good]\ncredential_process = sh {} \"a b\"\n[profile bad]\ncredential_process = sh {}\n",
            script.display(),
            fails.display()
        ),
    );
    let with = |profile| home.who(1, &[("AWS_ENDPOINT_URL", url.as_str()), ("AWS_PROFILE", profile)]);
    assert_eq!(with("good").keys, ["AKIAPROCESS"]);
    let bad = with("bad");
    assert!(bad.exception.contains("sign in first"), "{}", bad.exception);
}

#[test]
fn a_profile_has_a_role_with_the_keys_of_another_place() {
    let (home, double) = (Home::new(), Double::start(instance));
    let url = double.url();
    home.file(
        ".aws/config",
        "[profile keys]\naws_access_key_id = AKIAKEYS\naws_secret_access_key = s\n\
         [profile role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\nexternal_id = guest\n\
         [profile place]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata\n\
         [profile code]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = keys\nmfa_serial = arn:aws:iam::1:mfa/me\n\
         [profile lost]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = nobody\n",
    );
    let with = |profile| {
        let set = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str()),
            ("AWS_PROFILE", profile),
        ];
        home.who(1, &set)
    };
    assert_eq!(with("keys").keys, ["AKIAKEYS"]);
    let assumed = |profile, key| {
        assert_eq!(with(profile).keys, ["AssumeRole"], "{profile}");
        let seen = double.seen();
        let assumed = seen.iter().rev().find(|seen| seen.action() == "AssumeRole").unwrap().clone();
        assert_eq!(assumed.key(), key, "{profile}");
        assumed.body
    };
    assert!(assumed("role", "AKIAKEYS").contains("ExternalId=guest"));
    assumed("place", "AKIAINSTANCE");
    let code = with("code").exception;
    assert!(code.contains("wants a code of the device `arn:aws:iam::1:mfa/me`"), "{code}");
    let lost = with("lost").exception;
    assert!(
        lost.contains("The source_profile \"nobody\" referenced in the profile \"lost\" does not exist."),
        "{lost}"
    );
}
