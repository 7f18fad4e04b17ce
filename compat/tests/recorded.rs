//! Every case through the program under test, compared with what the reference made of it.

use libtest_mimic::{Arguments, Failed, Trial};
use squall_compat::case::{self, Case};
use squall_compat::harness;
use squall_compat::oracle::{self, Recorded};

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let cases = match harness::exact_group(&arguments, "") {
        Some(group)
            if oracle::groups::<Case>().is_ok_and(|groups| groups.iter().any(|name| name == group)) =>
        {
            case::load(group)
        }
        _ => oracle::all(),
    };
    let trials = cases.expect("the case files can be read").into_iter().map(|case| {
        Trial::test(case.name(), move || {
            let recorded =
                oracle::recordings::<Case>(&case.group).map_err(|error| Failed::from(error.to_string()))?;
            oracle::check(&case, &harness::program(&case)?, recorded.get(&case.id)).map_err(Failed::from)
        })
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}
