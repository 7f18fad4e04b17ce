//! What of AWS we do not call: how many operations, and why.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use squall_aws::client::{Refusal, refusal};
use squall_aws::model;

#[test]
fn few_operations_are_refused_each_with_its_reason() {
    let (mut operations, mut refused) = (0, BTreeMap::new());
    for name in model::names() {
        let service = model::load(name).unwrap();
        for operation in service.operation_names() {
            operations += 1;
            let reason = match refusal(service, service.operation(operation).unwrap()) {
                Ok(()) => continue,
                Err(Refusal::Events { .. }) => "a stream of events".to_owned(),
                Err(Refusal::Signature(said)) => said.split_once(". ").unwrap().0.to_owned(),
            };
            *refused.entry(reason).or_insert(0) += 1;
        }
    }
    let refused: Vec<(&str, i32)> = refused.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    let wanted = [
        ("Unknown Signature Version: bearer", 40),
        ("Unknown Signature Version: v2", 10),
        ("a stream of events", 25),
    ];
    assert_eq!((operations, refused.as_slice()), (19_796, wanted.as_slice()));
}
