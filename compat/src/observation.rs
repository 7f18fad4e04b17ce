//! What a run of a case came to, in the form that is recorded and compared.

use regex_lite::Regex;
use std::sync::LazyLock;

use crate::case::{Case, Check, Loose};
use crate::json::{Json, Members};
use crate::normal;
use crate::program::{Exit, Outcome};

/// A record of the log on standard error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Record {
    /// `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
    pub level: String,
    /// The message, without a traceback.
    pub message: String,
}

static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\[[^\]]*\b(DEBUG|INFO|WARNING|ERROR|CRITICAL)\](?: \[[\w.<>:]+:\d+\])?(?: (.*))?$")
        .expect("a pattern of this file")
});

/// The log records on standard error, and whether anything on it is a crash.
#[must_use]
pub fn read_log(stderr: &str) -> (Vec<Record>, bool) {
    let mut records: Vec<Record> = Vec::new();
    let mut inside = false;
    let mut crash = false;
    for line in normal::plain(stderr).lines() {
        if let Some(head) = HEAD.captures(line) {
            let part = |index| head.get(index).map_or(String::new(), |found| found.as_str().to_owned());
            records.push(Record { level: part(1), message: part(2) });
            inside = true;
        } else if let Some(record) = json_record(line) {
            records.push(record);
            inside = false;
        } else if let (true, Some(rest), Some(last)) = (inside, line.strip_prefix("    "), records.last_mut())
        {
            last.message.push('\n');
            last.message.push_str(rest);
        } else {
            crash |= line.starts_with("Traceback (most recent call last)") || line.contains("' panicked at ");
            inside &= line.is_empty();
        }
    }
    for record in &mut records {
        let cut = record.message.find("Traceback (most recent call last)").unwrap_or(record.message.len());
        record.message = normal::text(record.message[..cut].trim());
    }
    records.retain(|record| record.level != "DEBUG");
    (records, crash)
}

fn json_record(line: &str) -> Option<Record> {
    let value = line.starts_with('{').then(|| Json::parse(line).ok()).flatten()?;
    let text = |key: &str| value.get(key).and_then(Json::as_str).map(str::to_owned);
    Some(Record { level: text("levelname")?, message: text("message")? })
}

/// The parts of a result that are recorded and compared, in a fixed order.
#[must_use]
pub fn observe(case: &Case, outcome: &Outcome) -> Json {
    let (mut log, crash) = read_log(&outcome.stderr);
    if case.loose.contains(&Loose::Info) {
        log.retain(|record| record.level != "INFO");
    }
    if case.loose.contains(&Loose::CriticalText) {
        let critical = log.iter_mut().filter(|record| record.level == "CRITICAL");
        critical.for_each(|record| record.message = "<ANY>".to_owned());
    }
    if case.loose.contains(&Loose::LogOrder) || case.loose.contains(&Loose::LogCount) {
        log.sort();
    }
    if case.loose.contains(&Loose::LogCount) {
        log.dedup();
    }
    let mut parts: Members = vec![("exit".to_owned(), exit(outcome.exit))];
    if crash {
        parts.push(("crash".to_owned(), Json::Bool(true)));
    }
    let log = log.into_iter().map(|r| Json::Array(vec![Json::text(r.level), Json::text(r.message)]));
    parts.push(("log".to_owned(), Json::Array(log.collect())));
    parts.push((
        "journal".to_owned(),
        outcome.journal.as_deref().map_or(Json::Null, |text| journal(case, text)),
    ));
    if case.check.contains(&Check::Stdout) {
        parts.push(("stdout".to_owned(), Json::text(normal::stdout(&outcome.stdout))));
    }
    if case.check.contains(&Check::Files) {
        let files = outcome.files.iter().map(|(name, content)| {
            let mut content = content.clone();
            if case.loose.contains(&Loose::LineOrder) {
                let mut lines: Vec<&str> = content.lines().collect();
                lines.sort_unstable();
                content = lines.join("\n");
            }
            (name.clone(), normal::file(name, &content))
        });
        parts.push(("files".to_owned(), Json::Object(files.collect())));
    }
    if case.check.contains(&Check::Requests) {
        parts.push((
            "requests".to_owned(),
            Json::Array(outcome.requests.iter().map(normal::request).collect()),
        ));
    }
    Json::Object(parts)
}

fn exit(exit: Exit) -> Json {
    match exit {
        Exit::Code(code) => Json::Number(code.to_string()),
        Exit::TimedOut => Json::text("timed out"),
    }
}

fn journal(case: &Case, text: &str) -> Json {
    let Ok(value) = Json::parse(text) else {
        return Json::text("<NOT JSON>");
    };
    let mut journal = normal::journal(&value);
    if let Json::Object(members) = &mut journal {
        for (part, key) in [(Loose::RunOrder, "run"), (Loose::RollbackOrder, "rollbacks")] {
            if case.loose.contains(&part)
                && let Some((_, Json::Array(entries))) = members.iter_mut().find(|(name, _)| name == key)
            {
                entries.sort_by_key(Json::to_string);
            }
        }
    }
    journal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_and_json_records_are_understood() {
        let text = "\x1b[32m[2026-01-01 00:00:00 INFO] one\n    more\n[2026-01-01 00:00:00 ERROR] [run:4]\x1b[39m two\n\
            {\"levelname\": \"WARNING\", \"message\": \"three\"}\nTraceback (most recent call last):\n[2026 DEBUG] x\n";
        let (records, crash) = read_log(text);
        let shown: Vec<_> = records.iter().map(|r| format!("{} {}", r.level, r.message)).collect();
        assert_eq!(shown, ["INFO one\nmore", "ERROR two", "WARNING three"]);
        assert!(crash);
    }

    #[test]
    fn a_traceback_inside_a_record_is_no_crash() {
        let (records, crash) =
            read_log("[x CRITICAL] bad\n    Traceback (most recent call last):\n      File\n");
        assert_eq!(records[0].message, "bad");
        assert!(!crash);
    }
}
