//! AWS: every case through the program under test, compared with what the reference made of it; and of every
//! group one case through both.

use libtest_mimic::{Arguments, Failed, Trial};
use squall_compat::aws::case::{self, AwsCase};
use squall_compat::aws::suite;
use squall_compat::oracle::{self, Recorded};
use squall_compat::{harness, reference};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let group = harness::exact_group(&arguments, "recorded::");
    let cases = match group {
        Some(group) => case::load(group),
        None => oracle::all(),
    };
    let mut trials: Vec<Trial> = cases
        .expect("the case files can be read")
        .into_iter()
        .map(|case| Trial::test(format!("recorded::{}", case.name()), move || recorded(&case)))
        .collect();
    if group.is_none() {
        let sample = suite::sample().expect("the case files can be read");
        trials.extend(
            sample.into_iter().map(|case| Trial::test(format!("live::{}", case.name()), move || live(&case))),
        );
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn recorded(case: &AwsCase) -> Result<(), Failed> {
    let recordings = oracle::recordings::<AwsCase>(&case.group).map_err(|error| error.to_string())?;
    Ok(oracle::check(case, &harness::program(case)?, recordings.get(&case.id))?)
}

fn live(case: &AwsCase) -> Result<(), Failed> {
    let reference = reference::program().map_err(|error| error.to_string())?;
    Ok(case.check_live(&reference, &harness::program(case)?)?)
}
