//! Faults of resources as activities of an experiment.

use serde_json::{Value as Json, json};

use super::support::{End, Lab, kill};

fn experiment(method: &Json) -> String {
    json!({ "title": "Load", "description": "Load on this host.", "method": method }).to_string()
}

fn fault(name: &str, kind: &str, arguments: &Json, duration: Option<f64>) -> Json {
    let mut provider = json!({ "type": "fault", "kind": kind, "arguments": arguments });
    if let Some(duration) = duration {
        provider["duration"] = json!(duration);
    }
    json!({ "type": "action", "name": name, "provider": provider })
}

#[test]
fn several_are_held_at_once_and_the_journal_tells_what_each_did() {
    let lab = Lab::new();
    let method = json!([
        fault("threads", "pids", &json!({ "count": 300 }), None),
        fault("memory", "memory", &json!({ "bytes": "50MiB" }), Some(0.3)),
        fault("files", "fds", &json!({ "count": 1000 }), Some(0.3)),
        fault("load", "cpu", &json!({ "percent": 50, "cores": 1 }), Some(1.0)),
    ]);
    std::fs::write(lab.path().join("experiment.json"), experiment(&method)).expect("a file");
    let output = lab.run(&["run", "experiment.json"]);
    assert!(output.status.success(), "{output:?}");
    let journal = std::fs::read(lab.path().join("journal.json")).expect("a journal");
    let journal: Json = serde_json::from_slice(&journal).expect("JSON");
    let report = |index: usize| journal["run"][index]["output"]["report"].clone();
    assert_eq!(report(1)["held_bytes"], 50 << 20, "{journal}");
    assert_eq!(report(2)["held"], 1000);
    let got = report(3)["got_percent"].as_f64().expect("a number");
    // what the scheduler gives it, among other tests
    assert!((2.0..60.0).contains(&got), "{got}");
    let facts = lab.facts();
    let count = |name: &str| facts.iter().filter(|fact| fact["fact"] == name).count();
    assert_eq!((count("planned"), count("applied"), count("undone")), (4, 4, 4));
}

#[test]
fn a_worker_that_somebody_kills_is_noticed_at_once() {
    let lab = Lab::new();
    let method = json!([fault("memory", "memory", &json!({ "bytes": "50MiB" }), Some(600.0))]);
    std::fs::write(lab.path().join("experiment.json"), experiment(&method)).expect("a file");
    let fault = lab.start(lab.command(&["run", "experiment.json"]));
    kill(fault.worker());
    fault.end(End::ByItself);
    let journal = std::fs::read_to_string(lab.path().join("journal.json")).expect("a journal");
    assert!(journal.contains("the fault ended before its time"), "{journal}");
}
