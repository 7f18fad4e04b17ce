//! Faults and clean-ups as people and journals see them.

use squall_engine::fault::hands::{CleanUp, Restored};
use squall_model::{Map, Value};

/// What the journal says, under the key `faults`.
pub fn journal(clean_ups: &[CleanUp]) -> Value {
    let verified = clean_ups.iter().all(CleanUp::is_verified);
    let faults = clean_ups.iter().map(|clean_up| {
        let entry = Map::new();
        entry.insert("fault", Value::from(clean_up.fault.to_string()));
        entry.insert("kind", Value::from(clean_up.kind.as_str()));
        entry.insert("title", Value::from(clean_up.title.as_str()));
        let (word, lines, by) = match &clean_up.result {
            Restored::Verified { by, found } => ("verified", found, Some(by.name())),
            Restored::Unverified { left } => ("unverified", left, None),
        };
        entry.insert("clean_up", Value::from(word));
        if let Some(by) = by {
            entry.insert("by", Value::from(by));
        }
        let lines = Value::list(lines.iter().map(|line| Value::from(line.as_str())));
        entry.insert(if by.is_some() { "found" } else { "left" }, lines);
        Value::Map(entry)
    });
    let faults = Value::list(faults);
    Value::map([
        ("clean_up", Value::from(if verified { "verified" } else { "unverified" })),
        ("items", faults),
    ])
}

/// What could not be put back, or not be shown to be, a line each.
pub fn left(clean_ups: &[CleanUp]) -> Vec<String> {
    let mut lines = Vec::new();
    for clean_up in clean_ups {
        if let Restored::Unverified { left } = &clean_up.result {
            let (fault, kind) = (&clean_up.fault, &clean_up.kind);
            lines.extend(left.iter().map(|line| format!("fault {fault} ({kind}): {line}")));
        }
    }
    lines
}

/// What was put back, a line each.
pub fn found(clean_ups: &[CleanUp]) -> Vec<String> {
    let verified = clean_ups.iter().filter_map(|clean_up| match &clean_up.result {
        Restored::Verified { by, found } => {
            Some(format!("{} (by {}: {})", clean_up.title, by.name(), found.join("; ")))
        }
        Restored::Unverified { .. } => None,
    });
    verified.collect()
}
