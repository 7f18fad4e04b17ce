//! AWS: every case through the program under test, compared with what the reference made of it; and of every
//! group one case through both.

use libtest_mimic::{Arguments, Failed, Trial};
use squall_compat::aws::case::{self, AwsCase};
use squall_compat::aws::suite;
use squall_compat::program::Program;
use squall_compat::{harness, reference};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    // a test runner that starts a process for each test asks for `recorded::<group>::<id>`
    let group = arguments
        .iter()
        .any(|argument| argument == "--exact")
        .then(|| arguments.iter().find_map(|argument| argument.strip_prefix("recorded::")?.split_once("::")))
        .flatten();
    let cases = match group {
        Some((group, _)) => case::load(group),
        None => case::all(),
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
    let recordings = suite::recordings(&case.group).map_err(|error| error.to_string())?;
    Ok(suite::check(case, &program(case)?, recordings.get(&case.id))?)
}

fn live(case: &AwsCase) -> Result<(), Failed> {
    let reference = reference::program().map_err(|error| error.to_string())?;
    Ok(suite::check_live(case, &reference, &program(case)?)?)
}

fn program(case: &AwsCase) -> Result<Program, Failed> {
    let venv = if case.python { Some(reference::venv().map_err(|error| error.to_string())?) } else { None };
    Ok(Program { path: harness::binary()?, venv })
}
