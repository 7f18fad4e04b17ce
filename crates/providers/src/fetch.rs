//! Experiments from URLs.

use squall_model::{Value, python};

use crate::http::{HttpClient, HttpError, Request, Verify};

/// Names the variable that holds a bearer token for fetching experiments.
pub const TOKEN_VARIABLE: &str = "CHAOSTOOLKIT_LOADER_AUTH_BEARER_TOKEN";

/// What a URL gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status code; the reference takes 200 and no other.
    pub status: u16,
    /// The `Content-Type` header as received.
    pub content_type: Option<String>,
    /// The body as text: in the charset that the `Content-Type` names. Without one a body that is valid UTF-8
    /// is that; any other is decoded as `requests` does, which takes Latin-1 for `text/*` always.
    pub text: String,
    /// The body.
    pub body: Vec<u8>,
}

/// Fetches an experiment. Redirects are followed; the `authorization` header goes to the named host only.
/// Nothing limits the time: drop the future.
///
/// # Errors
///
/// The request cannot be made, or gets no answer.
pub async fn fetch(
    client: &HttpClient,
    url: &str,
    verify: Verify,
    authorization: Option<String>,
) -> Result<Fetched, HttpError> {
    let mut headers = vec![("Accept".to_owned(), Some("application/json, application/x-yaml".to_owned()))];
    headers.extend(authorization.map(|value| ("Authorization".to_owned(), Some(value))));
    let (method, url) = ("GET".to_owned(), url.to_owned());
    let response = client.send(&Request { method, url, headers, verify, ..Request::default() }).await?;
    let content_type = response.header("content-type").map(str::to_owned);
    let text = match std::str::from_utf8(&response.body) {
        Ok(text) if !response.declares_charset() => text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned(),
        _ => response.text(),
    };
    Ok(Fetched { status: response.status, content_type, text, body: response.body })
}

/// The `Authorization` header for a URL: the bearer `token` (of [`TOKEN_VARIABLE`]) where there is one, else
/// what the settings' `auths` have for exactly this host and port, `<type> <value>` as written.
pub fn authorization(url: &str, token: Option<&str>, settings: &Value) -> Option<String> {
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        return Some(format!("bearer {}", token.trim()));
    }
    let auth = settings.get("auths")?.get(place(url)?)?;
    let part = |name: &str| auth.get(name).filter(|part| !part.is_null()).map(|part| python::str(&part));
    Some(format!("{} {}", part("type")?, part("value")?))
}

/// Host and port as the URL has them, user and password included.
fn place(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_name_hosts_exactly() {
        let auth = Value::map([("type", Value::from("digest")), ("value", Value::from("XYZ"))]);
        let settings = Value::map([("auths", Value::map([("h:80", auth)]))]);
        let of = |url: &str, token: Option<&str>| authorization(url, token, &settings);
        assert_eq!(of("http://h:80/x?y", None).as_deref(), Some("digest XYZ"));
        assert_eq!(of("http://h/x", None), None);
        assert_eq!(of("http://h/x", Some(" t ")).as_deref(), Some("bearer t"));
        assert_eq!(of("http://h:80", Some("")).as_deref(), Some("digest XYZ"));
        assert_eq!(authorization("http://h:80/", None, &Value::Null), None);
    }
}
