//! A fixed sample of cases through the reference and the program under test, side by side.

use libtest_mimic::{Arguments, Failed, Trial};
use squall_compat::oracle::Recorded;
use squall_compat::{harness, reference, sample};

fn main() -> std::process::ExitCode {
    let cases = sample::cases().expect("the case files can be read");
    let trials = cases.into_iter().map(|case| {
        Trial::test(case.name(), move || {
            let reference = reference::program().map_err(|error| Failed::from(error.to_string()))?;
            case.check_live(&reference, &harness::program(&case)?).map_err(Failed::from)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
