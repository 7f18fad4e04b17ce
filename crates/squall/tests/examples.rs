//! The first example of the README: workers that die for real.

#![allow(clippy::unwrap_used, reason = "a helper of a test may end it")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs an example from the top folder of the project; gives the exit code, the log, and the journal.
fn run(name: &str) -> (Option<i32>, String, Value) {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal.json");
    let output = Command::new(env!("CARGO_BIN_EXE_squall"))
        .args(["--no-log-file", "run", "--journal-path"])
        .arg(&journal)
        .arg(format!("examples/workers/{name}"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("HOME", folder.path())
        .env_remove("XDG_STATE_HOME")
        // The workers' process ids are kept there: runs at the same time have nothing in common.
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    let text = fs::read_to_string(&journal).unwrap_or_else(|error| panic!("no journal: {error}\n{log}"));
    (output.status.code(), log, serde_json::from_str(&text).unwrap())
}

#[test]
fn the_service_survives_the_death_of_one_worker() {
    let (code, log, journal) = run("one-dies.yaml");
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(journal["status"], "completed");
    assert_eq!(journal["deviated"], false);
    assert_eq!(journal["steady_states"]["before"]["probes"][0]["output"]["stdout"], "3\n");
    assert_eq!(journal["steady_states"]["after"]["probes"][0]["output"]["stdout"], "2\n");
    assert_eq!(journal["rollbacks"][0]["status"], "succeeded");
}

#[test]
fn the_service_does_not_survive_the_death_of_all() {
    let (code, log, journal) = run("all-die.yaml");
    assert_eq!(code, Some(1), "{log}");
    assert_eq!(journal["status"], "completed");
    assert_eq!(journal["deviated"], true);
    assert_eq!(journal["steady_states"]["after"]["steady_state_met"], false);
    assert_eq!(journal["steady_states"]["after"]["probes"][0]["output"]["stdout"], "0\n");
}
