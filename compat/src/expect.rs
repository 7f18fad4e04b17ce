//! What is expected of Squall where it is meant to differ from the reference: the facts that
//! matter, not a whole recording.

use std::time::Duration;

use crate::json::{Json, Members};
use crate::observation::read_log;
use crate::program::{Exit, Outcome};

/// The expectation of an intended difference. `compat/README.md` lists the keys.
#[derive(Clone, Debug)]
pub struct Expect {
    exit: Vec<i32>,
    journal: JournalFacts,
    error: bool,
    log: Vec<String>,
    says: Vec<String>,
    prints: Vec<String>,
    hides: Vec<String>,
    writes: Vec<String>,
    spares: Vec<String>,
    holds: Vec<(String, String)>,
    state: Vec<String>,
    within: Option<Duration>,
}

#[derive(Clone, Debug)]
enum JournalFacts {
    NotLookedAt,
    None,
    Has(Members),
}

const KEYS: &[&str] = &[
    "exit", "journal", "error", "log", "says", "prints", "hides", "writes", "spares", "holds", "state",
    "within",
];
const FACTS: &[&str] = &[
    "status",
    "deviated",
    "run",
    "run_status",
    "run_output",
    "rollbacks",
    "rollback_status",
    "before",
    "after",
    "title",
    "exception",
];

impl Expect {
    /// Reads the `expect` of a case. It must name an exit code and something that can be seen.
    pub fn read(value: &Json) -> Result<Expect, String> {
        for (key, _) in value.as_object().ok_or("`differs.expect` must be a mapping")? {
            if !KEYS.contains(&key.as_str()) {
                return Err(format!("unknown key `{key}` in `differs.expect`"));
            }
        }
        let texts = |key: &str| -> Result<Vec<String>, String> {
            let items = value.get(key).map(|items| items.as_array().ok_or(format!("`{key}` must be a list")));
            Ok(items.transpose()?.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect())
        };
        let exit = match value.get("exit") {
            Some(Json::Array(codes)) => codes.iter().filter_map(Json::as_int).collect(),
            Some(code) => code.as_int().into_iter().collect(),
            None => Vec::new(),
        };
        let exit: Vec<i32> = exit.into_iter().filter_map(|code: i64| code.try_into().ok()).collect();
        let journal = match value.get("journal") {
            None => JournalFacts::NotLookedAt,
            Some(Json::String(none)) if none == "none" => JournalFacts::None,
            Some(Json::Object(facts)) => {
                if let Some((key, _)) = facts.iter().find(|(key, _)| !FACTS.contains(&key.as_str())) {
                    return Err(format!("unknown fact `{key}` in `differs.expect.journal`"));
                }
                JournalFacts::Has(facts.clone())
            }
            Some(_) => return Err("`differs.expect.journal` must be `none` or a mapping".to_owned()),
        };
        let mut holds = Vec::new();
        for (name, _) in value.get("holds").and_then(Json::as_object).into_iter().flatten() {
            let parts = value.get("holds").and_then(|holds| holds.get(name)).and_then(Json::as_array);
            let parts = parts.ok_or_else(|| format!("`holds.{name}` must be a list of texts"))?;
            holds.extend(parts.iter().filter_map(Json::as_str).map(|text| (name.clone(), text.to_owned())));
        }
        let expect = Expect {
            exit,
            journal,
            error: value.get("error").and_then(Json::as_bool).unwrap_or(false),
            log: texts("log")?,
            says: texts("says")?,
            prints: texts("prints")?,
            hides: texts("hides")?,
            writes: texts("writes")?,
            spares: texts("spares")?,
            holds,
            state: texts("state")?,
            within: value.get("within").and_then(Json::as_int).map(|s| Duration::from_secs(s.unsigned_abs())),
        };
        let seen = expect.error
            || matches!(expect.journal, JournalFacts::Has(_))
            || !expect.holds.is_empty()
            || ![&expect.log, &expect.says, &expect.prints, &expect.writes, &expect.state]
                .iter()
                .all(|l| l.is_empty());
        if expect.exit.is_empty() || !seen {
            return Err("`differs.expect` must name `exit` and something that can be seen".to_owned());
        }
        Ok(expect)
    }

    /// The first point in which a result is not as expected.
    #[must_use]
    pub fn first_failure(&self, outcome: &Outcome) -> Option<String> {
        let (log, crash) = read_log(&outcome.stderr);
        match outcome.exit {
            Exit::Code(code) if self.exit.contains(&code) => {}
            other => return Some(format!("exit {other:?}, expected one of {:?}", self.exit)),
        }
        if crash {
            return Some("a crash on standard error".to_owned());
        }
        let journal = outcome.journal.as_deref().map(Json::parse);
        match (&self.journal, &journal) {
            (_, Some(Err(error))) => return Some(format!("the journal is {error}")),
            (_, Some(Ok(journal))) if journal.has_non_finite() => {
                return Some("the journal has a number that JSON does not have".to_owned());
            }
            (JournalFacts::None, Some(_)) => return Some("a journal was written".to_owned()),
            (JournalFacts::None, None) => {
                let begun = ["Action: ", "Probe: ", "Rollback: "];
                if let Some(record) = log.iter().find(|r| begun.iter().any(|b| r.message.starts_with(b))) {
                    return Some(format!("no journal, although the run had begun: {}", record.message));
                }
            }
            (JournalFacts::Has(_), None) => return Some("no journal was written".to_owned()),
            (JournalFacts::Has(facts), Some(Ok(journal))) => {
                for (key, wanted) in facts {
                    if let Some(failure) = fact(journal, key, wanted) {
                        return Some(failure);
                    }
                }
            }
            (JournalFacts::NotLookedAt, _) => {}
        }
        let error_record =
            || log.iter().any(|r| matches!(r.level.as_str(), "ERROR" | "CRITICAL") && !r.message.is_empty());
        let error_line =
            || outcome.stderr.lines().any(|line| line.starts_with("Error: ") || line.contains(": error: "));
        if self.error && !error_record() && !error_line() {
            return Some("no error message on standard error".to_owned());
        }
        let written: Vec<&str> = outcome.files.iter().map(|(name, _)| name.as_str()).collect();
        let files: String = outcome.files.iter().map(|(_, text)| text.as_str()).collect();
        let requests: String = outcome.requests.iter().map(Json::to_string).collect();
        let journal = outcome.journal.as_deref().unwrap_or_default();
        let has_record = |text: &String| log.iter().any(|record| record.message.contains(text.as_str()));
        let everywhere = [
            ("the journal", journal),
            ("standard output", outcome.stdout.as_str()),
            ("standard error", outcome.stderr.as_str()),
            ("the log file", outcome.log_file.as_str()),
            ("the run log", outcome.state.as_str()),
            ("a written file", files.as_str()),
            ("a request", requests.as_str()),
        ];
        let lacks = |texts: &[String], place: &str, has: &dyn Fn(&String) -> bool| {
            texts.iter().find(|text| !has(text)).map(|text| format!("{place} lacks `{text}`"))
        };
        lacks(&self.log, "the log", &has_record)
            .or_else(|| lacks(&self.says, "standard error", &|text| outcome.stderr.contains(text)))
            .or_else(|| lacks(&self.prints, "standard output", &|text| outcome.stdout.contains(text)))
            .or_else(|| lacks(&self.state, "the run log", &|text| outcome.state.contains(text)))
            .or_else(|| lacks(&self.writes, "the working folder", &|name| written.contains(&name.as_str())))
            .or_else(|| {
                let has = |(name, text): &&(String, String)| {
                    outcome
                        .files
                        .iter()
                        .any(|(file, content)| file == name && content.contains(text.as_str()))
                };
                let (name, text) = self.holds.iter().find(|pair| !has(pair))?;
                Some(format!("`{name}` lacks `{text}`"))
            })
            .or_else(|| {
                let file = self.spares.iter().find(|name| written.contains(&name.as_str()));
                file.map(|name| format!("`{name}` was written"))
            })
            .or_else(|| {
                let mut pairs =
                    self.hides.iter().flat_map(|text| everywhere.iter().map(move |place| (text, place)));
                let (text, (place, _)) =
                    pairs.find(|(text, (_, content))| content.contains(text.as_str()))?;
                Some(format!("{place} holds `{}`", text.escape_debug()))
            })
            .or_else(|| {
                let limit = self.within.filter(|limit| outcome.wall > *limit)?;
                Some(format!("took {:?}, at most {limit:?} expected", outcome.wall))
            })
    }
}

fn fact(journal: &Json, key: &str, wanted: &Json) -> Option<String> {
    let each = |part: &str, take: &dyn Fn(&Json) -> Option<Json>| {
        let entries = journal.get(part).and_then(Json::as_array).unwrap_or_default();
        Json::Array(entries.iter().map(|entry| take(entry).unwrap_or(Json::Null)).collect())
    };
    let name = |entry: &Json| entry.get("activity")?.get("name").cloned();
    let status = |entry: &Json| entry.get("status").cloned();
    let met = |state: &str| journal.get("steady_states")?.get(state)?.get("steady_state_met").cloned();
    let last_exception = |entry: &Json| Some(entry.get("exception")?.as_array()?.last()?.clone());
    let found = match key {
        "run" => each("run", &name),
        "run_status" => each("run", &status),
        "run_output" => each("run", &|entry| entry.get("output").cloned()),
        "exception" => each("run", &last_exception),
        "rollbacks" => each("rollbacks", &name),
        "rollback_status" => each("rollbacks", &status),
        "before" | "after" => met(key).unwrap_or(Json::Null),
        "title" => journal.get("experiment").and_then(|e| e.get("title")).cloned().unwrap_or(Json::Null),
        _ => journal.get(key).cloned().unwrap_or(Json::Null),
    };
    let any_of = matches!(key, "status" | "deviated" | "before" | "after");
    let fits = match wanted {
        Json::Array(choices) if any_of => choices.contains(&found),
        wanted => crate::compare::first_difference(wanted, &found).is_none(),
    };
    (!fits).then(|| format!("the journal's {key} is {found}, expected {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(code: i32, journal: Option<&str>, stderr: &str) -> Outcome {
        Outcome {
            exit: Exit::Code(code),
            wall: Duration::ZERO,
            stdout: String::new(),
            stderr: stderr.to_owned(),
            journal: journal.map(str::to_owned),
            files: Vec::new(),
            log_file: String::new(),
            state: String::new(),
            requests: Vec::new(),
            unsent: 0,
        }
    }

    fn expect(text: &str) -> Expect {
        Expect::read(&Json::parse(text).unwrap()).unwrap()
    }

    #[test]
    fn an_expectation_that_anything_meets_is_refused() {
        assert!(Expect::read(&Json::parse(r#"{"exit": 0}"#).unwrap()).is_err());
        assert!(Expect::read(&Json::parse(r#"{"error": true}"#).unwrap()).is_err());
        assert!(Expect::read(&Json::parse(r#"{"exit": 0, "journal": {"stat": 1}}"#).unwrap()).is_err());
    }

    #[test]
    fn facts_of_the_journal_are_compared() {
        let expect = expect(
            r#"{"exit": [1], "journal": {"status": ["failed", "aborted"], "run": ["a"], "before": false}}"#,
        );
        let journal = r#"{"status": "aborted", "run": [{"activity": {"name": "a"}}],
            "steady_states": {"before": {"steady_state_met": false}}}"#;
        assert_eq!(expect.first_failure(&outcome(1, Some(journal), "")), None);
        assert!(expect.first_failure(&outcome(0, Some(journal), "")).is_some());
        assert!(expect.first_failure(&outcome(1, None, "")).is_some());
        assert!(expect.first_failure(&outcome(1, Some("{"), "")).is_some());
        assert!(expect.first_failure(&outcome(1, Some(r#"{"status": "failed", "run": []}"#), "")).is_some());
    }

    #[test]
    fn crashes_and_silence_are_not_clear_errors() {
        let expect = expect(r#"{"exit": 1, "error": true, "journal": "none", "hides": ["s3cret"]}"#);
        assert_eq!(expect.first_failure(&outcome(1, None, "[x ERROR] no\n")), None);
        assert!(expect.first_failure(&outcome(1, None, "")).is_some());
        assert!(
            expect
                .first_failure(&outcome(1, None, "[x ERROR] no\nTraceback (most recent call last):\n"))
                .is_some()
        );
        assert!(expect.first_failure(&outcome(1, None, "[x ERROR] s3cret\n")).is_some());
        assert!(expect.first_failure(&outcome(1, None, "[x INFO] Action: a\n[x ERROR] no\n")).is_some());
    }
}
