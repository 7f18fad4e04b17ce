//! `cargo xtask compat record | run`: the differential oracle from the command line.

use std::path::PathBuf;

use squall_compat::aws::case::AwsCase;
use squall_compat::case::Case;
use squall_compat::{harness, oracle};

use crate::{Failure, say};

#[derive(Default)]
struct Options {
    filter: String,
    jobs: Option<usize>,
    bin: Option<PathBuf>,
    check: bool,
    aws: bool,
}

/// Runs the command.
pub fn run(arguments: &[String]) -> Result<(), Failure> {
    let (what, rest) =
        arguments.split_first().ok_or_else(|| Failure::Usage("what to do is missing".to_owned()))?;
    let options = options(rest)?;
    let jobs = options.jobs.unwrap_or(oracle::JOBS);
    let found = |error: oracle::SuiteError| Failure::Found(error.to_string());
    match what.as_str() {
        "record" => {
            let record = if options.aws { oracle::record::<AwsCase> } else { oracle::record::<Case> };
            say(&record(&options.filter, jobs, options.check).map_err(found)?);
            Ok(())
        }
        "run" => {
            let bin = options.bin.map_or_else(harness::binary, Ok).map_err(Failure::Found)?;
            let bin = bin
                .canonicalize()
                .map_err(|error| Failure::Found(format!("`{}`: {error}", bin.display())))?;
            let run = if options.aws { oracle::run::<AwsCase> } else { oracle::run::<Case> };
            let report = run(&bin, &options.filter, jobs).map_err(found)?;
            if report.failed > 0 {
                return Err(Failure::Found(report.text));
            }
            say(&report.text);
            Ok(())
        }
        other => Err(Failure::Usage(format!("`{other}` is neither `record` nor `run`"))),
    }
}

fn options(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options::default();
    let mut rest = arguments.iter();
    while let Some(option) = rest.next() {
        let mut value =
            || rest.next().cloned().ok_or_else(|| Failure::Usage(format!("`{option}` needs a value")));
        match option.as_str() {
            "--check" => options.check = true,
            "--filter" => options.filter = value()?,
            "--suite" => {
                options.aws = match value()?.as_str() {
                    "aws" => true,
                    "core" => false,
                    other => return Err(Failure::Usage(format!("`{other}` is neither `core` nor `aws`"))),
                }
            }
            "--bin" => options.bin = Some(value()?.into()),
            "--jobs" => {
                let jobs =
                    value()?.parse().map_err(|_| Failure::Usage("`--jobs` needs a number".to_owned()))?;
                options.jobs = Some(jobs);
            }
            other => return Err(Failure::Usage(format!("unknown option `{other}`"))),
        }
    }
    Ok(options)
}
