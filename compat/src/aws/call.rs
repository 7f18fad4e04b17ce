//! What went over the wire, taken apart: service, operation, region, key and parameters.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::json::{Json, Members};

use super::xml;

/// An HTTP request to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
    /// The status of the answer, once there is one.
    pub status: Option<u16>,
}

impl Request {
    /// Reads the line of a trace.
    pub(super) fn read(value: &Json) -> Option<Request> {
        let text = |key: &str| value.get(key).and_then(Json::as_str).map(str::to_owned);
        let headers = value.get("headers")?.as_object()?.iter();
        Some(Request {
            method: text("method")?,
            target: text("target")?,
            headers: headers
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
                .collect(),
            body: STANDARD.decode(text("body")?).ok()?,
            status: value.get("status").and_then(Json::as_int).and_then(|status| status.try_into().ok()),
        })
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// A call of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The name that the request is signed for: `elasticloadbalancing`.
    pub service: String,
    /// The operation; for services that speak REST, method and path: `GET /v1/clusters`.
    pub operation: String,
    /// The region that the request is signed for.
    pub region: String,
    /// The access key that signed it, and `<TEMPORARY>` for one that was lent; empty for an unsigned request.
    pub key: String,
    /// The parameters: members as the protocol names them, sorted; `query` and `body` for REST.
    pub parameters: Json,
    /// Headers that carry parameters.
    pub headers: Json,
    /// The status of the answer.
    pub status: Option<u16>,
}

/// Headers of every request, which carry nothing of a call.
const PLAIN: &[&str] = &[
    "x-amz-api-version",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-target",
    "x-amz-user-agent",
];

impl Call {
    /// Takes a request apart.
    #[must_use]
    pub fn of(request: &Request) -> Call {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let scope = request.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
        let mut scope = scope.split(',').next().unwrap_or_default().split('/');
        let key = scope.next().unwrap_or_default();
        let (_date, region, service) = (scope.next(), scope.next(), scope.next());
        let lent = request.headers.contains_key("x-amz-security-token");
        let body = String::from_utf8_lossy(&request.body);
        let form = request.header("content-type").starts_with("application/x-www-form-urlencoded");
        let (operation, parameters) =
            if let Some((_, operation)) = request.header("x-amz-target").rsplit_once('.') {
                (operation.to_owned(), payload(&body))
            } else if form {
                let mut members = pairs(&body);
                members.retain(|(name, _)| name != "Version");
                let action = members.iter().position(|(name, _)| name == "Action");
                let operation = action.map(|at| members.remove(at).1).unwrap_or_default();
                (operation, nest(members))
            } else {
                let mut members = Members::new();
                if !query.is_empty() {
                    members.push(("query".to_owned(), nest(pairs(query))));
                }
                if !body.is_empty() {
                    members.push(("body".to_owned(), payload(&body)));
                }
                (format!("{} {path}", request.method), Json::Object(members))
            };
        let carries = |name: &str| {
            (name.starts_with("x-amz") && !PLAIN.contains(&name)) || name == "content-md5" || name == "range"
        };
        let headers = request.headers.iter().filter(|(name, _)| carries(name));
        Call {
            service: service.unwrap_or_default().to_owned(),
            operation,
            region: region.unwrap_or_default().to_owned(),
            key: if lent && key.starts_with("ASIA") { "<TEMPORARY>".to_owned() } else { key.to_owned() },
            parameters,
            headers: Json::Object(headers.map(|(name, value)| (name.clone(), Json::text(value))).collect()),
            status: request.status,
        }
    }

    /// `service operation`, as answers and expectations name it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.service, self.operation)
    }

    /// As it stands in a recording.
    pub(super) fn json(&self) -> Json {
        let mut members: Members = vec![
            ("call".to_owned(), Json::text(self.name())),
            ("region".to_owned(), Json::text(&self.region)),
            ("key".to_owned(), Json::text(&self.key)),
        ];
        if let Some(status) = self.status.filter(|status| *status != 200) {
            members.push(("status".to_owned(), Json::Number(status.to_string())));
        }
        for (name, value) in [("parameters", &self.parameters), ("headers", &self.headers)] {
            if value.as_object().is_none_or(|members| !members.is_empty()) {
                members.push((name.to_owned(), value.clone()));
            }
        }
        Json::Object(members)
    }
}

/// A body: JSON or XML as a structure with sorted members, anything else as text.
fn payload(body: &str) -> Json {
    if let Ok(value) = Json::parse(body) {
        return sorted(value);
    }
    xml::read(body).unwrap_or_else(|| Json::text(body))
}

fn sorted(value: Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut members: Members = members.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(members)
        }
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

fn pairs(form: &str) -> Vec<(String, String)> {
    let pairs = form.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (unquote(name), unquote(value)))
        .collect()
}

fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        let code =
            others.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(code)) => {
                bytes.push(code);
                rest = &others[2..];
            }
            (b'+', _) => bytes.push(b' '),
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `A.1.B=x` as `{"A": [{"B": "x"}]}`, with sorted members.
fn nest(pairs: Vec<(String, String)>) -> Json {
    let mut root = Json::Object(Members::new());
    for (name, value) in pairs {
        let mut place = &mut root;
        for part in name.split('.') {
            if !matches!(place, Json::Object(_)) {
                *place = Json::Object(Members::new());
            }
            let Json::Object(members) = place else { unreachable!("made so above") };
            let at = members.iter().position(|(key, _)| key == part).unwrap_or_else(|| {
                members.push((part.to_owned(), Json::Null));
                members.len() - 1
            });
            place = &mut members[at].1;
        }
        *place = Json::text(value);
    }
    lists(root)
}

fn lists(value: Json) -> Json {
    let Json::Object(members) = value else { return value };
    let mut members: Vec<(String, Json)> =
        members.into_iter().map(|(key, value)| (key, lists(value))).collect();
    let mut numbers: Vec<usize> = members.iter().filter_map(|(key, _)| key.parse().ok()).collect();
    numbers.sort_unstable();
    if !members.is_empty() && numbers.iter().copied().eq(1..=members.len()) {
        members.sort_by_key(|(key, _)| key.parse::<usize>().ok());
        return Json::Array(members.into_iter().map(|(_, value)| value).collect());
    }
    members.sort_by(|a, b| a.0.cmp(&b.0));
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str, headers: &[(&str, &str)], body: &str) -> Request {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=0";
        let mut all = BTreeMap::from([("authorization".to_owned(), signed.to_owned())]);
        all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Request {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: all,
            body: body.as_bytes().to_vec(),
            status: Some(200),
        }
    }

    #[test]
    fn forms_are_nested() {
        let form = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let body = "Version=2016-11-15&Filter.1.Name=tag%3Aa&Action=DescribeInstances&Filter.1.Value.2=y+z&Filter.1.Value.1=x";
        let call = Call::of(&request("/", &[form], body));
        assert_eq!(
            call.json().to_string(),
            r#"{"call": "ec2 DescribeInstances", "region": "eu-west-1", "key": "AKID", "parameters": {"Filter": [{"Name": "tag:a", "Value": ["x", "y z"]}]}}"#
        );
    }

    #[test]
    fn json_is_sorted_and_lent_keys_are_no_one() {
        let mut asked = request(
            "/",
            &[("x-amz-target", "A_2.DoIt"), ("x-amz-security-token", "t")],
            r#"{"b": 1, "a": [2]}"#,
        );
        let lent = asked.headers["authorization"].replace("AKID", "ASIA123");
        asked.headers.insert("authorization".to_owned(), lent);
        let call = Call::of(&asked);
        assert_eq!((call.name().as_str(), call.key.as_str()), ("ec2 DoIt", "<TEMPORARY>"));
        assert_eq!(call.parameters.to_string(), r#"{"a": [2], "b": 1}"#);
    }

    #[test]
    fn rest_has_query_and_body() {
        let call = Call::of(&request("/a%20b?x=1&y", &[("x-amz-mfa", "m")], "<A><B>1</B></A>"));
        assert_eq!(call.operation, "POST /a%20b");
        assert_eq!(
            call.parameters.to_string(),
            r#"{"query": {"x": "1", "y": ""}, "body": {"A": [{"B": "1"}]}}"#
        );
        assert_eq!(call.headers.to_string(), r#"{"x-amz-mfa": "m"}"#);
    }
}
