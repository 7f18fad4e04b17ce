//! The cases of the differential oracle for AWS.

use std::collections::BTreeSet;

use squall_compat::aws::case::AwsCase;
use squall_compat::oracle;

/// The functions of `chaosaws` that cases call, as `module.function`.
///
/// # Panics
///
/// When a case file cannot be read.
#[must_use]
pub fn functions() -> BTreeSet<String> {
    let cases = oracle::all::<AwsCase>().expect("the case files can be read");
    cases.iter().flat_map(AwsCase::functions).collect()
}
