//! `cargo xtask test`: everything that must hold, from a fresh machine to the last test.
//!
//! Its output ends with the test runner's own summary.

use std::env;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::process::{cargo, read, run, target};
use crate::{Failure, check, dist, models, needs, say};

/// What a stage does.
type Work = fn() -> Result<(), Failure>;

/// A stage that is over, and what it took.
struct Stage {
    name: &'static str,
    took: Duration,
}

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    if let Some(argument) = arguments.first() {
        return Err(Failure::Usage(format!("unknown argument `{argument}`")));
    }
    let work: [(&str, Work); 6] = [
        ("needs", needs::provide),
        ("check", || check::execute(&[])),
        ("models", || models::execute(&["--check".to_owned()])),
        ("dist", || dist::execute(&[])),
        ("build", build),
        ("doctests", || run(cargo().args(["test", "--quiet", "--workspace", "--doc"]))),
    ];
    let mut stages = Vec::new();
    for (name, stage) in work {
        say(&format!("\n== {name}"));
        let start = Instant::now();
        stage()?;
        stages.push(Stage { name, took: start.elapsed() });
    }
    say(&format!("\n{}\n== tests", table(&stages)));
    run(cargo().args(["nextest", "run", "--workspace", "--profile", "ci"]))
}

/// Builds the program under test and all tests; in CI, no test may be left out.
fn build() -> Result<(), Failure> {
    let listed = read(cargo().args([
        "nextest",
        "list",
        "--workspace",
        "--profile",
        "ci",
        "--message-format",
        "json",
    ]))?;
    let program = target().join("debug/squall");
    if !program.exists() {
        return Err(Failure::Found(format!(
            "`{}` was not built; it is the program under test",
            program.display()
        )));
    }
    let tests = Tests::from_listing(&listed)?;
    say(&format!("{} tests", tests.count));
    if env::var("CI").is_ok_and(|value| value == "true") && !tests.ignored.is_empty() {
        return Err(Failure::Found(format!("tests that would be left out:\n{}", tests.ignored.join("\n"))));
    }
    Ok(())
}

/// What the test runner will run.
#[derive(Debug, Default, PartialEq)]
struct Tests {
    count: u64,
    ignored: Vec<String>,
}

impl Tests {
    fn from_listing(listed: &str) -> Result<Self, Failure> {
        let listing: Value = serde_json::from_str(listed)
            .map_err(|error| Failure::Found(format!("cannot read the list of tests: {error}")))?;
        let suites = listing["rust-suites"]
            .as_object()
            .ok_or_else(|| Failure::Found("the list of tests has no `rust-suites`".to_owned()))?;
        let mut tests = Tests { count: listing["test-count"].as_u64().unwrap_or(0), ignored: Vec::new() };
        for (suite, content) in suites {
            let cases = content["testcases"].as_object().into_iter().flatten();
            let ignored = cases.filter(|(_, case)| case["ignored"] == Value::Bool(true));
            tests.ignored.extend(ignored.map(|(name, _)| format!("{suite} {name}")));
        }
        Ok(tests)
    }
}

fn table(stages: &[Stage]) -> String {
    let mut text = String::from("stage         seconds\n");
    for stage in stages {
        writeln!(text, "{:<12} {:>8.1}", stage.name, stage.took.as_secs_f64()).expect("writing to a string");
    }
    let total: Duration = stages.iter().map(|stage| stage.took).sum();
    writeln!(text, "{:<12} {:>8.1}", "so far", total.as_secs_f64()).expect("writing to a string");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_would_be_left_out_are_named() {
        let listed = r#"{"test-count": 2, "rust-suites": {"squall::examples": {"testcases": {
            "one": {"kind": "test", "ignored": false}, "two": {"kind": "test", "ignored": true}}}}}"#;
        let Ok(tests) = Tests::from_listing(listed) else { panic!("a listing that can be read") };
        assert_eq!(tests, Tests { count: 2, ignored: vec!["squall::examples two".to_owned()] });
        assert!(Tests::from_listing("{}").is_err());
    }

    #[test]
    fn the_table_adds_up() {
        let stages = [
            Stage { name: "check", took: Duration::from_millis(1500) },
            Stage { name: "dist", took: Duration::from_secs(60) },
        ];
        let table = table(&stages);
        assert_eq!(table.lines().last(), Some("so far           61.5"));
    }
}
