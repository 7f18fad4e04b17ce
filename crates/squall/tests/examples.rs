//! The first example of the README: workers that die for real.

#[allow(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use support::{Ended, SQUALL, Sandbox, ended};

/// Runs an example from the top folder of the project; gives what it left and its journal.
fn run(name: &str) -> (Ended, Value) {
    let sandbox = Sandbox::new();
    let journal = sandbox.path("journal.json");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let arguments = [
        "--no-log-file",
        "run",
        "--journal-path",
        journal.to_str().unwrap(),
        &format!("examples/workers/{name}"),
    ];
    // The workers' process ids are kept in `TMPDIR`: runs at the same time have nothing in common.
    let output = sandbox
        .command(SQUALL, &arguments)
        .current_dir(project)
        .env("TMPDIR", sandbox.path(""))
        .output()
        .unwrap();
    let ended = ended(output);
    let text = fs::read_to_string(&journal).unwrap_or_else(|error| panic!("{error}\n{}", ended.stderr));
    (ended, serde_json::from_str(&text).unwrap())
}

#[test]
fn the_service_survives_the_death_of_one_worker() {
    let (ended, journal) = run("one-dies.yaml");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(journal["status"], "completed");
    assert_eq!(journal["deviated"], false);
    assert_eq!(journal["steady_states"]["before"]["probes"][0]["output"]["stdout"], "3\n");
    assert_eq!(journal["steady_states"]["after"]["probes"][0]["output"]["stdout"], "2\n");
    assert_eq!(journal["rollbacks"][0]["status"], "succeeded");
}

#[test]
fn the_service_does_not_survive_the_death_of_all() {
    let (ended, journal) = run("all-die.yaml");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(journal["status"], "completed");
    assert_eq!(journal["deviated"], true);
    assert_eq!(journal["steady_states"]["after"]["steady_state_met"], false);
    assert_eq!(journal["steady_states"]["after"]["probes"][0]["output"]["stdout"], "0\n");
}
