//! One record as a line: the reference's text and JSON forms.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use log::{Level, Record};
use squall_model::Value;
use squall_model::json::{self, Style};

use super::level_name;

/// Makes lines like `[2026-11-23 04:17:24 INFO] message`; further lines of a message are indented.
pub struct TextForm {
    with_place: bool,
    colours: bool,
    time: LocalTime,
}

impl TextForm {
    /// A form that tells where a message comes from if `with_place`, and colours it if `colours`.
    pub fn new(with_place: bool, colours: bool) -> Self {
        TextForm { with_place, colours, time: LocalTime::default() }
    }

    /// The line, or lines, for `record` whose text is `message`.
    pub fn line(&mut self, record: &Record<'_>, message: &str) -> String {
        let mut line = String::with_capacity(message.len() + 64);
        let (start, end) = if self.colours { (colour(record.level()), "\u{1b}[39m") } else { ("", "") };
        let time = self.time.at(now());
        let _ = write!(line, "{start}[{time} {}]", level_name(record));
        if self.with_place {
            let _ = write!(line, " [{}:{}]", module(record), record.line().unwrap_or(0));
        }
        line.push_str(end);
        line.push(' ');
        push_indented(&mut line, message);
        line.push('\n');
        line
    }
}

/// Makes one JSON object a line, with the keys of the reference in their order.
pub struct JsonForm {
    process: u32,
    context_id: String,
    time: LocalTime,
}

impl JsonForm {
    /// A form with an id of its own, the same in all its lines.
    pub fn new() -> Self {
        let context_id = uuid::Uuid::new_v4().to_string();
        JsonForm { process: std::process::id(), context_id, time: LocalTime::default() }
    }

    /// The line for `record` whose text is `message`.
    pub fn line(&mut self, record: &Record<'_>, message: &str) -> String {
        let now = now();
        let millis = now.subsec_nanosecond() / 1_000_000;
        let asctime = format!("{},{millis:03}", self.time.at(now));
        let utc = TimeZone::UTC.to_datetime(now);
        let micros = now.subsec_nanosecond() / 1_000;
        let timestamp = format!("{}.{micros:06}+00:00", utc.strftime("%Y-%m-%dT%H:%M:%S"));
        let object = Value::map([
            ("process", Value::from(i64::from(self.process))),
            ("asctime", Value::from(asctime)),
            ("levelname", Value::from(level_name(record))),
            ("module", Value::from(module(record))),
            ("lineno", Value::from(i64::from(record.line().unwrap_or(0)))),
            ("message", Value::from(message)),
            ("context_id", Value::from(self.context_id.as_str())),
            ("timestamp", Value::from(timestamp)),
        ]);
        json::write(&object, &Style { ascii: true, ..Style::SPACED }) + "\n"
    }
}

/// Formats local times; the time zone is read when the first one is asked for, and a second is
/// formatted once.
#[derive(Default)]
struct LocalTime {
    zone: Option<TimeZone>,
    second: i64,
    text: String,
}

impl LocalTime {
    fn at(&mut self, time: Timestamp) -> &str {
        if self.text.is_empty() || self.second != time.as_second() {
            let zone = self.zone.get_or_insert_with(TimeZone::system);
            self.second = time.as_second();
            self.text = zone.to_datetime(time).strftime("%Y-%m-%d %H:%M:%S").to_string();
        }
        &self.text
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::try_from(SystemTime::UNIX_EPOCH + since).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Error => "\u{1b}[31m",
        Level::Warn => "\u{1b}[33m",
        Level::Info => "\u{1b}[32m",
        Level::Debug | Level::Trace => "\u{1b}[36m",
    }
}

/// The last part of the module's path: the name of its file, mostly.
fn module<'r>(record: &Record<'r>) -> &'r str {
    let path = record.module_path().unwrap_or_default();
    path.rsplit("::").next().unwrap_or(path)
}

fn push_indented(line: &mut String, message: &str) {
    for (number, part) in message.split('\n').enumerate() {
        if number > 0 {
            line.push_str("\n    ");
        }
        line.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_line(form: &mut TextForm, level: Level, target: &str, message: &str) -> String {
        let record = Record::builder()
            .level(level)
            .target(target)
            .module_path(Some("squall_engine::run"))
            .line(Some(42))
            .build();
        form.line(&record, message)
    }

    /// The line without its time.
    fn timeless(line: &str) -> String {
        let (before, after) = line.split_once('[').unwrap();
        format!("{before}[{}", &after["2026-11-23 04:17:24 ".len()..])
    }

    #[test]
    fn text_lines_have_the_form_of_the_reference() {
        let mut plain = TextForm::new(false, false);
        let line = text_line(&mut plain, Level::Info, "chaostoolkit", "hello\nthere\n");
        assert_eq!(timeless(&line), "[INFO] hello\n    there\n    \n");
        let line = text_line(&mut plain, Level::Error, "chaostoolkit::critical", "x");
        assert_eq!(timeless(&line), "[CRITICAL] x\n");
        let mut full = TextForm::new(true, true);
        let line = text_line(&mut full, Level::Warn, "squall_engine::run", "x");
        assert!(line.starts_with("\u{1b}[33m["), "{line:?}");
        assert!(line.ends_with(" WARNING] [run:42]\u{1b}[39m x\n"), "{line:?}");
    }

    #[test]
    fn times_are_local_and_whole_seconds() {
        let mut time = LocalTime { zone: Some(TimeZone::fixed(jiff::tz::offset(2))), ..LocalTime::default() };
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(time.at(at(0)), "1970-01-01 02:00:00");
        assert_eq!(time.at(at(0)), "1970-01-01 02:00:00");
        assert_eq!(time.at(at(86_399)), "1970-01-02 01:59:59");
    }

    #[test]
    fn json_lines_have_the_keys_of_the_reference_in_order() {
        let record = Record::builder().level(Level::Info).target("squall").line(Some(7)).build();
        let line = JsonForm::new().line(&record, "a \"quoted\"\nmessage");
        let object = json::parse(line.strip_suffix('\n').unwrap()).unwrap();
        let keys: Vec<_> = object
            .as_map()
            .unwrap()
            .entries()
            .into_iter()
            .map(|(key, _)| key.as_str().unwrap().to_owned())
            .collect();
        assert_eq!(
            keys,
            ["process", "asctime", "levelname", "module", "lineno", "message", "context_id", "timestamp"]
        );
        assert_eq!(object.get("message").unwrap().as_str(), Some("a \"quoted\"\nmessage"));
        assert_eq!(object.get("lineno"), Some(Value::from(7)));
        assert_eq!(object.get("asctime").unwrap().as_str().unwrap().len(), "2026-11-23 04:18:34,066".len());
        assert_eq!(
            object.get("timestamp").unwrap().as_str().unwrap().len(),
            "2026-11-23T04:18:34.066123+00:00".len()
        );
    }
}
