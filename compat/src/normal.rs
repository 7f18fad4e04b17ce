//! Takes out of a result what cannot be the same twice: times, ids, addresses, versions, and texts
//! of parsers and network libraries.

use std::sync::LazyLock;

use regex_lite::Regex;

use crate::json::{Json, Members};

/// Texts longer than this are recorded as their length and hash.
const LONG: usize = 8000;

/// JSON files larger than this as well.
const LARGE: usize = 40_000;

/// `(pattern, replacement)`
fn patterns(of: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    of.iter().map(|(pattern, to)| (Regex::new(pattern).expect("a pattern of this file"), *to)).collect()
}

static IDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    patterns(&[
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<UUID>"),
        (r"\b0x[0-9a-f]{6,16}\b", "<ADDRESS>"),
        (r"/tmp/(tmp|pytest)[\w-]+", "<TEMPORARY>"),
    ])
});

/// What follows is the word of a library, not of the runner.
static DETAILS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    patterns(&[
        (r"(?s)(failed to connect to [^\s]+): .*", "$1: <DETAIL>"),
        (r"(?s)(Failed parsing YAML \w+): .*", "$1: <DETAIL>"),
        (r"(?s)(Failed to parse (?:variable|control) file '[^']*'): .*", "$1: <DETAIL>"),
        (r"(?s)(tolerance pattern .* seems invalid): .*", "$1: <DETAIL>"),
    ])
});

static TIME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d").expect("a pattern of this file"));

static COLOUR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\x1b\\[[0-9;]*m").expect("a pattern of this file"));

static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b\d+\.\d+\.\d+\b").expect("a pattern of this file"));

/// A text without colours.
#[must_use]
pub fn plain(text: &str) -> String {
    COLOUR.replace_all(text, "").into_owned()
}

/// A text without ids and addresses.
#[must_use]
pub fn text(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, to) in IDS.iter().chain(DETAILS.iter()) {
        if pattern.is_match(&text) {
            text = pattern.replace_all(&text, *to).into_owned();
        }
    }
    if text.len() > LONG {
        text = digest("TEXT", &text);
    }
    text
}

fn digest(what: &str, text: &str) -> String {
    // FNV-1a
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("<{what} of {} bytes, {hash:016x}>", text.len())
}

/// Standard output: no colours, no version numbers, no spaces at the ends of lines.
#[must_use]
pub fn stdout(output: &str) -> String {
    let output = VERSION.replace_all(&text(&plain(output)), "<VERSION>").into_owned();
    output.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A written file: JSON as JSON, anything else as text.
#[must_use]
pub fn file(name: &str, content: &str) -> Json {
    match Json::parse(content) {
        Ok(value) if name.ends_with(".json") => {
            let shown = value_of(&value);
            let length = shown.to_string().len();
            // nobody reads a large file in a recording
            if length > LARGE { Json::text(digest("JSON", &shown.to_string())) } else { shown }
        }
        _ => Json::text(text(content)),
    }
}

/// A request the test server saw; a body that is JSON is taken apart.
#[must_use]
pub fn request(request: &Json) -> Json {
    let Json::Object(members) = request else { return request.clone() };
    Json::Object(
        members
            .iter()
            .map(|(key, value)| {
                let body = (key == "body").then(|| Json::parse(value.as_str()?).ok()).flatten();
                let value = match body {
                    Some(body) => payload(&body),
                    None => value_of(value),
                };
                (key.clone(), value)
            })
            .collect(),
    )
}

/// The body of a notification carries a journal now and then.
fn payload(body: &Json) -> Json {
    let Json::Object(members) = body else { return value_of(body) };
    let shown = members.iter().map(|(key, value)| {
        let value = match key.as_str() {
            "payload" => journal(value),
            "ts" if matches!(value, Json::Number(_)) => Json::text("<TIME>"),
            _ => value_of(value),
        };
        (key.clone(), value)
    });
    Json::Object(shown.collect())
}

/// A journal. Equal neighbours among the states of the continuous hypothesis become one, since
/// their number depends on the speed of the machine.
#[must_use]
pub fn journal(journal: &Json) -> Json {
    let Json::Object(mut members) = value_of(journal) else { return value_of(journal) };
    for (key, value) in &mut members {
        match (key.as_str(), value) {
            ("chaoslib-version", value @ Json::String(_)) => *value = Json::text("<VERSION>"),
            ("platform", value @ Json::String(_)) => *value = Json::text("<PLATFORM>"),
            ("node", value @ Json::String(_)) => *value = Json::text("<NODE>"),
            ("experiment", Json::Object(experiment)) => {
                if let Some((_, Json::Object(entries))) =
                    experiment.iter_mut().find(|(key, _)| key == "configuration")
                {
                    entries.iter_mut().for_each(|(_, entry)| without_empty_secrets(entry));
                }
            }
            ("steady_states", Json::Object(states)) => {
                if let Some((_, Json::Array(during))) = states.iter_mut().find(|(key, _)| key == "during") {
                    during.dedup();
                }
            }
            _ => {}
        }
    }
    Json::Object(members)
}

/// The reference puts all secrets into the definition of a dynamic entry, which a difference is
/// about; that it does so where there are none is not worth one.
fn without_empty_secrets(entry: &mut Json) {
    if entry.get("type").and_then(Json::as_str) != Some("probe") {
        return;
    }
    let Json::Object(members) = entry else { return };
    if let Some((_, Json::Object(provider))) = members.iter_mut().find(|(key, _)| key == "provider") {
        provider.retain(|(key, value)| key != "secrets" || *value != Json::Object(Members::new()));
    }
}

fn value_of(value: &Json) -> Json {
    match value {
        Json::String(value) => Json::String(text(value)),
        Json::Array(items) => Json::Array(items.iter().map(value_of).collect()),
        Json::Object(members) => {
            let mut shown: Members =
                members.iter().map(|(key, value)| (key.clone(), member(key, value, members))).collect();
            if shown.iter().any(|(key, _)| key == "content-length" || key == "Content-Length") {
                // received headers: what a client keeps of their order is not the runner's doing
                shown.sort_by(|a, b| a.0.cmp(&b.0));
            }
            Json::Object(shown)
        }
        other => other.clone(),
    }
}

fn member(key: &str, value: &Json, beside: &Members) -> Json {
    match (key, value) {
        ("start" | "end" | "date", Json::String(time)) if TIME.is_match(time) => Json::text("<TIME>"),
        ("duration", Json::Number(_)) if beside.iter().any(|(key, _)| key == "start") => {
            Json::text("<DURATION>")
        }
        ("chaoslib_version", Json::String(_)) => Json::text("<VERSION>"),
        ("platform", Json::Object(_)) => Json::text("<PLATFORM>"),
        ("Date", Json::String(_)) => Json::text("<TIME>"),
        ("Content-Length" | "content-length", Json::String(_)) => Json::text("<LENGTH>"),
        // of a traceback, the exception: its last item
        ("exception", Json::Array(lines)) => {
            Json::text(text(lines.iter().rev().filter_map(Json::as_str).next().unwrap_or_default().trim()))
        }
        (_, value) => value_of(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unstable_parts_of_a_journal_go() {
        let raw = r#"{"node": "n", "start": "2026-01-01T00:00:00+00:00", "steady_states": {"during": [{"a": 1}, {"a": 1}, {"a": 2}]},
            "run": [{"start": "x", "duration": 1.5, "exception": ["Traceback\n", "  File \"f\"\n    x()\n", "a.B: no\nmore\n"]}],
            "duration": 2}"#;
        assert_eq!(
            journal(&Json::parse(raw).unwrap()).to_string(),
            r#"{"node": "<NODE>", "start": "<TIME>", "steady_states": {"during": [{"a": 1}, {"a": 2}]}, "run": [{"start": "x", "duration": "<DURATION>", "exception": "a.B: no\nmore"}], "duration": "<DURATION>"}"#
        );
    }

    #[test]
    fn library_words_go() {
        assert_eq!(
            text("failed to connect to http://h:1/x: HTTPConn(0xffffff...)"),
            "failed to connect to http://h:1/x: <DETAIL>"
        );
        assert_eq!(text("id 123e4567-e89b-12d3-a456-426614174000."), "id <UUID>.");
    }

    #[test]
    fn an_argument_named_duration_stays() {
        assert_eq!(value_of(&Json::parse(r#"{"duration": 3}"#).unwrap()).to_string(), r#"{"duration": 3}"#);
    }
}
