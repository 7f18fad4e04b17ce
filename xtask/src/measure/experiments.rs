//! The experiments that are measured.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::process::about;

/// A probe that needs no process: whether a path exists.
fn native(name: &str) -> Value {
    json!({"type": "probe", "name": name, "provider": {
        "type": "python", "module": "os.path", "func": "exists", "arguments": {"path": "."}}})
}

fn process(name: &str, path: &str, arguments: &[&str]) -> Value {
    json!({"type": "action", "name": name, "provider": {
        "type": "process", "path": path, "arguments": arguments}})
}

fn experiment(method: &[Value]) -> Value {
    json!({"title": "Measurement", "description": "Made by `cargo xtask measure`.", "method": method})
}

/// Three probes, one of them the steady-state hypothesis.
pub fn three_probes() -> Value {
    let mut probe = native("gate");
    probe["tolerance"] = Value::Bool(true);
    let mut experiment = experiment(&[native("first"), native("second")]);
    experiment["steady-state-hypothesis"] = json!({"title": "It is there", "probes": [probe]});
    experiment
}

/// Many calls of a program that does nothing.
pub fn processes(count: usize, program: &str) -> Value {
    let method: Vec<Value> =
        (0..count).map(|index| process(&format!("call-{index}"), program, &[])).collect();
    experiment(&method)
}

/// Many probes that need no process.
pub fn natives(count: usize) -> Value {
    let method: Vec<Value> = (0..count).map(|index| native(&format!("probe-{index}"))).collect();
    experiment(&method)
}

/// A hypothesis of one native probe beside a method of some seconds.
pub fn continuous(seconds: u64) -> Value {
    let mut probe = native("gate");
    probe["tolerance"] = Value::Bool(true);
    let mut experiment = experiment(&[process("wait", "sleep", &[&seconds.to_string()])]);
    experiment["steady-state-hypothesis"] = json!({"title": "It is there", "probes": [probe]});
    experiment
}

/// Activities that all wait at the same time.
pub fn background(count: usize, seconds: u64) -> Value {
    let one = |index: usize| {
        let mut activity = process(&format!("wait-{index}"), "sleep", &[&seconds.to_string()]);
        activity["background"] = Value::Bool(true);
        activity
    };
    experiment(&(0..count).map(one).collect::<Vec<_>>())
}

/// Writes an experiment to a file.
pub fn write(path: &Path, experiment: &Value) -> Result<(), Failure> {
    fs::write(path, experiment.to_string()).map_err(about(path))
}
