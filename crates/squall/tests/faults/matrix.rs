//! A sample of the kill matrix, and that no kind was forgotten in it. `cargo xtask kill-matrix` plays all of it. Needs
//! root.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use squall_testkit::matrix::{self, Cell, SUBJECTS};

use crate::support::Place;

#[test]
fn every_kind_is_in_the_matrix() {
    let listed = Place::new().run(&["faults", "list", "--json"]);
    let listed: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap();
    let kinds: BTreeSet<&str> = listed.iter().map(|kind| kind["kind"].as_str().unwrap()).collect();
    let known: BTreeSet<&str> = SUBJECTS.iter().map(|subject| subject.kind).collect();
    assert_eq!(kinds, known);
    for subject in SUBJECTS {
        let kind = listed.iter().find(|kind| kind["kind"] == subject.kind).unwrap();
        let bound = kind["undo_verified_within_s"].as_f64().unwrap();
        assert!((subject.bound.as_secs_f64() - bound).abs() < 1e-9, "{}: {bound}", subject.kind);
    }
}

/// Every kind is met, every step and every victim, each several times: by a stride that has no divisor in common
/// with their numbers.
fn sample() -> Vec<Cell> {
    matrix::cells().into_iter().step_by(7).collect()
}

#[test]
fn a_sample_of_the_kill_matrix_leaves_everything_as_it_was() {
    let squall = Path::new(env!("CARGO_BIN_EXE_squall"));
    let sample = sample();
    let kinds: BTreeSet<&str> = sample.iter().map(|cell| cell.subject.kind).collect();
    let possible = SUBJECTS.iter().filter(|subject| !subject.netem || matrix::has_netem()).count();
    assert_eq!(kinds.len(), possible);
    let failures: Vec<String> = sample
        .iter()
        .filter_map(|cell| matrix::play(cell, squall).err().map(|error| format!("{cell}: {error}")))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
