//! The `http` provider of activities.

use std::path::PathBuf;

use squall_engine::log::LOG;
use squall_engine::ports::{BoxFuture, Call, Failure, Outcome, Provider};
use squall_model::expr::{Scope, Used, substitute_noting};
use squall_model::json::{self, Layout, NonFinite, Style};
use squall_model::{Map, OtherKind, Value, python};

use super::client::{HttpClient, Request, Response};
use super::error::HttpError;
use super::quote::{encode_arguments, quote};
use super::timeouts::Timeouts;
use super::tls::Verify;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MASK: &str = "********";

/// Carries out activities whose provider is of type `http`.
///
/// The output is a mapping of `status`, `headers` (names as received) and `body`: the parsed JSON where the
/// response's `Content-Type` is exactly `application/json`, else text. A status of 400 and above is an output
/// like any other, with a warning where the activity has no tolerance. A server that cannot be reached or
/// takes too long is a failed activity; a request that cannot be made, and JSON that is none, abort the run,
/// as in the reference.
#[derive(Clone, Default)]
pub struct HttpProvider {
    client: HttpClient,
}

impl HttpProvider {
    /// A provider that makes its requests with `client`.
    pub fn new(client: HttpClient) -> Self {
        HttpProvider { client }
    }
}

impl Provider for HttpProvider {
    fn call<'a>(&'a self, call: &'a Call) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let scope = Scope::new(Some(&call.configuration), Some(&call.secrets));
            let mut used = Used::default();
            let prepared = prepare(&call.activity, &scope, &mut used);
            let result = match &prepared {
                Ok(request) => self.client.send(request).await.and_then(|response| output(&response)),
                Err(error) => Err(error.clone()),
            };
            match result {
                Ok((status, output)) => {
                    if status >= 400 && !call.activity.contains_key("tolerance") {
                        log::warn!(
                            target: LOG,
                            "This HTTP call returned a response with a HTTP status code above 400. This may indicate \
                             some error and not what you expected. Please have a look at the logs."
                        );
                    }
                    Outcome::Returned(output)
                }
                Err(error) => {
                    let url = prepared.map(|request| request.url).unwrap_or_default();
                    failed(&error, &url, |text| masked(text, &scope, &used))
                }
            }
        })
    }
}

fn failed(error: &HttpError, url: &str, mask: impl Fn(String) -> String) -> Outcome {
    match error {
        HttpError::Connection(text) => {
            Outcome::Failed(Failure::activity(mask(format!("failed to connect to {url}: {text}"))))
        }
        HttpError::ReadTimeout(_) => Outcome::Failed(Failure::activity("activity took too long to complete")),
        HttpError::Other { class, message } => {
            Outcome::Errored(Failure::of_class(class, mask(message.clone())))
        }
    }
}

/// The text without the secrets that were put into the request: URLs stand in messages.
fn masked(text: String, scope: &Scope, used: &Used) -> String {
    used.secrets.iter().fold(text, |text, name| {
        let Ok(Some(secret)) = scope.lookup(name) else { return text };
        let secret = python::str(&secret);
        if secret.is_empty() {
            return text;
        }
        text.replace(&secret, MASK).replace(&quote(&secret, ""), MASK).replace(&quote(&secret, "/"), MASK)
    })
}

fn prepare(activity: &Map, scope: &Scope, used: &mut Used) -> Result<Request, HttpError> {
    let provider = activity.get("provider").unwrap_or(Value::Null);
    let field = |name: &str| provider.get(name).unwrap_or(Value::Null);
    let mut fill = |value: &Value| {
        substitute_noting(value, scope, used).map_err(|raised| HttpError::other(raised.class, raised.message))
    };
    let url = provider.get("url").ok_or_else(|| HttpError::other("KeyError", "'url'"))?;
    let url = python::str(&fill(&url)?);
    let method = match provider.get("method") {
        None => "GET".to_owned(),
        Some(Value::Str(method)) => method.to_uppercase(),
        Some(other) => {
            let found = other.type_name().to_owned();
            return Err(HttpError::other(
                "AttributeError",
                format!("'{found}' object has no attribute 'upper'"),
            ));
        }
    };
    let headers = fill(&field("headers"))?;
    let timeouts = Timeouts::from_value(&fill(&field("timeout"))?)?;
    let mut arguments = field("arguments");
    if arguments.is_truthy() && !scope.is_empty() {
        arguments = fill(&arguments)?;
    }
    let mut request = Request {
        url,
        timeouts,
        headers: header_list(&headers)?,
        verify: verification(provider.get("verify_tls").as_ref()),
        retries: retries(provider.get("max_retries").as_ref()),
        ..Request::default()
    };
    if method == "GET" {
        request.query = arguments.is_truthy().then(|| query(&arguments, &request.url)).transpose()?;
    } else {
        let json = headers.get("Content-Type").is_some_and(|value| value.as_str() == Some(JSON));
        (request.body, request.content_type) = if json { json_body(&arguments)? } else { body(&arguments)? };
    }
    request.method = method;
    Ok(request)
}

fn header_list(headers: &Value) -> Result<Vec<(String, Option<String>)>, HttpError> {
    if !headers.is_truthy() {
        return Ok(Vec::new());
    }
    let Value::Map(headers) = headers else {
        let found = headers.type_name();
        return Err(HttpError::other("AttributeError", format!("'{found}' object has no attribute 'items'")));
    };
    headers
        .entries()
        .into_iter()
        .map(|(name, value)| {
            let Some(text) = name.as_str() else {
                let found = name.value().type_name();
                return Err(HttpError::other("AttributeError", format!("'{found}' object has no attribute 'lower'")));
            };
            match value {
                Value::Null => Ok((text.to_owned(), None)),
                Value::Str(value) => Ok((text.to_owned(), Some(value.to_string()))),
                other => {
                    let (shown, found) = (python::repr(&other), other.type_name());
                    let message = format!(
                        "Header part ({shown}) from ({}, {shown}) must be of type str or bytes, not <class '{found}'>",
                        python::str_repr(text)
                    );
                    Err(HttpError::other("requests.exceptions.InvalidHeader", message))
                }
            }
        })
        .collect()
}

fn verification(verify: Option<&Value>) -> Verify {
    match verify {
        None | Some(Value::Null) => Verify::System,
        Some(Value::Str(path)) if !path.is_empty() => Verify::Bundle(PathBuf::from(&**path)),
        Some(value) if value.is_truthy() => Verify::System,
        Some(_) => Verify::No,
    }
}

/// What is no number asks for no retries; null asks for `urllib3`'s default of three.
fn retries(retries: Option<&Value>) -> u32 {
    match retries {
        Some(Value::Null) => 3,
        Some(Value::Bool(flag)) => u32::from(*flag),
        Some(Value::Int(int)) => u32::try_from(int.to_i64().unwrap_or(i64::MAX).max(0)).unwrap_or(u32::MAX),
        _ => 0,
    }
}

/// Encoded arguments to append to the query of `url`. What is neither text nor a container can only be
/// appended where there is one, as in the reference.
fn query(arguments: &Value, url: &str) -> Result<String, HttpError> {
    let container = matches!(arguments, Value::Str(_) | Value::List(_) | Value::Map(_));
    let has_query =
        url.split('#').next().and_then(|url| url.split_once('?')).is_some_and(|(_, query)| !query.is_empty());
    if !container && !has_query {
        return Err(HttpError::other(
            "TypeError",
            format!(
                "Cannot mix str and non-str arguments: `arguments` is {}; give text, a list or a mapping",
                python::repr(arguments)
            ),
        ));
    }
    encode_arguments(arguments)
}

type Body = (Option<Vec<u8>>, Option<&'static str>);

fn body(arguments: &Value) -> Result<Body, HttpError> {
    match arguments {
        nothing if !nothing.is_truthy() => Ok((None, None)),
        Value::Str(text) => Ok((Some(text.as_bytes().to_vec()), None)),
        Value::Map(_) | Value::List(_) => Ok((Some(encode_arguments(arguments)?.into_bytes()), Some(FORM))),
        scalar => {
            if let Value::Other(other) = scalar
                && let OtherKind::Bytes(bytes) = &other.kind
            {
                return Ok((Some(bytes.to_vec()), None));
            }
            Err(HttpError::other(
                "TypeError",
                format!(
                    "'body' must be a bytes-like object, file-like object, or iterable. Instead was {}",
                    python::repr(scalar)
                ),
            ))
        }
    }
}

fn json_body(arguments: &Value) -> Result<Body, HttpError> {
    if arguments.is_null() {
        return Ok((None, None));
    }
    check_serialisable(arguments)?;
    let style = Style { layout: Layout::Spaced, ascii: true, non_finite: NonFinite::AsText };
    Ok((Some(json::write(arguments, &style).into_bytes()), Some(JSON)))
}

fn check_serialisable(value: &Value) -> Result<(), HttpError> {
    match value {
        Value::Float(float) if !float.is_finite() => Err(HttpError::other(
            "requests.exceptions.InvalidJSONError",
            "Out of range float values are not JSON compliant",
        )),
        Value::Other(_) => {
            let found = value.type_name();
            Err(HttpError::other("TypeError", format!("Object of type {found} is not JSON serializable")))
        }
        Value::List(list) => list.to_vec().iter().try_for_each(check_serialisable),
        Value::Map(map) => map.values().iter().try_for_each(check_serialisable),
        _ => Ok(()),
    }
}

fn output(response: &Response) -> Result<(u16, Value), HttpError> {
    let text = response.text();
    let body = if response.header("content-type") == Some(JSON) {
        json::parse(&text)
            .map_err(|error| HttpError::other("requests.exceptions.JSONDecodeError", error.to_string()))?
    } else {
        Value::from(text)
    };
    let headers = response.headers.iter().map(|(name, value)| (name.as_str(), Value::from(value.as_str())));
    let output = Value::map([
        ("status", Value::from(i64::from(response.status))),
        ("headers", Value::map(headers)),
        ("body", body),
    ]);
    Ok((response.status, output))
}
