//! The cases, their recordings and the documented differences belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use squall_compat::aws::case::AwsCase;
use squall_compat::case::{self, Case};
use squall_compat::oracle::{self, Recorded};
use squall_compat::sample;

const DIFFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/differences.md");

#[test]
fn there_are_enough_cases_and_every_group_says_what_it_is_about() {
    let cases = oracle::all::<Case>().unwrap();
    assert!(cases.len() >= 340, "{} cases", cases.len());
    for group in oracle::groups::<Case>().unwrap() {
        let text = fs::read_to_string(case::home().join(format!("cases/{group}.yaml"))).unwrap();
        assert!(text.starts_with("about: "), "{group}");
    }
}

#[test]
fn every_case_is_recorded_and_every_recording_has_its_case() {
    for group in oracle::groups::<Case>().unwrap() {
        let cases: BTreeSet<String> = case::load(&group).unwrap().into_iter().map(|case| case.id).collect();
        let recorded: BTreeSet<String> = oracle::recordings::<Case>(&group).unwrap().into_keys().collect();
        assert_eq!(cases, recorded, "run `cargo xtask compat record --filter {group}`");
    }
}

#[test]
fn recordings_are_small_and_there_is_none_without_a_group() {
    let groups = oracle::groups::<Case>().unwrap();
    let mut total = 0;
    for entry in fs::read_dir(case::home().join("recorded")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(groups.iter().any(|group| name == format!("{group}.json")), "{name}");
        total += entry.metadata().unwrap().len();
    }
    assert!(total < 3_000_000, "{total} bytes");
}

#[test]
fn a_crash_of_the_reference_is_always_a_difference() {
    for group in oracle::groups::<Case>().unwrap() {
        let recorded = oracle::recordings::<Case>(&group).unwrap();
        for case in case::load(&group).unwrap() {
            let crash = recorded[&case.id].get("crash").is_some();
            assert!(!crash || case.differs.is_some(), "{}", case.name());
        }
    }
}

#[test]
fn every_difference_is_documented_and_every_documented_one_has_its_cases() {
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in oracle::all::<Case>().unwrap() {
        if let Some(differs) = &case.differs {
            used.entry(differs.id.clone()).or_default().push(case.name());
        }
    }
    for case in oracle::all::<AwsCase>().unwrap() {
        if let Some(differs) = &case.differs {
            used.entry(differs.id.clone()).or_default().push(format!("aws::{}", case.name()));
        }
    }
    let text = fs::read_to_string(DIFFERENCES).unwrap();
    let mut documented: BTreeMap<String, String> = BTreeMap::new();
    for section in text.split("\n## ").skip(1) {
        let id = section.split(':').next().unwrap().to_owned();
        assert!(documented.insert(id.clone(), section.to_owned()).is_none(), "{id} stands twice");
    }
    let ids = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<_>>();
    assert_eq!(ids(used.keys().collect()), ids(documented.keys().collect()));
    for (id, cases) in used {
        assert!(
            cases.iter().any(|name| documented[&id].contains(&format!("`{name}`"))),
            "{id} names none of its cases: {cases:?}"
        );
    }
}

#[test]
fn the_live_sample_is_of_every_group() {
    let sample = sample::cases().unwrap();
    assert_eq!(sample.len(), sample::SIZE);
    let groups: BTreeSet<String> = sample.iter().map(|case| case.group.clone()).collect();
    assert_eq!(groups, oracle::groups::<Case>().unwrap().into_iter().collect());
    let names: BTreeSet<String> = sample.iter().map(|case| case.name()).collect();
    assert_eq!(names.len(), sample::SIZE);
    let again: Vec<String> = sample::cases().unwrap().iter().map(|case| case.name()).collect();
    assert_eq!(again, sample.iter().map(|case| case.name()).collect::<Vec<_>>());
}
