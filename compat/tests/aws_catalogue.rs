//! The AWS cases and their recordings belong together.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use squall_compat::aws::case::{self, AwsCase, Class};
use squall_compat::aws::suite;
use squall_compat::case::home;
use squall_compat::json::Json;
use squall_compat::oracle::{self, Recorded};

fn names(cases: &[AwsCase]) -> BTreeSet<String> {
    cases.iter().map(AwsCase::name).collect()
}

#[test]
fn every_case_is_recorded_as_it_stands_and_every_recording_has_its_case() {
    let mut stale = Vec::new();
    let mut recorded = BTreeSet::new();
    for group in oracle::groups::<AwsCase>().unwrap() {
        let recordings = oracle::recordings::<AwsCase>(&group).unwrap();
        recorded.extend(recordings.keys().map(|id| format!("{group}::{id}")));
        for case in case::load(&group).unwrap() {
            let of =
                recordings.get(&case.id).and_then(|recording| recording.get("of")).and_then(Json::as_str);
            if of.is_some_and(|of| of != suite::fingerprint(&case)) {
                stale.push(case.name());
            }
        }
    }
    assert_eq!(
        names(&oracle::all::<AwsCase>().unwrap()),
        recorded,
        "run `cargo xtask compat record --suite aws`"
    );
    assert!(stale.is_empty(), "run `cargo xtask compat record --suite aws --filter ...` for {stale:?}");
}

#[test]
fn recordings_are_small_and_there_is_none_without_a_group() {
    let groups = oracle::groups::<AwsCase>().unwrap();
    let mut total = 0;
    for entry in fs::read_dir(home().join("aws/recorded")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        assert!(groups.iter().any(|group| name == format!("{group}.json")), "{name}");
        total += entry.metadata().unwrap().len();
    }
    assert!(total < 3_000_000, "{total} bytes");
}

#[test]
fn functions_are_shown_to_succeed_and_to_fail() {
    let cases = oracle::all::<AwsCase>().unwrap();
    let count = |class: Class| cases.iter().filter(|case| case.class == class).count();
    assert!(count(Class::Ok) >= 159, "{} cases of success", count(Class::Ok));
    assert!(count(Class::Error) >= 100, "{} cases of failure", count(Class::Error));
}

#[test]
fn the_live_sample_has_one_case_a_group() {
    let sample: Vec<String> = suite::sample().unwrap().into_iter().map(|case| case.group).collect();
    assert_eq!(sample, oracle::groups::<AwsCase>().unwrap());
}

#[test]
fn experiments_of_the_repository_are_all_run() {
    let cases = case::load("experiments").unwrap();
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(home().join("../examples/aws")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".md") {
            files.insert(format!("examples/aws/{name}"), 0);
        }
    }
    for case in &cases {
        if let case::What::File(file) = &case.what {
            *files.entry(file.display().to_string()).or_default() += 1;
        }
    }
    let never: Vec<&String> = files.iter().filter(|(_, times)| **times == 0).map(|(file, _)| file).collect();
    assert!(never.is_empty(), "{never:?}");
}
