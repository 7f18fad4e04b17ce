//! Takes out of results and calls what is not the same twice: ids of the account, times, addresses.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use regex_lite::{Captures, Regex};

use crate::json::{Json, Members};
use crate::normal;

static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?:Z|UTC|\s?[+-]\d\d:?\d\d)?")
        .expect("a pattern of this file")
});

/// What is wrong with an XML document, in the words of some parser.
static PARSER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(Unable to parse response) \(.*?\)(, invalid XML)").expect("a pattern of this file")
});

/// What the reference names the things of one run by: the number of its thread.
static THREAD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b[1-9]\d{14}\b").expect("a pattern of this file"));

/// Numbers that can only be seconds or milliseconds since 1970, in the years 2020 to 2039.
const SECONDS: std::ops::Range<f64> = 1.58e9..2.2e9;

/// FNV-1a.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What is known about a run.
#[derive(Debug)]
pub(super) struct Normal {
    /// Ids and their names, longest id first.
    names: Vec<(String, String)>,
    /// Members whose lists have no order.
    unordered: BTreeSet<String>,
    /// When the run began.
    begun: SystemTime,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    /// They go.
    Gone,
    /// They are told as minutes since the run began.
    Relative,
}

impl Normal {
    /// For a run on an account with these names that began at `begun`.
    pub(super) fn new(names: &[(String, String)], unordered: &BTreeSet<String>, begun: SystemTime) -> Self {
        // short ids are words that stand for themselves as well
        const SHORTEST: usize = 8;
        let mut names: Vec<(String, String)> = names
            .iter()
            .filter(|(_, id)| id.len() >= SHORTEST)
            // in paths, ARNs are escaped
            .flat_map(|(name, id)| [id.clone(), escaped(id)].map(|id| (id, format!("@{name}@"))))
            .collect();
        names.dedup();
        names.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        Normal { names, unordered: unordered.clone(), begun }
    }

    /// A message.
    pub(super) fn text(&self, text: &str) -> String {
        self.told(text, Times::Gone)
    }

    /// The output of an activity.
    pub(super) fn output(&self, output: &Json) -> Json {
        let output = self.value(output, Times::Gone);
        if self.unordered.contains("output") { ordered(output) } else { output }
    }

    /// Parameters of a call.
    pub(super) fn parameters(&self, parameters: &Json) -> Json {
        self.value(parameters, Times::Relative)
    }

    fn told(&self, text: &str, times: Times) -> String {
        let named =
            self.names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id.as_str(), name));
        let timed = TIME.replace_all(&named, |found: &Captures<'_>| match (times, seconds(found)) {
            (Times::Relative, Some(seconds)) => self.since(seconds),
            _ => "<TIME>".to_owned(),
        });
        let parsed = PARSER.replace_all(&timed, "$1 (<DETAIL>)$2");
        normal::text(&THREAD.replace_all(&parsed, "<THREAD>"))
    }

    /// Whole minutes: how fast a program is does not matter.
    fn since(&self, seconds: f64) -> String {
        let begun = self.begun.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
        match ((seconds - begun) / 60.0).round() {
            0.0 => "<NOW>".to_owned(),
            minutes => format!("<NOW{minutes:+}min>"),
        }
    }

    fn value(&self, value: &Json, times: Times) -> Json {
        match value {
            Json::String(text) => Json::String(self.told(text, times)),
            Json::Number(text) => {
                let number: f64 = text.parse().unwrap_or(0.0);
                let seconds = if number > 1e12 { number / 1000.0 } else { number };
                match times {
                    _ if !SECONDS.contains(&seconds) => value.clone(),
                    Times::Gone => Json::text("<TIME>"),
                    Times::Relative => Json::text(self.since(seconds)),
                }
            }
            Json::Array(items) => Json::Array(items.iter().map(|item| self.value(item, times)).collect()),
            Json::Object(members) => {
                let members = members.iter().map(|(key, value)| {
                    let shown = match key.as_str() {
                        "ResponseMetadata" => metadata(value),
                        _ => self.value(value, times),
                    };
                    let shown = if self.unordered.contains(key) { ordered(shown) } else { shown };
                    (self.told(key, times), shown)
                });
                Json::Object(members.collect())
            }
            other => other.clone(),
        }
    }
}

/// Seconds since 1970 of a time in UTC.
fn seconds(found: &Captures<'_>) -> Option<f64> {
    let part = |index: usize| found.get(index)?.as_str().parse::<i64>().ok();
    let (year, month, day) = (part(1)?, part(2)?, part(3)?);
    // the civil calendar with years that begin in March
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    let seconds = days * 86_400 + part(4)? * 3600 + part(5)? * 60 + part(6)?;
    Some(f64::from(u32::try_from(seconds).ok()?))
}

/// An id as it stands in a path.
fn escaped(id: &str) -> String {
    id.replace(':', "%3A").replace('/', "%2F")
}

fn ordered(value: Json) -> Json {
    let Json::Array(mut items) = value else { return value };
    items.sort_by_key(Json::to_string);
    Json::Array(items)
}

/// Of what boto3 tells about the exchange, the parts that do not depend on the server's mood.
fn metadata(value: &Json) -> Json {
    let Json::Object(members) = value else { return value.clone() };
    let members = members.iter().map(|(key, value)| {
        let shown = match (key.as_str(), value) {
            ("RequestId" | "HostId", _) => Json::text("<ID>"),
            ("HTTPHeaders", Json::Object(headers)) => {
                let names: BTreeSet<&String> = headers.iter().map(|(name, _)| name).collect();
                Json::Array(names.into_iter().map(Json::text).collect())
            }
            (_, value) => value.clone(),
        };
        (key.clone(), shown)
    });
    Json::Object(members.collect())
}

/// The structure of a value, with anything for its texts and numbers.
pub(super) fn shape(value: &Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.iter().map(shape).collect()),
        Json::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), shape(value))).collect::<Members>())
        }
        _ => Json::text("<ANY>"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(unordered: &[&str]) -> Normal {
        let names = [
            ("web".to_owned(), "i-0123456789".to_owned()),
            ("arn".to_owned(), "arn:x/i-0123456789".to_owned()),
        ];
        let unordered = unordered.iter().map(|name| (*name).to_owned()).collect();
        // 2026-01-01T00:00:00Z
        Normal::new(&names, &unordered, UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    }

    #[test]
    fn ids_and_times_get_names() {
        let value = Json::parse(
            r#"{"a": "arn:x/i-0123456789 i-0123456789", "t": "2025-12-31T23:55:01Z", "n": 1767225900.5, "z": 7}"#,
        );
        let value = value.unwrap();
        let named = r#""a": "@arn@ @web@""#;
        assert_eq!(
            normal(&[]).parameters(&value).to_string(),
            format!(r#"{{{named}, "t": "<NOW-5min>", "n": "<NOW+5min>", "z": 7}}"#)
        );
        assert_eq!(
            normal(&[]).output(&value).to_string(),
            format!(r#"{{{named}, "t": "<TIME>", "n": "<TIME>", "z": 7}}"#)
        );
    }

    #[test]
    fn ids_in_paths_are_escaped() {
        let path = Json::text("GET /v1/arn%3Ax%2Fi-0123456789/i-0123456789");
        assert_eq!(normal(&[]).parameters(&path), Json::text("GET /v1/@arn@/@web@"));
    }

    #[test]
    fn the_number_of_a_thread_is_none() {
        assert_eq!(normal(&[]).text("role-140123456789012 of 140123456789"), "role-<THREAD> of 140123456789");
    }

    #[test]
    fn lists_without_order_are_sorted() {
        let value = Json::parse(r#"{"s": ["b", "a"], "k": ["b", "a"]}"#).unwrap();
        assert_eq!(normal(&["s"]).output(&value).to_string(), r#"{"s": ["a", "b"], "k": ["b", "a"]}"#);
    }

    #[test]
    fn an_exchange_is_told_without_its_ids() {
        let value = Json::parse(
            r#"{"ResponseMetadata": {"RequestId": "x", "HTTPStatusCode": 200, "HTTPHeaders": {"server": "m", "date": "d"}, "RetryAttempts": 0}}"#,
        );
        assert_eq!(
            normal(&[]).output(&value.unwrap()).to_string(),
            r#"{"ResponseMetadata": {"RequestId": "<ID>", "HTTPStatusCode": 200, "HTTPHeaders": ["date", "server"], "RetryAttempts": 0}}"#
        );
    }
}
