//! `cargo xtask fuzz`: the fuzz targets, one after the other.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::process::{about, cargo, program, read, root, run, succeeds};
use crate::{Failure, say};

/// Seconds for a target, if the caller does not say.
const SECONDS: u64 = 600;

/// Bytes of an input, which find more when they are few, and seconds after which one counts as a finding.
const LIMITS: &[&str] = &["-max_len=1024", "-timeout=60"];

/// What came of a target.
struct Outcome {
    target: String,
    /// Inputs tried.
    runs: u64,
    /// Seconds.
    took: u64,
    clean: bool,
}

/// Runs the command.
pub fn execute(arguments: &[String]) -> Result<(), Failure> {
    let (wanted, seconds) = options(arguments)?;
    if !succeeds(cargo().args(["fuzz", "--version"])) {
        run(cargo().args(["install", "cargo-fuzz", "--locked"]))?;
    }
    let listed = read(nightly().args(["list"]))?;
    let targets: Vec<&str> =
        listed.lines().filter(|target| wanted.as_deref().is_none_or(|wanted| wanted == *target)).collect();
    if targets.is_empty() {
        let known = listed.split_whitespace().collect::<Vec<_>>().join("`, `");
        return Err(Failure::Usage(format!("there is no such target; the targets are `{known}`")));
    }
    let mut outcomes = Vec::new();
    for target in targets {
        outcomes.push(fuzz(target, seconds)?);
    }
    let mut text = String::from("\ntarget                   seconds         runs  outcome\n");
    for Outcome { target, runs, took, clean } in &outcomes {
        let outcome = if *clean { "no finding" } else { "FINDING, see fuzz/artifacts" };
        writeln!(text, "{target:<24} {took:>7} {runs:>12}  {outcome}").expect("writing to a string");
    }
    if outcomes.iter().all(|outcome| outcome.clean) {
        say(&text);
        return Ok(());
    }
    Err(Failure::Found(text))
}

/// Fuzzes a target. What it finds interesting goes to a folder that is not kept; the seeds in
/// `fuzz/corpus` are only read.
fn fuzz(target: &str, seconds: u64) -> Result<Outcome, Failure> {
    let grown = root().join("fuzz/target/corpus").join(target);
    let seeds = root().join("fuzz/corpus").join(target);
    let log = root().join("fuzz/target").join(format!("{target}.log"));
    fs::create_dir_all(&grown).map_err(about(&grown))?;
    let file = fs::File::create(&log).map_err(about(&log))?;
    let mut command = nightly();
    command.args(["run", target]).arg(&grown);
    if seeds.exists() {
        command.arg(&seeds);
    }
    command.arg("--").args(LIMITS).arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
    say(&format!("fuzzing `{target}` for {seconds} s"));
    let start = Instant::now();
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .status()
        .map_err(|error| Failure::Found(format!("cannot start cargo-fuzz: {error}")))?;
    let said = fs::read(&log).map_err(about(&log))?;
    let said = String::from_utf8_lossy(&said);
    if !status.success() {
        let end: Vec<&str> = said.lines().rev().take(30).collect();
        say(&end.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    Ok(Outcome {
        target: target.to_owned(),
        runs: executions(&said),
        took: start.elapsed().as_secs(),
        clean: status.success(),
    })
}

/// How many inputs libFuzzer tried, as it says at its end.
fn executions(said: &str) -> u64 {
    said.lines()
        .filter_map(|line| line.strip_prefix("stat::number_of_executed_units:"))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

/// A call of cargo-fuzz under the nightly toolchain, which sanitizers need.
fn nightly() -> Command {
    let mut command = program("rustup");
    // Set by the Cargo that runs us, for its own toolchain and target folder.
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "CARGO_TARGET_DIR"] {
        command.env_remove(variable);
    }
    command.args(["run", "nightly", "cargo", "fuzz"]);
    command
}

fn options(arguments: &[String]) -> Result<(Option<String>, u64), Failure> {
    let (mut target, mut seconds) = (None, SECONDS);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--seconds" => {
                seconds = rest
                    .next()
                    .and_then(|value| value.parse().ok())
                    .ok_or_else(|| Failure::Usage("`--seconds` needs a number".to_owned()))?;
            }
            option if option.starts_with('-') => {
                return Err(Failure::Usage(format!("unknown option `{option}`")));
            }
            name if target.is_none() => target = Some(name.to_owned()),
            more => return Err(Failure::Usage(format!("one target at most, then `{more}`"))),
        }
    }
    Ok((target, seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_runs_is_read_from_the_last_lines() {
        assert_eq!(
            executions("#12 DONE\nstat::number_of_executed_units: 4711\nstat::peak_rss_mb: 35\n"),
            4711
        );
        assert_eq!(executions("it did not get that far"), 0);
    }

    #[test]
    fn options_are_a_target_and_seconds() {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(matches!(options(&words("")), Ok((None, SECONDS))));
        assert!(matches!(options(&words("yaml --seconds 5")), Ok((Some(target), 5)) if target == "yaml"));
        for wrong in ["--second 5", "--seconds x", "a b"] {
            assert!(matches!(options(&words(wrong)), Err(Failure::Usage(_))), "{wrong}");
        }
    }
}
