//! The experiments of the tutorial, as its page describes them.

#![allow(clippy::unwrap_used, reason = "a helper of a test may end it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

const SQUALL: &str = env!("CARGO_BIN_EXE_squall");

fn tutorial() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/tutorial")
}

fn journal(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("`{}`: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Status and output of the activities that ran.
fn outcomes(section: &Value) -> Vec<(&Value, &Value)> {
    section.as_array().unwrap().iter().map(|run| (&run["status"], &run["output"])).collect()
}

#[test]
fn a_file_that_is_taken_away_is_missed_and_brought_back() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("examples/tutorial");
    fs::create_dir_all(&here).unwrap();
    for name in ["1-file.json", "greeting.txt"] {
        fs::copy(tutorial().join(name), here.join(name)).unwrap();
    }
    // Without a PATH no interpreter can be found, and none is needed.
    let output = Command::new(SQUALL)
        .args(["--no-log-file", "run", "examples/tutorial/1-file.json"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));

    let journal = journal(&folder.path().join("journal.json"));
    assert_eq!(journal["status"], "completed");
    assert_eq!(journal["deviated"], true);
    let states = &journal["steady_states"];
    assert_eq!(states["before"]["steady_state_met"], true);
    assert_eq!(states["after"]["steady_state_met"], false);
    assert_eq!(states["after"]["probes"][0]["output"], false);
    let succeeded = (&json!("succeeded"), &Value::Null);
    assert_eq!(outcomes(&journal["run"]), [succeeded]);
    assert_eq!(outcomes(&journal["rollbacks"]), [succeeded]);
    assert_eq!(
        fs::read_to_string(here.join("greeting.txt")).unwrap(),
        fs::read_to_string(tutorial().join("greeting.txt")).unwrap()
    );
}

#[test]
fn aws_experiments_run_natively_against_moto() {
    on_moto(&[]);
}

#[test]
fn aws_experiments_run_in_the_users_python_against_moto() {
    on_moto(&["--python"]);
}

fn on_moto(options: &[&str]) {
    let journals = tempfile::tempdir().unwrap();
    // target/<profile>/squall
    let target = Path::new(SQUALL).ancestors().nth(2).unwrap();
    let output = Command::new("python3")
        .arg(tutorial().join("on-moto.py"))
        .args(options)
        .args(["--squall", SQUALL, "--journals"])
        .arg(journals.path())
        .arg("--venv")
        .arg(target.join("tutorial/venv"))
        .env("HOME", journals.path())
        .env_remove("XDG_STATE_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("2-ec2-instance.json: exit code 1, completed, deviated"), "{said}");
    assert!(said.contains("3-asg-instance.yaml: exit code 0, completed, not deviated"), "{said}");
    stopped_instance(&journal(&journals.path().join("2-ec2-instance.journal.json")));
    healed_group(&journal(&journals.path().join("3-asg-instance.journal.json")));
}

fn stopped_instance(journal: &Value) {
    let states = &journal["steady_states"];
    assert_eq!(states["before"]["probes"][0]["output"], true);
    assert_eq!(states["after"]["probes"][0]["output"], false);
    let run = &journal["run"][0];
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let stopping = &run["output"][0]["StoppingInstances"][0];
    assert_eq!(stopping["PreviousState"], json!({"Code": 16, "Name": "running"}));
    assert_eq!(stopping["CurrentState"], json!({"Code": 64, "Name": "stopping"}));
    let rollback = &journal["rollbacks"][0];
    assert_eq!(rollback["status"], "succeeded", "{rollback:#}");
    assert_eq!(rollback["output"][0]["InstanceId"], stopping["InstanceId"]);
    assert_eq!(rollback["output"][0]["PreviousState"], json!({"Code": 80, "Name": "stopped"}));
}

fn healed_group(journal: &Value) {
    let states = &journal["steady_states"];
    assert_eq!(states["before"]["probes"][0]["output"], true);
    assert_eq!(states["after"]["probes"][0]["output"], true);
    let [terminated, waited] = outcomes(&journal["run"])[..] else { panic!("{:#}", journal["run"]) };
    assert_eq!(terminated.0, "succeeded");
    assert_eq!(terminated.1[0]["AutoScalingGroupName"], "tutorial");
    assert_eq!(terminated.1[0]["TerminatingInstances"].as_array().map(Vec::len), Some(1));
    assert_eq!(waited.0, "succeeded");
    assert!(waited.1.as_u64().is_some_and(|seconds| seconds < 60), "{}", waited.1);
    assert_eq!(journal["rollbacks"], json!([]));
}
