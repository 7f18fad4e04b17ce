//! No function without a case: what is native is compared with the reference.

use std::collections::BTreeSet;

use squall_aws::activities;
use squall_testkit::cases::functions;

#[test]
fn every_function_has_a_case_and_every_case_its_function() {
    let native: BTreeSet<String> =
        activities::all().map(|function| format!("{}.{}", function.module, function.name)).collect();
    let cased = functions();
    let missing: Vec<&String> = native.difference(&cased).collect();
    assert!(missing.is_empty(), "functions without a case in compat/aws/cases: {missing:?}");
    assert_eq!(native.len(), 159);
}
