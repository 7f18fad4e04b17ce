//! The cases of the differential oracle for AWS.

use std::collections::BTreeSet;

use squall_compat::aws::case;

/// The functions of `chaosaws` that cases call, as `module.function`.
///
/// # Panics
///
/// When a case file cannot be read.
#[must_use]
pub fn functions() -> BTreeSet<String> {
    let cases = case::all().expect("the case files can be read");
    cases.iter().flat_map(case::AwsCase::functions).collect()
}
