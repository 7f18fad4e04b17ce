//! Records of Python's logging.

use std::sync::{Mutex, Once};

use log::{Level, Log, Metadata, Record};
use squall_engine::ports::Provider;

use crate::support::{call, output, returned, worker};

/// Level, target, module, line and text of a record.
type Seen = (Level, String, String, u32, String);

struct Collector(Mutex<Vec<Seen>>);

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

impl Log for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push((
            record.level(),
            record.target().to_owned(),
            record.module_path().unwrap_or_default().to_owned(),
            record.line().unwrap_or_default(),
            record.args().to_string(),
        ));
    }

    fn flush(&self) {}
}

fn collect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&COLLECTOR).unwrap();
        log::set_max_level(log::LevelFilter::Debug);
    });
}

fn containing(text: &str) -> Vec<Seen> {
    let records = COLLECTOR.0.lock().unwrap();
    records.iter().filter(|record| record.4.contains(text)).cloned().collect()
}

#[tokio::test]
async fn records_arrive_in_order_before_the_answer() {
    collect();
    let worker = worker();
    output(&worker, "log", r#"{"text": "marker one"}"#).await;
    let records = containing("marker one");
    let shown = records.iter().map(|(level, target, ..)| (*level, target.as_str())).collect::<Vec<_>>();
    let wanted = [
        (Level::Info, "chaostoolkit"),
        (Level::Warn, "chaostoolkit"),
        (Level::Error, "chaostoolkit::critical"),
        (Level::Debug, "chaostoolkit"),
        (Level::Error, "chaostoolkit"),
    ];
    assert_eq!(shown, wanted);
    assert!(records.iter().all(|(_, _, module, line, _)| module == "acts" && *line > 0));
    assert_eq!(records[1].4, "marker one\nsecond line");
    assert!(records[3].4.starts_with("failed\nTraceback (most recent call last):\n"), "{}", records[3].4);
    assert!(records[3].4.ends_with("ValueError: marker one"), "{}", records[3].4);
    assert_eq!(records[4].4, "through logzero: marker one");
}

#[tokio::test]
async fn calls_tell_where_a_function_is_from_and_why_it_failed() {
    collect();
    let worker = worker();
    let _ = worker.call(&call("boom", r#"{"text": "marker two"}"#)).await;
    assert!(containing("Activity 'a' loaded from").iter().any(|record| record.4.ends_with("acts.py'")));
    let failure = containing("marker two");
    assert!(failure[0].4.starts_with("Activity failed\nTraceback"), "{failure:?}");
}

#[tokio::test]
async fn a_forked_child_has_nothing_to_say_here() {
    collect();
    let worker = worker();
    let status = returned(worker.call(&call("fork_and_log", r#"{"text": "marker three"}"#)).await);
    assert_eq!(status.as_f64(), Some(0.0), "signals mean in a child what they always mean");
    assert_eq!(containing("marker three").len(), 1);
}
